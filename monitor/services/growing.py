"""How much the database grows: what was measured in the last week, as megabytes a year."""

from collections.abc import Sequence

from monitor.core.readings import DAY_MS
from monitor.core.thinning import bytes_a_day
from monitor.ports import ThinningStore

WEEK_MS = 7 * DAY_MS
LEAST_MS = DAY_MS // 24
"""ms; what was measured in less than an hour says nothing of a year."""

DAYS_A_YEAR = 365.25
TYPICAL = (("temperature", 1_440.0), ("humidity", 1_440.0))
"""A sensor with two values a minute, where nothing was measured yet."""

Rate = tuple[str, float]
"""The quantity of a series, and its readings a day."""


def rates(store: ThinningStore, now_ms: int) -> list[Rate]:
    """What every series brought a day in the last week, or since the first reading where that is later."""
    from_ms, counts = store.measured_since(now_ms - WEEK_MS)
    if from_ms is None or now_ms - from_ms < LEAST_MS:
        return []
    return [(quantity, count * DAY_MS / (now_ms - from_ms)) for quantity, count in counts]


def growth(found: Sequence[Rate], thin_after_days: int) -> str:
    """What a year takes, and what is left of it where readings are thinned."""
    rate = f"{_year_mb(found or TYPICAL, thinned=False)} MB a year"
    said = f"at the present rate about {rate}" if found else f"a sensor with two values a minute takes about {rate}"
    if not thin_after_days:
        return f"readings are kept as they came, for ever; {said}"
    left = _year_mb(found or TYPICAL, thinned=True)
    return f"{said}; after {thin_after_days} days thinned to five minutes, about {left} MB of it are left"


def _year_mb(found: Sequence[Rate], *, thinned: bool) -> str:
    a_day = sum(bytes_a_day(quantity, count, thinned=thinned) for quantity, count in found)
    return f"{a_day * DAYS_A_YEAR / 1e6:,.0f}"
