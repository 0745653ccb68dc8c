"""Exposures that no night has a value of are collected, never tried, and change nothing for the others."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from monitor.core.analysis import analyse
from monitor.core.exposure import EXPOSURES
from monitor.core.findings import AnalysisTask, NightRow
from monitor.core.wording import sentence
from monitor.services.analysing import candidates

NIGHTS = 60
RANDOM = np.random.default_rng(7)
WARMTH_C = 21.0 + RANDOM.standard_normal(NIGHTS)
NAMES = [row.name for row in candidates()]


def a_task(**exposures: object) -> AnalysisTask:
    """Sixty nights; exposures that are not given are None."""
    nights = tuple(
        NightRow(
            t=t,
            wake_date=(date(2024, 1, 1) + timedelta(days=t)).isoformat(),
            severity=int(np.clip(round(3 + 2 * (WARMTH_C[t] - 21.0)), 0, 10)),
            exposures={name: float(exposures[name][t]) if name in exposures else None for name in NAMES},  # type: ignore[index]
        )
        for t in range(NIGHTS)
    )
    return AnalysisTask(nights=nights, exposures=candidates(), adjust_for=())


def test_nights_without_any_exposure_are_collected():
    result = analyse(a_task())
    assert (result.tried, {finding.verdict for finding in result.findings}) == (0, {"collecting"})


def test_only_what_was_measured_is_tried():
    result = analyse(a_task(T_mean=WARMTH_C))
    assert (result.tried, [one.exposure for one in result.findings if one.odds_ratio is not None]) == (1, ["T_mean"])


def test_what_was_not_measured_changes_nothing_for_what_was():
    task = a_task(T_mean=WARMTH_C)
    alone = analyse(replace(task, exposures=tuple(row for row in task.exposures if row.name == "T_mean")))
    assert analyse(task).findings[0] == alone.findings[0]


@pytest.mark.parametrize("name", ["PM25_mean", "N45", "lux_mean"])
def test_an_exposure_that_is_always_zero_is_collected_and_no_error(name):
    result = analyse(a_task(**{name: np.zeros(NIGHTS)}))
    assert (result.tried, result.findings[NAMES.index(name)].verdict) == (0, "collecting")


def test_an_exposure_of_ln_1_plus_x_is_told_by_the_doubling():
    finding = next(one for one in analyse(a_task(N45=np.log1p(WARMTH_C))).findings if one.exposure == "N45")
    kind = next(kind for kind in EXPOSURES if kind.name == "N45")
    assert (finding.unit, kind.more in sentence(finding, kind)) == ("doubling of 1 + x", True)


def test_the_odds_ratio_of_a_doubling_is_2_to_the_slope():
    minutes = np.exp(RANDOM.uniform(0.0, 4.0, NIGHTS))
    per_doubling = next(one for one in analyse(a_task(N45=np.log1p(minutes))).findings if one.exposure == "N45")
    rows = tuple(replace(row, per=1.0) for row in candidates())
    per_e = analyse(replace(a_task(N45=np.log1p(minutes)), exposures=rows))
    slope = np.log(next(one.odds_ratio for one in per_e.findings if one.exposure == "N45"))
    assert per_doubling.odds_ratio == pytest.approx(float(2.0**slope))
