"""MiTemperature2: Xiaomi thermometers by name, JSON on one topic for all, subtopics, or its callback scripts."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from monitor.core import bluetooth
from monitor.core.decoding import EMPTY, NO_VALUE, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import instant_ms, mapping, number, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.errors import DecodeError

_ALL = "ATCThermometer"
_SCRIPT = "MiTemperature2"
_STATE = "state"
_STATES = "+/sensor/+/state"
"""Its script for Home Assistant publishes there; the very filter of ESPHome, so that no broker delivers twice."""

_SUBTOPICS = MappingProxyType(
    {
        "temperature": "temperature",
        "temp": "temperature",
        "humidity": "humidity",
        "calibratedHumidity": "humidity",
        "battery": "battery",
        "batterylevel": "battery",
    }
)
_OTHER_SUBTOPICS = frozenset({"voltage", "batteryvoltage", "timestamp", "sensor", "rssi", "receiver"})

_KEYS = MappingProxyType(
    {
        "temperature": ("temperature",),
        "humidity": ("calibratedHumidity", "humidity"),
        "battery": ("battery", "batterylevel"),
    }
)
"""Quantity to the keys that hold it, the best one first."""

_VOLTAGES = ("voltage", "batteryvoltage")


class _Place(NamedTuple):
    """What a topic says: the name before it, and the key whose plain value it carries."""

    name: str
    key: str | None


@lru_cache(maxsize=10_000)
def _place(topic: str) -> _Place:
    levels = topic.split("/")
    last = levels[-1]
    if len(levels) > 1 and (last in _SUBTOPICS or last in _OTHER_SUBTOPICS):
        own = levels[1:-1] if levels[0] == _SCRIPT else levels[:-1]
        return _Place("/".join(own), last)
    return _Place(levels[-2] if len(levels) > 1 and last == _STATE else topic, None)


def _sensor(name: str) -> str:
    """The key of a sensor by its name; without a name, the program gives the address."""
    device = bluetooth.address(name)
    return f"mitemperature2:{name}" if device is None else bluetooth.sensor(device)


def _decode(message: Message, _known: Known) -> Decoded:
    if not message.payload:
        return EMPTY
    place = _place(message.topic)
    if place.key is not None and not message.payload.lstrip().startswith(b"{"):
        return _plain(place, place.key, message)
    data = mapping(message.payload)
    own = data.get("sensor")
    name = own if isinstance(own, str) and own else place.name
    time_ms = instant_ms(data.get("timestamp"), None, message.received_ms)
    found = tuple(_values(_sensor(name), data, time_ms))
    return Decoded(found, called=name) if found else NOTHING


def _plain(place: _Place, key: str, message: Message) -> Decoded:
    quantity = _SUBTOPICS.get(key)
    if quantity is None:
        return NOTHING
    word = text(message.payload)
    value = number(word)
    if value is not None:
        return Decoded((Measurement(_sensor(place.name), quantity, value),))
    if says_nothing(word):
        return NO_VALUE
    raise DecodeError(f"not a value of {quantity}")


def _values(sensor: str, data: Mapping[str, object], time_ms: int | None) -> Iterator[Measurement]:
    values = {quantity: _first(data, keys) for quantity, keys in _KEYS.items()}
    unheard = _unheard(values, _first(data, _VOLTAGES))
    for quantity, value in values.items():
        if value is not None and quantity not in unheard:
            yield Measurement(sensor, quantity, value, time_ms)


def _unheard(values: Mapping[str, float | None], voltage: float | None) -> frozenset[str]:
    """After a start the program sends 0 for what it has not heard; no air is that dry, no battery that flat."""
    found: frozenset[str] = frozenset()
    if values["humidity"] == 0:
        found |= {"humidity"} | ({"temperature"} if values["temperature"] == 0 else frozenset())
    return found | {"battery"} if values["battery"] == 0 and voltage == 0 else found


def _first(data: Mapping[str, object], keys: tuple[str, ...]) -> float | None:
    values = (number(data.get(key)) for key in keys)
    return next((value for value in values if value is not None), None)


DIALECT = Dialect(
    name="mitemperature2",
    subscriptions=(f"{_ALL}/#", f"{_SCRIPT}/+/+", _STATES),
    words=frozenset({_ALL, _SCRIPT}),
    claims=lambda topic: topic == _ALL or topic.startswith((f"{_ALL}/", f"{_SCRIPT}/")),
    decode=_decode,
    signatures=(frozenset({"calibratedHumidity", "sensor"}), frozenset({"batteryvoltage", "batterylevel"})),
    overheard=True,
)
