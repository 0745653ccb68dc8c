"""The whole analysis on small made-up sleepers: what it says, and what it never says."""

import doctest
import importlib
import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.analysis import analyse
from monitor.core.findings import AnalysisTask, ExposureRow, Finding, NightRow

NIGHTS = 120
FIRST = date(2024, 1, 1)
RANDOM = np.random.default_rng(20)
WARMTH = 22 + RANDOM.standard_normal(NIGHTS)
AIR = 900 + 150 * RANDOM.standard_normal(NIGHTS)
SEVERITY = np.clip(np.round(3 + 2 * (WARMTH - 22) + RANDOM.standard_normal(NIGHTS)), 0, 10).astype(int).tolist()


def an_exposure(name: str = "T_mean", **changes: object) -> ExposureRow:
    return replace(ExposureRow(name=name, domain="d", unit="1", per=1.0, primary=True), **changes)


def a_task(
    exposures: dict[str, object] | None = None,
    severity: list[int | None] = SEVERITY,
    factors: dict[str, object] | None = None,
    rows: tuple[ExposureRow, ...] | None = None,
    **changes: object,
) -> AnalysisTask:
    """Nights in a row from Monday 2024-01-01; a missing value is None."""
    measured = {"T_mean": WARMTH} if exposures is None else exposures
    nights = tuple(
        NightRow(
            t=night,
            wake_date=(FIRST + timedelta(days=night)).isoformat(),
            severity=severity[night],
            exposures={name: plain(values[night]) for name, values in measured.items()},
            factors={name: plain(values[night]) for name, values in (factors or {}).items()},
        )
        for night in range(len(severity))
    )
    task = AnalysisTask(
        nights=nights,
        exposures=rows or tuple(an_exposure(name) for name in measured),
        adjust_for=tuple(factors or ()),
    )
    return replace(task, **changes)


