"""What statestream's attributes tell, and what their order does to a reading's time."""

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Attribute, Known
from monitor.core.readings import Message
from monitor.decoders import esphome
from monitor.decoders.statestream import DIALECT

STATE = "ha/sensor/air/state"
OLD, NEW = "2026-09-30T22:00:00+00:00", "2026-09-30T22:05:00+00:00"
NEW_MS = 1_790_805_900_000
ARRIVAL_MS = NEW_MS + 50


def told(*updated: str) -> Known:
    """A temperature in °C with these `last_updated` one after the other."""
    known = Known()
    attributes = [("unit_of_measurement", '"°C"'), ("device_class", '"temperature"')]
    for name, payload in [*attributes, *(("last_updated", each) for each in updated)]:
        Decoders((DIALECT,)).learn(Message(f"ha/sensor/air/{name}", payload.encode(), True, 0), known)
    return known


def time_ms(known: Known, *, retain: bool) -> int | None:
    decoded = DIALECT.decode(Message(STATE, b"21.5", retain, ARRIVAL_MS), known)
    return decoded.measurements[0].time_ms


def test_a_live_state_is_not_stamped_with_the_time_of_the_one_before() -> None:
    assert time_ms(told(OLD), retain=False) is None


def test_a_kept_state_is_as_old_as_it_was_last_updated() -> None:
    assert time_ms(told(OLD, NEW), retain=True) == NEW_MS


@pytest.mark.parametrize(
    ("payload", "value"),
    [(b'"\xc2\xb0C"', "°C"), (OLD.encode(), OLD), (b"", None), (b"null", None), (b'""', None), (b"7", "7")],
)
def test_an_attribute_is_json_and_a_time_is_plain(payload: bytes, value: str | None) -> None:
    learned = DIALECT.learn(Message("ha/sensor/air/unit_of_measurement", payload, True, 0))
    assert learned == Attribute(STATE, "unit_of_measurement", value, "statestream")


def test_attributes_tell_whose_a_state_is_that_looks_like_esphomes() -> None:
    decoders = Decoders((DIALECT, esphome.DIALECT))
    message = Message(STATE, b"21.5", False, ARRIVAL_MS)
    speakers = [decoders.speaker_of(message, known) for known in (Known(), told())]
    assert speakers == [esphome.DIALECT, DIALECT]


@pytest.mark.parametrize(
    "topic", ["hass/sensor/air/state", "a/b/sensor/x/unit_of_measurement", "homeassistant/weather/home/temperature"]
)
def test_a_claimed_topic_is_found_by_one_of_its_words(topic: str) -> None:
    assert Decoders((DIALECT,)).dialect_of(topic) is DIALECT


@pytest.mark.parametrize("topic", ["ha/sensor/air/state", "home/climate/bedroom/temperature", "hass", ""])
def test_another_topic_is_not_claimed_by_its_shape(topic: str) -> None:
    assert not DIALECT.claims(topic)


@pytest.mark.parametrize("topic", [STATE, "home/ha/binary_sensor/mat/state"])
def test_states_are_subscribed(topic: str) -> None:
    assert any(covers(each, topic) for each in DIALECT.subscriptions)


def test_a_topic_too_short_holds_nothing() -> None:
    assert DIALECT.decode(Message("a/b", b"21.5", False, 0), Known()).measurements == ()
