"""Airthings: which topics are certainly one of the three bridges'."""

from zoneinfo import ZoneInfo

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders.airthings import dialect

DIALECT = dialect(ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    "topic",
    [
        "airthings/58:93:d8:00:00:01/temperature",
        "radon/Temperature",
        "basement-radon/Humidity",
        "airthings/tele/STATE",
        "airthings_living//tele/STATE",
        "home/airthings/tele/STATE",
    ],
)
def test_it_subscribes_to_what_it_reads(topic: str) -> None:
    assert DIALECT.claims(topic)
    assert any(covers(each, topic) for each in DIALECT.subscriptions)


@pytest.mark.parametrize(
    "topic",
    [
        "office/Temperature",
        "airthings/bedroom/temperature",
        "airthings/58:93:d8:00:00:01/a/b",
        "plug/tele/STATE",
        "tele/airthings/STATE",
        "airthings",
        "a/radon/Temperature",
    ],
)
def test_a_topic_that_does_not_tell_for_certain_is_not_claimed(topic: str) -> None:
    assert not DIALECT.claims(topic)


@pytest.mark.parametrize(
    ("topic", "name"),
    [("airthings/tele/STATE", "airthings"), ("tele/airthings/STATE", "tasmota"), ("airthings/tele/SENSOR", "tasmota")],
)
def test_it_and_tasmota_part_their_topics(topic: str, name: str, decoders: Decoders) -> None:
    found = decoders.dialect_of(topic)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    ("topic", "availability"),
    [
        ("airthings/tele/STATE", "airthings/tele/LWT"),
        ("airthings_living//tele/STATE", "airthings_living//tele/LWT"),
        ("radon/Temperature", None),
    ],
)
def test_one_bridge_says_whether_it_is_there(topic: str, availability: str | None) -> None:
    assert DIALECT.availability(topic) == availability


def test_one_device_has_one_key_however_its_address_is_written() -> None:
    topics = [f"airthings/{address}/co2" for address in ("58:93:d8:00:00:01", "58-93-D8-00-00-01", "5893d8000001")]
    found = {DIALECT.decode(Message(topic, b"700", False, 0), Known()).measurements[0].sensor for topic in topics}
    assert found == {"airthings:5893D8000001"}


def test_json_on_a_topic_of_another_name_keeps_that_name() -> None:
    message = Message("wave/tele/STATE", b'{"temperature":"21.9"}', False, 0)
    assert DIALECT.decode(message, Known()).measurements[0].sensor == "airthings:wave"
