"""From the times of a series' readings to whether its last value may still be shown as current."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Literal, NamedTuple

State = Literal["fresh", "stale", "offline", "unknown", "unheeded"]

HISTORY_MS = 604_800_000
"""ms; a week of reading times teaches the usual interval: quiet nights of sensors that report on change are in it."""

INTERVALS = 60
"""Newest intervals of which the quantile is taken: an hour of a quick sensor, five days of one that sends every 2 h."""

FEWEST_INTERVALS = 5
"""Intervals; fewer say nothing of what is usual."""

QUANTILE = 0.9
"""Share of intervals that are at most the usual one: one in ten may be a lost message or an outage."""

DAY_MS = 86_400_000

FEWEST_DAYS = 3
"""Days; of so many longest silences the median is no single outage."""

REGULAR = 2.0
"""Ratio of the quantile to the median interval; above it the sensor reports on change, and hours cannot show how long
it is silent on a quiet night."""

STALE_AFTER = 3.0
"""Usual intervals without a reading after which a value is not current (R3): two lost messages are no fault."""

LEAST_LIMIT_S = 180.0
"""s; air changes slowly and Wi-Fi reconnects in a minute: nothing is stale earlier, however quick the sensor."""

MOST_LIMIT_S = 129_600.0
"""s; after a day and a half even a sensor that reports daily is missed."""

UNKNOWN_LIMIT_S = 9_000.0
"""s; 2 h 30 min while the usual interval is unknown: sensors on a battery (Shelly H&T) send every 2 h when nothing
changes."""

OFFLINE_AFTER = 1.5
"""Usual intervals without a reading before "offline" is believed: sensors on a battery are offline between wakes."""

EVENT_LIKE = frozenset({"movement", "motion", "occupancy", "sleep_event", "battery"})
"""Quantities that are sent when something happens: their silence says nothing of the sensor."""


class Freshness(NamedTuple):
    """Whether a value is current; `age_s` is None where nothing was ever received, `sentence` is for people."""

    state: State
    age_s: float | None
    sentence: str


NEVER = Freshness("unknown", None, "nothing received so far")
"""A series or a sensor without any reading, of which nothing else is known."""


def age_text(seconds: float) -> str:
    """A length of time in its two largest units, rounded down: `45 s`, `12 min`, `3 h 10 min`, `2 d 4 h`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min"
    large, small, size, part = ("h", "min", 3_600, 60) if whole < 86_400 else ("d", "h", 86_400, 3_600)
    rest = whole % size // part
    return f"{whole // size} {large}" + (f" {rest} {small}" if rest else "")


def usual_interval_s(times_ms: Sequence[int]) -> float | None:
    """How often a series is usually heard.

    The 90 % quantile of the newest 60 intervals. Where readings reach back for 3 days or more: at least the median
    over the days of each day's longest interval. A sensor that reports on change sends many short intervals by day
    and few long ones on a quiet night; an outage lengthens the longest interval of one day only.

    Parameters
    ----------
    times_ms : sequence of int
        Times of readings (UTC Unix ms) in any order, best those of the last week (`HISTORY_MS`). Values do not enter:
        the same value again is a sign of life.

    Returns
    -------
    float or None
        Seconds. None for fewer than 5 intervals, and for irregular intervals over fewer than 3 days.

    Examples
    --------
    >>> usual_interval_s(range(0, 600_000, 60_000))
    60.0
    """
    times = sorted(set(times_ms))
    newest = sorted(after - before for before, after in pairwise(times[-INTERVALS - 1 :]))
    if len(newest) < FEWEST_INTERVALS:
        return None
    usual = newest[int(QUANTILE * (len(newest) - 1))]
    longest: dict[int, int] = {}
    for before, after in pairwise(times):
        day = (times[-1] - after) // DAY_MS
        longest[day] = max(longest.get(day, 0), after - before)
    if len(longest) >= FEWEST_DAYS:
        return max(usual, median(longest.values())) / 1000
    return usual / 1000 if usual <= REGULAR * median(newest) else None


