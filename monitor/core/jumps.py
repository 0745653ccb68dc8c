"""From a reading in range to a verdict: it is taken, or it jumped and waits until the next value decides."""

from collections import deque
from collections.abc import Sequence
from math import inf, nan
from statistics import median
from typing import NamedTuple

from monitor.core.quantities import QUANTITIES, Quantity, shown_unit
from monitor.core.staleness import age_text
from monitor.errors import InputError

JUDGED = frozenset(quantity.name for quantity in QUANTITIES if quantity.jump is not None)
"""Names of the quantities that cannot go anywhere from one reading to the next; the others are never judged."""

REMEMBERED = 5
"""Accepted readings that make the level: enough that one odd value among them does not move their median."""

FEWEST = 3
"""Accepted readings before anything can be suspected: of two values nobody can say which one is odd."""

RECENT_MS = 3_600_000
"""ms before the newest accepted reading; what is older says little of the present level of a room."""

SILENCE_MS = 21_600_000
"""ms; after six hours without an accepted reading any value may be true: the season, the room, the sensor changed."""

COPY_MS = 2_000
"""ms; the same value again within this time is the same radio message heard twice, and confirms nothing."""


class Point(NamedTuple):
    """A value (canonical unit) at an instant (UTC Unix ms)."""

    time_ms: int
    value: float


class Spike(NamedTuple):
    """A suspect that stays set aside for good, with the reason a person can read."""

    time_ms: int
    value: float
    reason: str


class Verdict(NamedTuple):
    """What becomes of a reading and of the suspect before it.

    `accepted` False: the reading is set aside for now, with `reason`. `released`: the suspect that turned out to be
    real and is a reading at its own time. `spike`: the suspect that stays set aside, with its final reason.
    """

    accepted: bool
    reason: str | None = None
    released: Point | None = None
    spike: Spike | None = None


ACCEPTED = Verdict(accepted=True)
"""The verdict on nearly every reading: taken, and nothing was waiting."""

COPY = Verdict(accepted=False, reason="a copy of a value that is set aside")
"""The verdict on a suspect that is heard once more: no reading of its own, whatever becomes of the first."""


class Trail:
    """The state of one series: its last accepted readings, and the suspect that waits, if any. `judge` moves it."""

    __slots__ = ("jump", "last_value", "newest_ms", "per_min", "recent", "suspect", "unit")

    def __init__(self, jump: float, per_min: float, unit: str) -> None:
        self.jump = jump
        self.per_min = per_min
        self.unit = unit
        self.recent: deque[tuple[int, float]] = deque(maxlen=REMEMBERED)
        self.suspect: Point | None = None
        self.newest_ms = -1
        self.last_value = nan

    def accept(self, time_ms: int, value: float) -> None:
        """Take the reading into the level; nothing waits any more."""
        self.recent.append((time_ms, value))
        self.last_value = value
        self.newest_ms = time_ms
        self.suspect = None


def resumed(
    quantity: Quantity, recent: Sequence[tuple[int, float]] = (), suspect: tuple[int, float] | None = None
) -> Trail:
    """The state of a series, new or as it was before a restart.

    Parameters
    ----------
    quantity : Quantity
        One of `JUDGED`; its `jump` (canonical unit) and `jump_per_min` are the rule.
    recent : sequence of (int, float)
        The newest stored readings as (UTC Unix ms, canonical unit), in any order; the last five count. None stored:
        a series that begins.
    suspect : (int, float), optional
        The value set aside last that no later reading has decided on; None where nothing waits.

    Returns
    -------
    Trail
        Gives the verdicts that the state before the restart would have given, late readings apart.

    Raises
    ------
    InputError
        For a quantity that is never judged.
    """
    if quantity.jump is None:
        raise InputError(f"{quantity.name}: expected a quantity with a limit of its jumps, got one that has none")
    trail = Trail(quantity.jump, quantity.jump_per_min, shown_unit(quantity.unit))
    for time_ms, value in sorted(recent)[-REMEMBERED:]:
        trail.accept(time_ms, value)
    if suspect is not None:
        _wait(trail, *suspect)
    return trail


