"""What Homie's attributes and descriptions tell of a sensor."""

import json

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Attribute, Availability, Fact, Known
from monitor.core.readings import Message
from monitor.decoders.homie import DIALECT

DESCRIPTION = "homie/5/probe/$description"
PROPERTIES = {
    "temperature": {"datatype": "float", "unit": "°C", "name": "Air"},
    "x": {"datatype": "enum"},
    "": {"unit": "°C"},
}


def described(**root: object) -> tuple[Fact, ...]:
    payload = json.dumps({"name": "Probe", "nodes": {"climate": {"properties": PROPERTIES}}} | root)
    learned = DIALECT.learn(Message(DESCRIPTION, payload.encode(), True, 0))
    assert learned is not None
    assert not isinstance(learned, Attribute)
    return learned


def test_a_description_tells_of_the_properties_that_are_ours() -> None:
    assert [(fact.sensor, fact.name, fact.device, fact.second_hand) for fact in described()] == [
        ("homie:probe/climate/temperature", "Probe Air", "probe", False)
    ]


def test_a_device_says_itself_whether_it_can_be_reached() -> None:
    assert described()[0].availability == (Availability("homie/5/probe/$state"),)


def test_a_child_is_lost_when_its_root_is() -> None:
    availability = described(root="bridge", parent="hub")[0].availability
    assert [each.topic for each in availability] == ["homie/5/probe/$state", "homie/5/bridge/$state"]


@pytest.mark.parametrize(
    ("topic", "attribute"),
    [
        ("homie/dev/climate/temperature/$unit", Attribute("homie/dev/climate/temperature", "unit", "°C", "homie")),
        ("homie/dev/climate/$properties", Attribute("homie/dev/climate", "properties", "°C", "homie")),
        ("homie/dev/$name", Attribute("homie/dev", "name", "°C", "homie")),
    ],
)
def test_an_attribute_is_told_of_what_it_stands_under(topic: str, attribute: Attribute) -> None:
    assert Decoders((DIALECT,)).learn(Message(topic, "°C".encode(), True, 0), Known()) == attribute


def test_an_empty_attribute_is_taken_back() -> None:
    assert DIALECT.learn(Message("homie/dev/$name", b"", True, 0)) == Attribute("homie/dev", "name", None, "homie")


def test_a_property_is_called_by_its_device_and_its_name() -> None:
    known = Known()
    told = {"$name": "Probe", "a/t/$name": "Air", "a/t/$unit": "°C"}
    for place, payload in told.items():
        Decoders((DIALECT,)).learn(Message(f"homie/dev/{place}", payload.encode(), True, 0), known)
    assert DIALECT.decode(Message("homie/dev/a/t", b"21.5", True, 0), known).called == "Probe Air"


@pytest.mark.parametrize(
    ("topic", "state"),
    [
        ("homie/dev/climate/temperature", "homie/dev/$state"),
        ("homie/5/dev/climate/temperature", "homie/5/dev/$state"),
        ("homie/dev/$state", None),
        ("homie/dev", None),
        ("", None),
    ],
)
def test_the_state_of_a_device_says_whether_its_properties_can_be_reached(topic: str, state: str | None) -> None:
    assert DIALECT.availability(topic) == state


@pytest.mark.parametrize("topic", ["homie/dev/climate/temperature", "homie/5/dev/climate/temperature"])
def test_values_are_claimed_and_subscribed(topic: str) -> None:
    assert DIALECT.claims(topic)
    assert any(covers(each, topic) for each in DIALECT.subscriptions)


@pytest.mark.parametrize("topic", ["homie/dev/climate/temperature/set", "homie/5/dev/climate/temperature/set"])
def test_commands_are_not_readings(topic: str) -> None:
    assert DIALECT.decode(Message(topic, b"20", False, 0), Known()).ignored == "control topic"
