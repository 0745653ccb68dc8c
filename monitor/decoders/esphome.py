"""ESPHome: one plain value per entity on a retained topic; its meaning from Home Assistant discovery."""

from functools import lru_cache

from monitor.core.decoding import ANNOUNCEMENT, EMPTY, NOTHING, Decoded, Dialect
from monitor.core.device_classes import guessed
from monitor.core.explained import OWN, explained, whole_value
from monitor.core.identity import ESPHOME_SENSORS, ESPHOME_SETTINGS, OWN_DEVICE, esphome_key, esphome_topic
from monitor.core.known import Fact, Known
from monitor.core.readings import Message

_DISCOVER = "esphome/discover/"
_SETTING = Decoded(ignored="a setting, no reading")


def _claims(topic: str) -> bool:
    return topic.startswith(_DISCOVER) or esphome_topic(topic) is not None


def _decode(message: Message, known: Known) -> Decoded:
    topic = message.topic
    if topic.startswith(_DISCOVER):
        return ANNOUNCEMENT
    if not message.payload:
        return EMPTY
    facts = known.facts(topic)
    if facts:
        return explained(message, facts)
    guess = _guess(topic)
    return whole_value(message, guess) if isinstance(guess, Fact) else guess


@lru_cache(maxsize=10_000)
def _guess(topic: str) -> Fact | Decoded:
    """What the topic tells by itself while nobody announces it, or why there is nothing to take from it."""
    place = esphome_topic(topic)
    if place is None:
        return NOTHING
    if place.component in ESPHOME_SETTINGS:
        return _SETTING
    if place.object_id.startswith(OWN_DEVICE):
        return OWN
    meaning = guessed(place.component, place.object_id)
    if meaning is None:
        return NOTHING
    return Fact(
        state_topic=topic,
        path=(),
        quantity=meaning.quantity,
        unit=meaning.unit,
        sensor=esphome_key(place),
        name=place.object_id,
    )


def _availability(state_topic: str) -> str | None:
    place = esphome_topic(state_topic)
    return None if place is None else f"{place.prefix}/status"


DIALECT = Dialect(
    name="esphome",
    words=ESPHOME_SENSORS | ESPHOME_SETTINGS | {"discover"},
    subscriptions=tuple(
        f"{prefix}/{component}/+/state" for prefix in ("+", "+/+") for component in ("sensor", "binary_sensor")
    ),
    claims=_claims,
    decode=_decode,
    availability=_availability,
)
