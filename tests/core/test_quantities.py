"""Each quantity has one canonical unit, and people see it as they write it."""

import pytest

from monitor.core.quantities import BY_NAME, QUANTITIES, shown_unit


def test_every_quantity_is_found_by_its_name() -> None:
    assert list(BY_NAME.values()) == list(QUANTITIES)


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.name)
def test_a_range_is_a_single_point_for_an_event_only(quantity) -> None:  # type: ignore[no-untyped-def]
    assert quantity.low < quantity.high or quantity.name == "sleep_event"


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        BY_NAME["temperature"] = QUANTITIES[0]  # type: ignore[index]


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("degC", "°C"),
        ("g/m3", "g/m³"),
        ("ug/m3", "µg/m³"),
        ("degC h", "°C·h"),
        ("degC/h", "°C/h"),
        ("1", ""),
        ("%", "%"),
    ],
)
def test_a_unit_is_shown_as_people_write_it(unit: str, shown: str) -> None:
    assert shown_unit(unit) == shown
