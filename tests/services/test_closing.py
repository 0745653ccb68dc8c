"""Nights are closed once, when they are over, with the window and the sensors that the night had."""

import logging
from datetime import date

import pytest

from monitor.core.nights import HOUR_MS, UsualTimes
from monitor.errors import DiaryError
from tests.services.home import BEDROOM, DAY, FIRST, MINUTE, Home, an_entry, at, days, night_of

SECOND = FIRST + DAY
OTHER = "zigbee2mqtt:bedroom 2"
OUTDOOR = "zigbee2mqtt:garden"
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
SATURDAY = date(2026, 6, 6)


def test_catching_up_closes_every_finished_night(home: Home) -> None:
    home.sleep(5)
    assert home.close(FIRST + 5 * DAY) == list(days(FIRST, 5))


def test_a_night_is_closed_once(home: Home) -> None:
    home.sleep(3)
    home.close(FIRST + 3 * DAY)
    assert home.close(FIRST + 3 * DAY, "12:01") == []


def test_where_nothing_was_measured_there_is_nothing_to_close(home: Home) -> None:
    assert (home.close(FIRST), home.nights.nights()) == ([], [])


@pytest.mark.parametrize(("wall", "closed"), [("06:59", []), ("07:29", []), ("07:30", [FIRST])])
def test_a_night_is_closed_when_it_is_over_and_has_settled(home: Home, wall: str, closed: list[date]) -> None:
    home.sleep(1)
    assert home.close(FIRST, wall) == closed


def test_a_night_that_goes_on_by_the_diary_is_not_closed_yet(home: Home) -> None:
    home.measure(night_of(FIRST, rise="12:00"))
    home.diary.log(an_entry(rise="11:00"), 0, "test")
    assert [home.close(FIRST, wall) for wall in ("07:40", "11:29", "11:30", "11:31")] == [[], [], [FIRST], []]


def test_a_closed_night_that_turns_out_to_go_on_is_closed_again_when_it_is_over(home: Home) -> None:
    home.measure(night_of(FIRST, rise="12:00"))
    home.close(FIRST, "07:30")
    home.diary.log(an_entry(rise="11:00"), 0, "test")
    early = home.close(FIRST, "08:00")
    home.close(FIRST, "11:30")
    assert (early, home.night().window.end_ms) == ([], at(FIRST, "11:00"))


def test_who_rises_earlier_than_usual_has_the_night_closed_once(home: Home) -> None:
    home.sleep(1)
    home.diary.log(an_entry(rise="05:00"), 0, "test")
    assert [home.close(FIRST, "08:00"), home.close(FIRST, "08:01")] == [[FIRST], []]


def test_a_night_without_readings_makes_no_row(home: Home) -> None:
    home.sleep(1)
    home.sleep(1, first=FIRST + 2 * DAY)
    home.close(FIRST + 3 * DAY)
    assert [night.window.wake_date for night in home.nights.nights()] == [FIRST, FIRST + 2 * DAY]


def test_readings_of_the_day_make_no_night(home: Home) -> None:
    home.measure((at(FIRST, "08:00"), at(FIRST, "22:00")))
    assert home.close(FIRST + 3 * DAY) == []


def test_a_night_for_which_the_diary_leaves_no_reading_makes_no_row(home: Home) -> None:
    home.measure((at(FIRST, "06:00"), at(FIRST, "07:00")))
    home.diary.log(an_entry(rise="05:00"), 0, "test")
    assert home.close(FIRST) == []


def test_years_without_readings_are_skipped_at_once(home: Home) -> None:
    home.sleep(1, first=date(2001, 5, 5))
    home.sleep(1)
    closed = home.close(FIRST)
    assert closed == [date(2001, 5, 5), FIRST]
    assert home.readings.asked < 12


def test_a_night_knows_its_window_zone_and_sensors(home: Home) -> None:
    home.sleep(1)
    home.close(FIRST)
    window = home.night().window
    assert (window.start_ms, window.end_ms) == night_of(FIRST)
    assert (window.zone, window.known_by, home.night().sensors) == (
        "Europe/Brussels",
        "usual",
        {"temperature": (BEDROOM,), "humidity": (BEDROOM,)},
    )


