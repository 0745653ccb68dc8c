"""What changes after a night was closed closes it again: late readings, the diary, sensors; and nothing else."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from monitor.core.nights import UsualTimes
from monitor.core.readings import Reading
from monitor.ports import Batch
from monitor.services.importing import import_nights, import_readings
from tests.services.home import BEDROOM, DAY, FIRST, Home, an_entry, at, days, night_of

NEVER_MS = 2**53
"""UTC Unix ms: no reading lies after it."""

NIGHTS = 12
LAST = FIRST + (NIGHTS - 1) * DAY
SIXTH = FIRST + 5 * DAY
OTHER = "zigbee2mqtt:attic"


@pytest.fixture
def settled(home: Home) -> Home:
    """Twelve nights that are closed, and nothing due."""
    home.sleep(NIGHTS)
    home.close(LAST)
    return home


def calibrate(home: Home) -> None:
    home.sensors.calibrate(BEDROOM, "temperature", at(SIXTH - DAY, "20:00"), 1.5, 1.0)


def place(home: Home) -> None:
    home.sensors.place(BEDROOM, "bedroom", "person")


def log(home: Home) -> None:
    home.diary.log(an_entry(SIXTH, bed="22:00", rise="06:00"), 0, "test")


def arrive_late(home: Home) -> None:
    home.measure(night_of(SIXTH), 26.0, late=True)


def read_file(home: Home) -> None:
    import_readings([Reading(BEDROOM, "temperature", at(SIXTH, "02:00"), 25.0)], home.readings, NEVER_MS)


def read_diary(home: Home) -> None:
    import_nights([an_entry(SIXTH, severity=7, rise="06:30")], home.diary, 0, "test")


CHANGES_OF_ONE_NIGHT = (arrive_late, read_file, log, read_diary)


@pytest.mark.parametrize("change", CHANGES_OF_ONE_NIGHT)
def test_a_change_of_one_night_closes_it_again_with_the_one_after(
    settled: Home, change: Callable[[Home], None]
) -> None:
    change(settled)
    assert {SIXTH, SIXTH + DAY} <= set(settled.close(LAST))


@pytest.mark.parametrize("change", CHANGES_OF_ONE_NIGHT)
def test_a_change_of_one_night_leaves_those_far_from_it_alone(settled: Home, change: Callable[[Home], None]) -> None:
    change(settled)
    assert set(settled.close(LAST)) <= set(days(SIXTH - 3 * DAY, 7))


def test_a_calibration_closes_the_nights_since_then_again(settled: Home) -> None:
    calibrate(settled)
    assert settled.close(LAST) == list(days(SIXTH - DAY, NIGHTS - 4))


def test_a_sensor_that_is_placed_closes_every_night_again(settled: Home) -> None:
    place(settled)
    assert settled.close(LAST) == list(days(FIRST, NIGHTS))


@pytest.mark.parametrize("change", [arrive_late, read_file, log, read_diary, calibrate, place])
def test_a_change_is_taken_up_once(settled: Home, change: Callable[[Home], None]) -> None:
    change(settled)
    settled.close(LAST)
    assert settled.close(LAST) == []


def test_late_readings_change_the_exposures(settled: Home) -> None:
    arrive_late(settled)
    settled.close(LAST)
    assert settled.exposure("T_mean", SIXTH) == 26.0


@pytest.mark.parametrize("rise", ["23:30", "07:00"])
def test_late_readings_reach_the_night_after_as_its_night_before(settled: Home, rise: str) -> None:
    end = at(SIXTH - DAY, rise) if rise == "23:30" else at(SIXTH, rise)
    settled.measure((at(SIXTH - DAY, "23:00"), end), 26.0, late=True)
    settled.close(LAST)
    assert settled.exposure("T_lag1", SIXTH + DAY) == settled.exposure("T_mean", SIXTH)


def test_an_import_of_older_nights_closes_them(settled: Home) -> None:
    older = FIRST - 100 * DAY
    import_readings([Reading(BEDROOM, "temperature", at(older, "02:00"), 18.0)], settled.readings, NEVER_MS)
    assert settled.close(LAST) == [older]


def test_a_diary_imported_before_its_readings_counts_when_they_come(home: Home) -> None:
    home.diary.log(an_entry(bed="22:00", rise="06:00"), 0, "test")
    home.close(LAST)
    home.measure(night_of(FIRST, "21:00"), late=True)
    home.close(LAST)
    assert home.night().window.known_by == "diary"


def test_a_calibration_changes_the_nights_since_then_only(settled: Home) -> None:
    calibrate(settled)
    settled.close(LAST)
    means = [settled.exposure("T_mean", wake_date) for wake_date in days(FIRST, NIGHTS)]
    assert means == [20.0] * 5 + [21.5] * 7


def test_a_calibration_of_the_past_taken_back_leaves_the_nights_as_they_were(settled: Home) -> None:
    calibrate(settled)
    settled.close(LAST)
    settled.sensors.calibrate(BEDROOM, "temperature", at(SIXTH - DAY, "20:00"), 0.0, 1.0)
    settled.close(LAST)
    assert settled.exposure("T_mean", SIXTH) == 20.0


def test_a_sensor_placed_in_the_bedroom_counts_for_past_nights(home: Home) -> None:
    home.measure(night_of(FIRST), 23.0, sensor=OTHER)
    home.close(FIRST)
    home.sensors.place(OTHER, "bedroom", "person")
    home.close(FIRST)
    assert (home.exposure("T_mean"), home.night().sensors) == (23.0, {"temperature": (OTHER,)})


def test_a_sensor_taken_out_of_the_bedroom_counts_no_more(settled: Home) -> None:
    settled.sensors.place(BEDROOM, "other", "person")
    settled.close(LAST)
    assert (settled.exposure("T_mean"), settled.night().sensors) == (None, {})


def test_a_forgotten_sensor_takes_the_nights_along_that_it_alone_told(settled: Home) -> None:
    settled.measure(night_of(SIXTH), sensor="zigbee2mqtt:garden")
    settled.sensors.forget(BEDROOM)
    settled.close(LAST)
    assert [night.window.wake_date for night in settled.nights.nights()] == [SIXTH]


def test_an_excluded_night_stays_excluded_when_it_is_closed_again(settled: Home) -> None:
    settled.nights.exclude(SIXTH, "fever")
    place(settled)
    settled.close(LAST)
    assert (settled.nights.excluded(), settled.exposure("T_mean", SIXTH)) == ({SIXTH: "fever"}, 20.0)


def test_a_change_made_while_nights_are_closed_stays_due(settled: Home) -> None:
    log(settled)
    span = settled.nights.due()
    assert span is not None
    settled.diary.log(an_entry(FIRST, rise="06:00"), 0, "test")
    settled.nights.settled(span)
    settled.close(LAST)
    assert settled.night(FIRST).window.known_by == "diary"


def test_usual_times_that_change_leave_closed_nights_alone(settled: Home) -> None:
    settled.living_by(UsualTimes(bed="22:00", rise="06:00"))
    assert settled.close(LAST) == []


def test_readings_by_day_open_no_night_again(settled: Home) -> None:
    settled.measure((at(LAST, "08:00"), at(LAST, "20:00")))
    assert settled.close(LAST, "20:30") == []


def test_a_late_reading_of_the_running_night_waits_for_its_end(settled: Home) -> None:
    tonight = (at(LAST, "23:00"), at(LAST + DAY, "02:00"))
    settled.readings.save(Batch(readings=[Reading(BEDROOM, "temperature", tonight[0], 20.0)], late=tonight))
    assert LAST + DAY not in settled.close(LAST + DAY, "02:00")


def test_closing_late_gives_what_closing_in_time_gave(home: Home, tmp_path_factory: pytest.TempPathFactory) -> None:
    late = Home(tmp_path_factory.mktemp("late"))
    for wake_date in days(FIRST, 4):
        for one in (home, late):
            one.sleep(1, 18.0 + (wake_date - FIRST).days, first=wake_date)
        home.close(wake_date)
    late.close(FIRST + timedelta(days=30))
    assert late.nights.nights() == home.nights.nights()
    late.database.close()