def plain(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def findings(task: AnalysisTask) -> dict[str, Finding]:
    return {finding.exposure: finding for finding in analyse(task).findings}


def only(task: AnalysisTask) -> Finding:
    (finding,) = analyse(task).findings
    return finding


@pytest.fixture(scope="module")
def warm() -> Finding:
    return findings(a_task({"T_mean": WARMTH, "CO2_mean": AIR}))["T_mean"]


def test_a_strong_effect_is_a_trigger(warm):
    assert (warm.verdict, warm.grade) == ("trigger", "strong")


def test_the_interval_lies_around_the_odds_ratio(warm):
    assert warm.ci[0] < warm.odds_ratio < warm.ci[1]


def test_the_contrast_is_between_the_means_of_the_quarters(warm):
    low, high = warm.quarter_means
    assert warm.contrast == pytest.approx(warm.odds_ratio ** (high - low))


def test_the_quarters_hold_a_fourth_of_the_nights_and_keep_the_unit(warm):
    ordered = np.sort(WARMTH)
    assert (warm.n_lo, warm.n_hi) == (30, 30)
    assert warm.quarter_means == pytest.approx((ordered[:30].mean(), ordered[-30:].mean()))


def test_a_cool_preference_is_protective():
    assert only(a_task({"cold": -WARMTH})).verdict == "protective"


def test_air_without_effect_is_no_trigger():
    air = findings(a_task({"T_mean": WARMTH, "CO2_mean": AIR}))["CO2_mean"]
    assert air.verdict in ("cleared", "undecided")


def test_many_nights_without_effect_clear_an_exposure():
    random = np.random.default_rng(4)
    severity = random.choice([0, 3, 7], size=1500).tolist()
    assert only(a_task({"CO2_mean": random.standard_normal(1500)}, severity)).verdict == "cleared"


def test_the_odds_ratio_per_step_follows_the_step():
    hundred = only(a_task({"CO2_mean": AIR}, rows=(an_exposure("CO2_mean", per=100.0),)))
    one = only(a_task({"CO2_mean": AIR}))
    assert hundred.odds_ratio == pytest.approx(one.odds_ratio**100)


@settings(deadline=None, max_examples=20)
@given(st.floats(1e-3, 1e3), st.floats(-100, 100))
def test_a_change_of_unit_leaves_every_p_alone(scale, offset):
    before, after = only(a_task()), only(a_task({"T_mean": WARMTH * scale + offset}))
    assert (after.p, after.p_shift, after.contrast) == pytest.approx(
        (before.p, before.p_shift, before.contrast), rel=1e-6
    )


@settings(deadline=None, max_examples=10)
@given(st.permutations(["T_mean", "CO2_mean", "lux_mean"]))
def test_the_order_of_the_exposures_does_not_matter(order):
    measured = {"T_mean": WARMTH, "CO2_mean": AIR, "lux_mean": WARMTH[::-1]}
    turned = findings(a_task({name: measured[name] for name in order}))
    assert turned == findings(a_task(measured))


def test_starting_the_count_of_nights_elsewhere_changes_nothing():
    task = a_task()
    moved = replace(task, nights=tuple(replace(night, t=night.t + 5000) for night in task.nights))
    assert analyse(moved) == analyse(task)


def test_the_same_task_gives_the_same_result():
    assert analyse(a_task(seed=1)) == analyse(a_task(seed=2))


def test_counts_are_of_nights_with_an_outcome():
    severity = [None, *SEVERITY[1:]]
    result = analyse(a_task(severity=severity))
    assert (result.nights, result.bad + result.good, result.tried) == (119, 119, 1)


def test_an_excluded_night_loses_its_outcome():
    task = a_task()
    excluding = replace(task, nights=(replace(task.nights[0], excluded=True), *task.nights[1:]))
    assert analyse(excluding) == analyse(a_task(severity=[None, *SEVERITY[1:]]))


def test_an_excluded_night_keeps_its_exposure_for_the_circular_shift():
    away = np.isin(np.arange(NIGHTS), range(40, 90))
    severity = [None if gone else each for gone, each in zip(away, SEVERITY, strict=True)]
    kept = only(a_task({"CO2_mean": AIR}, severity))
    dropped = only(a_task({"CO2_mean": np.where(away, np.nan, AIR)}, severity))
    assert kept.p == pytest.approx(dropped.p)
    assert kept.p_shift != dropped.p_shift


def test_nights_that_the_task_leaves_out_are_gaps():
    task = a_task(severity=[*SEVERITY[:60], None, *SEVERITY[61:]])
    skipping = replace(task, nights=task.nights[:60] + task.nights[61:])
    assert only(skipping).p == pytest.approx(only(task).p)


def test_twenty_nights_compute_nothing():
    finding = only(a_task(severity=SEVERITY[:20]))
    computed = (finding.p, finding.odds_ratio, finding.contrast, finding.p_shift, finding.nights_needed)
    assert (finding.verdict, computed) == ("collecting", (None,) * 5)


@pytest.mark.parametrize("bad", [4, 117])
def test_fewer_than_five_bad_or_good_nights_compute_nothing(bad):
    severity = [9] * bad + [1] * (NIGHTS - bad)
    assert only(a_task(severity=severity)).verdict == "collecting"


def test_up_to_thirty_nights_have_an_odds_ratio_and_no_grade():
    finding = only(a_task(severity=SEVERITY[:29]))
    assert (finding.odds_ratio is not None, finding.grade, finding.verdict) == (True, "none", "undecided")


def test_a_short_calendar_has_no_circular_shift():
    assert only(a_task(severity=SEVERITY[:44])).p_shift is None


def test_a_sensor_with_few_nights_is_collecting_for_itself():
    late = np.where(np.arange(NIGHTS) < 105, np.nan, AIR)
    found = findings(a_task({"T_mean": WARMTH, "CO2_mean": late}))
    assert (found["T_mean"].verdict, found["CO2_mean"].verdict) == ("trigger", "collecting")


def test_what_is_collecting_counts_neither_as_tried_nor_in_the_family():
    late = np.where(np.arange(NIGHTS) < 105, np.nan, AIR)
    result = analyse(a_task({"T_mean": WARMTH, "CO2_mean": late}))
    assert result.tried == 1
    assert result.findings[0].q == result.findings[0].p


def test_a_two_valued_exposure_is_one_value_against_the_other():
    heated = (WARMTH > 22).astype(float)
    finding = only(a_task({"heated": heated}))
    assert (finding.n_lo, finding.n_hi) == (int((heated == 0).sum()), int((heated == 1).sum()))
    assert finding.contrast == pytest.approx(finding.odds_ratio)


def test_a_two_valued_exposure_with_few_nights_on_one_side_is_collecting():
    assert only(a_task({"fan": (np.arange(NIGHTS) < 20).astype(float)})).verdict == "collecting"


def test_factors_are_adjusted_for_in_their_rank():
    random = np.random.default_rng(1)
    factors = {"stress": random.standard_normal(NIGHTS), "sleep_loss": random.standard_normal(NIGHTS)}
    assert only(a_task(factors=factors)).adjusted_for == ("stress", "sleep_loss", "weekend")


def test_a_ranked_weekend_is_adjusted_for_once():
    stress = {"stress": np.random.default_rng(1).standard_normal(NIGHTS)}
    finding = only(a_task(factors=stress, adjust_for=("weekend", "stress")))
    assert finding.adjusted_for == ("weekend", "stress")


def test_an_effect_of_a_confounder_is_not_the_exposures():
    drinks = np.random.default_rng(2).choice([0.0, 1.0, 2.0], size=NIGHTS)
    noise = np.random.default_rng(3).standard_normal((2, NIGHTS))
    severity = np.clip(np.round(2 + 2 * drinks + noise[0]), 0, 10).astype(int).tolist()
    late_bed = {"late_bed": drinks + noise[1]}
    assert only(a_task(late_bed, severity)).p < 0.01
    assert only(a_task(late_bed, severity, {"alcohol": drinks})).p > 0.05


def test_a_proxy_is_explained_by_the_cause_and_weak_at_most():
    dew = 0.7 * (WARMTH - 22) + 0.7 * np.random.default_rng(5).standard_normal(NIGHTS)
    found = findings(a_task({"T_mean": WARMTH, "AH_mean": dew}))["AH_mean"]
    assert (found.explained_by, found.verdict, found.grade) == ("T_mean", "undecided", "weak")


def test_exposures_that_go_together_are_a_group():
    dew = WARMTH + 0.3 * np.random.default_rng(5).standard_normal(NIGHTS)
    found = findings(a_task({"T_mean": WARMTH, "AH_mean": dew, "CO2_mean": AIR}))
    assert (found["AH_mean"].group, found["CO2_mean"].group) == (("T_mean",), ())


def test_a_common_season_alone_makes_no_group():
    season = 10 * np.sin(np.arange(NIGHTS) / 40)
    found = findings(a_task({"T_mean": WARMTH + season, "CO2_mean": AIR / 150 + season}))
    assert found["T_mean"].group == ()


def test_exposures_never_measured_in_the_same_night_are_no_group():
    early = np.where(np.arange(NIGHTS) < 60, WARMTH, np.nan)
    late = np.where(np.arange(NIGHTS) >= 60, WARMTH, np.nan)
    assert findings(a_task({"old": early, "new": late}))["old"].group == ()


def test_flags_that_share_no_nights_cannot_be_told_apart():
    long, severity = 240, [*SEVERITY, *SEVERITY]
    twice = np.concatenate([WARMTH, WARMTH])
    early = np.where(np.arange(long) < 120, twice, np.nan)
    late = np.where(np.arange(long) >= 120, twice, np.nan)
    found = findings(a_task({"old": early, "new": late}, severity))
    assert sorted(str(each.explained_by) for each in found.values()) in (["None", "new"], ["None", "old"])


def test_a_copy_of_the_strongest_is_explained_by_it():
    found = findings(a_task({"T_mean": WARMTH, "T_copy": WARMTH * 2}))
    assert [found["T_mean"].explained_by, found["T_copy"].explained_by].count(None) == 1


def test_a_secondary_exposure_is_weak_at_most_and_no_trigger():
    finding = only(a_task(rows=(an_exposure(primary=False),)))
    assert (finding.grade, finding.verdict) == ("weak", "undecided")


def test_secondary_exposures_leave_the_primary_family_alone():
    rows = (an_exposure(), an_exposure("CO2_mean", primary=False))
    found = findings(a_task({"T_mean": WARMTH, "CO2_mean": AIR}, rows=rows))
    assert found["T_mean"].q == found["T_mean"].p
    assert found["CO2_mean"].q == pytest.approx(max(found["CO2_mean"].p, 2 * found["T_mean"].p))


def test_an_exposure_that_follows_the_bad_night_is_lowered_by_one_step():
    tomorrow = np.concatenate([[22.0], WARMTH[:-1]])
    severity = np.clip(np.round(3 + 2 * (WARMTH - 22)), 0, 10).astype(int).tolist()
    mixed = only(a_task({"reaction": tomorrow + WARMTH}, severity))
    assert mixed.p_control < 0.05
    assert mixed.grade == "moderate"


def test_without_a_link_the_negative_control_is_not_computed():
    assert only(a_task({"noise": np.random.default_rng(8).standard_normal(NIGHTS)})).p_control is None


def test_a_consequence_is_shown_beside_and_not_adjusted_for():
    duvet = {"bedding": np.random.default_rng(6).standard_normal(NIGHTS)}
    finding = only(a_task(factors=duvet, adjust_for=(), consequences=("bedding",)))
    assert finding.adjusted_for == ("weekend",)
    assert finding.same_night == pytest.approx(finding.odds_ratio, rel=0.5)


def test_a_consequence_that_turns_the_direction_lowers_the_grade():
    suppressor = {"bedding": 1.3 * WARMTH + 0.3 * np.random.default_rng(6).standard_normal(NIGHTS)}
    noise = np.random.default_rng(7).standard_normal(NIGHTS)
    lift = 2 * (suppressor["bedding"] - suppressor["bedding"].mean()) - 1.5 * (WARMTH - 22)
    severity = np.clip(np.round(3 + lift + noise), 0, 10).astype(int).tolist()
    plainly = only(a_task(severity=severity))
    shown = only(a_task(severity=severity, factors=suppressor, adjust_for=(), consequences=("bedding",)))
    assert (plainly.grade, shown.grade) == ("strong", "moderate")


def test_the_weekend_can_be_called_a_consequence():
    finding = only(a_task(consequences=("weekend",)))
    assert (finding.adjusted_for, finding.same_night is None) == ((), False)


@pytest.mark.parametrize("bedding", [np.ones(NIGHTS), WARMTH, np.full(NIGHTS, np.nan)], ids=["1", "x", "none"])
def test_a_consequence_that_says_nothing_new_is_not_shown(bedding):
    finding = only(a_task(factors={"bedding": bedding}, adjust_for=(), consequences=("bedding",)))
    assert finding.same_night is None


def test_an_effect_on_every_step_of_severity_is_proportional(warm):
    assert warm.proportional is True


def test_an_effect_on_bad_nights_only_is_not_proportional():
    random = np.random.default_rng(9)
    quiet, hot = random.choice([0, 2, 4], size=400), random.choice([0.0, 1.0], size=400) + 0.0
    terrible = random.random(400) < np.where(hot > 0, 0.45, 0.03)
    severity = np.where(terrible, 8, np.where(hot > 0, np.minimum(quiet, 0), quiet)).tolist()
    assert only(a_task({"hot": hot}, severity)).proportional is False


def test_no_nights_give_findings_that_collect():
    result = analyse(replace(a_task(), nights=()))
    assert (result.nights, result.tried, result.findings[0].verdict) == (0, 0, "collecting")


@pytest.mark.parametrize(
    ("exposures", "severity"),
    [
        ({"T_mean": np.full(NIGHTS, 21.3)}, SEVERITY),
        ({"T_mean": np.full(NIGHTS, np.nan)}, SEVERITY),
        ({"T_mean": WARMTH}, [3] * NIGHTS),
        ({"T_mean": WARMTH}, [None] * NIGHTS),
        ({"T_mean": np.arange(NIGHTS) / 7}, SEVERITY),
        ({}, SEVERITY),
    ],
    ids=["constant", "never measured", "all alike", "no outcome", "the calendar itself", "no exposure"],
)
def test_what_cannot_be_tried_is_collecting(exposures, severity):
    result = analyse(a_task(exposures, severity, rows=(an_exposure(),)))
    assert [finding.verdict for finding in result.findings] == ["collecting"]


@pytest.mark.parametrize("size", [1e-300, 1e-12, 1e12, 1e298])
def test_values_of_any_size_give_the_same_p(size):
    finding = only(a_task({"T_mean": WARMTH * size}))
    assert finding.p == pytest.approx(only(a_task()).p, rel=1e-6)
    assert np.isfinite([finding.odds_ratio, *finding.ci, *finding.quarter_means]).all()


def test_perfect_separation_is_graded_without_a_complaint():
    severity = [8 if degrees > 22 else 1 for degrees in WARMTH]
    finding = only(a_task(severity=severity))
    assert (finding.verdict, math.isfinite(finding.ci[1])) == ("trigger", True)


def test_one_enormous_night_is_no_trigger():
    broken = AIR.copy()
    broken[17] = 1e250
    assert only(a_task({"CO2_mean": broken})).verdict != "trigger"


def test_a_diary_of_one_month_in_ten_years_is_analysed():
    sparse = a_task()
    scattered = tuple(replace(night, t=night.t * 30) for night in sparse.nights[:40])
    assert only(replace(sparse, nights=scattered)).nights == 40


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_no_task_makes_the_analysis_fail(data):
    length = data.draw(st.integers(0, 70))
    severity = data.draw(st.lists(st.none() | st.integers(0, 10), min_size=length, max_size=length))
    values = st.lists(st.none() | st.sampled_from([0.0, 1.0, 2.5, -1e300]), min_size=length, max_size=length)
    task = a_task({"a": data.draw(values), "b": data.draw(values)}, severity, {"f": data.draw(values)})
    assert len(analyse(task).findings) == 2


@pytest.mark.parametrize(
    "name", ["spline", "ordinal", "autocorrelation", "outcome", "association", "evidence", "analysis"]
)
def test_the_examples_in_the_documentation_run(name):
    assert doctest.testmod(importlib.import_module(f"monitor.core.{name}")).failed == 0