def test_the_exposures_are_those_of_the_readings(home: Home) -> None:
    home.measure(night_of(FIRST, rise="03:00"), 22.0)
    home.measure((at(FIRST, "03:00"), at(FIRST, "07:00")), 18.0)
    home.close(FIRST)
    assert (home.exposure("T_mean"), home.exposure("T_drop")) == (20.0, 4.0)


def test_readings_around_the_night_help_to_bridge_its_edges(home: Home) -> None:
    home.measure((at(FIRST - DAY, "22:50"), at(FIRST, "07:30")), every=15 * MINUTE)
    home.close(FIRST)
    assert home.coverage() == 1.0


@pytest.mark.parametrize(("wake_date", "hours"), [(SPRING, 7), (AUTUMN, 9), (FIRST, 8)])
def test_a_night_has_the_hours_that_the_clocks_left_it(home: Home, wake_date: date, hours: int) -> None:
    home.sleep(1, first=wake_date)
    home.close(wake_date)
    window = home.night(wake_date).window
    assert (window.hours, home.coverage(wake_date)) == (hours, 1.0)


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_nights_around_a_change_of_clocks_are_each_closed_once(home: Home, change: date) -> None:
    home.sleep(4, first=change - 2 * DAY)
    nightly = [home.close(wake_date) for wake_date in days(change - 2 * DAY, 4)]
    assert nightly == [[wake_date] for wake_date in days(change - 2 * DAY, 4)]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York", "Pacific/Auckland"])
def test_a_night_abroad_is_a_night_of_that_zone(home: Home, zone: str) -> None:
    home.measure((at(FIRST - DAY, "08:00"), at(SECOND, "12:00")))
    home.diary.log(an_entry(zone=zone), 0, "test")
    home.close(SECOND)
    window = home.night().window
    assert ((window.start_ms, window.end_ms), window.zone) == (night_of(FIRST, zone=zone), zone)


def test_a_weekday_has_its_own_usual_times(home: Home) -> None:
    home.living_by(UsualTimes(weekdays={5: ("00:30", "09:00")}))
    home.measure((at(SATURDAY - 2 * DAY, "22:00"), at(SATURDAY, "10:00")))
    home.close(SATURDAY)
    window = home.night(SATURDAY).window
    assert (window.start_ms, window.end_ms) == (at(SATURDAY, "00:30"), at(SATURDAY, "09:00"))


def test_under_coverage_an_exposure_is_unknown_and_not_zero(home: Home) -> None:
    home.measure(night_of(FIRST, rise="04:00"))
    home.close(FIRST)
    assert {one.value for one in home.night().exposures} == {None}


def test_under_coverage_the_coverage_is_told(home: Home) -> None:
    home.measure(night_of(FIRST, rise="03:00"))
    home.close(FIRST)
    assert home.coverage() == 0.5


def test_a_gap_stays_a_gap(home: Home) -> None:
    home.measure(night_of(FIRST, rise="05:00"), 20.0)
    home.measure((at(FIRST, "06:00"), at(FIRST, "07:00")), 20.0)
    home.close(FIRST)
    assert (home.exposure("T_mean"), home.coverage()) == (20.0, 0.875)


def test_of_two_bedroom_sensors_the_one_whose_night_is_valid_stands_for_the_room(home: Home) -> None:
    home.measure(night_of(FIRST, rise="03:00"), 30.0)
    home.measure(night_of(FIRST), 20.0, sensor=OTHER)
    home.close(FIRST)
    assert (home.night().sensors, home.exposure("T_mean")) == ({"temperature": (OTHER,)}, 20.0)


