"""A battery is told of days before it is empty, and one odd value says nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.battery import battery_warning

DAY = 86_400_000
NOW = 1_700_000_000_000


def daily(*charges: float) -> list[tuple[int, float]]:
    """One value a day, the last one now."""
    return [(NOW - (len(charges) - 1 - index) * DAY, charge) for index, charge in enumerate(charges)]


def falling(last: float, a_day: float, days: int) -> list[tuple[int, float]]:
    return daily(*(last + a_day * (days - index) for index in range(days + 1)))


def said(history: list[tuple[int, float]], now_ms: int = NOW) -> str | None:
    warning = battery_warning(history, now_ms)
    return None if warning is None else warning.sentence


def test_r20_a_battery_that_will_be_empty_in_days_is_told_with_the_days_left() -> None:
    assert said(falling(16, 2, 21)) == "battery 18 %; about 9 days left at the pace of the last 3 weeks"


def test_r20_the_warning_comes_before_the_charge_is_low() -> None:
    warning = battery_warning(falling(38, 3, 10), NOW)
    assert warning is not None
    assert warning.charge_pct > 15


def test_a_short_history_is_told_in_days() -> None:
    assert said(falling(18, 2, 8)) == "battery 20 %; about 10 days left at the pace of the last 8 days"


def test_a_low_battery_is_told_without_any_history() -> None:
    assert said(daily(12)) == "battery 12 %; it is low"


def test_fifteen_percent_is_low() -> None:
    assert said(daily(15, 15, 15)) == "battery 15 %; it is low"
    assert said(daily(16, 16, 16)) is None


def test_a_low_battery_at_a_slow_pace_says_how_long_it_lasts() -> None:
    assert said(falling(9.8, 0.2, 29)) == "battery 10 %; about 50 days left at the pace of the last 4 weeks"


def test_a_slow_fall_of_a_full_battery_is_not_told() -> None:
    assert said(falling(70, 0.5, 29)) is None


@pytest.mark.parametrize("history", [falling(20, 3, 6), falling(20, 0.3, 14)])
def test_a_short_history_or_a_small_fall_is_no_pace(history: list[tuple[int, float]]) -> None:
    assert said(history) is None


def test_a_single_odd_value_is_no_low_battery() -> None:
    assert said(daily(80, 80, 80, 80, 0)) is None


def test_a_single_odd_value_does_not_hide_the_pace() -> None:
    history = falling(16, 2, 21)
    history[12] = (history[12][0], 0.0)
    assert said(history) == said(falling(16, 2, 21))


def test_a_new_battery_ends_the_warning_at_once() -> None:
    assert said(daily(14, 12, 10, 100)) is None


def test_the_pace_of_the_battery_before_is_forgotten() -> None:
    assert said([*falling(2, 4, 12)[:-1], *daily(100, 99, 98)[-2:]]) is None


def test_many_values_on_one_day_weigh_no_more_than_one() -> None:
    history = falling(16, 2, 21)
    burst = [(history[5][0] + index, history[5][1]) for index in range(500)]
    assert said(history + burst) == said(history)


def test_days_of_silence_since_the_last_value_are_counted() -> None:
    assert said(falling(16, 2, 21), NOW + 8 * DAY) == ("battery 18 %; about 1 day left at the pace of the last 3 weeks")


def test_a_battery_that_should_be_empty_has_less_than_a_day_left() -> None:
    assert said(falling(16, 2, 21), NOW + 8 * DAY + DAY // 2) == (
        "battery 18 %; less than a day left at the pace of the last 3 weeks"
    )
    warning = battery_warning(falling(16, 2, 14), NOW + 15 * DAY)
    assert warning is not None
    assert warning.days_left == 0.0


def test_values_of_more_than_a_month_ago_or_ahead_of_now_and_no_numbers_are_left_out() -> None:
    assert said([(NOW - 31 * DAY, 5.0), (NOW + 1, 5.0), (NOW, float("nan"))]) is None


def test_without_a_value_nothing_is_told() -> None:
    assert battery_warning([], NOW) is None


@given(history=st.lists(st.tuples(st.integers(NOW - 40 * DAY, NOW + DAY), st.floats(0, 100)), max_size=60))
def test_a_warning_is_of_a_low_battery_or_of_one_with_few_days_left(history: list[tuple[int, float]]) -> None:
    warning = battery_warning(history, NOW)
    assert (
        warning is None or warning.charge_pct <= 15 or (warning.days_left is not None and 0 <= warning.days_left < 14)
    )
