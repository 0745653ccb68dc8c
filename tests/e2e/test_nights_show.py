"""`nights show` and `nights list` say who measured, in units that people know, and what was not measured."""

from pathlib import Path

import pytest

from tests.e2e.shell import Say
from tests.services.home import BEDROOM, FIRST, Home, night_of

BED, OTHER = "zigbee2mqtt:bed mat", "zigbee2mqtt:bedroom 2"


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a home with one night, measured by several sensors."""
    home = Home(tmp_path_factory.mktemp("home"))
    for sensor in (BEDROOM, OTHER):
        home.measure(night_of(FIRST), 20.0, sensor=sensor)
    home.measure(night_of(FIRST), 12.0, quantity="pm25")
    home.measure(night_of(FIRST), 1.0, quantity="movement", sensor=BED)
    home.close(FIRST)
    home.database.close()
    return home.folder / "monitor.db"


@pytest.fixture
def ask(say: Say, lived_in: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    monkeypatch.setenv("BEDROOM_MONITOR_STORE__PATH", str(lived_in))
    return say


def lines(ask: Say, *words: object) -> list[str]:
    return [" ".join(line.split()) for line in ask(*words).out.splitlines()]


def test_the_sensors_that_stood_for_the_room_are_shown(ask: Say) -> None:
    shown = lines(ask, "nights", "show", FIRST)
    assert {f"temperature {BEDROOM}, {OTHER}", f"pm25 {BEDROOM}", f"movement {BED}"} <= set(shown)


def test_as_json_each_quantity_has_a_list_of_sensors(ask: Say) -> None:
    shown = ask("nights", "show", FIRST, "--json").document
    assert shown["sensors"] == {"temperature": [BEDROOM, OTHER], "pm25": [BEDROOM], "movement": [BED]}


def test_what_is_kept_as_a_logarithm_is_shown_as_people_know_it(ask: Say) -> None:
    assert "mean fine particles 12.00 µg/m³ 100%" in lines(ask, "nights", "show", FIRST)


def test_what_the_sleeper_did_is_shown(ask: Say) -> None:
    assert "movements in bed per hour 12.00 1/h 100%" in lines(ask, "nights", "show", FIRST)


def test_what_was_not_measured_is_said_in_one_line(ask: Say) -> None:
    assert lines(ask, "nights", "show", FIRST)[-1] == "Not measured: moisture, noise, light, outdoor."


def test_the_list_has_a_column_for_each_primary_exposure_that_was_measured(ask: Say) -> None:
    heading, night = lines(ask, "nights", "list")
    assert "T_mean °C T_drop °C PM25_mean µg/m³" in heading
    assert "20.0 0.0 12.0" in night


def test_in_60_columns_nothing_of_a_night_is_cut(ask: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("FORCE_COLOR", "1"), ("TERM", "xterm"), ("COLUMNS", "60")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    listed, shown = ask("nights", "list").out, ask("nights", "show", FIRST).out
    assert f"{FIRST}  23:00-07:00" in listed
    assert all(told in listed for told in ("T_mean °C: 20.0", "PM25_mean µg/m³: 12.0"))
    assert all(told in shown for told in ("12.00 µg/m³", "0.00 °C·h", "12.00 1/h"))
    assert "…" not in listed + shown
