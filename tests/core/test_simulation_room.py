"""The demo's weather and room behave as a bedroom does."""

import random
from datetime import date, datetime, timedelta
from statistics import correlation, fmean
from zoneinfo import ZoneInfo

import pytest

from monitor.core.simulation.bedroom import STEP_MS, RoomNight, climate_at, room_nights
from monitor.core.simulation.habits import AIRING, AJAR, CLOSED, DOOR_OPEN, Evening, use_at
from monitor.core.simulation.room import WETTEST_PCT, Room, Use, stepped
from monitor.core.simulation.weather import CALM, Fronts, Outdoors, outdoors, passed_on
from monitor.core.zones import local_time

BERLIN = ZoneInfo("Europe/Berlin")
HOUR_MS = 3_600_000


def an_evening(*, airs: bool = True, door_open: bool = False) -> Evening:
    """In bed from hour 5 to hour 13 of the epoch."""
    return Evening(
        wake_date=date(2026, 6, 2),
        bed_ms=5 * HOUR_MS,
        rise_ms=13 * HOUR_MS,
        airs=airs,
        door_open=door_open,
        set_point_c=18.0,
    )


def a_room(*, temperature_c: float = 20.0, moisture_g_m3: float = 8.0, co2_ppm: float = 500.0) -> Room:
    return Room(temperature_c, moisture_g_m3, co2_ppm)


def some_outdoors(*, temperature_c: float = 10.0, moisture_g_m3: float = 6.0) -> Outdoors:
    return Outdoors(temperature_c, moisture_g_m3, pressure_hpa=1015.0, sun_w_m2=0.0)


def closed(*, slept_in: bool = False, set_point_c: float = 0.0) -> Use:
    return Use(CLOSED, set_point_c, slept_in)


def chance(seed: int) -> random.Random:
    return random.Random(seed)


def nights_from(first_evening: date, nights: int, seed: int = 1) -> list[RoomNight]:
    return list(room_nights(first_evening, nights, BERLIN, chance(seed)))


@pytest.fixture(scope="module")
def summer() -> list[RoomNight]:
    return nights_from(date(2026, 6, 10), 60)


@pytest.fixture(scope="module")
def winter() -> list[RoomNight]:
    return nights_from(date(2026, 1, 1), 30)


def test_july_is_warmer_moister_and_sunnier_than_january() -> None:
    july, january = (outdoors(datetime(2026, month, 15, 14, tzinfo=BERLIN), CALM) for month in (7, 1))
    assert july.temperature_c > january.temperature_c + 15
    assert july.moisture_g_m3 > january.moisture_g_m3
    assert july.sun_w_m2 > january.sun_w_m2


def test_the_afternoon_is_the_warmest_time_of_the_day() -> None:
    day = [outdoors(datetime(2026, 6, 1, hour, tzinfo=BERLIN), CALM).temperature_c for hour in range(24)]
    assert day.index(max(day)) in {15, 16}


def test_the_sun_does_not_shine_at_night() -> None:
    assert outdoors(datetime(2026, 6, 1, 2, tzinfo=BERLIN), CALM).sun_w_m2 == 0


def test_outdoor_air_never_exceeds_saturation() -> None:
    soaked = outdoors(datetime(2026, 11, 1, 5, tzinfo=BERLIN), Fronts(dew_c=15.0))
    assert soaked.humidity_pct < 100


def test_fronts_remember_over_hours_and_forget_over_weeks() -> None:
    rng = chance(1)
    warm = [Fronts(warmth_c=6.0)] * 500
    after_hours = fmean(passed_on(front, 6.0, rng).warmth_c for front in warm)
    after_weeks = fmean(passed_on(front, 24.0 * 21, rng).warmth_c for front in warm)
    assert after_hours > 5.0
    assert abs(after_weeks) < 0.5


def test_a_room_follows_a_cold_front_with_a_lag() -> None:
    after_hour = stepped(a_room(), some_outdoors(temperature_c=0.0), closed(), 1.0)
    after_days = stepped(a_room(), some_outdoors(temperature_c=0.0), closed(), 240.0)
    assert 18.5 < after_hour.temperature_c < 20.0
    assert after_days.temperature_c < 5.0


def test_a_sleeper_adds_heat_water_and_carbon_dioxide() -> None:
    outside = some_outdoors(temperature_c=18.0, moisture_g_m3=8.0)
    alone, slept_in = (stepped(a_room(), outside, closed(slept_in=asleep), 8.0) for asleep in (False, True))
    assert slept_in.temperature_c - alone.temperature_c == pytest.approx(0.6, abs=0.15)
    assert slept_in.moisture_g_m3 > alone.moisture_g_m3 + 1
    assert slept_in.co2_ppm > alone.co2_ppm + 500


def test_the_heating_holds_a_room_near_its_set_point() -> None:
    room = a_room(temperature_c=15.0)
    for _ in range(96):
        room = stepped(room, some_outdoors(temperature_c=0.0), closed(set_point_c=20.0), 0.5)
    assert 17.5 < room.temperature_c < 20.0


def test_the_sun_warms_the_room() -> None:
    shining = some_outdoors()._replace(sun_w_m2=400.0)
    assert stepped(a_room(), shining, closed(), 1.0) > stepped(a_room(), some_outdoors(), closed(), 1.0)


