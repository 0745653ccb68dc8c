"""What users of such systems ask for, as far as nights and clocks go; each test bears the number of its requirement."""

from datetime import date
from itertools import pairwise

import pytest

from monitor.core.nights import UsualTimes
from tests.services.home import DAY, FIRST, MINUTE, Home, an_entry, at, days, night_of

SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
EARLY, LATE = "23:10", "07:05"


@pytest.mark.parametrize(("change", "hours"), [(SPRING, 23), (AUTUMN, 25)])
def test_r10_the_day_of_a_change_of_clocks_has_its_hours(change: date, hours: int) -> None:
    assert at(change + DAY) - at(change) == hours * HOUR_MS


@pytest.mark.parametrize(("change", "hours"), [(SPRING, 7), (AUTUMN, 9), (FIRST, 8)])
def test_r10_no_hour_of_a_night_is_missing_and_none_is_there_twice(home: Home, change: date, hours: int) -> None:
    start_ms, end_ms = night_of(change)
    for number, begin_ms in enumerate(range(start_ms, end_ms, HOUR_MS)):
        home.measure((begin_ms, begin_ms + HOUR_MS), 18.0 + number, every=MINUTE)
    home.close(change)
    mean = sum(18.0 + number for number in range(hours)) / hours  # each hour once, in its place
    window = home.night(change).window
    assert (window.hours, home.coverage(change)) == (hours, 1.0)
    assert home.exposure("T_mean", change) == pytest.approx(mean)


@pytest.mark.parametrize(("change", "hours"), [(SPRING, 17), (AUTUMN, 19)])
def test_r10_around_a_change_of_clocks_nights_and_the_hours_between_them_add_up(
    home: Home, change: date, hours: int
) -> None:
    home.living_by(UsualTimes(bed="13:00", rise="07:00"))
    home.measure((at(change - 2 * DAY, "12:00"), at(change + 2 * DAY, "12:00")))
    home.close(change + 3 * DAY)
    windows = [night.window for night in home.nights.nights()]
    between = [(after.start_ms - before.end_ms) / HOUR_MS for before, after in pairwise(windows)]
    assert ([one.hours for one in windows], between) == ([18, hours, 18, 18], [6, 6, 6])


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_r10_the_times_of_going_to_bed_are_the_same_on_both_sides_of_a_change_of_clocks(
    home: Home, change: date
) -> None:
    around = list(days(change - 3 * DAY, 7))
    for wake_date in around:
        home.measure(night_of(wake_date, EARLY, LATE))
        home.diary.log(an_entry(wake_date, bed=EARLY, rise=LATE), 0, "test")
    home.close(around[-1])
    windows = [home.night(wake_date).window for wake_date in around]
    assert [(one.start_ms, one.end_ms) for one in windows] == [night_of(day, EARLY, LATE) for day in around]


@pytest.mark.parametrize("day", [FIRST, SPRING, AUTUMN])
def test_r10_a_night_from_2310_to_0705_is_one_night_named_by_the_day_of_waking(home: Home, day: date) -> None:
    home.measure((at(day - DAY, "20:00"), at(day, "12:00")))
    home.diary.log(an_entry(day, bed=EARLY, rise=LATE), 0, "test")
    assert home.close(day + DAY) == [day]
    window = home.night(day).window
    assert (window.wake_date, window.start_ms, window.end_ms) == (day, *night_of(day, EARLY, LATE))
    assert [night.window.wake_date for night in home.nights.nights()] == [
        entry.wake_date for entry in home.diary.entries()
    ]