def test_two_bedroom_sensors_stand_for_the_room_by_their_median(home: Home) -> None:
    start, end = night_of(FIRST)
    home.measure((start, end), 19.0, sensor=OTHER)
    home.measure((start + 1, end), 22.0)
    home.close(FIRST)
    assert (home.night().sensors, home.exposure("T_mean")) == ({"temperature": (OTHER, BEDROOM)}, 20.5)


def test_another_night_may_have_another_sensor(home: Home) -> None:
    home.measure(night_of(FIRST), sensor=OTHER)
    home.measure(night_of(SECOND))
    home.close(SECOND)
    assert (home.night(FIRST).sensors, home.night(SECOND).sensors) == (
        {"temperature": (OTHER,)},
        {"temperature": (BEDROOM,)},
    )


def test_a_thermometer_without_humidity_is_joined_by_the_room_s_hygrometer(home: Home) -> None:
    home.measure(night_of(FIRST))
    home.measure(night_of(FIRST), 50.0, quantity="humidity", sensor=OTHER)
    home.close(FIRST)
    assert home.night().sensors == {"temperature": (BEDROOM,), "humidity": (OTHER,)}


def test_a_room_with_a_hygrometer_only_has_its_humidity(home: Home) -> None:
    home.measure(night_of(FIRST), 50.0, quantity="humidity")
    home.close(FIRST)
    assert (home.exposure("RH_mean"), home.exposure("T_mean")) == (50.0, None)


def test_sensors_elsewhere_never_stand_for_the_room(home: Home) -> None:
    home.measure(night_of(FIRST), sensor=OUTDOOR)
    home.close(FIRST)
    assert (home.night().sensors, home.exposure("T_mean")) == ({"outdoor_temperature": (OUTDOOR,)}, None)


def test_the_night_before_is_an_exposure_of_the_night(home: Home) -> None:
    home.sleep(1, 18.0)
    home.sleep(1, 20.0, first=SECOND)
    home.close(SECOND)
    assert (home.exposure("T_lag1", FIRST), home.exposure("T_lag1", SECOND)) == (None, 18.0)


def test_a_night_after_a_missing_one_knows_of_none_before(home: Home) -> None:
    home.sleep(1, 18.0)
    home.sleep(1, 20.0, first=FIRST + 2 * DAY)
    home.close(FIRST + 3 * DAY)
    assert home.exposure("T_lag1", FIRST + 2 * DAY) is None


def test_a_window_by_the_diary_is_known_by_the_diary(home: Home) -> None:
    home.measure(night_of(FIRST, bed="21:00", rise="10:00"))
    home.diary.log(an_entry(bed="22:10", rise="08:20"), 0, "test")
    home.close(FIRST)
    window = home.night().window
    assert (window.start_ms, window.end_ms) == night_of(FIRST, "22:10", "08:20")
    assert window.known_by == "diary"


def test_what_the_diary_leaves_out_is_as_usual(home: Home) -> None:
    home.diary.log(an_entry(bed="22:10"), 0, "test")
    window = home.closing.window(FIRST)
    assert (window.start_ms, window.end_ms) == night_of(FIRST, "22:10")


def test_a_diary_that_makes_no_night_any_more_is_told_and_the_usual_times_count(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    home.diary.log(an_entry(rise="22:30"), 0, "test")
    window = home.closing.window(FIRST)
    assert ((window.start_ms, window.end_ms), window.known_by) == (night_of(FIRST), "usual")
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_an_entry_that_makes_no_night_is_refused(home: Home) -> None:
    with pytest.raises(DiaryError, match="at most 20 hours"):
        home.closing.check(an_entry(rise="22:30"))


def test_an_entry_that_makes_a_night_is_allowed(home: Home) -> None:
    home.closing.check(an_entry(bed="22:00", rise="06:00", zone="Asia/Tokyo"))
    assert home.close(FIRST) == []


def test_a_night_is_at_most_twenty_hours(home: Home) -> None:
    home.diary.log(an_entry(bed="12:00", rise="08:00"), 0, "test")
    window = home.closing.window(FIRST)
    assert window.end_ms - window.start_ms == 20 * HOUR_MS
