"""What the mirror shows of readings, nights, diary, findings and sensors, read back line by line."""

import math
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.core.advice import Advice
from monitor.core.diary import DiaryEntry
from monitor.core.exposure import Exposure
from monitor.core.findings import AnalysisResult, Finding
from monitor.core.mirrored import (
    Health,
    diary_lines,
    finding_lines,
    health_lines,
    night_lines,
    noon_ms,
    reading_lines,
)
from monitor.core.nights import NightWindow
from tests.line_reader import Point, read

BRUSSELS = "Europe/Brussels"
NOW_MS = 1_790_812_800_000


def at(text: str, zone: str = BRUSSELS) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def points(lines: list[str]) -> list[Point]:
    return [read(line) for line in lines]


def a_window(bed: str, rise: str, wake_date: date, zone: str = BRUSSELS) -> NightWindow:
    return NightWindow(wake_date=wake_date, zone=zone, start_ms=at(bed, zone), end_ms=at(rise, zone), known_by="diary")


def a_night_point(window: NightWindow, *, excluded: bool = False, home_zone: str = BRUSSELS) -> Point:
    return read(night_lines(window, (), excluded=excluded, home_zone=home_zone)[0])


def test_a_reading_is_a_point_of_its_quantity_with_the_sensor_as_its_only_tag() -> None:
    (point,) = points(reading_lines("zigbee2mqtt:Bed room", "temperature", [(NOW_MS, 20)]))
    assert point == Point("temperature", (("sensor", "zigbee2mqtt:Bed room"),), {"value": 20.0}, NOW_MS)


def test_readings_keep_their_order_and_what_is_no_number_has_no_line() -> None:
    rows = [(1, 1.5), (2, math.nan), (3, math.inf), (4, 0.0)]
    assert [(one.time_ms, one.fields["value"]) for one in points(reading_lines("a", "co2", rows))] == [(1, 1.5), (4, 0)]


SUMMER, WINTER = date(2026, 3, 29), date(2026, 10, 25)
"""Dates of waking: clocks go forward and back in Brussels that night."""


@pytest.mark.parametrize(
    ("window", "bed_h", "rise_h", "hours"),
    [
        (a_window("2026-06-01T23:15", "2026-06-02T07:05", date(2026, 6, 2)), -0.75, 7 + 5 / 60, 7 + 50 / 60),
        (a_window("2026-06-02T00:30", "2026-06-02T08:00", date(2026, 6, 2)), 0.5, 8.0, 7.5),
        (a_window("2026-03-28T23:00", "2026-03-29T07:00", SUMMER), -1.0, 7.0, 7.0),
        (a_window("2026-10-24T23:00", "2026-10-25T07:00", WINTER), -1.0, 7.0, 9.0),
    ],
)
def test_bed_and_rise_are_what_the_clock_on_the_wall_showed_and_hours_are_what_passed(window, bed_h, rise_h, hours):
    fields = a_night_point(window).fields
    assert fields["bed_h"] == pytest.approx(bed_h)
    assert fields["rise_h"] == pytest.approx(rise_h)
    assert fields["hours"] == pytest.approx(hours)


@pytest.mark.parametrize("wake_date", [date(2026, 6, 2), SUMMER, WINTER])
def test_a_night_stands_at_noon_of_its_date_in_the_zone_of_the_home(wake_date: date) -> None:
    window = a_window(f"{wake_date}T00:10", f"{wake_date}T07:00", wake_date, "America/New_York")
    assert a_night_point(window).time_ms == at(f"{wake_date}T12:00")


def test_a_night_abroad_has_the_clock_of_its_own_zone() -> None:
    window = a_window("2026-06-01T22:30", "2026-06-02T06:00", date(2026, 6, 2), "America/New_York")
    assert a_night_point(window).fields["bed_h"] == -1.5


def test_a_night_does_not_move_when_its_times_are_corrected() -> None:
    day = date(2026, 6, 2)
    first, second = (a_window(f"2026-06-01T{bed}", "2026-06-02T07:00", day) for bed in ("22:00", "23:30"))
    assert a_night_point(first).identity == a_night_point(second).identity


@pytest.mark.parametrize("excluded", [True, False])
def test_a_night_that_is_left_out_says_so(excluded: bool) -> None:
    window = a_window("2026-06-01T23:00", "2026-06-02T07:00", date(2026, 6, 2))
    assert a_night_point(window, excluded=excluded).fields["excluded"] == float(excluded)


