"""MiTemperature2's topics, and the names of its sensors."""

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders import mitemperature2

PROGRAM = mitemperature2.DIALECT


@pytest.mark.parametrize(
    ("topic", "claimed"),
    [
        ("ATCThermometer", True),
        ("ATCThermometer/Bed/temperature", True),
        ("MiTemperature2/bedroom/temp", True),
        ("MiTemperature2", False),
        ("homeassistant/sensor/bedroom/state", False),
        ("basement/Living_Room", False),
    ],
)
def test_a_topic_is_claimed_by_its_base(topic: str, claimed: bool) -> None:
    assert PROGRAM.claims(topic) is claimed


@pytest.mark.parametrize(
    "topic",
    [
        "ATCThermometer",
        "ATCThermometer/Bed/humidity",
        "MiTemperature2/bedroom/temp",
        "homeassistant/sensor/bedroom/state",
    ],
)
def test_it_subscribes_to_what_it_reads(topic: str) -> None:
    assert any(covers(each, topic) for each in PROGRAM.subscriptions)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("basement/Living_Room", b'{"temperature":21.5,"calibratedHumidity":50,"sensor":"Bed"}'),
        ("homeassistant/sensor/Bed/state", b'{"temperature":21.5,"batteryvoltage":2.9,"batterylevel":80}'),
        ("MiTemperature2/Bed/temp", b"21.5"),
    ],
)
def test_a_sensor_has_its_name_as_key_by_each_way(topic: str, payload: bytes) -> None:
    found = Decoders((PROGRAM,)).decode(Message(topic, payload, False, 0), Known())
    assert found.measurements[0].sensor == "mitemperature2:Bed"


def test_a_sensor_is_called_by_its_name() -> None:
    message = Message("ATCThermometer", b'{"temperature":21.5,"sensor":"Living Room"}', False, 0)
    assert PROGRAM.decode(message, Known()).called == "Living Room"


def test_its_last_will_has_a_topic_that_only_its_owner_knows() -> None:
    assert PROGRAM.availability("ATCThermometer") is None


def test_its_passive_mode_hears_the_neighbours() -> None:
    assert PROGRAM.overheard
