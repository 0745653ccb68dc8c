"""Home Assistant statestream: one plain value an entity, its attributes on topics beside it."""

from functools import lru_cache
from typing import NamedTuple

from monitor.core.decoding import ANNOUNCEMENT, EMPTY, NOTHING, Decoded, Dialect
from monitor.core.device_classes import COMPONENTS, Meaning, guessed, meaning_of
from monitor.core.explained import OWN, explained, whole_value
from monitor.core.identity import OWN_DEVICE
from monitor.core.known import Attribute, Fact, Known
from monitor.core.payload import document, instant_ms, text
from monitor.core.readings import Message

_DESCRIBING = ("unit_of_measurement", "device_class", "friendly_name")
_UPDATED = "last_updated"
_LEARNED = (*_DESCRIBING, _UPDATED)
_ATTRIBUTES = frozenset((*_LEARNED, "last_changed"))
_BASES = frozenset({"statestream", "hass"})
"""Base topics that speak for themselves; under any other the attributes say whose the state is."""
_MIXED_BASE = "homeassistant"
"""The base topic of Home Assistant's own example, where others put their announcements and states too."""
_APPLIANCES = frozenset({"climate", "weather", "water_heater", "humidifier"})
"""Domains whose temperatures and humidities are set, or are another place's."""
_CURRENT = "current_"
_NO_SENSOR = Decoded(ignored="an entity or attribute of Home Assistant that is no sensor's state")


class _Place(NamedTuple):
    """The parts of `<base>/<domain>/<object>/<name>`."""

    base: str
    domain: str
    object_id: str
    name: str


@lru_cache(maxsize=10_000)
def _place(topic: str) -> _Place | None:
    levels = topic.split("/")
    return None if len(levels) < 4 else _Place(levels[-4], *levels[-3:])


def _claims(topic: str) -> bool:
    place = _place(topic)
    if place is None:
        return False
    if place.domain in _APPLIANCES and (place.base == _MIXED_BASE or place.name.startswith(_CURRENT)):
        return True
    return place.base in _BASES or place.name in _ATTRIBUTES


def _decode(message: Message, known: Known) -> Decoded:
    topic = message.topic
    told, facts = known.attributes(topic), known.facts(topic)
    if not message.payload:
        return EMPTY
    if facts and not told:
        return explained(message, facts)
    called = told.get("friendly_name")
    read = _read(topic, told.get("device_class"), told.get("unit_of_measurement"), called)
    if isinstance(read, Decoded):
        return read
    return whole_value(message, read, time_ms=_time_ms(message, told.get(_UPDATED)), called=called)


def _time_ms(message: Message, updated: str | None) -> int | None:
    """When a state that the broker kept was updated.

    Home Assistant publishes a state before its `last_updated`: what is known on arrival of a live state is the time
    of the one before, whereas a broker gives what it kept of both, announcements first.
    """
    return instant_ms(updated, None, message.received_ms) if message.retain else None


@lru_cache(maxsize=10_000)
def _read(topic: str, device_class: str | None, unit: str | None, called: str | None) -> Fact | Decoded:
    """What a state means, or why it says nothing."""
    place = _place(topic)
    if place is None:
        return NOTHING
    if place.name in _ATTRIBUTES:
        return ANNOUNCEMENT
    if place.domain not in COMPONENTS or place.name != "state":
        return _NO_SENSOR
    if place.object_id.startswith(OWN_DEVICE):
        return OWN
    meaning = _meaning(place, device_class, unit, called)
    if meaning is None:
        return NOTHING
    return Fact(
        state_topic=topic,
        path=(),
        quantity=meaning.quantity,
        unit=meaning.unit,
        sensor=f"statestream:{place.domain}.{place.object_id}",
        name=called or place.object_id,
    )


def _meaning(place: _Place, device_class: str | None, unit: str | None, called: str | None) -> Meaning | None:
    """By class and unit; by its name alone only where no attributes are published.

    Home Assistant has a unit for every number of ours: without it, its topic has not come yet.
    """
    if (device_class, unit, called) == (None, None, None):
        return guessed(place.domain, place.object_id)
    if unit is None and place.domain == "sensor":
        return None
    names = (place.object_id,) if called is None else (place.object_id, called)
    return meaning_of(place.domain, device_class, unit, names)


def _learn(message: Message) -> Attribute:
    entity, _, name = message.topic.rpartition("/")
    return Attribute(f"{entity}/state", name, _value(message.payload), "statestream")


def _value(payload: bytes) -> str | None:
    """An attribute is JSON, a time is written plainly; None for a deletion and for null."""
    word = text(payload)
    content = document(payload) if word.startswith('"') else word
    return None if content in ("", "null") else str(content)


DIALECT = Dialect(
    name="statestream",
    metadata=tuple(
        f"{base}/{component}/+/{name}" for base in ("+", "+/+") for component in COMPONENTS for name in _LEARNED
    ),
    subscriptions=tuple(f"{base}/{component}/+/state" for base in ("+", "+/+") for component in COMPONENTS),
    words=_BASES | _ATTRIBUTES | _APPLIANCES,
    claims=_claims,
    decode=_decode,
    learn=_learn,
)
