"""The promises of the stores of nights, diary and analyses, over every store."""

from dataclasses import replace
from datetime import date

import pytest

from monitor.core.diary import DiaryEntry
from monitor.core.exposure import Exposure
from monitor.core.findings import AnalysisResult, AnalysisTask, ExposureRow, Finding, NightRow
from monitor.core.nights import NightWindow
from monitor.ports import Night

DAY = date(2026, 2, 2)
HOUR_MS = 3_600_000


def a_night(day: date = DAY, *, value: float | None = 20.5) -> Night:
    start_ms = day.toordinal() * 24 * HOUR_MS
    window = NightWindow(
        wake_date=day, zone="Europe/Brussels", start_ms=start_ms, end_ms=start_ms + 8 * HOUR_MS, known_by="usual"
    )
    return Night(
        window, {"temperature": ("x:1", "x:2")}, (Exposure("AH_mean", None, 0.2), Exposure("T_mean", value, 1.0))
    )


def an_entry(**changes: object) -> DiaryEntry:
    entry = DiaryEntry(wake_date=DAY, severity=4, count=7, bed="23:10", note="dog", factors={"alcohol": 2.0})
    return replace(entry, **changes)


def test_a_closed_night_comes_back_as_it_was_and_a_missing_exposure_is_none(stores):
    stores.nights.close(a_night(), 5)
    assert stores.nights.night(DAY) == a_night()


def test_a_night_closed_again_takes_the_place_of_the_first(stores):
    stores.nights.close(a_night(value=1.0), 5)
    stores.nights.close(a_night(value=2.0), 6)
    assert [night.exposures[1].value for night in stores.nights.nights()] == [2.0]


def test_nights_come_by_date_and_the_last_closed_is_the_latest(stores):
    for day in (date(2026, 2, 3), DAY):
        stores.nights.close(a_night(day), 5)
    assert [night.window.wake_date for night in stores.nights.nights()] == [DAY, date(2026, 2, 3)]
    assert stores.nights.last_closed() == a_night(date(2026, 2, 3)).window


def test_before_the_first_night_there_is_none(stores):
    assert (stores.nights.night(DAY), stores.nights.last_closed(), stores.nights.nights()) == (None, None, [])


def test_a_dropped_night_is_gone(stores):
    stores.nights.close(a_night(), 5)
    stores.nights.drop(DAY)
    assert stores.nights.night(DAY) is None


def test_spans_that_are_due_grow_together_and_are_settled_as_one(stores):
    stores.nights.reopen(500, 600)
    stores.nights.reopen(550, 900)
    assert stores.nights.due() == (500, 900)
    stores.nights.settled((500, 900))
    assert stores.nights.due() is None


def test_a_span_that_grew_meanwhile_stays_due(stores):
    stores.nights.reopen(500, 600)
    stores.nights.reopen(400, 600)
    stores.nights.settled((500, 600))
    assert stores.nights.due() == (400, 600)


def test_a_night_is_left_out_with_its_reason_and_taken_back(stores):
    stores.nights.exclude(DAY, "fever")
    left_out = stores.nights.excluded()
    stores.nights.exclude(DAY, None)
    assert (left_out, stores.nights.excluded()) == ({DAY: "fever"}, {})


def test_an_entry_comes_back_as_it_was_said(stores):
    stores.diary.log(an_entry(), 5, "test")
    assert (stores.diary.entry(DAY), stores.diary.entries()) == (an_entry(), [an_entry()])


def test_an_unknown_night_has_no_entry_and_no_history(stores):
    assert (stores.diary.entry(DAY), stores.diary.history(DAY)) == (None, [])


def test_the_same_entry_again_changes_nothing(stores):
    assert stores.diary.log(an_entry(), 5, "test")
    assert not stores.diary.log(an_entry(), 6, "test")
    assert stores.diary.history(DAY) == []


def test_an_earlier_entry_is_kept_as_history_with_who_replaced_it(stores):
    stores.diary.log(an_entry(), 5, "page")
    stores.diary.log(an_entry(severity=6), 9, "command line")
    assert stores.diary.history(DAY) == [(9, "command line", an_entry())]
    assert stores.diary.entry(DAY) == an_entry(severity=6)


def test_an_entry_asks_for_its_night(stores):
    stores.diary.log(an_entry(), 5, "test")
    start_ms, end_ms = stores.nights.due()
    noon_ms = 1_770_033_600_000
    assert start_ms < noon_ms - 24 * HOUR_MS < noon_ms <= end_ms


def test_a_factor_that_is_no_longer_declared_is_still_read(stores):
    stores.diary.log(an_entry(factors={"cheese": 1.0}), 5, "test")
    assert stores.diary.entry(DAY).factors == {"cheese": 1.0}


TASK = AnalysisTask(
    nights=(NightRow(t=0, wake_date="2026-02-02", severity=3, exposures={"T_mean": 20.5, "AH_mean": None}),),
    exposures=(ExposureRow(name="T_mean", domain="thermal", unit="1 °C", per=1.0, primary=True),),
    adjust_for=("alcohol",),
)
FINDING = Finding(
    exposure="T_mean", domain="thermal", primary=True, unit="1 °C", verdict="collecting", grade="none", nights=1, bad=0
)
RESULT = AnalysisResult(nights=1, bad=0, good=1, tried=0, findings=(FINDING,))


def test_the_latest_run_is_the_newest(stores):
    first = stores.analyses.record(TASK, RESULT, "0.1", 5)
    second = stores.analyses.record(TASK, replace(RESULT, tried=3), "0.1", 6)
    assert second > first
    assert stores.analyses.latest() == (second, 6, replace(RESULT, tried=3))


def test_before_the_first_run_there_is_none(stores):
    assert stores.analyses.latest() is None


@pytest.mark.parametrize("what", ["nights", "diary", "analyses"])
def test_everything_is_there_after_a_restart(open_stores, what):
    with open_stores() as stores:
        stores.nights.close(a_night(), 5)
        stores.diary.log(an_entry(), 5, "test")
        stores.analyses.record(TASK, RESULT, "0.1", 5)
    with open_stores() as stores:
        kept = {
            "nights": stores.nights.nights() == [a_night()],
            "diary": stores.diary.entries() == [an_entry()],
            "analyses": stores.analyses.latest() == (1, 5, RESULT),
        }
    assert kept[what]
