"""The corrections of a series: raw stays as it was sent, and what is given out is `value * gain + offset`."""

from bisect import bisect_right
from operator import itemgetter

from monitor.adapters.sqlite.database import Database

Correction = tuple[int, float, float]
"""Valid from (UTC Unix ms), offset, gain."""


def corrections_of(database: Database, series: int) -> list[Correction]:
    """Those of a series, by the time from which on they hold."""
    return database.rows(
        "SELECT valid_from_ms, offset, gain FROM calibration WHERE series = ? ORDER BY valid_from_ms", (series,)
    )


def correction_at(time_ms: int, corrections: list[Correction]) -> tuple[float, float]:
    """Offset and gain that hold at a time."""
    at = bisect_right(corrections, time_ms, key=itemgetter(0)) - 1
    return corrections[at][1:] if at >= 0 else (0.0, 1.0)
