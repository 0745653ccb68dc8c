"""The task is every calendar night with what was measured and said; the run is kept with its result."""

import math
from datetime import date

import pytest

from monitor import __version__
from monitor.core.diary import DEFAULT_ADJUST
from monitor.core.exposure import EXPOSURES
from monitor.core.findings import AnalysisResult, AnalysisTask, NightRow
from monitor.errors import AnalysisError
from monitor.services.analysing import CONSEQUENCES, STEP, Analysing, Choices, candidates
from tests.services.fakes import FakeClock
from tests.services.home import DAY, FIRST, Home, an_entry, night_of

RESULT = AnalysisResult(nights=3, bad=1, good=2, tried=4, findings=())
NOW_MS = 1_790_812_800_000


class FakeAnalyst:
    """Answers every task with the same result, and remembers the task; `trouble` is raised instead."""

    def __init__(self, trouble: AnalysisError | None = None) -> None:
        self.trouble = trouble
        self.asked: list[AnalysisTask] = []

    def __call__(self, task: AnalysisTask) -> AnalysisResult:
        self.asked.append(task)
        if self.trouble is not None:
            raise self.trouble
        return RESULT


def analysing(home: Home, analyst: FakeAnalyst | None = None, adjust_for: tuple[str, ...] = ("alcohol",)) -> Analysing:
    choices = Choices(adjust_for=adjust_for, seed=7)
    return Analysing(home.nights, home.diary, home.analyses, analyst or FakeAnalyst(), FakeClock(NOW_MS), choices)


def rows(home: Home) -> tuple[NightRow, ...]:
    return analysing(home).task().nights


def log(home: Home, *severities: int | None, **factors: float) -> None:
    """One entry a night from the first on, None for a night that was not logged."""
    for number, severity in enumerate(severities):
        if severity is not None:
            home.diary.log(an_entry(FIRST + number * DAY, severity, factors=factors), 0, "test")


def test_without_nights_the_task_is_empty(home: Home) -> None:
    assert rows(home) == ()


def test_a_night_has_what_was_measured_and_said(home: Home) -> None:
    home.sleep(1, 21.0)
    home.close(FIRST)
    log(home, 6, alcohol=2)
    night = rows(home)[0]
    assert (night.wake_date, night.severity, night.exposures["T_mean"]) == ("2026-06-02", 6, 21.0)
    assert night.factors == {"alcohol": 2.0}


def test_the_calendar_keeps_its_gaps(home: Home) -> None:
    log(home, 3, None, None, 5)
    assert [(night.t, night.severity) for night in rows(home)] == [(0, 3), (1, None), (2, None), (3, 5)]


def test_the_calendar_spans_nights_that_were_measured_only(home: Home) -> None:
    home.sleep(1, first=FIRST - 2 * DAY)
    home.close(FIRST - 2 * DAY)
    log(home, 3)
    assert [(night.severity, bool(night.exposures)) for night in rows(home)] == [
        (None, True),
        (None, False),
        (3, False),
    ]


def test_the_calendar_counts_days_over_a_change_of_clocks(home: Home) -> None:
    for wake_date in (date(2026, 3, 28), date(2026, 3, 30)):
        home.diary.log(an_entry(wake_date), 0, "test")
    assert [night.wake_date for night in rows(home)] == ["2026-03-28", "2026-03-29", "2026-03-30"]


def test_an_exposure_that_is_unknown_stays_unknown(home: Home) -> None:
    home.sleep(1)
    home.close(FIRST)
    assert rows(home)[0].exposures["T_lag1"] is None


def test_a_severity_of_zero_is_a_severity(home: Home) -> None:
    log(home, 0)
    assert rows(home)[0].severity == 0


def test_an_excluded_night_is_marked(home: Home) -> None:
    log(home, 3, 4)
    home.nights.exclude(FIRST, "fever")
    assert [night.excluded for night in rows(home)] == [True, False]


def test_an_exclusion_beyond_the_known_nights_adds_none(home: Home) -> None:
    log(home, 3)
    home.nights.exclude(FIRST + 40 * DAY, "journey")
    assert len(rows(home)) == 1


