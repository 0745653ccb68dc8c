"""From the readings of two sensors of one place to whether one of them needs calibrating."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from types import MappingProxyType
from typing import NamedTuple

from monitor.core.quantities import BY_NAME, shown_unit
from monitor.core.readings import implausible

DAY_MS = 86_400_000
"""ms; a whole day, so that the sun on one of the sensors or one shower does not decide."""

BIN_MS = 600_000
"""ms; ten minutes, so that sensors that report at different instants can be compared."""
BINS_PER_HOUR = 3_600_000 // BIN_MS

LONGEST_GAP_BINS = 15
"""Bins; a silence of up to 2 h 30 min is bridged by a straight line: sensors that report on change send every 2 h."""

FEWEST_HOURS = 18.0
"""Hours of 24 in which both must have been heard."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tolerance:
    """How far two healthy sensors of one place may differ: `least` (canonical unit) or `share` of the level.

    The larger counts. `decimals` are those of the sentence.
    """

    quantity: str
    least: float
    share: float = 0.0
    decimals: int = 0


TOLERANCES = (
    Tolerance(quantity="temperature", least=1.5, decimals=1),
    Tolerance(quantity="humidity", least=8.0),
    Tolerance(quantity="co2", least=150.0, share=0.15),
    Tolerance(quantity="pressure", least=4.0, decimals=1),
    Tolerance(quantity="pm25", least=10.0, share=0.5),
    Tolerance(quantity="noise", least=6.0),
)
"""Both may be off by their data sheets (usual ones: 0.3 to 0.5 degC, 2 to 3 %, 50 ppm + 5 %, 1 hPa, 10 ug/m3 or more,
2 to 3 dB); what remains is for two positions in one room. Light and volatile compounds have none: light differs by the
place, and a sensor for compounds compares with its own past only."""

BY_QUANTITY = MappingProxyType({row.quantity: row for row in TOLERANCES})


class Named(NamedTuple):
    """A sensor by the name that people know, and its readings as (UTC Unix ms, canonical unit) in any order."""

    name: str
    readings: Sequence[tuple[int, float]]


class Disagreement(NamedTuple):
    """The median of first minus second (canonical unit) over the hours in which both were there, and a sentence."""

    difference: float
    hours: float
    sentence: str


def disagreement(quantity: str, first: Named, second: Named, now_ms: int) -> Disagreement | None:
    """Whether two sensors of one place and quantity have disagreed for a day.

    Parameters
    ----------
    quantity : str
        One without a row in `TOLERANCES` is never compared.
    first, second : Named
        Each sensor's readings; those outside `now - 24 h <= t < now` and implausible ones (not-a-number too) are
        left out. A 10-minute bin's value is the median of its readings; up to 15 empty bins between two measured
        ones are bridged by a straight line, other empty bins are missing.
    now_ms : int
        UTC Unix ms; the end of the day that is compared.

    Returns
    -------
    Disagreement or None
        None where both are there for less than 18 h, or the absolute median difference is within the tolerance.
        A share is one of the median of the means of both.

    Examples
    --------
    >>> warm = Named("Desk", [(hour * 3_600_000, 21.3) for hour in range(24)])
    >>> cold = Named("Bed", [(hour * 3_600_000, 19.0) for hour in range(24)])
    >>> disagreement("temperature", warm, cold, 86_400_000).sentence
    'Desk shows 2.3 °C more than Bed for a day; calibrate one of them, or place it elsewhere'
    """
    row = BY_QUANTITY.get(quantity)
    if row is None:
        return None
    ours, theirs = (_bins(quantity, sensor.readings, now_ms - DAY_MS) for sensor in (first, second))
    common = [(ours[index], theirs[index]) for index in ours.keys() & theirs.keys()]
    hours = len(common) / BINS_PER_HOUR
    if hours < FEWEST_HOURS:
        return None
    difference = median(one - other for one, other in common)
    if abs(difference) <= max(row.least, row.share * median((one + other) / 2 for one, other in common)):
        return None
    higher, lower = (first, second) if difference > 0 else (second, first)
    amount = f"{abs(difference):,.{row.decimals}f} {shown_unit(BY_NAME[quantity].unit)}"
    return Disagreement(
        difference,
        hours,
        f"{higher.name} shows {amount} more than {lower.name} for a day; calibrate one of them, or place it elsewhere",
    )


def _bins(quantity: str, readings: Sequence[tuple[int, float]], start_ms: int) -> dict[int, float]:
    measured: dict[int, list[float]] = {}
    for time_ms, value in readings:
        if 0 <= time_ms - start_ms < DAY_MS and implausible(quantity, value) is None:
            measured.setdefault((time_ms - start_ms) // BIN_MS, []).append(value)
    bins = {index: median(values) for index, values in sorted(measured.items())}
    for (left, low), (right, high) in pairwise(list(bins.items())):
        if right - left <= LONGEST_GAP_BINS + 1:
            bins |= {index: low + (high - low) * (index - left) / (right - left) for index in range(left + 1, right)}
    return bins
