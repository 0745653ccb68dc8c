"""The whole analysis: a task (nights, exposures, factors) -> one finding per declared exposure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitor.core.association import agreeing_parts
from monitor.core.evidence import (
    Evidence,
    benjamini_hochberg,
    grade,
    is_flagged,
    nights_needed,
    stage_two,
    verdict,
)
from monitor.core.findings import (
    AnalysisResult,
    AnalysisTask,
    ExposureRow,
    Finding,
)
from monitor.core.outcome import standardised
from monitor.core.spline import detrended, time_spline
from monitor.core.study import (
    Calendar,
    Study,
    beside,
    contrast,
    is_proportional,
    studied,
    window_of,
    with_consequences,
)

Floats = NDArray[np.float64]

INSEPARABLE = 0.6
"""Correlation without the time trend beyond which two exposures are one group."""
FEWEST_PAIRS = 21
"""Nights with both exposures, for their correlation to mean anything."""


def analyse(task: AnalysisTask) -> AnalysisResult:
    """What these nights say of every declared exposure.

    Parameters
    ----------
    task : AnalysisTask
        Any number of nights, also none. Missing values are None; a night without severity, or excluded,
        counts for the exposures' calendar only.

    Returns
    -------
    AnalysisResult
        Findings in the order of `task.exposures`. "collecting" = too few nights, or no variation of its own;
        nothing is computed then.

    References
    ----------
    docs/method.md; Benjamini & Hochberg (1995), JRSS B 57:289, doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> analyse(AnalysisTask(nights=(), exposures=(), adjust_for=())).nights
    0
    """
    calendar = Calendar(task)
    tried = {row.name: study for row in task.exposures if (study := studied(calendar, row)) is not None}
    standings = _standings(calendar, tried)
    findings = tuple(
        _found(calendar, tried[row.name], standings[row.name]) if row.name in tried else _collecting(calendar, row)
        for row in task.exposures
    )
    nights, bad = calendar.counts(calendar.logged)
    return AnalysisResult(nights=nights, bad=bad, good=nights - bad, tried=len(tried), findings=findings)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Standing:
    """Where an exposure stands among the others."""

    q: float
    flagged: bool
    explained_by: str | None
    group: tuple[str, ...]


def _standings(calendar: Calendar, tried: Mapping[str, Study]) -> dict[str, _Standing]:
    q = _false_discovery(tried)
    flagged = {
        name: study.link.p for name, study in tried.items() if study.row.primary and is_flagged(q[name], study.p_shift)
    }
    explained = stage_two(flagged, lambda name, best: _p_beside(calendar, tried[name].z, tried[best].z))
    groups = _groups(tried)
    named = {name for name in flagged if name not in explained}
    return {
        name: _Standing(
            q=q[name],
            flagged=name in named,
            explained_by=explained.get(name),
            group=tuple(other for other in groups[name] if {name, other} <= named),
        )
        for name in tried
    }


def _p_beside(calendar: Calendar, z: Floats, other: Floats) -> float | None:
    link = beside(calendar, z, other)
    return None if link is None else link.p


def _false_discovery(tried: Mapping[str, Study]) -> dict[str, float]:
    """The q of primary exposures within their family; of the others among all that was tried."""
    primary = [name for name, study in tried.items() if study.row.primary]
    q: dict[str, float] = {}
    for family in (list(tried), primary):
        adjusted = benjamini_hochberg(np.array([tried[name].link.p for name in family]))
        q |= dict(zip(family, adjusted.tolist(), strict=True))
    return q


def _groups(tried: Mapping[str, Study]) -> dict[str, tuple[str, ...]]:
    """For every exposure, the primary ones that go with it once the time trend is removed."""
    left = {}
    for name, study in tried.items():
        window = window_of(study.z)
        left[name] = np.full(len(study.z), np.nan)
        left[name][window] = detrended(study.z[window], time_spline(np.arange(window.stop - window.start)))
    return {
        name: tuple(
            other
            for other, study in tried.items()
            if study.row.primary and other != name and _correlation(left[name], left[other]) > INSEPARABLE
        )
        for name in tried
    }


def _correlation(one: Floats, other: Floats) -> float:
    """|r| over the nights that have both; 0 with too few of them."""
    both = ~np.isnan(one) & ~np.isnan(other)
    if both.sum() < FEWEST_PAIRS:
        return 0.0
    return abs(float((standardised(one[both]).z * standardised(other[both]).z).mean()))


def _collecting(calendar: Calendar, row: ExposureRow) -> Finding:
    nights, bad = calendar.counts(calendar.logged & ~np.isnan(calendar.scaled[row.name].z))
    return Finding(
        exposure=row.name,
        domain=row.domain,
        primary=row.primary,
        unit=row.unit,
        verdict="collecting",
        grade="none",
        nights=nights,
        bad=bad,
    )


def _evidence(calendar: Calendar, study: Study, standing: _Standing, *, turns: bool) -> Evidence:
    link = study.link
    evidence = Evidence(
        nights=link.n,
        bad=calendar.counts(study.used)[1],
        p=link.p,
        q=standing.q,
        p_shift=study.p_shift,
        passed_stage_two=standing.explained_by is None,
        same_halves=agreeing_parts(link, study.base.residual, 2),
        same_quarters=agreeing_parts(link, study.base.residual, 4),
        nearest_odds=math.exp(abs(link.b) - link.margin),
        primary=study.row.primary,
        turns=turns,
    )
    if grade(replace(evidence, turns=False)) == "none":
        return evidence
    following = np.append(study.z[1:], np.nan)
    return replace(evidence, control_p=_p_beside(calendar, following, study.z))


def _found(calendar: Calendar, study: Study, standing: _Standing) -> Finding:
    row, link, scale = study.row, study.link, calendar.scaled[study.row.name]
    added = with_consequences(calendar, study)
    evidence = _evidence(calendar, study, standing, turns=added is not None and added.b * link.b < 0)
    graded = grade(evidence)
    unit = link.odds_ratio(row.per / scale.sd)
    quarters = contrast(study.z[study.used])
    between = quarters.high - quarters.low
    ratio, usual = link.odds_ratio(between), link.odds_ratio(quarters.usual)
    return Finding(
        exposure=row.name,
        domain=row.domain,
        primary=row.primary,
        unit=row.unit,
        verdict=verdict(
            flagged=standing.flagged,
            grade=graded,
            b=link.b,
            nights=link.n,
            usual_ci=(usual.low, usual.high),
        ),
        grade=graded,
        nights=link.n,
        bad=evidence.bad,
        odds_ratio=unit.value,
        ci=(unit.low, unit.high),
        p=link.p,
        q=standing.q,
        p_shift=study.p_shift,
        adjusted_for=study.base.names,
        contrast=ratio.value,
        contrast_ci=(ratio.low, ratio.high),
        usual=usual.value,
        usual_ci=(usual.low, usual.high),
        quarter_means=(quarters.low * scale.sd + scale.mean, quarters.high * scale.sd + scale.mean),
        n_lo=quarters.n_lo,
        n_hi=quarters.n_hi,
        phi=link.phi,
        vif=link.vif,
        nights_needed=nights_needed(link.n, link.se * quarters.usual / link.s_x),
        explained_by=standing.explained_by,
        group=standing.group,
        p_control=evidence.control_p,
        same_night=None if added is None else added.odds_ratio(row.per / scale.sd).value,
        proportional=is_proportional(calendar, study),
    )
