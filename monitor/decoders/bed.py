"""Beds without a format of their own: Sleep Number as forwarded, yes or no on a topic that speaks of a bed."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from monitor.core.decoding import NO_VALUE, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import flag, mapping, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.core.vocabulary import words_of

_SIGNATURE = "isInBed"
_SIDES = ("leftSide", "rightSide")

_ANCHORS = MappingProxyType(
    {
        "bed": "occupancy",
        "occupancy": "occupancy",
        "occupied": "occupancy",
        "presence": "occupancy",
        "inbed": "occupancy",
        "motion": "motion",
        "vibration": "movement",
    }
)
"""Words that say what a yes means; the last one in a topic counts."""

_NEUTRAL = frozenset(
    {
        "left",
        "right",
        "middle",
        "l",
        "r",
        "side",
        "his",
        "hers",
        "her",
        "partner",
        "in",
        "sensor",
        "detector",
        "detected",
        "mat",
        "pad",
        "bedroom",
        "room",
        "state",
        "status",
        "value",
    }
)
"""Words that may follow; any other one makes the topic speak of something else (`bed/lamp`, `bed/up`)."""

_SWITCHED = frozenset(
    {
        "light",
        "lights",
        "lamp",
        "lamps",
        "led",
        "leds",
        "wled",
        "strip",
        "switch",
        "switches",
        "plug",
        "plugs",
        "socket",
        "outlet",
        "relay",
        "power",
        "fan",
        "heater",
        "heating",
        "blanket",
        "dimmer",
        "cover",
        "blind",
        "blinds",
        "curtain",
        "shade",
        "climate",
        "valve",
        "button",
        "remote",
        "scene",
        "automation",
        "script",
        "schedule",
        "timer",
        "input",
        "group",
        "cmnd",
        "command",
        "set",
        "get",
        "enable",
        "enabled",
        "detect",
        "frigate",
        "door",
        "window",
        "camera",
        "media",
        "speaker",
        "alarm",
    }
)
"""Words that may not stand anywhere: what is switched, a setting, or something that opens."""

_IN = frozenset({"in", "bedin", "inbed", "occupied"})
_OUT = frozenset({"out", "bedout", "outofbed", "unoccupied", "empty", "vacant"})
"""Words for going to bed and getting up, letters only."""

_LONGEST_WORD_BYTES = 16
"""Bytes; `Out of bed` has 10, and what is longer is no such word."""


class _Spot(NamedTuple):
    """The sensor that a topic names and what a yes on it means."""

    sensor: str
    quantity: str


def dialect(otherwise: Callable[[Message, Known], Decoded]) -> Dialect:
    """Beds; `otherwise` reads what maps, announcements or well-known keys explain, and is asked before words count."""

    def decode(message: Message, known: Known) -> Decoded:
        if _SIGNATURE.encode() in message.payload:
            return _sleep_number(message)
        spot = None if known.facts(message.topic) else _spot(message.topic)
        if spot is None or not message.payload:
            return otherwise(message, known)
        value = _in_or_out(message.payload) if spot.quantity == "occupancy" else None
        if value is None:
            decoded = otherwise(message, known)
            if decoded != NOTHING:
                return decoded
            value = flag(text(message.payload))
        if value is None:
            return NO_VALUE if says_nothing(text(message.payload)) else NOTHING
        return Decoded((Measurement(spot.sensor, spot.quantity, value),))

    return Dialect(
        name="bed",
        subscriptions=(
            "sleepiq/#",
            *(f"{prefix}bed/#" for prefix in ("", "+/", "+/+/")),
            *(f"{prefix}{word}" for prefix in ("+/", "+/+/") for word in _ANCHORS if word != "bed"),
        ),
        words=None,
        fallback=True,
        claims=lambda topic: _spot(topic) is not None,
        decode=decode,
        signatures=(frozenset({_SIGNATURE}),),
    )


@lru_cache(maxsize=10_000)
def _spot(topic: str) -> _Spot | None:
    """Whether the topic speaks of a bed, its occupancy, or movement, and of nothing that is switched."""
    levels = topic.split("/")
    if topic.startswith("$") or not any(levels):
        return None
    words = tuple(word for level in levels for word in words_of(level))
    place = next((place for place in reversed(range(len(words))) if words[place] in _ANCHORS), None)
    if place is None or not _SWITCHED.isdisjoint(words):
        return None
    if not all(word in _NEUTRAL or word.isdecimal() for word in words[place + 1 :]):
        return None
    sensor = topic.removesuffix("/state").removesuffix("/value")
    return _Spot(f"bed:{sensor}", _ANCHORS[words[place]])


def _in_or_out(payload: bytes) -> float | None:
    if len(payload) > _LONGEST_WORD_BYTES:
        return None
    word = "".join(letter for letter in payload.decode(errors="replace").lower() if letter.isalpha())
    if word in _IN:
        return 1.0
    return 0.0 if word in _OUT else None


def _sleep_number(message: Message) -> Decoded:
    """Each side is a sensor of its own; `pressure` is that of its air chamber."""
    found = tuple(_sides(mapping(message.payload), message.topic))
    return Decoded(found) if found else NOTHING


def _sides(data: Mapping[str, object], topic: str) -> Iterator[Measurement]:
    beds = data.get("beds")
    for number, bed in enumerate(beds if isinstance(beds, list) else [data]):
        if isinstance(bed, dict):
            own = bed.get("bedId")
            name = str(own) if isinstance(own, str | int) else f"{topic}/{number}" if number else topic
            yield from _occupied(f"bed:{name}", bed)
            for side in _SIDES:
                part = bed.get(side)
                if isinstance(part, dict):
                    yield from _occupied(f"bed:{name}/{side}", part)


def _occupied(sensor: str, part: Mapping[str, object]) -> Iterator[Measurement]:
    value = flag(part.get(_SIGNATURE))
    if value is not None:
        yield Measurement(sensor, "occupancy", value)
