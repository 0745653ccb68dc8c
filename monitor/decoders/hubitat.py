"""Hubitat: one plain value an attribute, as MQTT apps on the hub publish it below `hubitat/<hub>/<device>/`."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from monitor.core.announced import BINARY
from monitor.core.decoding import CONTROL, EMPTY, NO_VALUE, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import flag, mapping, measure, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.core.units import to_canonical
from monitor.errors import DecodeError

_ROOT = "hubitat/"
_BRIDGED = "device"
"""Stands in place of the hub where a bridge outside of it publishes, which has no last will."""

_CONTROL_LEVELS = frozenset({"cmd", "command", "set", "LWT", "FW", "IP", "UPTIME"})
_WRAPPED = frozenset({"payload", "events"})
"""Levels on which a whole event is told, with its unit."""

_QUANTITIES = MappingProxyType(
    {
        "temperature": "temperature",
        "humidity": "humidity",
        "pressure": "pressure",
        "illuminance": "illuminance",
        "battery": "battery",
        "carbondioxide": "co2",
        "pm25": "pm25",
        "pm10": "pm10",
        "soundpressurelevel": "noise",
        "motion": "motion",
        "presence": "occupancy",
        "occupancy": "occupancy",
        "acceleration": "movement",
        "shock": "movement",
    }
)
"""By the attribute's name in small letters without separators."""

_STATES = MappingProxyType(
    {
        "active": 1.0,
        "inactive": 0.0,
        "present": 1.0,
        "not present": 0.0,
        "occupied": 1.0,
        "unoccupied": 0.0,
        "detected": 1.0,
        "clear": 0.0,
    }
)
_SEPARATORS = str.maketrans("", "", "-_ ")


class _Place(NamedTuple):
    """The device of a topic and the quantity of its attribute; `wrapped` for one of whole events."""

    sensor: str
    quantity: str | None = None
    wrapped: bool = False
    ignored: Decoded | None = None


@lru_cache(maxsize=10_000)
def _place(topic: str) -> _Place:
    levels = topic.removeprefix(_ROOT).split("/")
    if not _CONTROL_LEVELS.isdisjoint(levels):
        return _Place("", ignored=CONTROL)
    if levels[-1] == "value":
        levels.pop()
    last = levels.pop() if levels else ""
    if levels and levels[-1] == "attributes":
        levels.pop()
    if len(levels) < 2:
        return _Place("", ignored=NOTHING)
    quantity = _quantity(last)
    wrapped = last in _WRAPPED
    ignored = None if quantity is not None or wrapped else NOTHING
    return _Place(f"hubitat:{'/'.join(levels)}", quantity, wrapped, ignored)


def _quantity(attribute: str) -> str | None:
    return _QUANTITIES.get(attribute.lower().translate(_SEPARATORS))


def _decode(message: Message, known: Known) -> Decoded:
    place = _place(message.topic)
    if place.ignored is not None:
        return place.ignored
    if not message.payload:
        return EMPTY
    if place.quantity is None:
        return _event(place.sensor, mapping(message.payload))
    word = text(message.payload)
    if says_nothing(word):
        return NO_VALUE
    fact = known.facts(message.topic).get(())
    value = _value(place.quantity, word, fact.unit if fact is not None else None)
    if value is None:
        raise DecodeError(f"not a value of {place.quantity}")
    return Decoded((Measurement(place.sensor, place.quantity, value),))


def _event(sensor: str, data: Mapping[str, object]) -> Decoded:
    content = data.get("content")
    event = content if isinstance(content, dict) else data
    name, unit = event.get("name"), event.get("unit")
    quantity = _quantity(name) if isinstance(name, str) else None
    value = None if quantity is None else _value(quantity, event.get("value"), unit if isinstance(unit, str) else None)
    if quantity is None or value is None:
        return NOTHING
    called = event.get("deviceLabel") or event.get("displayName")
    return Decoded((Measurement(sensor, quantity, value),), called=called if isinstance(called, str) else None)


def _value(quantity: str, raw: object, unit: str | None) -> float | None:
    """The value in the canonical unit; without a unit the hub's own is not known and counts as that."""
    if quantity in BINARY:
        state = _STATES.get(raw.lower()) if isinstance(raw, str) else None
        return flag(raw) if state is None else state
    found = measure(raw)
    return None if found is None else to_canonical(quantity, found[0], found[1] or unit)


def _availability(topic: str) -> str | None:
    hub = topic.removeprefix(_ROOT).partition("/")[0]
    return None if _place(topic).ignored is not None or hub == _BRIDGED else f"{_ROOT}{hub}/LWT"


DIALECT = Dialect(
    name="hubitat",
    subscriptions=(f"{_ROOT}#",),
    words=frozenset({"hubitat"}),
    claims=lambda topic: topic.startswith(_ROOT),
    decode=_decode,
    availability=_availability,
)