def freshness(
    last_ms: int | None,
    now_ms: int,
    *,
    usual_s: float | None = None,
    expire_after_s: float | None = None,
    online: bool | None = None,
) -> Freshness:
    """Whether the last value of a series is current.

    Parameters
    ----------
    last_ms, now_ms : int
        UTC Unix ms of the last reading (None: never) and of now. A reading ahead of now has the age 0.
    usual_s : float, optional
        Seconds, from `usual_interval_s`; None where unknown.
    expire_after_s : float, optional
        Seconds after which the publisher itself calls the value expired; takes the place of 3 usual intervals.
        None or 0: it does not say.
    online : bool, optional
        What the availability topic says last; None where there is none.

    Returns
    -------
    Freshness
        "fresh" up to and including the limit: `expire_after_s`, else 3 usual intervals but 3 min to 36 h, else
        2 h 30 min. "offline" where the topic says so and the reading is older than 1.5 usual intervals (the limit,
        where none is known) or was never received. "stale" beyond the limit. "unknown" where nothing was received.
    """
    if last_ms is None:
        return Freshness("offline", None, "offline as it says; nothing received so far") if online is False else NEVER
    age_s = max(0, now_ms - last_ms) / 1000
    limit_s, known = _limit(usual_s, expire_after_s or None)
    offline_s = limit_s if usual_s is None else min(limit_s, OFFLINE_AFTER * usual_s)
    if online is False and age_s > offline_s:
        return Freshness("offline", age_s, f"offline as it says; last heard {age_text(age_s)} ago")
    if age_s > limit_s:
        return Freshness("stale", age_s, f"silent for {age_text(age_s)}{known}")
    return Freshness("fresh", age_s, f"heard {age_text(age_s)} ago")


def sensor_freshness(series: Mapping[str, Freshness]) -> Freshness:
    """The freshness of a sensor: that of its freshest series.

    Parameters
    ----------
    series : mapping of str to Freshness
        By the name of the quantity. Old values of event-like quantities (movement, battery ...) count only where
        there is nothing else, and then they make no sensor stale; a fresh one is a sign of life like any other.

    Returns
    -------
    Freshness
        `NEVER` for no series.
    """
    steady = [found for quantity, found in series.items() if quantity not in EVENT_LIKE or found.state == "fresh"]
    if steady or not series:
        return min(steady, key=_rank, default=NEVER)
    newest = min(series.values(), key=_rank)
    if newest.state != "stale" or newest.age_s is None:
        return newest
    return newest._replace(state="unknown", sentence=f"last heard {age_text(newest.age_s)} ago; it sends events only")


def stuck(last_reading_ms: int | None, last_set_aside_ms: int | None, reason: str) -> str | None:
    """Why a silent series is not silent at all: since its last reading it sent only values that were set aside.

    Times are UTC Unix ms, None for never; `reason` is that of the newest value set aside.
    """
    if last_set_aside_ms is None or (last_reading_ms is not None and last_reading_ms >= last_set_aside_ms):
        return None
    return f"it sends, but no value that can be used: {reason}"


def _limit(usual_s: float | None, expire_after_s: float | None) -> tuple[float, str]:
    if expire_after_s is not None:
        return expire_after_s, f"; it says that its values expire after {age_text(expire_after_s)}"
    if usual_s is None:
        return UNKNOWN_LIMIT_S, "; how often it usually reports is not known yet"
    limit_s = min(MOST_LIMIT_S, max(LEAST_LIMIT_S, STALE_AFTER * usual_s))
    return limit_s, f", usually every {age_text(max(1.0, usual_s))}"


def _rank(found: Freshness) -> tuple[bool, bool, float]:
    return found.state != "fresh", found.age_s is None, found.age_s or 0.0
