"""A unit that is known is converted; one that is not never makes a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.quantities import QUANTITIES
from monitor.core.readings import implausible
from monitor.core.units import UNITS, to_canonical


@pytest.mark.parametrize(
    ("quantity", "value", "unit", "canonical"),
    [
        ("temperature", 71.6, "°F", 22.0),
        ("temperature", 71.6, "ºF", 22.0),
        ("temperature", 71.6, "℉", 22.0),
        ("temperature", 21.5, "℃", 21.5),
        ("temperature", 21.5, "Celsius", 21.5),
        ("temperature", 293.15, "K", 20.0),
        ("humidity", 0.45, "fraction", 45.0),
        ("humidity", 45.0, "%RH", 45.0),
        ("pressure", 101_325.0, "Pa", 1013.25),
        ("pressure", 101.3, "kPa", 1013.0),
        ("pressure", 988.0, "mbar", 988.0),
        ("pressure", 741.5, "mmHg", 988.5855),
        ("pressure", 29.92, "inHg", 1013.207489),
        ("pressure", 14.7, "PSI", 1013.529322),
        ("co2", 0.08, "%", 800.0),
        ("pm25", 0.012, "mg/m³", 12.0),
        ("pm25", 12.0, "µg/m³", 12.0),
        ("pm10", 12.0, "μg/m3", 12.0),
        ("pm10", 12.0, "㎍/㎥", 12.0),
        ("voc", 0.2, "ppm", 200.0),
        ("illuminance", 1.2, "klx", 1200.0),
        ("noise", 33.0, "dB(A)", 33.0),
    ],
)
def test_a_known_unit_is_converted(quantity: str, value: float, unit: str, canonical: float) -> None:
    assert to_canonical(quantity, value, unit) == pytest.approx(canonical, abs=1e-4)


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [
        ("temperature", "%"),
        ("voc", "µg/m³"),
        ("voc", "mg/m³"),
        ("battery", "V"),
        ("illuminance", "%"),
        ("co2", "x"),
    ],
)
def test_an_unknown_unit_makes_no_number(quantity: str, unit: str) -> None:
    assert to_canonical(quantity, 1.0, unit) is None


@pytest.mark.parametrize("unit", [None, ""])
def test_without_a_unit_the_value_is_canonical(unit: str | None) -> None:
    assert to_canonical("temperature", 21.47, unit) == 21.47


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.name)
def test_the_canonical_unit_of_every_quantity_is_its_own(quantity: object) -> None:
    assert to_canonical(quantity.name, 42.0, quantity.unit) == 42.0  # type: ignore[attr-defined]


def test_no_spelling_has_two_meanings_for_one_quantity() -> None:
    spelled = [(quantity, spelling) for unit in UNITS for quantity in unit.of for spelling in unit.spellings]
    assert len(spelled) == len(set(spelled))


def test_the_power_on_value_is_recognised_in_fahrenheit() -> None:
    celsius = to_canonical("temperature", 185.0, "°F")
    assert celsius is not None
    assert implausible("temperature", celsius) == "85 °C is what devices send for no value"


@given(value=st.floats(), unit=st.sampled_from([None, "kPa", "bar", "psi"]))
def test_a_canonical_value_is_finite(value: float, unit: str | None) -> None:
    canonical = to_canonical("pressure", value, unit)
    assert canonical is None or abs(canonical) < float("inf")
