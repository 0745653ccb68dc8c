"""Hubitat: which topics are its own, one key a device, where the hub says that it is there."""

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders.hubitat import DIALECT

PLAIN = "hubitat/home-000d/multisensor-738/temperature"
ATTRIBUTES = "hubitat/home-000d/multisensor-738/attributes/temperature/value"


@pytest.mark.parametrize("topic", [PLAIN, ATTRIBUTES, "hubitat/device/12/temperature"])
def test_its_topics_are_claimed_and_subscribed(topic: str) -> None:
    assert Decoders((DIALECT,)).dialect_of(topic) is DIALECT
    assert any(covers(each, topic) for each in DIALECT.subscriptions)


def test_a_topic_that_only_names_the_hub_is_not_claimed() -> None:
    assert not DIALECT.claims("home/hubitat/temperature")


@pytest.mark.parametrize("topic", [PLAIN, ATTRIBUTES])
def test_a_device_is_one_sensor_in_every_form_of_topic(topic: str) -> None:
    found = DIALECT.decode(Message(topic, b"21.5", False, 0), Known())
    assert found.measurements[0].sensor == "hubitat:home-000d/multisensor-738"


@pytest.mark.parametrize(("label", "called"), [(b'"Bedroom"', "Bedroom"), (b"7", None)])
def test_a_whole_event_tells_what_the_device_is_called(label: bytes, called: str | None) -> None:
    payload = b'{"name":"humidity","value":"44","deviceLabel":' + label + b"}"
    found = DIALECT.decode(Message("hubitat/home-000d/multisensor-738/payload", payload, False, 0), Known())
    assert found.called == called


@pytest.mark.parametrize(
    ("topic", "availability"),
    [(PLAIN, "hubitat/home-000d/LWT"), ("hubitat/device/12/temperature", None), ("hubitat/home-000d/LWT", None)],
)
def test_the_hub_says_whether_it_is_there(topic: str, availability: str | None) -> None:
    assert DIALECT.availability(topic) == availability