def judge(trail: Trail, time_ms: int, value: float) -> Verdict:
    """Whether a reading is taken, and what it says of the suspect before it.

    A reading is a suspect when it is farther than `jump + jump_per_min * minutes since the last accepted reading`
    from both that reading and the median of the last five. The next reading decides. Near the suspect: the new level
    is real. Near the old level: the suspect was a spike. Near both, as after some hours: the nearer one counts, the
    suspect where they are alike. Near neither: the suspect was a spike, and the newer value waits.

    Parameters
    ----------
    trail : Trail
        The state of the series; moved by the reading.
    time_ms : int
        UTC Unix ms. A reading that is older than the newest one is taken and moves nothing.
    value : float
        Canonical unit, finite and in range, as measured: an offset set by hand would cancel out.

    Returns
    -------
    Verdict
        Each reading is accepted at once, or a copy, or later told exactly once as released or spike; at most one waits.

    Examples
    --------
    >>> from monitor.core.quantities import BY_NAME
    >>> trail = resumed(BY_NAME["temperature"], [(0, 20.8), (60_000, 20.9), (120_000, 20.8)])
    >>> judge(trail, 180_000, 35.0).reason
    'jumped by 14.2 °C within 1 min; waiting for the next value'
    >>> judge(trail, 240_000, 20.8).spike.reason
    'a single spike: 14.2 °C away from the values before and after'
    """
    if (
        trail.suspect is None
        and time_ms > trail.newest_ms
        and -trail.jump <= value - trail.last_value <= trail.jump  # the usual case, decided without the median
    ):
        trail.recent.append((time_ms, value))
        trail.last_value = value
        trail.newest_ms = time_ms
        return ACCEPTED
    if trail.suspect is not None and _copies(trail.suspect, time_ms, value):
        return COPY
    return ACCEPTED if time_ms <= trail.newest_ms else _weighed(trail, time_ms, value)


def _weighed(trail: Trail, time_ms: int, value: float) -> Verdict:
    suspect, back = trail.suspect, _from_level(trail, value)
    usual = len(trail.recent) < FEWEST or back <= _allowance(trail, time_ms - trail.recent[-1][0])
    spike = None
    if suspect is not None:
        beyond = abs(value - suspect.value)
        if beyond <= _allowance(trail, time_ms - suspect.time_ms) and (not usual or beyond <= back):
            trail.accept(*suspect)
            trail.accept(time_ms, value)
            return Verdict(accepted=True, released=suspect)
        spike = Spike(*suspect, _alone(trail, suspect, beyond))
    if usual:
        trail.accept(time_ms, value)
        return Verdict(accepted=True, spike=spike)
    return Verdict(accepted=False, reason=_wait(trail, time_ms, value), spike=spike)


def _wait(trail: Trail, time_ms: int, value: float) -> str:
    trail.suspect = Point(time_ms, value)
    trail.newest_ms = max(trail.newest_ms, time_ms)
    since_s = (time_ms - trail.recent[-1][0]) / 1000 if trail.recent else 0.0
    by = abs(value - trail.last_value)
    return f"jumped by {_amount(trail, by)} within {age_text(max(1.0, since_s))}; waiting for the next value"


def _alone(trail: Trail, suspect: Point, after: float) -> str:
    away = min(_from_level(trail, suspect.value), after)
    return f"a single spike: {_amount(trail, away)} away from the values before and after"


def _amount(trail: Trail, distance: float) -> str:
    return f"{distance:,.{1 if distance < 100 else 0}f} {trail.unit}"


def _copies(suspect: Point, time_ms: int, value: float) -> bool:
    return value == suspect.value and abs(time_ms - suspect.time_ms) <= COPY_MS


def _from_level(trail: Trail, value: float) -> float:
    """Distance to the last accepted reading or to the median of the recent ones, whichever is nearer; inf for none."""
    if not trail.recent:
        return inf
    since_ms = trail.recent[-1][0] - RECENT_MS
    level = median(held for time_ms, held in trail.recent if time_ms >= since_ms)
    return min(abs(value - trail.last_value), abs(value - level))


def _allowance(trail: Trail, apart_ms: int) -> float:
    return inf if apart_ms > SILENCE_MS else trail.jump + trail.per_min * apart_ms / 60_000
