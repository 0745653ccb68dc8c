"""From one sensor's readings of a night to equal bins, so that every minute of the night weighs the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from statistics import median

from monitor.core.nights import NightWindow
from monitor.core.readings import implausible

BIN_MS = 300_000
"""ms; five minutes, the step at which every sensor of a night is compared."""
BINS_PER_HOUR = 3_600_000 // BIN_MS

MAX_GAP = timedelta(minutes=15)
"""A stretch without readings of at most this length is bridged by a straight line: air changes slowly."""

LEAST_COVERAGE = 0.7
"""Share of bins that must be present before a night (or a stretch of it) gets a number."""

EARLY_BINS = 4 * BINS_PER_HOUR
"""Bins; periodic movements are commonest early in the night, so no long gap is allowed there."""
LONGEST_EARLY_GAP_BINS = BINS_PER_HOUR
"""Bins; a longer run of absent bins in the first four hours makes the night invalid for the sensor."""

Series = Sequence[tuple[int, float]]
"""Readings of one quantity as (UTC Unix ms, value in the canonical unit), in any order."""


@dataclass(frozen=True)
class Grid:
    """One quantity of one night in 5-minute bins from the night's start; None is an absent bin.

    A part of a bin left at the end of the night is dropped, so that every bin weighs the same.
    """

    values: tuple[float | None, ...]

    @cached_property
    def present(self) -> tuple[float, ...]:
        """The values of the bins that are there, in order."""
        return tuple(value for value in self.values if value is not None)

    @cached_property
    def hours(self) -> float:
        """Length of the night in whole bins."""
        return len(self.values) / BINS_PER_HOUR

    @cached_property
    def coverage(self) -> float:
        """Share of bins that are present, measured or bridged; 0.0 for a night shorter than one bin."""
        return len(self.present) / len(self.values) if self.values else 0.0

    @cached_property
    def valid(self) -> bool:
        """Whether the night may get a number: enough bins, and no long gap in the first four hours."""
        longest = run = 0
        for value in self.values[:EARLY_BINS]:
            run = run + 1 if value is None else 0
            longest = max(longest, run)
        return self.coverage >= LEAST_COVERAGE and longest <= LONGEST_EARLY_GAP_BINS


def median_grid(grids: Sequence[Grid]) -> Grid:
    """Bin by bin the median of the grids that have the bin; at least one grid, all of the same length."""
    if len(grids) == 1:
        return grids[0]
    bins = ([value for value in values if value is not None] for values in zip(*(g.values for g in grids), strict=True))
    return Grid(tuple(median(values) if values else None for values in bins))


def difference_grid(grid: Grid, less: Grid) -> Grid:
    """Bin by bin one grid less another of the same length; None where either is."""
    pairs = zip(grid.values, less.values, strict=True)
    return Grid(tuple(None if one is None or other is None else one - other for one, other in pairs))


def grid_of(window: NightWindow, readings: Series, quantity: str, max_gap: timedelta = MAX_GAP) -> Grid:
    """The readings of one sensor as the night's grid.

    Parameters
    ----------
    window : NightWindow
        The night; bins are counted from its start, a bin holds `start <= t < start + 5 min`.
    readings : sequence of (int, float)
        (UTC Unix ms, canonical unit) in any order; give those of `max_gap` before and after the night too,
        and gaps at its edges are bridged. Implausible and non-finite values are left out.
    quantity : str
        Name of the quantity, for its plausible range.
    max_gap : timedelta
        A run of empty bins of at most this length between two measured bins is bridged by a straight line
        (default 15 minutes, that is 3 bins). A sensor that reports every 10 or 15 minutes is thus fully
        present.

    Returns
    -------
    Grid
        A measured bin's value is the median of its readings, so a burst of readings weighs no more than one.
        Bins that are neither measured nor bridged are None.
    """
    count = (window.end_ms - window.start_ms) // BIN_MS
    reach = max_gap // timedelta(milliseconds=BIN_MS) + 1
    first_ms, end_ms = window.start_ms - reach * BIN_MS, window.start_ms + (count + reach) * BIN_MS
    bins: dict[int, list[float]] = {}
    for time_ms, value in readings:
        if first_ms <= time_ms < end_ms and implausible(quantity, value) is None:
            bins.setdefault((time_ms - window.start_ms) // BIN_MS, []).append(value)
    measured = sorted((index, median(values)) for index, values in bins.items())
    values: list[float | None] = [None] * count
    for index, value in measured:
        if 0 <= index < count:
            values[index] = value
    for (left, low), (right, high) in pairwise(measured):
        if 1 < right - left <= reach:
            for index in range(max(left + 1, 0), min(right, count)):
                values[index] = low + (high - low) * (index - left) / (right - left)
    return Grid(tuple(values))
