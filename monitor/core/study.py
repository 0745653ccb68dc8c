"""One exposure on its own nights: task -> calendar arrays -> the fit, and the further fits that test it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.core.association import (
    Adjustment,
    Association,
    adjustment,
    circular_shift_p,
    is_separable,
    po_ar1,
)
from monitor.core.evidence import enough_nights, enough_sides
from monitor.core.findings import AnalysisTask, ExposureRow
from monitor.core.outcome import filled, is_bad, standardised
from monitor.core.spline import time_spline

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SMALLEST_USUAL_SD = 1.0
"""SD: where most nights are alike (no hour above 26 degC) the quartiles meet, and their distance says nothing."""
SHORTEST_CALENDAR = 45
"""Nights; a circular shift of fewer cannot reach a small p."""


class Calendar:
    """The task as arrays over every calendar night, NaN = missing; adjustments are kept by their nights.

    `severity` holds the outcomes that count, `logged` where they are, `scaled` each exposure, standardised.
    """

    def __init__(self, task: AnalysisTask) -> None:
        first = task.nights[0].t if task.nights else 0
        self._length = task.nights[-1].t - first + 1 if task.nights else 0
        self._places = np.array([night.t - first for night in task.nights], dtype=np.int64)
        self.severity = self._spread([None if night.excluded else night.severity for night in task.nights])
        self.logged: Mask = ~np.isnan(self.severity)
        self.scaled = {
            row.name: standardised(self._spread([night.exposures.get(row.name) for night in task.nights]))
            for row in task.exposures
        }
        ranked = dict.fromkeys((*task.adjust_for, *(() if "weekend" in task.consequences else ("weekend",))))
        self.factors = {name: self._factor(task, name) for name in ranked}
        self.consequences = {name: self._factor(task, name) for name in task.consequences}
        self._adjusted: dict[bytes, Adjustment] = {}

    def counts(self, used: Mask) -> tuple[int, int]:
        """Nights, and bad ones among them."""
        return int(used.sum()), int(is_bad(self.severity[used]).sum())

    def adjusted(self, used: Mask) -> Adjustment:
        """The confounder-only model of these nights."""
        key = used.tobytes()
        if key not in self._adjusted:
            factors = {name: values[used] for name, values in self.factors.items()}
            severity = self.severity[used].astype(np.int64)
            self._adjusted[key] = adjustment(np.flatnonzero(used), severity, factors)
        return self._adjusted[key]

    def _factor(self, task: AnalysisTask, name: str) -> Floats:
        if name == "weekend":
            return self._spread([float(night.weekend) for night in task.nights])
        return self._spread([night.factors.get(name) for night in task.nights])

    def _spread(self, values: Sequence[float | None]) -> Floats:
        spread = np.full(self._length, np.nan)
        spread[self._places] = [np.nan if value is None else value for value in values]
        return spread


@dataclass(frozen=True, kw_only=True)
class Study:
    """An exposure that could be tried: standardised on the calendar (`z`), the nights used, the fit."""

    row: ExposureRow
    z: Floats
    used: Mask
    base: Adjustment
    link: Association
    p_shift: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contrast:
    """Means (in SDs) and sizes of the bottom and the top quarter of the nights, or of the two values."""

    low: float
    high: float
    n_lo: int
    n_hi: int
    usual: float


def studied(calendar: Calendar, row: ExposureRow) -> Study | None:
    """The fit of one exposure; None where the nights, or the exposure's own variation, do not suffice."""
    z = calendar.scaled[row.name].z
    used = calendar.logged & ~np.isnan(z)
    if not enough_nights(*calendar.counts(used)) or not _has_sides(z[used]):
        return None
    base = calendar.adjusted(used)
    if not is_separable(z[used], base.covariates):
        return None
    link = po_ar1(z[used], base.levels, base.covariates, base.nights, base.phi)
    return Study(row=row, z=z, used=used, base=base, link=link, p_shift=_shift_p(calendar, z))


def beside(calendar: Calendar, z: Floats, other: Floats) -> Association | None:
    """The fit of `z` with `other` among its covariates, both on the calendar; None where that fails."""
    used = calendar.logged & ~np.isnan(z) & ~np.isnan(other)
    if not enough_nights(*calendar.counts(used)):
        return None
    base = calendar.adjusted(used)
    covariates = np.column_stack([standardised(other[used]).z, base.covariates])
    if not is_separable(z[used], covariates):
        return None
    return po_ar1(z[used], base.levels, covariates, base.nights, base.phi)


def with_consequences(calendar: Calendar, study: Study) -> Association | None:
    """The fit with what the same night may have brought about added; None where there is nothing to add."""
    columns = [column for values in calendar.consequences.values() for column in filled(values[study.used])]
    added = [scaled.z for scaled in map(standardised, columns) if scaled.sd > 0]
    covariates = np.column_stack([*added, study.base.covariates])
    exposure = study.z[study.used]
    if not added or not is_separable(exposure, covariates):
        return None
    return po_ar1(exposure, study.base.levels, covariates, study.base.nights, study.base.phi)


def is_proportional(calendar: Calendar, study: Study) -> bool:
    """Whether bad nights alone, as a yes or no, tell the same log-odds within 2 joint standard errors."""
    bad = is_bad(calendar.severity[study.used]).astype(np.int64)
    link, base = study.link, study.base
    binary = po_ar1(study.z[study.used], bad, base.covariates, base.nights, base.phi)
    return abs(binary.b - link.b) <= 2.0 * math.hypot(binary.se, link.se)


def contrast(values: Floats) -> Contrast:
    """Top against bottom quarter of the nights; of a two-valued exposure, one value against the other.

    `usual` is the distance of the quartiles, at least 1 SD; of a two-valued exposure that of its values.
    """
    ordered = np.sort(values)
    sides = _sides(values)
    n_lo, n_hi = sides if sides is not None else (len(values) // 4, len(values) // 4)
    low, high = float(ordered[:n_lo].mean()), float(ordered[-n_hi:].mean())
    quartiles = np.percentile(ordered, (25, 75))
    usual = high - low if sides is not None else max(float(quartiles[1] - quartiles[0]), SMALLEST_USUAL_SD)
    return Contrast(low=low, high=high, n_lo=n_lo, n_hi=n_hi, usual=usual)


def window_of(z: Floats) -> slice:
    """From the first to the last calendar night that has the exposure; there must be one."""
    present = np.flatnonzero(~np.isnan(z))
    return slice(int(present[0]), int(present[-1]) + 1)


def _sides(values: Floats) -> tuple[int, int] | None:
    """How many nights have the lower and the higher value; None where there are more than two values."""
    counts = np.unique(values, return_counts=True)[1]
    return (int(counts[0]), int(counts[1])) if len(counts) == 2 else None


def _has_sides(values: Floats) -> bool:
    sides = _sides(values)
    return sides is None or enough_sides(*sides)


def _shift_p(calendar: Calendar, z: Floats) -> float | None:
    window = window_of(z)
    length = window.stop - window.start
    if length < SHORTEST_CALENDAR:
        return None
    inside = np.zeros(len(z), dtype=np.bool_)
    inside[window] = calendar.logged[window]
    base = calendar.adjusted(inside)
    residual = np.full(len(z), np.nan)
    residual[base.nights] = base.residual
    return circular_shift_p(residual[window], z[window], time_spline(np.arange(length)))
