"""From the readings of a series to one row for five minutes: what is kept of old readings where they are thinned."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple

from monitor.core.grid import BIN_MS, MAX_GAP
from monitor.core.quantities import BY_NAME

HOLD_MS = MAX_GAP // timedelta(milliseconds=1)
"""ms; a reading counts until the next one, at most this long: as long as a gap that nights bridge."""

LEAST_READINGS = 3
"""Five minutes with fewer stay as they came: a row takes more room than two readings."""

READING_BYTES = 23.9
"""Bytes of a reading in the file; measured by benchmarks/footprint.py."""

ROW_BYTES, OFFSET_BYTES = 58.0, 4.0
"""Bytes of a row in the file without its offsets, and of each offset, with what pages leave empty; measured by
benchmarks/retention.py."""

BINS_A_DAY = 86_400_000 // BIN_MS


class Thinned(NamedTuple):
    """Five minutes of one series: from `start_ms` (UTC Unix ms, a multiple of 300,000) on.

    `mean` is weighted by time, `median` is that of the readings, as nights use it. `low` and `high` bound both.
    `covered_s` says for how many of the 300 seconds a value was known. The row stands for so many `readings`, which
    were `offsets` ms after the start; a row from the statistics of another program stands for none.
    """

    start_ms: int
    mean: float
    median: float
    low: float
    high: float
    covered_s: float
    readings: int
    offsets: tuple[int, ...] = ()

    @property
    def middle_ms(self) -> int:
        """When the row's value counts, where one instant is needed; UTC Unix ms."""
        return self.start_ms + BIN_MS // 2

    def corrected(self, offset: float, gain: float) -> "Thinned":
        """The row with a calibration applied: `value * gain + offset`."""
        mean, middle, *ends = (value * gain + offset for value in (self.mean, self.median, self.low, self.high))
        return self._replace(mean=mean, median=middle, low=min(ends), high=max(ends))


def bin_of(time_ms: int) -> int:
    """The start of the five minutes in which an instant lies; UTC Unix ms."""
    return time_ms - time_ms % BIN_MS


def thin(readings: Sequence[tuple[int, float]], before: tuple[int, float] | None = None) -> list[Thinned]:
    """Rows of five minutes in place of readings.

    Parameters
    ----------
    readings : sequence of (int, float)
        (UTC Unix ms, value in any one unit) of one series by time, no time twice, no NaN.
    before : (int, float) or None
        The last reading before these; its value holds over into the first five minutes. None where there is none.

    Returns
    -------
    list of Thinned
        By time, one for each five minutes that hold at least `LEAST_READINGS` readings. A value holds until the next
        reading, at most `HOLD_MS`, and within the five minutes; the last value from before them holds into them.
        Five minutes with fewer readings have no row: they are to stay as they came.

    Notes
    -----
    The rows do not depend on how the readings are split, if each part begins with five minutes of its own and is
    given the last reading before it.
    """
    rows = []
    for start_ms, group in groupby(readings, key=lambda reading: bin_of(reading[0])):
        inside = list(group)
        if len(inside) >= LEAST_READINGS:
            rows.append(_row(start_ms, inside, before))
        before = inside[-1]
    return rows


def merged(one: Thinned, other: Thinned) -> Thinned:
    """Two rows of the same five minutes as one, of two series that turned out to be the same.

    Bounds and count are exact. The mean is weighted by the seconds covered and the median by the readings, since the
    readings are gone; the seconds covered are at least those of the fuller row.
    """
    offsets = tuple(sorted({*one.offsets, *other.offsets}))
    return Thinned(
        start_ms=one.start_ms,
        mean=_between(one.mean, other.mean, (one.covered_s, other.covered_s)),
        median=_between(one.median, other.median, (one.readings, other.readings)),
        low=min(one.low, other.low),
        high=max(one.high, other.high),
        covered_s=max(one.covered_s, other.covered_s),
        readings=len(offsets),
        offsets=offsets,
    )


def bytes_a_day(quantity: str, readings_a_day: float, *, thinned: bool) -> float:
    """Bytes that a day of one series takes in the file, as it came or thinned.

    Readings are taken to come evenly; raises KeyError for an unknown quantity.
    """
    in_five_minutes = readings_a_day / BINS_A_DAY
    if thinned and BY_NAME[quantity].thinned and in_five_minutes >= LEAST_READINGS:
        return BINS_A_DAY * ROW_BYTES + readings_a_day * OFFSET_BYTES
    return readings_a_day * READING_BYTES


def _row(start_ms: int, inside: Sequence[tuple[int, float]], before: tuple[int, float] | None) -> Thinned:
    end_ms = start_ms + BIN_MS
    told = inside if before is None else [before, *inside]
    weights: list[tuple[int, float]] = []
    for (time_ms, value), (next_ms, _) in pairwise([*told, (end_ms, 0.0)]):
        lasted_ms = min(next_ms, time_ms + HOLD_MS) - max(time_ms, start_ms)
        if lasted_ms > 0:
            weights.append((lasted_ms, value))
    covered_ms = sum(lasted_ms for lasted_ms, _ in weights)
    values = [value for _, value in weights]
    low, high = min(values), max(values)
    mean = sum(lasted_ms * (value - low) for lasted_ms, value in weights) / covered_ms + low
    return Thinned(
        start_ms=start_ms,
        mean=min(mean, high),
        median=median(value for _, value in inside),
        low=low,
        high=high,
        covered_s=covered_ms / 1000,
        readings=len(inside),
        offsets=tuple(time_ms - start_ms for time_ms, _ in inside),
    )


def _between(one: float, other: float, weights: tuple[float, float]) -> float:
    whole = sum(weights)
    return one + (other - one) * (weights[1] / whole if whole else 0.5)
