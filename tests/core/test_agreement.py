"""Two sensors of one place that differ for a day are told; a moment, a silence or another place is not."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.agreement import BY_QUANTITY, Disagreement, Named, disagreement
from monitor.core.quantities import BY_NAME, QUANTITIES

MINUTE = 60_000
HOUR = 60 * MINUTE
NOW = 1_700_000_000_000
START = NOW - 24 * HOUR


def a_sensor(
    value: float | Callable[[float], float], name: str = "Desk", *, minutes: float = 5, hours: float = 24, at: float = 0
) -> Named:
    """Readings every `minutes` from `at` minutes into the day; a callable gets the hour."""
    count = int(hours * 60 / minutes)
    times = [at + index * minutes for index in range(count)]
    worth = value if callable(value) else lambda _: value
    return Named(name, [(START + round(time * MINUTE), worth(time / 60)) for time in times])


def between(first: Named, second: Named, quantity: str = "temperature") -> Disagreement | None:
    return disagreement(quantity, first, second, NOW)


def test_two_sensors_that_differ_for_a_day_are_told_in_words() -> None:
    found = between(a_sensor(21.3), a_sensor(19.0, "Bed"))
    assert found is not None
    assert found.sentence == "Desk shows 2.3 °C more than Bed for a day; calibrate one of them, or place it elsewhere"


def test_the_difference_is_first_minus_second_whichever_is_higher() -> None:
    found = between(a_sensor(19.0), a_sensor(21.0, "Bed"))
    assert found is not None
    assert (found.difference, found.sentence[:24]) == (-2.0, "Bed shows 2.0 °C more th")


@pytest.mark.parametrize(
    ("quantity", "low", "within", "beyond"),
    [
        ("temperature", 20.0, 21.5, 21.6),
        ("humidity", 50.0, 58.0, 58.5),
        ("co2", 600.0, 750.0, 755.0),
        ("co2", 2_000.0, 2_300.0, 2_400.0),
        ("pressure", 1000.0, 1004.0, 1004.5),
        ("pm25", 2.0, 12.0, 13.0),
        ("pm25", 100.0, 160.0, 170.0),
        ("noise", 30.0, 36.0, 37.0),
    ],
)
def test_only_more_than_the_tolerance_is_told(quantity: str, low: float, within: float, beyond: float) -> None:
    assert between(a_sensor(low), a_sensor(within), quantity) is None
    assert between(a_sensor(low), a_sensor(beyond), quantity) is not None


@pytest.mark.parametrize("quantity", [row.name for row in QUANTITIES if row.name not in BY_QUANTITY])
def test_a_quantity_without_a_tolerance_is_never_compared(quantity: str) -> None:
    assert between(a_sensor(1.0), a_sensor(0.0), quantity) is None


def test_every_tolerance_is_of_a_known_quantity() -> None:
    assert set(BY_QUANTITY) < set(BY_NAME)


def test_the_sun_on_one_sensor_for_half_a_day_is_no_disagreement() -> None:
    assert between(a_sensor(lambda hour: 30.0 if 8 <= hour < 18 else 20.0), a_sensor(20.0)) is None


def test_one_day_must_be_common_for_eighteen_hours() -> None:
    assert between(a_sensor(25.0, hours=17.5), a_sensor(20.0)) is None
    found = between(a_sensor(25.0, hours=18), a_sensor(20.0))
    assert found is not None
    assert found.hours == 18.0


def test_a_sensor_that_sends_every_two_hours_can_be_compared() -> None:
    assert between(a_sensor(25.0, minutes=120), a_sensor(20.0, minutes=7, at=3)) is not None


def test_a_silence_of_three_hours_is_not_bridged() -> None:
    assert between(a_sensor(25.0, minutes=180), a_sensor(20.0)) is None


def test_a_gap_is_bridged_by_a_straight_line() -> None:
    slope = between(a_sensor(lambda hour: 20 + hour, minutes=120), a_sensor(lambda hour: 17 + hour, minutes=10))
    assert slope is not None
    assert slope.difference == pytest.approx(3.0)


def test_a_burst_of_readings_weighs_no_more_than_one() -> None:
    burst = [(START + index, 40.0) for index in range(5_000)]
    assert between(Named("Desk", [*a_sensor(20.0).readings, *burst]), a_sensor(20.0)) is None


def test_readings_outside_the_day_and_impossible_ones_are_left_out() -> None:
    odd = [(START - 1, 30.0), (NOW, 30.0), (START, 85.0), (START, float("nan"))]
    found = between(Named("Desk", [*odd, *a_sensor(25.0).readings]), a_sensor(20.0))
    assert found is not None
    assert found.difference == 5.0


def test_a_sensor_without_readings_disagrees_with_nobody() -> None:
    assert between(Named("Desk", []), a_sensor(20.0)) is None


@given(low=st.floats(0, 30), other=st.floats(0, 30))
def test_both_orders_say_the_same(low: float, other: float) -> None:
    one, two = a_sensor(low, "Desk", minutes=60), a_sensor(other, "Bed", minutes=60)
    forth, back = between(one, two), between(two, one)
    assert (forth and forth.sentence) == (back and back.sentence)
