"""Awair: whose topic it is, and which device measured."""

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders.awair import DIALECT

AIR = b'{"score":88,"temp":21.8,"humid":51.2,"device_uuid":"awair-omni_77"}'


@pytest.mark.parametrize("topic", ["awair/sensors", "awair/a/b/sensors", "awair/a/status", "home/awair/a/sensors"])
def test_other_topics_are_not_claimed(topic: str) -> None:
    assert not DIALECT.claims(topic)


def test_it_subscribes_to_what_it_claims() -> None:
    assert DIALECT.claims("awair/awair-omni_77/sensors")
    assert any(covers(each, "awair/awair-omni_77/sensors") for each in DIALECT.subscriptions)


def test_the_same_data_on_the_topics_of_two_devices_is_of_one_sensor(decoders: Decoders) -> None:
    topics = ("awair/bedroom/sensors", "awair/office/sensors", "forwarded/air")
    found = {
        measurement.sensor
        for topic in topics
        for measurement in decoders.decode(Message(topic, AIR, False, 0), Known()).measurements
    }
    assert found == {"awair:awair-omni_77"}
