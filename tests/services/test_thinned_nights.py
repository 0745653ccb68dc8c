"""Nights of which the readings are thinned, or gone: the same numbers, or those with which they were closed."""

import logging
from datetime import date, timedelta
from random import Random

import pytest

from monitor.adapters.sqlite.thinned import SqliteThinning
from monitor.core.readings import DAY_MS, Reading
from monitor.ports import Batch, Seen
from monitor.services.basis import basis
from tests.services.home import BEDROOM, DAY, FIRST, Home, an_entry, at, days, night_of

LAST = FIRST + 9 * DAY
LATER = LAST + timedelta(days=5 * 365)
SECOND = FIRST + DAY
NAMES = ("temperature", "humidity", "co2", "pm25", "illuminance", "pressure", "noise")
SOURCES = {"temperature": 20, "humidity": 50, "co2": 900, "pm25": 8, "illuminance": 2, "pressure": 1_000, "noise": 35}


def wandering(day_ms: int, quantity: str, sensor: str) -> list[Reading]:
    """A day of readings, one about every minute, that wander, with a gap now and then."""
    chance = Random(f"{day_ms}{quantity}")
    level, readings = float(SOURCES[quantity]), []
    for ms in range(day_ms, day_ms + DAY_MS, 60_000):
        level += chance.gauss(0, 0.001 if quantity != "pressure" else 0.00005) * SOURCES[quantity]
        if ms // 3_600_000 % 11 or ms % 3_600_000 > 600_000:
            readings.append(Reading(sensor, quantity, ms + chance.randrange(50_000), max(level, 0.1)))
    return readings


@pytest.fixture
def lived_in(home: Home) -> Home:
    """Ten nights of everything, closed."""
    for day in days(FIRST - 2 * DAY, 12):
        batch = [one for quantity in NAMES for one in wandering(at(day), quantity, BEDROOM)]
        home.readings.save(Batch(readings=batch, seen=[Seen(BEDROOM, place="bedroom", topic="t")]))
    home.close(LAST)
    return home


def thin(home: Home) -> int:
    """Everything that five years later can be thinned; how many readings that were."""
    thinning, replaced = SqliteThinning(home.database), 0
    while (done := thinning.thin_next(at(LATER))) is not None:
        replaced += done.replaced
    return replaced


def again(home: Home) -> None:
    """Every night closed once more."""
    home.nights.reopen(at(FIRST - 3 * DAY), at(LAST))
    home.close(LAST)


def of_nights(home: Home) -> dict[date, dict[str, float]]:
    """What is known of each night."""
    return {
        night.window.wake_date: {one.name: one.value for one in night.exposures if one.value is not None}
        for night in home.nights.nights()
    }


def purge(home: Home, day: date, quantity: str = "") -> None:
    """Another program deletes the readings of a night."""
    start_ms, end_ms = night_of(day)
    where = f"AND series = (SELECT id FROM series WHERE quantity = '{quantity}')" if quantity else ""
    span = (start_ms - DAY_MS, end_ms + DAY_MS)
    with home.database.writing() as cursor:
        cursor.execute(f"DELETE FROM reading WHERE ts_ms >= ? AND ts_ms < ? {where}", span)


def test_r11_readings_of_five_years_ago_are_there_as_they_came_where_nobody_asked_to_thin_them(home):
    from monitor.services.thinning import Thinning
    from monitor.settings.keeping import Retention
    from tests.services.fakes import FakeClock

    home.sleep(10)
    home.close(LAST)
    before = home.database.rows("SELECT * FROM reading")
    thinning = Thinning(SqliteThinning(home.database), FakeClock(at(LATER)), Retention().thin_after_days)
    thinning.step()
    assert home.database.rows("SELECT * FROM reading") == before
    assert len(home.nights.nights()) == 10


def test_r11_exposures_of_thinned_nights_are_equal_where_nights_begin_on_five_minutes(lived_in):
    before = of_nights(lived_in)
    assert thin(lived_in) > 20_000
    again(lived_in)
    after = of_nights(lived_in)
    assert after.keys() == before.keys()
    assert sum(map(len, before.values())) > 300
    for day, known in before.items():
        assert after[day] == pytest.approx(known, rel=1e-9, abs=1e-9)


def test_r11_a_night_says_that_its_readings_are_thinned(lived_in):
    told = [basis(lived_in.readings, lived_in.night(SECOND))]
    thin(lived_in)
    told += [basis(lived_in.readings, lived_in.night(day)) for day in (SECOND, LAST)]
    assert told == ["as they came", "thinned", "as they came"]


@pytest.mark.parametrize("quantity", ["", "temperature"])
def test_r11_a_night_whose_readings_are_gone_stays_as_it_was_closed_and_that_is_said(lived_in, caplog, quantity):
    before = of_nights(lived_in)
    purge(lived_in, SECOND, quantity)
    with caplog.at_level(logging.WARNING):
        again(lived_in)
    assert of_nights(lived_in)[SECOND] == before[SECOND]
    assert f"stay as they were closed: their readings of {BEDROOM} are gone" in caplog.text
    assert basis(lived_in.readings, lived_in.night(SECOND)) == "gone"


def test_r11_what_is_kept_is_told_once_for_all_nights(lived_in, caplog):
    for day in days(FIRST, 3):
        purge(lived_in, day)
    with caplog.at_level(logging.WARNING):
        again(lived_in)
    assert [record.getMessage().split(" stay")[0] for record in caplog.records] == [
        "nights from 2026-06-02 to 2026-06-04, 3 of them,"
    ]


def test_r11_the_nights_of_a_forgotten_sensor_are_not_kept_even_if_it_speaks_again(lived_in):
    lived_in.sensors.forget(BEDROOM)
    lived_in.measure((at(LAST, "13:00"), at(LAST, "14:00")))
    again(lived_in)
    assert lived_in.nights.nights() == []


def test_a_night_that_the_diary_moves_to_where_nothing_was_measured_is_not_kept(home):
    home.sleep(1)
    home.close(FIRST)
    home.diary.log(an_entry(bed="08:00", rise="11:00"), 0, "test")
    home.close(FIRST)
    assert home.nights.nights() == []


def test_the_readings_of_one_night_that_come_late_change_it_though_others_are_thinned(lived_in):
    thin(lived_in)
    before = of_nights(lived_in)
    other = "zigbee2mqtt:bedroom 2"
    lived_in.measure(night_of(SECOND), 30.0, sensor=other, late=True)
    lived_in.close(LAST)
    after = of_nights(lived_in)
    assert after[SECOND]["T_mean"] > before[SECOND]["T_mean"] + 1
    assert after[SECOND + 4 * DAY] == before[SECOND + 4 * DAY]
