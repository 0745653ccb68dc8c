"""rtl_433: one key a sensor whoever hears it, which trees are its own, that neighbours are heard too."""

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders import generic, rtl_433
from tests.decoders.test_shared_fixtures import ZONE

DIALECT = rtl_433.dialect(ZONE)
DECODERS = Decoders((DIALECT, generic.dialect(ZONE)))
EVENT = (
    b'{"time":"2024-07-01 12:00:00","model":"Prologue-TH","subtype":5,"id":70,"channel":1,"humidity":49,"mic":"CRC"}'
)


def sensor(topic: str, payload: bytes) -> str:
    return DECODERS.decode(Message(topic, payload, False, 0), Known()).measurements[0].sensor


@pytest.mark.parametrize(
    "topic", ["rtl_433/pi/events", "rtl_433/pi/devices/M/1/2/humidity", "rtl_433/events", "home/rtl_433/pi/events"]
)
def test_every_tree_is_claimed_and_subscribed(topic: str) -> None:
    assert DECODERS.dialect_of(topic) is DIALECT
    assert any(covers(each, topic) for each in DIALECT.subscriptions)


def test_the_receiver_of_another_gateway_is_not_claimed() -> None:
    assert not DIALECT.claims("home/OMG/RTL_433toMQTT/Prologue-TH/1/70")


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("rtl_433/bedroompi/events", EVENT),
        ("rtl_433/atticpi/events", EVENT),
        ("rtl_433/bedroompi/devices/Prologue-TH/5/1/70/humidity", b"49"),
        ("rtl_433/bedroompi/devices/Prologue-TH/1/70/humidity", b"49"),
        ("sensors/radio", EVENT),
    ],
)
def test_a_sensor_has_one_key_on_every_topic_and_receiver(topic: str, payload: bytes) -> None:
    assert sensor(topic, payload) == "rtl_433:Prologue-TH/1/70"


def test_a_sensor_is_never_accepted_unasked() -> None:
    assert DIALECT.overheard


def test_a_sensor_is_called_as_its_model() -> None:
    found = DECODERS.decode(Message("rtl_433/pi/events", EVENT, False, 0), Known())
    assert found.called == "Prologue-TH"


def test_several_probes_are_not_called_as_one() -> None:
    payload = b'{"model":"Inkbird-ITH20R","id":9,"temperature_C":21,"temperature_2_C":19}'
    assert DECODERS.decode(Message("rtl_433/pi/events", payload, False, 0), Known()).called is None


@pytest.mark.parametrize(
    ("topic", "availability"),
    [
        ("rtl_433/pi/events", "rtl_433/pi/availability"),
        ("rtl_433/pi/devices/M/1/2/humidity", "rtl_433/pi/availability"),
        ("sensors/radio", None),
    ],
)
def test_the_receiver_says_whether_it_is_there(topic: str, availability: str | None) -> None:
    assert DIALECT.availability(topic) == availability


def test_a_reading_of_a_topic_that_is_not_its_own_is_none() -> None:
    assert DIALECT.decode(Message("a/humidity", b"49", False, 0), Known()).measurements == ()
