"""RuuviBridge: Ruuvi tags by their address, one JSON object a tag and, if wanted, one plain value a key."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from monitor.core import bluetooth
from monitor.core.decoding import CONTROL, EMPTY, NO_VALUE, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import instant_ms, mapping, number, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.core.units import to_canonical
from monitor.errors import DecodeError

_BASE = "ruuvibridge/"
_ROWS = MappingProxyType(
    {
        "temperature": ("temperature", None),
        "humidity": ("humidity", None),
        "pressure": ("pressure", "Pa"),
        "pm2p5": ("pm25", None),
        "pm10p0": ("pm10", None),
        "co2": ("co2", None),
        "illuminance": ("illuminance", None),
        "soundAverage": ("noise", None),
    }
)
"""Key to quantity and unit; `voc` and `nox` are indices, and what the bridge calculates is no measurement."""


class _Place(NamedTuple):
    """What a topic says: the tag's address, and the key whose plain value it carries."""

    device: str | None
    key: str | None


@lru_cache(maxsize=10_000)
def _place(topic: str) -> _Place:
    parent, _, last = topic.rpartition("/")
    device = bluetooth.address(last)
    if device is not None:
        return _Place(device, None)
    device = bluetooth.address(parent.rpartition("/")[2])
    return _Place(device, None if device is None else last)


def _decode(message: Message, _known: Known) -> Decoded:
    if not message.payload:
        return EMPTY
    place = _place(message.topic)
    if place.key is not None and place.device is not None:
        return _plain(bluetooth.sensor(place.device), place.key, message)
    if place.device is None and message.topic.startswith(_BASE):
        return CONTROL
    data = mapping(message.payload)
    device = place.device or _told(data)
    time_ms = instant_ms(data.get("timestamp"), None, message.received_ms)
    found = () if device is None else tuple(_values(bluetooth.sensor(device), data, time_ms))
    name = data.get("name")
    return Decoded(found, called=name if isinstance(name, str) and name else None) if found else NOTHING


def _told(data: Mapping[str, object]) -> str | None:
    own = data.get("mac")
    return bluetooth.address(own) if isinstance(own, str) else None


def _plain(sensor: str, key: str, message: Message) -> Decoded:
    """One value on a topic of its own (`publish_raw`)."""
    if key not in _ROWS:
        return NOTHING
    word = text(message.payload)
    found = tuple(_values(sensor, {key: word}, None))
    if found:
        return Decoded(found)
    if says_nothing(word):
        return NO_VALUE
    raise DecodeError(f"not a value of {_ROWS[key][0]}")


def _values(sensor: str, data: Mapping[str, object], time_ms: int | None) -> Iterator[Measurement]:
    for key, (quantity, unit) in _ROWS.items():
        value = number(data.get(key))
        canonical = None if value is None else to_canonical(quantity, value, unit)
        if canonical is not None:
            yield Measurement(sensor, quantity, canonical, time_ms)


DIALECT = Dialect(
    name="ruuvibridge",
    subscriptions=(f"{_BASE}+", f"{_BASE}+/+"),
    words=frozenset({_BASE.removesuffix("/")}),
    claims=lambda topic: topic.startswith(_BASE),
    decode=_decode,
    signatures=(frozenset({"data_format", "mac"}),),
    overheard=True,
)
