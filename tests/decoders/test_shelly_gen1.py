"""Shelly Gen1: which topics are its own, what an announcement tells, where a device says that it is there."""

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Fact, Known
from monitor.core.readings import Message
from monitor.decoders.shelly_gen1 import DIALECT
from monitor.errors import DecodeError

ANNOUNCED = b'{"id":"shellyht-A1B2C3","model":"SHHT-1","mac":"A4CF12A1B2C3","ip":"192.168.1.50"}'


def announced(payload: bytes, topic: str = "shellies/bedroom/announce") -> tuple[Fact, ...]:
    known = Known()
    Decoders((DIALECT,)).learn(Message(topic, payload, False, 0), known)
    return known.announced.get(topic, ())


@pytest.mark.parametrize("topic", ["shellies/a/sensor/temperature", "shellies/a/info", "shellies/announce"])
def test_topics_below_shellies_are_claimed_and_subscribed(topic: str) -> None:
    assert Decoders((DIALECT,)).dialect_of(topic) is DIALECT
    assert any(covers(each, topic) for each in DIALECT.subscriptions)


@pytest.mark.parametrize("topic", ["shellies/bed/status/temperature:0", "shellies/bed/events/rpc", "shellies"])
def test_a_newer_device_below_shellies_is_left_to_its_own_dialect(topic: str) -> None:
    assert not DIALECT.claims(topic)


@pytest.mark.parametrize(
    "topic", ["shellies/a/sensor/temperature", "shellies/a/ext_humidity/0", "shellies/a/info", "shellies/a/status"]
)
def test_a_device_says_on_one_topic_whether_it_is_there(topic: str) -> None:
    assert DIALECT.availability(topic) == "shellies/a/online"


def test_what_is_no_sensor_has_no_availability() -> None:
    assert DIALECT.availability("shellies/a/relay/0") is None


def test_an_announcement_names_the_model_and_the_address_of_the_sensor_of_its_topic() -> None:
    (fact,) = announced(ANNOUNCED)
    assert (fact.sensor, fact.device, fact.name) == ("shelly_gen1:bedroom", "A4CF12A1B2C3", "Shelly H&T bedroom")


def test_a_model_that_is_not_known_is_named_as_announced() -> None:
    (fact,) = announced(b'{"model":"SHXX-9","mac":"A4CF12A1B2C3"}')
    assert fact.name == "SHXX-9 bedroom"


@pytest.mark.parametrize("payload", [b"", b"{}", b'{"model":7,"mac":"A"}', b'{"model":"SHHT-1","mac":null}'])
def test_an_announcement_without_model_or_address_tells_nothing(payload: bytes) -> None:
    assert announced(payload) == ()


def test_an_announcement_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(DecodeError):
        announced(b"[1]")


def test_the_common_announcement_topic_teaches_nothing() -> None:
    assert DIALECT.learn(Message("shellies/announce", ANNOUNCED, False, 0)) is None
