"""Stored readings to the mirror: one request at a time from the queue, whatever the server answers."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from monitor.core.readings import DAY_MS
from monitor.core.wording import counted
from monitor.ports import Answer, Clock, MirrorServer, Overflow, Sent
from monitor.services.mirror_loading import Load, Loading

log = logging.getLogger(__name__)

FRESH_EVERY_S = 60.0
"""Seconds between two looks at what is new while the past is caught up with: dashboards stay live."""

FRESH_LINES = 1_000
"""Lines of such a look: more than a bedroom says in a minute."""

REFUSED_S = 300.0
"""Seconds until a server that refuses us is asked again: a person must do something first."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
"""Seconds; the pauses after failures double from one to the other, each with full jitter."""

LONGEST_WAIT_S = 3_600.0
"""Seconds that a busy server may ask us to wait; it may have meant something else by more."""

FEWEST_LINES = 100
"""Lines of a request that a slow server is not asked to take less than."""

TELL_AGAIN_MS = DAY_MS
"""ms after which an overflow that goes on is told once more."""

T = TypeVar("T")


class Ask(Protocol):
    """Has something done by the thread that may use the database."""

    def __call__(self, call: Callable[[], T], /) -> T:
        """What it returns; raises what it raises."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class MirrorRules:
    """How much is sent and kept; `name` is what the server is called in messages."""

    name: str
    batch_lines: int
    flush_s: float
    keep_ms: int
    keep_rows: int


@dataclass(slots=True)
class _Delivery:
    """What became of the lines of a parcel so far."""

    lines: int = 0
    dropped: int = 0
    aside: list[tuple[str, str]] = field(default_factory=list)
    first_dropped: str = ""


class Mirroring:
    """Sends what waits; a step never raises for anything that the server does.

    `chance` gives numbers from 0 to 1, for the jitter of the pauses.
    """

    def __init__(
        self,
        loading: Loading,
        server: MirrorServer,
        rules: MirrorRules,
        clock: Clock,
        ask: Ask,
        chance: Callable[[], float],
    ) -> None:
        self._loading = loading
        self._server = server
        self._rules = rules
        self._clock = clock
        self._ask = ask
        self._chance = chance
        self._lines = rules.batch_lines
        self._not_before_s = 0.0
        self._fresh_s = clock.elapsed_s() - FRESH_EVERY_S
        self._failures = 0
        self._behind = False
        self._refused = False
        self._told: str | None = None
        self._told_overflow_ms: int | None = None

    def step(self) -> float:
        """Send one parcel, if it is time to; seconds until the next step."""
        now_s = self._clock.elapsed_s()
        if now_s < self._not_before_s:
            return self._not_before_s - now_s
        self._shorten()
        trouble = self._no_server() if self._refused else None
        if trouble is not None:
            return self._hold(trouble)
        if now_s - self._fresh_s >= FRESH_EVERY_S:
            return self._send_fresh(now_s)
        return self._send_oldest()

    def _send_fresh(self, now_s: float) -> float:
        """How the sensors are just now; while the past is caught up with, the newest readings too."""
        at_most = min(self._lines, FRESH_LINES) if self._behind else 0
        trouble = self._send(self._ask(lambda: self._loading.newest(at_most)))
        if trouble is not None:
            return self._hold(trouble)
        self._fresh_s = now_s
        return 0.0

    def _send_oldest(self) -> float:
        load = self._ask(lambda: self._loading.oldest(self._lines))
        trouble = self._send(load)
        if trouble is not None:
            return self._hold(trouble)
        was_behind = self._behind
        self._behind = load.parcel.rest is not None or len(load.lines) * 2 >= self._lines
        if was_behind and not self._behind:
            log.info("mirror %s: caught up", self._rules.name)
        return 0.0 if self._behind else self._rules.flush_s

    def _send(self, load: Load) -> Answer | None:
        """Send and settle; the answer where nothing can be sent just now, None where all went well."""
        delivery = _Delivery()
        if load.lines:
            trouble = self._deliver(load.lines, delivery)
            if trouble is not None:
                return trouble
            self._is_well()
        if not load.parcel.empty:
            sent = Sent(delivery.lines, delivery.dropped, delivery.aside)
            self._ask(lambda: self._loading.queue.settle(load.parcel, sent, self._clock.now_ms()))
        self._tell_refusals(delivery)
        return None

    def _deliver(self, lines: Sequence[str], delivery: _Delivery) -> Answer | None:
        """Send the lines, in parts where they are too many or one of them is bad; the answer that holds it up."""
        answer = self._server.write(lines)
        if answer.verdict == "taken":
            delivery.lines += len(lines) - answer.dropped
            delivery.dropped += answer.dropped
            delivery.first_dropped = delivery.first_dropped or answer.said
            self._lines = min(self._rules.batch_lines, self._lines * 2)
            return None
        if answer.verdict not in {"bad", "too large"}:
            return answer
        if len(lines) == 1:
            return self._set_aside(lines[0], answer, delivery)
        middle = len(lines) // 2
        trouble = self._deliver(lines[:middle], delivery) or self._deliver(lines[middle:], delivery)
        if answer.verdict == "too large":
            self._lines = max(1, min(self._lines, middle))
        return trouble

    def _set_aside(self, line: str, answer: Answer, delivery: _Delivery) -> Answer | None:
        """A line that stays bad when it is alone, if the server takes a good one."""
        trouble = self._no_server()
        if trouble is None:
            delivery.aside.append((line, answer.said))
        return trouble

    def _no_server(self) -> Answer | None:
        """Why the server does not even take a line that is good for certain; None if it does."""
        answer = self._server.write(self._ask(self._loading.health)[:1])
        if answer.verdict in {"bad", "too large"}:
            return answer._replace(verdict="refused")
        return None if answer.verdict == "taken" else answer

    def _hold(self, answer: Answer) -> float:
        self._failures += 1
        self._refused = answer.verdict == "refused"
        if answer.slow:
            self._lines = max(min(FEWEST_LINES, self._rules.batch_lines), self._lines // 2)
        wait_s = self._pause_s(answer)
        self._not_before_s = self._clock.elapsed_s() + wait_s
        if self._refused or self._failures > 1:
            self._is_troubled(answer.said)
        return wait_s

    def _pause_s(self, answer: Answer) -> float:
        if answer.verdict == "refused":
            return REFUSED_S
        if answer.wait_s is not None:
            return min(max(answer.wait_s, FIRST_PAUSE_S), LONGEST_WAIT_S)
        return self._chance() * min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self._failures - 1, 16))

    def _is_troubled(self, said: str) -> None:
        if self._told is None:
            log.warning(
                "mirror %s: %s; what is measured waits in the database, trying again by itself", self._rules.name, said
            )
        self._told = self._told or said
        self._ask(lambda: self._loading.queue.troubled(said, self._clock.now_ms()))

    def _is_well(self) -> None:
        self._failures = 0
        self._refused = False
        self._not_before_s = 0.0
        if self._told is not None:
            log.info("mirror %s: back", self._rules.name)
            self._told = None

    def _shorten(self) -> None:
        now_ms = self._clock.now_ms()
        lost = self._ask(lambda: self._loading.queue.shorten(now_ms - self._rules.keep_ms, self._rules.keep_rows))
        if lost is not None:
            self._tell_overflow(lost, now_ms)

    def _tell_overflow(self, lost: Overflow, now_ms: int) -> None:
        if self._told_overflow_ms is None or not 0 <= now_ms - self._told_overflow_ms < TELL_AGAIN_MS:
            self._told_overflow_ms = now_ms
            log.warning(
                "mirror %s: the queue is full or too old, and %s left it unsent; they are in the database still: "
                "`bedroom-monitor mirror resync` sends them once the server is back",
                self._rules.name,
                counted(lost.readings, "reading"),
            )

    def _tell_refusals(self, delivery: _Delivery) -> None:
        if delivery.aside:
            line, reason = delivery.aside[0]
            log.warning(
                "mirror %s: %s set aside, the first: %s (%s)",
                self._rules.name,
                counted(len(delivery.aside), "line"),
                line.partition(" ")[0],
                reason,
            )
        if delivery.dropped:
            log.warning(
                "mirror %s: the server dropped %s: %s",
                self._rules.name,
                counted(delivery.dropped, "line"),
                delivery.first_dropped,
            )
