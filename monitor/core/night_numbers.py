"""From one quantity's grid of a night to single numbers; every function wants a grid with at least one bin present."""

from collections.abc import Callable, Sequence
from math import floor, fsum, sqrt

from monitor.core.grid import BINS_PER_HOUR, LEAST_COVERAGE, Grid

HALF_HOUR = BINS_PER_HOUR // 2
"""Bins."""


def mean(values: Sequence[float]) -> float:
    """The mean, kept within the values' bounds whatever rounding does."""
    return min(max(fsum(values) / len(values), min(values)), max(values))


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` % of the values do not exceed, with straight lines between neighbours.

    Parameters
    ----------
    values : sequence of float
        At least one, in any order.
    percent : float
        0 to 100.

    Returns
    -------
    float
        In the unit of the values, within their bounds; as `numpy.percentile(values, percent)`.

    References
    ----------
    Hyndman and Fan (1996), Am Stat 50:361, type 7, doi:10.1080/00031305.1996.10473566.

    Examples
    --------
    >>> percentile([400.0, 800.0, 600.0], 95.0)
    780.0
    """
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100.0
    below = floor(place)
    low, high = ordered[below], ordered[min(below + 1, len(ordered) - 1)]
    return min(low + (high - low) * (place - below), high)


def mean_of_part(part: Sequence[float | None]) -> float | None:
    """The mean of a part of the night, None where fewer than 70 % of its bins are present or it has none."""
    present = [value for value in part if value is not None]
    return mean(present) if present and len(present) >= LEAST_COVERAGE * len(part) else None


def mean_of_first(bins: int, grid: Grid) -> float | None:
    """The mean of the first bins, None where fewer than 70 % of them are present or the night is shorter."""
    return mean_of_part([*grid.values[:bins], *[None] * (bins - len(grid.values))])


def spread(grid: Grid) -> float:
    """The standard deviation over the bins."""
    middle = mean(grid.present)
    return sqrt(fsum((value - middle) ** 2 for value in grid.present) / len(grid.present))


def hours_where(test: Callable[[float], bool], grid: Grid) -> float:
    """Hours of the whole night in which the test holds, from the share of the present bins."""
    return grid.hours * sum(map(test, grid.present)) / len(grid.present)


def hours_times_excess(limit: float, grid: Grid) -> float:
    """The excess over a limit summed over the whole night, in units times hours."""
    return grid.hours * fsum(max(value - limit, 0.0) for value in grid.present) / len(grid.present)


def change_within_half_hour(grid: Grid) -> float | None:
    """The largest difference between bins half an hour apart, None where there are no two such bins."""
    changes = (
        abs(later - sooner)
        for sooner, later in zip(grid.values, grid.values[HALF_HOUR:], strict=False)
        if sooner is not None and later is not None
    )
    return max(changes, default=None)


def drop(grid: Grid) -> float | None:
    """From the mean of the first half hour down to the lowest bin."""
    start = mean_of_first(HALF_HOUR, grid)
    return None if start is None else start - min(grid.present)


def fall_per_hour(grid: Grid) -> float | None:
    """Slope of the least-squares line through the first two hours, with the sign of a fall."""
    bins = 2 * BINS_PER_HOUR
    points = [(i / BINS_PER_HOUR, value) for i, value in enumerate(grid.values[:bins]) if value is not None]
    if len(points) < LEAST_COVERAGE * bins:
        return None
    hour = fsum(at for at, _ in points) / len(points)
    squares = fsum((at - hour) ** 2 for at, _ in points)
    return -fsum((at - hour) * value for at, value in points) / squares


def hours_to_lowest(grid: Grid) -> float:
    """Hours from the night's start to the first bin with the lowest value."""
    return grid.values.index(min(grid.present)) / BINS_PER_HOUR