def test_an_exposure_is_a_point_of_its_own_and_without_a_value_only_its_coverage_is_told() -> None:
    window = a_window("2026-06-01T23:00", "2026-06-02T07:00", date(2026, 6, 2))
    exposures = (Exposure("T_mean", 20.5, 0.9), Exposure("AH_mean", None, 0.1))
    _, warm, wet = points(night_lines(window, exposures, excluded=False, home_zone=BRUSSELS))
    assert warm[:3] == ("exposure", (("name", "T_mean"),), {"value": 20.5, "coverage": 0.9})
    assert wet[:3] == ("exposure", (("name", "AH_mean"),), {"coverage": 0.1})


def test_a_diary_entry_tells_its_numbers_and_not_its_note() -> None:
    entry = DiaryEntry(
        wake_date=date(2026, 6, 2), severity=0, count=7, note="the dog, at 3", factors={"alcohol": 2.0, "stress": 0.0}
    )
    (line,) = diary_lines(entry, BRUSSELS)
    fields = {"severity": 0.0, "count": 7.0, "alcohol": 2.0, "stress": 0.0}
    assert read(line) == Point("diary", (), fields, at("2026-06-02T12:00"))
    assert "dog" not in line


def test_what_was_not_said_is_no_field() -> None:
    (line,) = diary_lines(DiaryEntry(wake_date=date(2026, 6, 2), severity=3), BRUSSELS)
    assert read(line).fields == {"severity": 3.0}


def test_a_factor_of_the_same_name_does_not_stand_in_the_place_of_the_severity() -> None:
    entry = DiaryEntry(wake_date=date(2026, 6, 2), severity=3, factors={"severity": 9.0})
    assert read(diary_lines(entry, BRUSSELS)[0]).fields == {"severity": 3.0}


def a_finding(**changes: object) -> Finding:
    known: dict[str, object] = {
        "exposure": "T_mean",
        "domain": "temperature",
        "primary": True,
        "unit": "1 degC",
        "verdict": "trigger",
        "grade": "strong",
        "nights": 60,
        "bad": 20,
        **changes,
    }
    return Finding(**known)  # type: ignore[arg-type]


def a_result(*findings: Finding) -> AnalysisResult:
    return AnalysisResult(nights=60, bad=20, good=40, tried=12, findings=findings)


def test_an_analysis_its_findings_and_the_advice_stand_at_the_time_when_it_ran() -> None:
    advice = Advice(
        what="Keep the bedroom cooler, by 2 °C.", why="", basis="", grade="strong", expected="", cost="", disproof=""
    )
    found = a_finding(odds_ratio=1.96, ci=(1.4, 2.7), p=0.001, q=0.01, p_shift=0.02, nights_needed=40)
    analysis, finding, advised = points(finding_lines(a_result(found), [advice], NOW_MS))
    assert analysis == Point("analysis", (), {"nights": 60.0, "bad": 20.0, "tried": 12.0}, NOW_MS)
    assert dict(finding.tags) == {"exposure": "T_mean", "verdict": "trigger", "grade": "strong"}
    assert finding.fields == {
        "nights": 60.0,
        "bad": 20.0,
        "odds_ratio": 1.96,
        "ci_low": 1.4,
        "ci_high": 2.7,
        "p": 0.001,
        "q": 0.01,
        "p_shift": 0.02,
        "nights_needed": 40.0,
    }
    assert dict(advised.tags) == {"rank": "1", "grade": "strong", "what": "Keep the bedroom cooler, by 2 °C."}
    assert (advised.fields, advised.time_ms, finding.time_ms) == ({"given": 1.0}, NOW_MS, NOW_MS)


def test_a_finding_that_was_not_computed_tells_its_nights_only() -> None:
    _, finding = points(finding_lines(a_result(a_finding()), (), NOW_MS))
    assert finding.fields == {"nights": 60.0, "bad": 20.0}


def test_a_sensor_that_was_never_heard_has_no_point_and_a_silent_one_says_so() -> None:
    sensors = [
        Health("a", "Window", None, 12.5, silent=False),
        Health("b", "Bed", "bed", 9_000.0, silent=True),
        Health("c", "New", "bed", None, silent=False),
    ]
    monitor, window, bed = points(health_lines(sensors, {"mirror_waiting": 3.0, "mirror_oldest_s": None}, NOW_MS))
    assert monitor == Point("monitor", (), {"mirror_waiting": 3.0}, NOW_MS)
    assert dict(window.tags) == {"sensor": "a", "name": "Window"}
    assert window.fields == {"age_s": 12.5, "silent": 0.0}
    assert dict(bed.tags) == {"sensor": "b", "name": "Bed", "place": "bed"}
    assert bed.fields == {"age_s": 9000.0, "silent": 1.0}


def test_noon_is_noon_on_the_days_of_23_and_25_hours() -> None:
    hours = [datetime.fromtimestamp(noon_ms(day, BRUSSELS) / 1000, UTC).hour for day in (SUMMER, WINTER)]
    assert hours == [10, 11]
