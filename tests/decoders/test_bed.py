"""Beds: which topics speak of one, and who is asked first."""

from zoneinfo import ZoneInfo

import pytest

from monitor.core.decoding import NOTHING, Decoded, Decoders, FieldMap, covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders import bed, generic

ZONE = ZoneInfo("Europe/Berlin")
WEIGHT = FieldMap(topic="bedroom/bed/+", path="", quantity="illuminance", sensor="mine")


def nobody_knows(message: Message, known: Known) -> Decoded:
    """Reads nothing."""
    return NOTHING


DIALECT = bed.dialect(otherwise=nobody_knows)
MAPPED = bed.dialect(otherwise=generic.dialect(ZONE, (WEIGHT,)).decode)


@pytest.mark.parametrize(
    ("topic", "quantity"),
    [
        ("bedroom/bed/left", "occupancy"),
        ("bedroom/bed", "occupancy"),
        ("home/bedroom/bed/left/state", "occupancy"),
        ("bed/hers", "occupancy"),
        ("bed/occupied", "occupancy"),
        ("bed/in bed", "occupancy"),
        ("bed/motion", "motion"),
        ("bedroom/bed/vibration", "movement"),
        ("home/bedroom/presence", "occupancy"),
    ],
)
def test_it_subscribes_to_what_it_reads_and_the_last_word_counts(topic: str, quantity: str) -> None:
    assert any(covers(each, topic) for each in DIALECT.subscriptions)
    assert DIALECT.decode(Message(topic, b"ON", False, 0), Known()).measurements[0].quantity == quantity


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "$SYS/bed",
        "bedroom/lamp",
        "bedroom/state",
        "bedroom/bed/lamp",
        "bedroom/bed_light/state",
        "bed/light/state",
        "lamps/bed",
        "switch/bed/left",
        "wled/bed",
        "bed/led/state",
        "bed/head/up",
        "bed/massage/left",
        "bed/heated blanket",
        "bed/temperature",
        "bed/set",
        "bedside/left",
        "embed/left",
        "frigate/bedroom/motion/state",
        "bedroom/motion/enabled",
        "motion/light",
        "presence/anna",
    ],
)
def test_what_is_switched_or_something_else_is_not_claimed(topic: str) -> None:
    assert not DIALECT.claims(topic)


def test_it_is_asked_before_the_generic_dialect_and_after_every_other(decoders: Decoders) -> None:
    names = [dialect.name for dialect in decoders._for_all]
    assert names == ["bed", "generic"]
    assert decoders.dialect_of("zigbee2mqtt/bed") is not decoders.dialect_of("bedroom/bed")


def test_a_map_of_the_configuration_counts_before_the_words() -> None:
    found = MAPPED.decode(Message("bedroom/bed/left", b"1", False, 0), Known()).measurements
    assert [(one.sensor, one.quantity) for one in found] == [("generic:mine", "illuminance")]


def test_json_is_read_by_its_keys() -> None:
    found = MAPPED.decode(Message("bed/left/state", b'{"temperature":21.5}', False, 0), Known()).measurements
    assert [one.quantity for one in found] == ["temperature"]


@pytest.mark.parametrize(
    ("word", "value"),
    [(b"in", 1.0), (b"Bed in", 1.0), (b"bedin", 1.0), (b"out", 0.0), (b"bedout", 0.0), (b"out_of_bed", 0.0)],
)
def test_in_and_out_are_yes_and_no_of_a_bed(word: bytes, value: float) -> None:
    assert DIALECT.decode(Message("withings/bed", word, False, 0), Known()).measurements[0].value == value


def test_in_and_out_say_nothing_of_a_motion_detector() -> None:
    assert DIALECT.decode(Message("bedroom/motion_sensor", b"in", False, 0), Known()) == NOTHING


def test_both_sides_of_a_sleep_number_are_sensors_of_their_own(decoders: Decoders) -> None:
    payload = b'{"beds":[{"bedId":"-922","leftSide":{"isInBed":true},"rightSide":{"isInBed":false}}]}'
    found = decoders.decode(Message("anything/at/all", payload, False, 0), Known()).measurements
    assert [(one.sensor, one.value) for one in found] == [("bed:-922/leftSide", 1.0), ("bed:-922/rightSide", 0.0)]
