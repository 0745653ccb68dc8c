"""govee2mqtt: the unit comes with the announcement, and goes with it."""

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders.govee2mqtt import DIALECT

TOPIC = "gv2mqtt/sensor/sensor-0B4AC5B9-sensortemperature/state"
CONFIG = "homeassistant/sensor/sensor-0B4AC5B9-sensortemperature/config"
ANNOUNCED = (
    b'{"name":"Temperature","device_class":"temperature","unit_of_measurement":"\xc2\xb0F","entity_category":'
    b'"diagnostic","state_topic":"gv2mqtt/sensor/sensor-0B4AC5B9-sensortemperature/state"}'
)


def test_it_subscribes_to_what_it_reads() -> None:
    assert DIALECT.claims(TOPIC)
    assert any(covers(each, TOPIC) for each in DIALECT.subscriptions)


def test_a_temperature_waits_for_its_unit_and_says_so() -> None:
    decoded = DIALECT.decode(Message(TOPIC, b"71.60", False, 0), Known())
    assert decoded.measurements == ()
    assert decoded.ignored == "its unit (C or F) is not announced yet"


def test_the_unit_is_believed_though_the_publisher_calls_the_entity_diagnostic(decoders: Decoders) -> None:
    known = Known()
    decoders.learn(Message(CONFIG, ANNOUNCED, True, 0), known)
    assert decoders.decode(Message(TOPIC, b"71.60", False, 0), known).measurements[0].value == 22.0


def test_a_unit_that_is_taken_back_counts_no_longer(decoders: Decoders) -> None:
    known = Known()
    for payload in (ANNOUNCED, b""):
        decoders.learn(Message(CONFIG, payload, True, 0), known)
    assert decoders.decode(Message(TOPIC, b"71.60", False, 0), known).measurements == ()


@pytest.mark.parametrize(
    ("topic", "availability"),
    [(TOPIC, "gv2mqtt/availability"), ("gv2mqtt/light/0B4AC5B9/state", None), ("gv2mqtt/availability", None)],
)
def test_all_its_sensors_share_one_availability(topic: str, availability: str | None) -> None:
    assert DIALECT.availability(topic) == availability
