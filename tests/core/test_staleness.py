"""A value is current for as long as its sensor is usually silent; the same value again is a sign of life."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.staleness import (
    EVENT_LIKE,
    LEAST_LIMIT_S,
    MOST_LIMIT_S,
    NEVER,
    UNKNOWN_LIMIT_S,
    Freshness,
    age_text,
    freshness,
    sensor_freshness,
    stuck,
    usual_interval_s,
)

S = 1_000
MINUTE = 60 * S
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOW = 1_700_000_000_000


def after(age_s: float, **known: float | bool | None) -> Freshness:
    return freshness(NOW - round(age_s * S), NOW, **known)  # type: ignore[arg-type]


def a_freshness(state: str = "fresh", age_s: float | None = 10.0) -> Freshness:
    return Freshness(state, age_s, f"{state} {age_s}")  # type: ignore[arg-type]


def on_change(days: int) -> list[int]:
    """By day every 5 to 20 min, at night every 2 h."""
    times = []
    for day in range(days):
        start = NOW + day * DAY
        times += [start + hour * HOUR for hour in range(0, 8, 2)]
        times += [start + 8 * HOUR + part * MINUTE for part in range(0, 16 * 60, 20)]
        times += [start + 8 * HOUR + (part + 5) * MINUTE for part in range(0, 16 * 60, 20)]
    return times


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"), (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3_599, "59 min"), (3_600, "1 h"),
        (11_400, "3 h 10 min"), (86_399, "23 h 59 min"), (86_400, "1 d"), (187_200, "2 d 4 h"),
    ],
)  # fmt: skip
def test_an_age_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert age_text(seconds) == text


def test_a_regular_sensor_is_usually_heard_at_its_interval() -> None:
    assert usual_interval_s([NOW + index * 30 * MINUTE for index in range(10)]) == 1800


def test_fewer_than_five_intervals_tell_nothing() -> None:
    assert usual_interval_s([NOW + index * MINUTE for index in range(5)]) is None
    assert usual_interval_s([NOW + index * MINUTE for index in range(6)]) == 60


def test_one_outage_does_not_change_what_is_usual() -> None:
    times = [NOW + index * MINUTE + (9 * HOUR if index > 20 else 0) for index in range(61)]
    assert usual_interval_s(times) == 60


def test_the_same_time_twice_is_no_interval() -> None:
    assert usual_interval_s([NOW + index // 2 * MINUTE for index in range(40)]) == 60


def test_only_the_newest_intervals_count_after_a_change_of_the_interval() -> None:
    slow = [NOW + index * 10 * MINUTE for index in range(20)]
    assert usual_interval_s(slow + [slow[-1] + index * MINUTE for index in range(1, 61)]) == 60


def test_r3_a_sensor_on_change_is_usually_heard_every_two_hours_once_three_days_are_known() -> None:
    assert usual_interval_s(on_change(4)) == 7200


def test_r3_a_busy_day_tells_nothing_of_a_sensor_on_change() -> None:
    assert usual_interval_s([NOW + part * MINUTE for part in range(0, 240, 20) for part in (part, part + 5)]) is None


def test_a_day_of_outage_in_a_week_does_not_change_what_is_usual() -> None:
    times = [NOW + index * 10 * MINUTE for index in range(7 * 144) if not 400 < index < 480]
    assert usual_interval_s(times) == 600


@given(times=st.lists(st.integers(0, 7 * DAY), max_size=80), chance=st.randoms(use_true_random=False))
def test_the_order_of_the_times_does_not_matter(times: list[int], chance: Random) -> None:
    mixed = list(times)
    chance.shuffle(mixed)
    assert usual_interval_s(mixed) == usual_interval_s(times)


@given(interval=st.integers(1, DAY), count=st.integers(6, 100))
def test_a_regular_interval_is_found_whatever_it_is(interval: int, count: int) -> None:
    assert usual_interval_s([index * interval for index in range(count)]) == interval / S


def test_r3_a_value_is_stale_after_three_usual_intervals() -> None:
    assert after(5_400, usual_s=1_800).state == "fresh"
    assert after(5_401, usual_s=1_800).state == "stale"


def test_r3_a_stale_value_says_its_age_and_what_is_usual() -> None:
    assert after(11_400, usual_s=1_800).sentence == "silent for 3 h 10 min, usually every 30 min"


def test_a_fresh_value_says_its_age() -> None:
    assert after(720, usual_s=1_800) == Freshness("fresh", 720, "heard 12 min ago")


def test_r4_only_times_count_so_a_sensor_that_repeats_its_value_is_fresh() -> None:
    repeated = [NOW - index * MINUTE for index in range(600)]
    assert freshness(max(repeated), NOW + MINUTE, usual_s=usual_interval_s(repeated)).state == "fresh"


def test_a_quick_sensor_is_not_stale_within_three_minutes() -> None:
    assert after(LEAST_LIMIT_S, usual_s=0.5).state == "fresh"
    assert after(LEAST_LIMIT_S + 1, usual_s=0.5).sentence == "silent for 3 min, usually every 1 s"


def test_even_a_daily_sensor_is_stale_after_a_day_and_a_half() -> None:
    assert after(MOST_LIMIT_S + 1, usual_s=86_400).state == "stale"


def test_r3_a_sensor_that_sends_every_two_hours_is_fresh_before_its_interval_is_known() -> None:
    assert UNKNOWN_LIMIT_S > 7_200
    assert after(7_300).state == "fresh"


def test_a_sensor_with_an_unknown_interval_is_stale_in_the_end() -> None:
    assert after(10_800) == Freshness("stale", 10_800, "silent for 3 h; how often it usually reports is not known yet")


def test_the_publishers_own_limit_counts_before_what_is_usual() -> None:
    assert after(601, usual_s=3_600, expire_after_s=600).sentence == (
        "silent for 10 min; it says that its values expire after 10 min"
    )
    assert after(601, usual_s=1, expire_after_s=3_600).state == "fresh"


def test_an_own_limit_of_zero_is_none() -> None:
    assert after(601, usual_s=600, expire_after_s=0).state == "fresh"


def test_a_reading_ahead_of_now_is_fresh() -> None:
    assert after(-200, usual_s=1) == Freshness("fresh", 0.0, "heard 0 s ago")


def test_a_series_without_a_reading_is_unknown() -> None:
    assert freshness(None, NOW, online=True) is NEVER


def test_a_sensor_that_was_never_heard_and_says_offline_is_offline() -> None:
    assert freshness(None, NOW, online=False).state == "offline"


def test_a_sensor_on_a_battery_is_not_offline_between_its_wakes() -> None:
    assert after(7_200, usual_s=7_200, online=False).state == "fresh"


def test_r20_offline_counts_before_the_value_would_be_stale() -> None:
    assert after(91, usual_s=60, online=False) == Freshness("offline", 91, "offline as it says; last heard 1 min ago")


def test_offline_waits_for_the_limit_while_the_interval_is_unknown() -> None:
    assert after(UNKNOWN_LIMIT_S, online=False).state == "fresh"
    assert after(UNKNOWN_LIMIT_S + 1, online=False).state == "offline"


def test_a_silent_sensor_that_says_online_is_stale() -> None:
    assert after(3_600, usual_s=60, online=True).state == "stale"


@given(age=st.floats(0, 1e6), more=st.floats(0, 1e6), usual=st.none() | st.floats(0.001, 1e6))
def test_a_value_that_is_not_fresh_does_not_become_fresh_by_waiting(
    age: float, more: float, usual: float | None
) -> None:
    assert after(age, usual_s=usual).state == "fresh" or after(age + more, usual_s=usual).state != "fresh"


def test_a_sensor_is_as_fresh_as_its_freshest_series() -> None:
    stale, fresh, fresher = a_freshness("stale", 5.0), a_freshness("fresh", 90.0), a_freshness("fresh", 30.0)
    assert sensor_freshness({"humidity": stale, "co2": fresh, "temperature": fresher}) == fresher


def test_a_series_without_a_reading_is_no_newer_than_a_silent_one() -> None:
    stale = a_freshness("stale", 9_000.0)
    assert sensor_freshness({"co2": NEVER, "temperature": stale}) == stale


def test_an_old_event_does_not_speak_for_a_sensor_that_measures_too() -> None:
    stale = a_freshness("stale", 9_000.0)
    assert sensor_freshness({"battery": a_freshness("stale", 10.0), "temperature": stale}) == stale


def test_a_fresh_event_is_a_sign_of_life() -> None:
    fresh = a_freshness("fresh", 10.0)
    assert sensor_freshness({"motion": fresh, "temperature": a_freshness("stale", 9_000.0)}) == fresh


@pytest.mark.parametrize("quantity", sorted(EVENT_LIKE))
def test_a_sensor_that_sends_events_only_is_never_stale(quantity: str) -> None:
    assert sensor_freshness({quantity: a_freshness("stale", 10_800.0)}) == Freshness(
        "unknown", 10_800.0, "last heard 3 h ago; it sends events only"
    )


def test_a_sensor_that_sends_events_only_can_be_offline() -> None:
    offline = a_freshness("offline", 10_800.0)
    assert sensor_freshness({"motion": offline}) == offline


def test_a_sensor_without_series_is_unknown() -> None:
    assert sensor_freshness({}) == NEVER


def test_a_sensor_that_sends_only_unusable_values_says_why() -> None:
    assert stuck(NOW, NOW + 1, "85 °C is sent for no value") == (
        "it sends, but no value that can be used: 85 °C is sent for no value"
    )
    assert stuck(None, NOW, "outside") is not None


@pytest.mark.parametrize(("reading", "aside"), [(NOW, None), (None, None), (NOW, NOW), (NOW + 1, NOW)])
def test_a_usable_value_since_means_not_stuck(reading: int | None, aside: int | None) -> None:
    assert stuck(reading, aside, "outside") is None
