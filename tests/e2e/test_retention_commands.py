"""What the command line says of old readings: how long they are kept, what that takes, which nights are thinned."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.adapters.sqlite.thinned import SqliteThinning
from tests.e2e.shell import Say
from tests.services.home import BEDROOM, DAY, FIRST, MINUTE, Home, at, days, night_of

LAST = FIRST + 9 * DAY


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a home with ten nights, the first two of which are thinned; of the third readings are gone."""
    home = Home(tmp_path_factory.mktemp("home"))
    for day in days(FIRST, 10):
        home.measure(night_of(day), 20.0, every=MINUTE)
    home.close(LAST)
    thinning = SqliteThinning(home.database)
    while thinning.thin_next(at(LAST + timedelta(days=900))) is not None:
        pass
    third = night_of(FIRST + 2 * DAY)
    with home.database.writing() as cursor:
        cursor.execute("DELETE FROM thinned WHERE start_ms >= ? AND start_ms < ?", third)
        cursor.execute("DELETE FROM reading WHERE ts_ms >= ? AND ts_ms < ?", third)
    home.database.close()
    return home.folder / "monitor.db"


@pytest.fixture
def ask(say: Say, lived_in: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    monkeypatch.setenv("BEDROOM_MONITOR_STORE__PATH", str(lived_in))
    return say


def of_check(ask: Say, subject: str) -> str:
    return next(one["says"] for one in ask("check", "--json").document if one["subject"] == subject)


@pytest.mark.parametrize(
    ("day", "said", "word"),
    [
        (FIRST, "Its readings are thinned to five minutes.", "thinned"),
        (FIRST + 2 * DAY, "Readings that it was closed with are gone; it stays as it was closed.", "gone"),
    ],
)
def test_r11_a_night_says_what_became_of_its_readings(ask, day, said, word):
    assert said in ask("nights", "show", day).out.splitlines()
    assert ask("nights", "show", day, "--json").document["readings"] == word


def test_r11_a_night_whose_readings_are_there_as_they_came_says_nothing_of_them(ask):
    assert "readings" not in ask("nights", "show", LAST).out
    assert ask("nights", "show", LAST, "--json").document["readings"] == "as they came"


def test_r11_the_check_says_that_readings_are_kept_for_ever_and_what_a_year_takes(ask):
    assert of_check(ask, "retention") == (
        "readings are kept as they came, for ever; a sensor with two values a minute takes about 25 MB a year"
    )


def test_the_check_says_what_is_left_of_a_year_where_readings_are_thinned(ask, monkeypatch):
    monkeypatch.setenv("BEDROOM_MONITOR_RETENTION__THIN_AFTER_DAYS", "90")
    assert "after 90 days thinned to five minutes, about" in of_check(ask, "retention")


def test_a_sensor_says_how_many_of_its_readings_are_thinned(ask):
    said = ask("sensors", "show", BEDROOM).out.splitlines()[-1]
    assert said.endswith("of them thinned to five minutes")
