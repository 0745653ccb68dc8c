"""Entities of another program: what they measure, and what their states are worth."""

import pytest

from monitor.core.device_classes import Meaning
from monitor.core.past_entities import (
    Mapped,
    Told,
    mapped,
    meaning_of_entity,
    shortened,
    told_by,
    value_of_state,
)
from monitor.errors import InputError


@pytest.mark.parametrize(
    ("entity", "told", "meaning"),
    [
        ("sensor.x", Told("temperature", "°F"), Meaning("temperature", "°F")),
        ("sensor.x", Told("volatile_organic_compounds_parts", "ppm"), Meaning("voc", "ppm")),
        ("sensor.bedroom_humidity", Told(None, "%"), Meaning("humidity", "%")),
        ("sensor.x", Told(None, "°C"), Meaning("temperature", "°C")),
        ("sensor.x", Told(None, "lx"), Meaning("illuminance", "lx")),
        ("sensor.bedroom_temperature", Told(), Meaning("temperature", None)),
        ("binary_sensor.bed", Told("occupancy"), Meaning("occupancy", None)),
    ],
)
def test_class_and_unit_tell_then_the_name_then_a_unit_that_leaves_no_doubt(
    entity: str, told: Told, meaning: Meaning
) -> None:
    assert meaning_of_entity(entity, told) == meaning


@pytest.mark.parametrize(
    ("entity", "told", "why"),
    [
        ("climate.bedroom", Told(None, "°C"), "no sensor"),
        ("sensor.bedroom_monitor_nights", Told(), "bedroom-monitor's own"),
        ("sensor.plug", Told("power", "W"), "nothing that is known here (power, W)"),
        ("sensor.x", Told(None, "%"), "nothing that is known here (%)"),
        ("sensor.cpu", Told(None, "°C"), "nothing that is known here (°C)"),
        ("sensor.last_boot", Told(), "nothing tells what it measures"),
        ("sensor.last_boot", Told(None, None, "Last boot"), "nothing tells what it measures"),
        ("binary_sensor.door", Told(None, "°C"), "nothing that is known here (°C)"),
    ],
)
def test_what_is_left_out_has_a_reason(entity: str, told: Told, why: str) -> None:
    assert meaning_of_entity(entity, told) == why


@pytest.mark.parametrize(
    ("state", "quantity", "unit", "value"),
    [
        ("20.5", "temperature", "°C", 20.5),
        ("68", "temperature", "°F", 20.0),
        (20.5, "temperature", None, 20.5),
        ("on", "occupancy", None, 1.0),
        ("off", "motion", None, 0.0),
        (1.0, "occupancy", None, 1.0),
        (0, "occupancy", None, 0.0),
    ],
)
def test_a_state_becomes_a_value_in_the_canonical_unit(
    state: object, quantity: str, unit: str | None, value: float
) -> None:
    assert value_of_state(state, quantity, unit) == value


@pytest.mark.parametrize("state", [None, "", "unavailable", "unknown", " Unknown ", "nan"])
def test_no_value_is_no_fault(state: object) -> None:
    assert value_of_state(state, "temperature", "°C") is None


@pytest.mark.parametrize(
    ("state", "quantity", "unit", "why"),
    [
        ("warm", "temperature", "°C", "expected a number, got 'warm'"),
        (float("nan"), "temperature", "°C", "expected a number, got nan"),
        (b"20", "temperature", "°C", "expected a number, got b'20'"),
        (0.5, "occupancy", None, "expected on or off, got 0.5"),
        ("20", "temperature", "W", "expected temperature in a unit such as degC, got W"),
    ],
)
def test_r39_a_garbage_state_is_told_and_raises_nothing(
    state: object, quantity: str, unit: str | None, why: str
) -> None:
    assert value_of_state(state, quantity, unit) == why


@pytest.mark.parametrize("attributes", [None, [], "text", 3, {}, {"device_class": 3, "unit_of_measurement": ""}])
def test_r39_attributes_of_any_shape_tell_nothing_at_worst(attributes: object) -> None:
    assert told_by(attributes) == Told()


def test_the_attributes_that_matter_are_read() -> None:
    found = told_by({"device_class": "humidity", "unit_of_measurement": "%", "friendly_name": "Bedroom", "icon": "x"})
    assert found == Told("humidity", "%", "Bedroom")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("zigbee2mqtt:Bedroom climate:temperature", Mapped("zigbee2mqtt:Bedroom climate", "temperature")),
        ("a:humidity:fraction", Mapped("a", "humidity", "fraction")),
        ("x:y:temperature:°F", Mapped("x:y", "temperature", "°F")),
    ],
)
def test_a_person_can_say_what_something_is(text: str, meaning: Mapped) -> None:
    assert mapped(text, "--entity") == meaning


@pytest.mark.parametrize("text", ["", "temperature", ":temperature", "a:b", "a:warmth:°C", "a:temperature:W"])
def test_what_cannot_be_understood_is_refused_with_the_option(text: str) -> None:
    with pytest.raises(InputError, match="--entity: expected"):
        mapped(text, "--entity")


def test_a_long_value_is_shortened_in_a_message() -> None:
    assert (shortened("x" * 200), shortened("x")) == ("'" + "x" * 56 + "...", "'x'")
