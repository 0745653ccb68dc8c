"""Tasmota: what its announcement tells of a device, and where it says that it is there."""

import orjson
import pytest

from monitor.core.decoding import Decoders
from monitor.core.known import Availability, Fact, Known
from monitor.core.readings import Message

CONFIG = "tasmota/discovery/DC4F2249A3BC/config"


def learned(decoders: Decoders, **changes: object) -> tuple[Fact, ...]:
    told = {"mac": "DC4F2249A3BC", "t": "node", "ft": "%prefix%/%topic%/", "onln": "Here", "ofln": "Gone", **changes}
    found = decoders.learn(Message(CONFIG, orjson.dumps(told), True, 0), Known())
    assert isinstance(found, tuple)
    return found  # type: ignore[return-value]


def test_a_device_tells_where_it_speaks_and_by_which_words_it_is_there(decoders: Decoders) -> None:
    facts = learned(decoders)
    topics = ["tele/node/SENSOR", "tele/node/RESULT", "stat/node/STATUS8", "stat/node/STATUS10"]
    assert [fact.state_topic for fact in facts] == topics
    assert {fact.availability for fact in facts} == {(Availability("tele/node/LWT", "here", "gone"),)}


def test_a_device_says_how_its_sensors_were_called_before_it_was_announced(decoders: Decoders) -> None:
    told = {(fact.sensor, fact.formerly) for fact in learned(decoders)}
    assert told == {("tasmota:DC4F2249A3BC/", "tasmota:node/")}


@pytest.mark.parametrize(("device", "name"), [("Bedroom", "Bedroom"), ("", "node"), (None, "node")])
def test_a_device_is_called_by_its_name_or_else_by_its_topic(decoders: Decoders, device: object, name: str) -> None:
    assert learned(decoders, dn=device)[0].name == name


@pytest.mark.parametrize(
    ("topic", "told_on"),
    [
        ("tele/node/SENSOR", "tele/node/LWT"),
        ("node/tele/SENSOR", "node/tele/LWT"),
        ("stat/node/STATUS8", "tele/node/LWT"),
        ("node/SENSOR", "node/LWT"),
        ("tele/node/STATE", None),
    ],
)
def test_a_device_is_there_or_not_by_its_last_will(decoders: Decoders, topic: str, told_on: str | None) -> None:
    dialect = decoders.dialect_of(topic)
    assert dialect is not None
    assert (dialect.name, dialect.availability(topic)) == ("tasmota", told_on)


def test_sample_values_of_an_announcement_are_no_readings(decoders: Decoders) -> None:
    payload = b'{"sn":{"Time":"2026-09-25T12:47:15","DHT11":{"Temperature":21.4}}}'
    decoded = decoders.decode(Message("tasmota/discovery/DC4F2249A3BC/sensors", payload, True, 0), Known())
    assert decoded.measurements == ()
