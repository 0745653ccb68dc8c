"""Tasks and findings travel to the analysis process and back without loss, and without numpy."""

import json
import subprocess
import sys
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.findings import (
    AnalysisResult,
    AnalysisTask,
    ExposureRow,
    Finding,
    NightRow,
    result_from_dict,
    result_to_dict,
    task_from_dict,
    task_to_dict,
)
from monitor.errors import InputError

numbers = st.dictionaries(st.text(max_size=5), st.none() | st.floats(-1e300, 1e300), max_size=3)
nights = st.builds(
    NightRow,
    t=st.just(0),
    wake_date=st.dates().map(str),
    severity=st.none() | st.integers(0, 10),
    excluded=st.booleans(),
    exposures=numbers,
    factors=numbers,
)


def a_night(**changes: object) -> NightRow:
    return replace(NightRow(t=0, wake_date="2024-01-06"), **changes)


def an_exposure(**changes: object) -> ExposureRow:
    return replace(ExposureRow(name="T_mean", domain="thermal", unit="1 °C", per=1.0, primary=True), **changes)


def a_task(**changes: object) -> AnalysisTask:
    return replace(
        AnalysisTask(nights=(a_night(),), exposures=(an_exposure(),), adjust_for=("alcohol",), seed=7),
        **changes,
    )


def a_finding(**changes: object) -> Finding:
    empty = Finding(
        exposure="T_mean", domain="thermal", primary=True, unit="1 °C",
        verdict="collecting", grade="none", nights=3, bad=1,
    )  # fmt: skip
    return replace(empty, **changes)


FULL = a_finding(
    verdict="trigger", grade="strong", odds_ratio=2.0, ci=(1.5, 2.5), p=0.001, q=0.01, p_shift=0.02,
    adjusted_for=("alcohol", "weekend"), contrast=3.0, contrast_ci=(2.0, 4.0), usual=2.0, usual_ci=(1.5, 3.0),
    quarter_means=(18.0, 23.5), n_lo=20, n_hi=21, phi=0.2, vif=1.3, nights_needed=0, explained_by="AH_mean",
    group=("AH_mean",), p_control=0.5, same_night=1.9, proportional=True,
)  # fmt: skip


@given(st.lists(nights, max_size=1).map(tuple))
def test_a_task_comes_back_from_json_as_it_was(rows):
    task = a_task(nights=rows, consequences=("bedding",))
    assert task_from_dict(json.loads(json.dumps(task_to_dict(task)))) == task


@pytest.mark.parametrize("finding", [a_finding(), FULL], ids=["collecting", "full"])
def test_a_result_comes_back_from_json_as_it_was(finding):
    result = AnalysisResult(nights=90, bad=20, good=70, tried=1, findings=(finding,))
    assert result_from_dict(json.loads(json.dumps(result_to_dict(result)))) == result


def test_a_result_comes_back_without_json_too():
    result = AnalysisResult(nights=90, bad=20, good=70, tried=1, findings=(FULL,))
    assert result_from_dict(result_to_dict(result)) == result


def test_every_field_of_a_finding_is_tried_by_these_tests():
    assert all(getattr(FULL, each.name) != each.default for each in fields(Finding))


def test_whole_numbers_are_taken_for_numbers():
    raw = task_to_dict(a_task())
    raw["exposures"] = [{**raw["exposures"][0], "per": 2}]
    assert task_from_dict(raw).exposures[0].per == 2.0


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"seed": "7"}, "task.seed: expected int, got '7'"),
        ({"seed": True}, "task.seed: expected int, got True"),
        ({"adjust_for": "alcohol"}, "task.adjust_for: expected list"),
        ({"adjust_for": [1]}, "task.adjust_for: expected str, got 1"),
        ({"nights": [3]}, r"task.nights\[0\]: expected dict, got 3"),
        ({"exposures": [{"name": "T"}]}, r"task.exposures\[0\].domain: expected str, got None"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_field_is_named(changed, complaint):
    with pytest.raises(InputError, match=complaint):
        task_from_dict(task_to_dict(a_task()) | changed)


def test_an_integer_beyond_every_float_is_refused():
    raw = task_to_dict(a_task())
    raw["nights"] = [{**raw["nights"][0], "exposures": {"T_mean": 10**400}}]
    with pytest.raises(InputError, match="expected float"):
        task_from_dict(raw)


@pytest.mark.parametrize(("interval", "complaint"), [([1.0], "two numbers, got 1"), (["a", "b"], "float")])
def test_an_interval_has_two_numbers(interval, complaint):
    raw = result_to_dict(AnalysisResult(nights=0, bad=0, good=0, tried=0, findings=(FULL,)))
    raw["findings"] = [{**raw["findings"][0], "ci": interval}]
    with pytest.raises(InputError, match=complaint):
        result_from_dict(raw)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"severity": 11}, "2024-01-06: severity: expected 0..10"),
        ({"severity": -1}, "severity"),
        ({"wake_date": "06.01.2024"}, "expected YYYY-MM-DD, got '06.01.2024'"),
        ({"exposures": {"T_mean": float("inf")}}, "T_mean: expected a finite number or none, got inf"),
        ({"factors": {"alcohol": float("nan")}}, "alcohol: expected a finite number"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_night_that_cannot_be_is_refused(changes, complaint):
    with pytest.raises(InputError, match=complaint):
        a_night(**changes)


@pytest.mark.parametrize("per", [0.0, -1.0, float("inf"), float("nan")])
def test_a_step_that_is_none_is_refused(per):
    with pytest.raises(InputError, match="per: expected a positive number"):
        an_exposure(per=per)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"nights": (a_night(), a_night())}, "t to increase"),
        ({"nights": (a_night(), a_night(t=40_000))}, "at most 36525 nights"),
        ({"exposures": (an_exposure(), an_exposure())}, "each name once, got T_mean, T_mean"),
        ({"consequences": ("alcohol",)}, "alcohol cannot be adjusted for and be a consequence"),
    ],
    ids=["twice", "far apart", "same name", "both"],
)
def test_a_task_that_contradicts_itself_is_refused(changes, complaint):
    with pytest.raises(InputError, match=complaint):
        a_task(**changes)


@pytest.mark.parametrize(("wake_date", "weekend"), [("2024-01-05", False), ("2024-01-06", True), ("2024-01-07", True)])
def test_saturday_and_sunday_mornings_are_weekend(wake_date, weekend):
    assert a_night(wake_date=wake_date).weekend is weekend


def test_tasks_and_findings_need_no_numpy():
    code = "import sys, monitor.core.findings; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
