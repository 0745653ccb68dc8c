"""Zigbee2MQTT: where its availability is told, what a start means, and what keeps its key over a rename."""

import orjson
import pytest

from monitor.core.decoding import Decoders
from monitor.core.known import Attribute, Fact, Known
from monitor.core.readings import Message
from monitor.decoders import zigbee2mqtt

ADDRESS = "0x00158d0001a2b3c4"
STATE, DEVICES = "zigbee2mqtt/bridge/state", "zigbee2mqtt/bridge/devices"
START_MS = 1_790_812_800_000


def devices(name: str) -> bytes:
    exposes = [{"property": "temperature", "access": 1, "unit": "°C"}]
    return orjson.dumps([{"ieee_address": ADDRESS, "friendly_name": name, "definition": {"exposes": exposes}}])


def sensors_of(decoders: Decoders, known: Known, topic: str, at_ms: int = START_MS) -> list[str]:
    message = Message(topic, b'{"temperature":21.5}', False, at_ms)
    return [one.sensor for one in decoders.decode(message, known).measurements]


@pytest.mark.parametrize(
    ("topic", "told_on"),
    [
        ("zigbee2mqtt/bedroom/climate", "zigbee2mqtt/bedroom/climate/availability"),
        ("zigbee2mqtt/bedroom/temperature", "zigbee2mqtt/bedroom/availability"),
        ("zigbee2mqtt/bridge/state", None),
    ],
)
def test_each_device_tells_whether_it_can_be_reached(topic: str, told_on: str | None) -> None:
    assert zigbee2mqtt.dialect().availability(topic) == told_on


def test_a_renamed_device_keeps_its_key(decoders: Decoders) -> None:
    known = Known()
    found = []
    for name in ("bedroom", "by the bed"):
        decoders.learn(Message(DEVICES, devices(name), True, 0), known)
        found += sensors_of(decoders, known, f"zigbee2mqtt/{name}")
    assert found == [f"zigbee2mqtt:{ADDRESS}"] * 2


def test_a_device_says_under_which_key_it_was_heard_before_it_was_announced(decoders: Decoders) -> None:
    learned = decoders.learn(Message(DEVICES, devices("bedroom"), True, 0), Known())
    assert isinstance(learned, tuple)
    fact = learned[0]
    assert isinstance(fact, Fact)
    assert (fact.sensor, fact.formerly, fact.name) == (f"zigbee2mqtt:{ADDRESS}", "zigbee2mqtt:bedroom", "bedroom")


@pytest.mark.parametrize(("after_ms", "heard"), [(0, 0), (9_999, 0), (10_000, 1), (-1, 1)])
def test_what_is_said_within_ten_seconds_of_a_start_is_from_memory(
    decoders: Decoders, after_ms: int, heard: int
) -> None:
    known = Known()
    decoders.learn(Message(STATE, b'{"state":"online"}', False, START_MS), known)
    assert len(sensors_of(decoders, known, "zigbee2mqtt/bedroom", START_MS + after_ms)) == heard


def test_a_broken_state_is_no_start(decoders: Decoders) -> None:
    learned = decoders.learn(Message(STATE, b"\xff", False, START_MS), Known())
    assert learned == Attribute(STATE, "online_ms", None, "zigbee2mqtt")
