"""Nights: usual times, the diary, every change of clocks, catching up."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.nights import (
    HOUR_MS,
    NightWindow,
    UsualTimes,
    finished_nights,
    wake_date_at,
    wall_time,
    window_from_diary,
    window_from_usual,
)
from monitor.core.zones import exists, local_time, unix_ms
from monitor.errors import DiaryError

ZONES = ("Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
DAY = timedelta(days=1)
USUAL = UsualTimes()


def a_window(wake_date=date(2024, 6, 2), zone="Europe/Brussels", **usual):
    return window_from_usual(wake_date, zone, UsualTimes(**usual))


def ms(*parts, zone="UTC", fold=0):
    return unix_ms(datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold))


def dst_dates(zone):
    """Every date of 2019 to 2028 on which clocks change."""
    rules = ZoneInfo(zone)
    days = (date(2019, 1, 1) + count * DAY for count in range(3652))
    return [day for day in days if _offset(day, rules) != _offset(day + DAY, rules)]


def _offset(day, rules):
    return datetime(day.year, day.month, day.day, tzinfo=rules).utcoffset()


AROUND_DST = [
    (zone, day + shift * DAY)
    for zone in ZONES
    for day in dst_dates(zone) or [date(2024, 3, 31), date(2024, 10, 27)]
    for shift in (-1, 0, 1, 2)
]
around_dst = st.sampled_from(AROUND_DST)
minutes = st.integers(0, 24 * 60 - 1).map(lambda count: f"{count // 60:02d}:{count % 60:02d}")


def usual_of(bed, rise):
    try:
        return UsualTimes(bed=bed, rise=rise)
    except DiaryError:
        return None


usuals = st.builds(usual_of, minutes, minutes).filter(lambda usual: usual is not None)


def test_the_zones_with_summer_time_change_clocks_twice_a_year():
    assert [len(dst_dates(zone)) for zone in ZONES] == [20, 20, 20, 0]


def test_a_usual_night_begins_the_evening_before_its_wake_date():
    window = a_window()
    assert (window.start_ms, window.end_ms) == (ms(2024, 6, 1, 21), ms(2024, 6, 2, 5))


def test_bed_after_midnight_is_on_the_wake_date():
    assert a_window(bed="00:30").start_ms == ms(2024, 6, 1, 22, 30)


def test_a_shift_worker_sleeps_by_day():
    window = a_window(bed="08:00", rise="16:00")
    assert (window.start_ms, window.end_ms) == (ms(2024, 6, 2, 6), ms(2024, 6, 2, 14))


def test_a_weekday_of_waking_can_have_its_own_times():
    usual = UsualTimes(weekdays={6: ("00:30", "09:30")})
    window = window_from_usual(date(2024, 6, 2), "UTC", usual)
    assert (window.start_ms, window.end_ms) == (ms(2024, 6, 2, 0, 30), ms(2024, 6, 2, 9, 30))


@pytest.mark.parametrize(
    ("day", "length_h"), [(date(2024, 3, 31), 7.0), (date(2024, 10, 27), 9.0), (date(2024, 6, 2), 8.0)]
)
def test_a_night_over_a_change_of_clocks_lasts_as_long_as_it_lasted(day, length_h):
    assert a_window(day).hours == length_h


def test_the_half_hour_of_lord_howe_counts():
    assert a_window(date(2024, 4, 7), "Australia/Lord_Howe").hours == 8.5


def test_a_bedtime_that_spring_leaves_out_is_as_if_clocks_had_not_changed():
    window = a_window(date(2024, 3, 31), bed="02:30", rise="09:00")
    assert window.start_ms == ms(2024, 3, 31, 1, 30)


def test_a_bedtime_that_autumn_shows_twice_is_the_first():
    assert a_window(date(2024, 10, 27), bed="02:30", rise="09:00").start_ms == ms(2024, 10, 27, 0, 30)


@given(around_dst, usuals)
def test_consecutive_nights_do_not_overlap_whatever_the_clocks_do(where, usual):
    zone, day = where
    assert window_from_usual(day, zone, usual).end_ms < window_from_usual(day + DAY, zone, usual).start_ms


@given(around_dst, usuals)
def test_every_night_starts_before_it_ends_and_keeps_its_length_but_for_the_change(where, usual):
    zone, day = where
    window = window_from_usual(day, zone, usual)
    bed, rise = usual.walls(day)
    assert abs(window.hours - (rise - bed) / timedelta(hours=1)) <= 1.0 + 1e-9
    assert window.start_ms < window.end_ms


@given(around_dst, usuals)
def test_the_wall_times_of_a_night_come_back(where, usual):
    zone, day = where
    rules = ZoneInfo(zone)
    window = window_from_usual(day, zone, usual)
    for wall, instant_ms in zip(usual.walls(day), (window.start_ms, window.end_ms), strict=True):
        shown = local_time(instant_ms, rules).replace(tzinfo=None, fold=0)
        assert shown == wall or not exists(wall, rules)


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_nights_is_365_nights_of_usual_length_on_average(zone):
    windows = finished_nights(ms(2024, 12, 31, 12), ms(2025, 12, 31, 12), zone, USUAL)
    assert len(windows) == 365
    assert sum(window.hours for window in windows) == 365 * 8.0


@given(around_dst, usuals, st.integers(0, 24 * 60 - 1))
def test_the_wake_date_of_an_instant_is_of_the_night_that_holds_or_precedes_it(where, usual, minute):
    zone, day = where
    instant_ms = ms(day.year, day.month, day.day) + minute * 60_000
    wake_date = wake_date_at(instant_ms, zone, usual)
    assert window_from_usual(wake_date, zone, usual).start_ms <= instant_ms
    assert window_from_usual(wake_date + DAY, zone, usual).start_ms > instant_ms


def test_an_instant_in_the_evening_belongs_to_tomorrows_night():
    assert wake_date_at(ms(2024, 6, 1, 21), "Europe/Brussels", USUAL) == date(2024, 6, 2)


def test_an_instant_by_day_belongs_to_the_night_before_it():
    assert wake_date_at(ms(2024, 6, 1, 20, 59), "Europe/Brussels", USUAL) == date(2024, 6, 1)


def test_catching_up_lists_each_finished_night_once():
    first, last = a_window(date(2024, 3, 29)), a_window(date(2024, 4, 2))
    found = finished_nights(first.end_ms, last.end_ms, "Europe/Brussels", USUAL)
    assert [window.wake_date.day for window in found] == [30, 31, 1, 2]


def test_a_night_is_finished_at_its_end_and_not_a_moment_before():
    window = a_window()
    assert finished_nights(window.start_ms, window.end_ms - 1, window.zone, USUAL) == ()
    assert finished_nights(window.start_ms, window.end_ms, window.zone, USUAL) == (window,)


def test_nothing_is_due_where_time_stood_still():
    assert finished_nights(ms(2024, 6, 1), ms(2024, 6, 1), "UTC", USUAL) == ()


@given(around_dst, st.integers(0, 5 * 24), st.integers(0, 5 * 24))
def test_catching_up_in_two_goes_is_catching_up_in_one(where, first_h, second_h):
    zone, day = where
    start_ms = ms(day.year, day.month, day.day)
    middle_ms = start_ms + first_h * HOUR_MS
    end_ms = middle_ms + second_h * HOUR_MS
    in_two = finished_nights(start_ms, middle_ms, zone, USUAL) + finished_nights(middle_ms, end_ms, zone, USUAL)
    assert in_two == finished_nights(start_ms, end_ms, zone, USUAL)


def a_diary_window(bed=None, rise=None, wake_date=date(2024, 6, 2), zone="Europe/Brussels", **usual):
    return window_from_diary(wake_date, zone, bed, rise, UsualTimes(**usual))


def test_the_diary_decides_where_it_speaks():
    window = a_diary_window(bed="23:10", rise="07:05")
    assert (window.start_ms, window.end_ms) == (ms(2024, 6, 1, 21, 10), ms(2024, 6, 2, 5, 5))
    assert window.known_by == "diary"


def test_the_usual_times_fill_what_the_diary_leaves_out():
    assert a_diary_window(bed="01:00").end_ms == a_window().end_ms
    assert a_diary_window(rise="08:00").start_ms == a_window().start_ms


def test_a_silent_diary_means_a_usual_night():
    assert a_diary_window() == a_window()


def test_a_datetime_with_zone_is_taken_as_it_stands():
    bed = datetime(2024, 6, 1, 22, 0, tzinfo=UTC)
    rise = datetime(2024, 6, 2, 6, 0, tzinfo=UTC)
    assert a_diary_window(bed=bed, rise=rise).start_ms == ms(2024, 6, 1, 22)


def test_a_datetime_without_zone_is_local():
    assert a_diary_window(bed=datetime(2024, 6, 1, 22, 0)).start_ms == ms(2024, 6, 1, 20)


def test_a_rise_on_another_date_is_another_night():
    with pytest.raises(DiaryError, match="rise: expected a time on the date of waking, 2024-06-02, got 2024-06-03"):
        a_diary_window(rise=datetime(2024, 6, 3, 7, 0))


def test_a_bed_21_hours_before_rise_is_no_night():
    with pytest.raises(DiaryError, match=r"at most 20 hours, got 21.00 hours for 2024-06-02"):
        a_diary_window(bed="10:00", rise="07:00")


def test_a_bed_after_rise_is_no_night():
    with pytest.raises(DiaryError, match="more than 0"):
        a_diary_window(bed=datetime(2024, 6, 2, 8, 0), rise="07:00")


def test_twenty_hours_are_still_a_night():
    assert a_diary_window(bed="11:00", rise="07:00").hours == 20.0


@given(around_dst, minutes, minutes)
def test_a_diary_window_is_a_valid_night_or_refused(where, bed, rise):
    zone, day = where
    try:
        window = window_from_diary(day, zone, bed, rise, USUAL)
    except DiaryError:
        return
    assert 0.0 < window.hours <= 20.0


@pytest.mark.parametrize("length_ms", [0, -1, 20 * HOUR_MS + 1])
def test_a_window_of_impossible_length_cannot_be_made(length_ms):
    with pytest.raises(DiaryError, match="bed, rise: expected a night"):
        NightWindow(wake_date=date(2024, 6, 2), zone="UTC", start_ms=0, end_ms=length_ms, known_by="diary")


@pytest.mark.parametrize("text", ["23:05", "23:05:59", " 23:05 "])
def test_a_wall_time_is_hours_and_minutes(text):
    assert wall_time(text) == time(23, 5)


@pytest.mark.parametrize("text", ["24:00", "7", "07:60", "", "7 pm", "-1:00"])
def test_a_wall_time_that_is_none_is_refused_with_its_field(text):
    with pytest.raises(DiaryError, match="bed: expected a time from 00:00 to 23:59 such as 23:05, got"):
        wall_time(text, "bed")


@pytest.mark.parametrize(
    ("usual", "message"),
    [
        ({"bed": "07:00", "rise": "07:00"}, "expected 3 to 18 hours from bed to rise"),
        ({"bed": "05:00", "rise": "07:00"}, "expected 3 to 18 hours from bed to rise"),
        ({"weekdays": {7: ("23:00", "07:00")}}, "expected 0 .* to 6 .*, got 7"),
        ({"weekdays": {0: ("08:00", "22:00")}}, "expected 3 hours awake between nights, got rise Mon 22:00"),
        ({"bed": "25:00"}, "bed: expected a time"),
    ],
)
def test_usual_times_that_make_no_nights_are_refused(usual, message):
    with pytest.raises(DiaryError, match=message):
        UsualTimes(**usual)
