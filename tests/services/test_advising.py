"""Advice rests on the newest findings and on what the room was like lately."""

from monitor.core.findings import AnalysisResult, Finding
from monitor.services.advising import Advising
from tests.services.home import DAY, FIRST, Home

NIGHTS = 20


def a_result(**changes: object) -> AnalysisResult:
    fields: dict[str, object] = {
        "exposure": "T_mean",
        "domain": "thermal",
        "primary": True,
        "unit": "1 °C",
        "verdict": "trigger",
        "grade": "moderate",
        "nights": 60,
        "bad": 20,
        "odds_ratio": 2.0,
        "ci": (1.3, 3.0),
        "p": 0.001,
    }
    finding = Finding(**(fields | changes))  # type: ignore[arg-type]
    return AnalysisResult(nights=60, bad=20, good=40, tried=3, findings=(finding,))


def test_without_a_night_there_is_nothing_to_go_by(home: Home) -> None:
    assert Advising(home.nights).advise(a_result()) == ()


def test_the_advice_begins_from_the_room_as_it_is(home: Home) -> None:
    home.sleep(NIGHTS, 24.0)
    home.close(FIRST + NIGHTS * DAY)
    advice = Advising(home.nights).advise(a_result())
    assert "22 °C instead of about 24 °C" in advice[0].what


def test_only_the_last_nights_say_what_the_room_is_like(home: Home) -> None:
    home.sleep(NIGHTS, 18.0)
    home.sleep(14, 24.0, first=FIRST + NIGHTS * DAY)
    home.close(FIRST + 40 * DAY)
    assert "about 24 °C" in Advising(home.nights).advise(a_result())[0].what


def test_nights_with_an_unknown_temperature_are_left_out(home: Home) -> None:
    home.sleep(1, 24.0)
    home.sleep(1, 24.0, first=FIRST + DAY)
    home.sensors.place("zigbee2mqtt:bedroom", "other", "person")
    home.close(FIRST + DAY)
    assert Advising(home.nights).advise(a_result()) == ()


def test_where_nothing_was_found_nothing_is_advised(home: Home) -> None:
    home.sleep(1, 24.0)
    home.close(FIRST)
    assert Advising(home.nights).advise(a_result(verdict="undecided", grade="weak")) == ()
