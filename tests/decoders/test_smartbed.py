"""smartbed-mqtt: one bed is one sensor, and each entity says whether it is there."""

import pytest

from monitor.core.decoding import covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders.smartbed import DIALECT

TOPIC = "sleeptracker/123456/co2_sensor/state"


def test_it_subscribes_to_what_it_reads() -> None:
    assert DIALECT.claims(TOPIC)
    assert any(covers(each, TOPIC) for each in DIALECT.subscriptions)


def test_the_payload_says_what_it_is_and_not_the_topic() -> None:
    payload = b'{"type":"vocPpb","lastUpdated":"2024-02-11T04:10:00.000Z","value":118.2}'
    found = DIALECT.decode(Message(TOPIC, payload, False, 0), Known()).measurements
    assert [(one.sensor, one.quantity) for one in found] == [("smartbed:123456", "voc")]


@pytest.mark.parametrize(
    ("topic", "availability"),
    [
        (TOPIC, "sleeptracker/123456/co2_sensor/status"),
        ("sleeptracker/123456/co2_sensor/status", None),
        ("sleeptracker/state", None),
    ],
)
def test_each_entity_has_an_availability_of_its_own(topic: str, availability: str | None) -> None:
    assert DIALECT.availability(topic) == availability