def test_more_water_than_the_air_can_hold_ends_on_the_pane() -> None:
    wet = stepped(a_room(moisture_g_m3=17.0), some_outdoors(), closed(slept_in=True), 0.1)
    assert wet.humidity_pct == pytest.approx(WETTEST_PCT)


@pytest.mark.parametrize(
    ("hour", "evening", "room_c", "outside_c", "air_changes"),
    [
        (3, an_evening(), 24.0, 18.0, AIRING),
        (3, an_evening(airs=False), 24.0, 18.0, CLOSED),
        (3, an_evening(), 24.0, 26.0, CLOSED),
        (3, an_evening(), 20.0, 10.0, CLOSED),
        (0, an_evening(), 24.0, 18.0, CLOSED),
        (8, an_evening(), 26.0, 18.0, AJAR),
        (8, an_evening(airs=False, door_open=True), 26.0, 18.0, DOOR_OPEN),
        (8, an_evening(), 20.0, 18.0, CLOSED),
        (13, an_evening(), 20.0, 0.0, AIRING),
        (14, an_evening(), 20.0, 0.0, CLOSED),
    ],
)
def test_the_window_follows_the_habits(
    hour: int, evening: Evening, room_c: float, outside_c: float, air_changes: float
) -> None:
    room, outside = a_room(temperature_c=room_c), some_outdoors(temperature_c=outside_c)
    assert use_at(hour * HOUR_MS, evening, room, outside).air_changes_per_h == air_changes


def test_the_heating_is_lower_while_somebody_sleeps() -> None:
    evening, asleep = (use_at(hour * HOUR_MS, an_evening(), a_room(), some_outdoors()) for hour in (4, 8))
    assert asleep.set_point_c < evening.set_point_c


def test_a_night_is_shown_from_20_to_09_in_5_minute_steps(summer: list[RoomNight]) -> None:
    first, last = (local_time(summer[0].steps[end].time_ms, BERLIN) for end in (0, -1))
    assert (first.hour, first.minute, last.hour, last.minute) == (20, 0, 8, 55)
    assert len(summer[0].steps) == 13 * 12


def test_the_night_of_the_spring_clock_change_is_an_hour_shorter() -> None:
    assert len(nights_from(date(2026, 3, 28), 1)[0].steps) == 12 * 12


def test_summer_nights_are_warmer_and_moister_than_winter_nights(
    summer: list[RoomNight], winter: list[RoomNight]
) -> None:
    assert fmean(night.temperature_c for night in summer) > fmean(night.temperature_c for night in winter) + 3
    assert summer[20].steps[60].room.moisture_g_m3 > winter[20].steps[60].room.moisture_g_m3


def test_rooms_stay_within_what_people_sleep_in(summer: list[RoomNight], winter: list[RoomNight]) -> None:
    assert all(12 < step.room.temperature_c < 33 for night in (*summer, *winter) for step in night.steps)
    assert all(10 < step.room.humidity_pct <= 96 for night in (*summer, *winter) for step in night.steps)
    assert all(400 < step.room.co2_ppm < 2500 for night in (*summer, *winter) for step in night.steps)


def test_the_room_follows_yesterdays_weather_as_well_as_tonights(summer: list[RoomNight]) -> None:
    room = [night.warmth_c for night in summer]
    outside = [fmean(step.outside.temperature_c for step in night.steps) for night in summer]
    assert correlation(room, outside) > 0.5
    assert correlation(room[1:], outside[:-1]) > 0.4


def test_warmth_is_what_the_season_does_not_explain(winter: list[RoomNight]) -> None:
    assert abs(fmean(night.warmth_c for night in winter)) < 1.0


def test_people_go_to_bed_later_before_free_days(summer: list[RoomNight]) -> None:
    def bed_hour(night: RoomNight) -> float:
        eight = night.steps[0].time_ms
        return (night.evening.bed_ms - eight) / HOUR_MS

    free = [bed_hour(night) for night in summer if night.evening.wake_date.isoweekday() >= 6]
    working = [bed_hour(night) for night in summer if night.evening.wake_date.isoweekday() < 6]
    assert fmean(free) > fmean(working) + 0.2


def test_everybody_is_in_bed_within_the_shown_night(summer: list[RoomNight]) -> None:
    assert all(
        night.steps[0].time_ms < night.evening.bed_ms < night.evening.rise_ms < night.steps[-1].time_ms
        for night in summer
    )


def test_nights_follow_one_another(summer: list[RoomNight]) -> None:
    dates = [night.evening.wake_date for night in summer]
    assert dates == [date(2026, 6, 11) + timedelta(days=number) for number in range(60)]


def test_between_two_steps_the_climate_lies_on_the_straight_line(summer: list[RoomNight]) -> None:
    steps = summer[0].steps
    room, outside = climate_at(steps, steps[3].time_ms + STEP_MS // 2)
    assert room.co2_ppm == pytest.approx(fmean(step.room.co2_ppm for step in steps[3:5]))
    assert outside.temperature_c == pytest.approx(fmean(step.outside.temperature_c for step in steps[3:5]))


def test_beyond_its_ends_the_climate_is_that_of_the_ends(summer: list[RoomNight]) -> None:
    steps = summer[0].steps
    assert climate_at(steps, steps[0].time_ms - 1) == (steps[0].room, steps[0].outside)
    assert climate_at(steps, steps[-1].time_ms + 1) == (steps[-1].room, steps[-1].outside)