def test_a_change_of_medication_counts_from_its_night_on(home: Home) -> None:
    log(home, 3, 3)
    home.diary.log(an_entry(FIRST + 2 * DAY, factors={STEP: 1.0}), 0, "test")
    home.diary.log(an_entry(FIRST + 4 * DAY, factors={STEP: 0.0}), 0, "test")
    home.diary.log(an_entry(FIRST + 5 * DAY, factors={STEP: 1.0}), 0, "test")
    assert [night.factors[STEP] for night in rows(home)] == [0, 0, 1, 1, 1, 2]


def test_without_a_change_of_medication_nothing_is_said_of_it(home: Home) -> None:
    log(home, 3, alcohol=0)
    assert rows(home)[0].factors == {"alcohol": 0.0}


def test_a_factor_that_was_not_said_is_absent(home: Home) -> None:
    log(home, 3)
    assert rows(home)[0].factors == {}


def test_a_factor_of_one_s_own_travels_along(home: Home) -> None:
    log(home, 3, moon=0.5)
    assert rows(home)[0].factors == {"moon": 0.5}


def test_every_exposure_is_a_candidate_declared_before_looking_and_no_outcome_is() -> None:
    assert [row.name for row in candidates()] == [kind.name for kind in EXPOSURES if kind.role == "exposure"]


def test_what_no_sensor_measures_is_not_asked_about(home: Home) -> None:
    home.measure(night_of(FIRST), 700.0, quantity="co2")
    home.close(FIRST)
    assert [row.name for row in analysing(home).task().exposures] == ["CO2_mean", "CO2_p95", "CO2_h1000"]


def test_what_the_sleeper_did_is_no_exposure_of_a_night(home: Home) -> None:
    home.measure(night_of(FIRST), 1.0, quantity="movement")
    home.measure(night_of(FIRST), 1.0, quantity="occupancy")
    home.close(FIRST)
    assert (home.exposure("moves_h"), home.exposure("bed_h")) == (12.0, 8.0)
    assert rows(home)[0].exposures.keys().isdisjoint({"moves_h", "bed_h"})


def test_the_primary_family_is_the_declared_one() -> None:
    family = ["T_mean", "T_drop", "AH_mean", "CO2_mean", "PM25_mean", "N45", "lux_mean"]
    assert [row.name for row in candidates() if row.primary] == family


@pytest.mark.parametrize(
    ("name", "unit", "per"),
    [
        ("T_mean", "1 °C", 1.0),
        ("T_sd", "0.5 °C", 0.5),
        ("T_dh24", "5 °C·h", 5.0),
        ("AH_mean", "1 g/m³", 1.0),
        ("N45", "doubling of 1 + x", math.log(2.0)),
    ],
)
def test_a_candidate_says_its_step_in_words(name: str, unit: str, per: float) -> None:
    row = next(row for row in candidates() if row.name == name)
    assert (row.unit, row.per) == (unit, per)


def test_consequences_of_the_room_are_never_adjusted_for() -> None:
    assert set(CONSEQUENCES).isdisjoint(DEFAULT_ADJUST)


def test_the_task_carries_what_the_person_chose(home: Home) -> None:
    task = analysing(home, adjust_for=("stress", "alcohol")).task()
    assert (task.adjust_for, task.consequences, task.seed) == (("stress", "alcohol"), CONSEQUENCES, 7)


def test_the_analyst_is_given_the_task(home: Home) -> None:
    log(home, 3)
    analyst = FakeAnalyst()
    step = analysing(home, analyst)
    step.analyse()
    assert analyst.asked == [step.task()]


def test_a_run_is_kept_with_all_that_is_needed_to_repeat_it(home: Home) -> None:
    run = analysing(home).analyse()
    kept = home.database.rows("SELECT id, ran_ms, version FROM analysis_run")
    assert (run, kept) == (home.analyses.latest(), [(run.number, NOW_MS, __version__)])


def test_an_analysis_that_fails_leaves_the_last_one(home: Home) -> None:
    run = analysing(home).analyse()
    with pytest.raises(AnalysisError):
        analysing(home, FakeAnalyst(AnalysisError("out of time"))).analyse()
    assert home.analyses.latest() == run
