"""Which values can be true, and which times of a device can be believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.quantities import QUANTITIES
from monitor.core.readings import FUTURE_TOLERANCE_MS, YEAR_2015_MS, implausible, trusted_time_ms

NOW_MS = 1_790_812_800_000


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        ("temperature", -40.0),
        ("temperature", 0.0),
        ("temperature", 60.0),
        ("humidity", 0.01),
        ("humidity", 100.0),
        ("co2", 400.0),
        ("pressure", 540.0),
        ("illuminance", 0.0),
        ("occupancy", 1.0),
    ],
)
def test_a_value_within_its_range_can_be_true(quantity: str, value: float) -> None:
    assert implausible(quantity, value) is None


@pytest.mark.parametrize(
    ("quantity", "value", "why"),
    [
        ("temperature", 85.0, "85 °C is what devices send for no value"),
        ("temperature", -127.0, "-127 °C is what devices send for no value"),
        ("temperature", 60.1, "outside -40 to 60 °C"),
        ("humidity", 0.0, "0 % is what devices send for no value"),
        ("humidity", 100.1, "outside 0 to 100 %"),
        ("co2", 0.0, "outside 0 to 40000 ppm"),
        ("pm25", -1.0, "-1 µg/m³ is what devices send for no value"),
        ("temperature", float("nan"), "outside -40 to 60 °C"),
        ("temperature", float("inf"), "outside -40 to 60 °C"),
    ],
)
def test_a_value_that_cannot_be_true_says_why(quantity: str, value: float, why: str) -> None:
    assert implausible(quantity, value) == why


def test_an_unknown_quantity_is_a_defect() -> None:
    with pytest.raises(KeyError):
        implausible("phlogiston", 1.0)


@given(st.sampled_from(QUANTITIES), st.floats())
def test_what_can_be_true_lies_in_the_range(quantity, value) -> None:  # type: ignore[no-untyped-def]
    assert implausible(quantity.name, value) is not None or quantity.low <= value <= quantity.high


@pytest.mark.parametrize("time_ms", [YEAR_2015_MS, NOW_MS - 1, NOW_MS, NOW_MS + FUTURE_TOLERANCE_MS])
def test_a_time_that_can_be_is_believed(time_ms: int) -> None:
    assert trusted_time_ms(time_ms, NOW_MS) == time_ms


@pytest.mark.parametrize("time_ms", [None, 0, YEAR_2015_MS - 1, NOW_MS + FUTURE_TOLERANCE_MS + 1])
def test_a_time_that_cannot_be_is_not_believed(time_ms: int | None) -> None:
    assert trusted_time_ms(time_ms, NOW_MS) is None
