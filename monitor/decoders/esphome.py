"""ESPHome: one plain value per entity on a retained topic; its meaning from Home Assistant discovery."""

from functools import lru_cache
from typing import NamedTuple

from monitor.core.announced import value_of
from monitor.core.decoding import ANNOUNCEMENT, EMPTY, NO_VALUE, NOTHING, Decoded, Dialect
from monitor.core.known import Fact, Known
from monitor.core.payload import says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.core.vocabulary import NEEDS_UNIT, Named, named
from monitor.errors import DecodeError

_COMPONENTS = ("sensor", "binary_sensor")
_DISCOVER = "esphome/discover/"
_NOT_ESPHOME = ("homeassistant/", "$")
_NOT_A_READING = Decoded(ignored="announced as something else than a reading of the room")


class _Channel(NamedTuple):
    """What a state topic tells by itself: the sensor, and a guess at its meaning if nobody announces it."""

    sensor: str
    guess: Fact | None


def _claims(topic: str) -> bool:
    levels = topic.split("/")
    shaped = len(levels) >= 4 and levels[-1] == "state" and levels[-3] in _COMPONENTS and levels[-2] != ""
    return topic.startswith(_DISCOVER) or (shaped and not topic.startswith(_NOT_ESPHOME))


def _decode(message: Message, known: Known) -> Decoded:
    topic = message.topic
    if topic.startswith(_DISCOVER):
        return ANNOUNCEMENT
    if not message.payload:
        return EMPTY
    channel = _channel(topic)
    fact = known.facts(topic).get((), channel.guess)
    if fact is None:
        return NOTHING
    if fact.quantity is None:
        return _NOT_A_READING
    word = text(message.payload)
    value = value_of(fact, word)
    if value is None:
        return _without_value(fact, word)
    return Decoded((Measurement(channel.sensor, fact.quantity, value),))


def _without_value(fact: Fact, word: str) -> Decoded:
    if says_nothing(word):
        return NO_VALUE
    raise DecodeError(f"not a value of {fact.quantity} in {fact.unit or 'its usual unit'}")


@lru_cache(maxsize=10_000)
def _channel(topic: str) -> _Channel:
    if not _claims(topic):
        return _Channel(f"esphome:{topic}", None)
    levels = topic.split("/")
    object_id = levels[-2]
    sensor = f"esphome:{'/'.join(levels[:-3])}/{object_id}"
    meaning = named(object_id)
    if meaning is None or not _fits(meaning, levels[-3]):
        return _Channel(sensor, None)
    return _Channel(
        sensor,
        Fact(
            state_topic=topic,
            path=(),
            quantity=meaning.quantity,
            unit=meaning.unit,
            sensor=sensor,
            name=object_id,
        ),
    )


def _fits(meaning: Named, component: str) -> bool:
    if meaning.binary:
        return component == "binary_sensor"
    return component == "sensor" and (meaning.unit is not None or meaning.quantity not in NEEDS_UNIT)


DIALECT = Dialect(
    name="esphome",
    words=frozenset((*_COMPONENTS, "discover")),
    subscriptions=tuple(f"{prefix}/{component}/+/state" for prefix in ("+", "+/+") for component in _COMPONENTS),
    claims=_claims,
    decode=_decode,
)
