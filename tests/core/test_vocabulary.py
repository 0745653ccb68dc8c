"""Names of topics, keys and entities say a quantity only where they mean the room's."""

import pytest

from monitor.core.quantities import BY_NAME
from monitor.core.units import to_canonical
from monitor.core.vocabulary import _FLAGS, _NUMBERS, _PHRASES, _SUFFIXES, named, words_of


@pytest.mark.parametrize(
    ("name", "quantity", "unit"),
    [
        ("temperature", "temperature", None),
        ("TEMPERATURE", "temperature", None),
        ("tempC", "temperature", "C"),
        ("temp_f", "temperature", "F"),
        ("Air_temperature", "temperature", None),
        ("relative humidity", "humidity", None),
        ("PM2.5", "pm25", None),
        ("pm2_5_ug_m3", "pm25", "ug/m3"),
        ("CO2", "co2", None),
        ("pressure_kPa", "pressure", "kpa"),
        ("battery-percentage", "battery", "%"),
        ("sound_pressure_db", "noise", "dB"),
        ("bedroom_motion", "motion", None),
        ("in_bed", "occupancy", None),
        ("office_co2", "co2", None),
        ("pressure_mmHg", "pressure", "mmhg"),
    ],
)
def test_a_name_says_its_quantity_and_unit(name: str, quantity: str, unit: str | None) -> None:
    found = named(name)
    assert found is not None
    assert (found.quantity, found.unit) == (quantity, unit)


@pytest.mark.parametrize(
    "name",
    [
        "device_temperature",
        "cpuTemp",
        "temperature_setpoint",
        "dew_point_temperature",
        "absolute_humidity",
        "soil_humidity",
        "eCO2",
        "voc_index",
        "battery_voltage",
        "bed_pressure",
        "color_temp",
        "temperature_and_humidity",
        "status",
        "t",
        "has_still_target",
    ],
)
def test_a_name_that_means_something_else_says_nothing(name: str) -> None:
    assert named(name) is None


def test_what_is_left_of_a_name_is_the_place() -> None:
    found = named("bedroom_window_temperature_c")
    assert found is not None
    assert (found.rest, found.last) == (("bedroom", "window"), True)


def test_a_quantity_may_stand_first() -> None:
    found = named("temperature_bedroom")
    assert found is not None
    assert not found.last


def test_words_part_at_signs_and_humps() -> None:
    assert words_of("roomTemp/x-y") == ("room", "temp", "x", "y")


def test_every_word_means_a_quantity_of_ours() -> None:
    meant = {quantity for quantity, _ in _NUMBERS.values()} | set(_FLAGS.values()) | set(_PHRASES.values())
    assert meant | set(_SUFFIXES) <= set(BY_NAME)


@pytest.mark.parametrize(("quantity", "unit"), [(q, unit) for q, units in _SUFFIXES.items() for unit in units.values()])
def test_every_unit_in_a_name_can_be_converted(quantity: str, unit: str) -> None:
    assert to_canonical(quantity, 1.0, unit) is not None
