"""Airthings behind its three bridges: plain values or JSON of strings."""

import re
from collections.abc import Iterator
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.decoding import CONTROL, EMPTY, NO_VALUE, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import instant_ms, mapping, number, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.core.vocabulary import words_of
from monitor.errors import DecodeError

_ADDRESS = re.compile(r"[0-9A-Fa-f]{2}(?:[:-]?[0-9A-Fa-f]{2}){5}")
_STATE = "/tele/STATE"
_LWT = "/tele/LWT"

_BY_ADDRESS = MappingProxyType(
    {
        "temperature": "temperature",
        "humidity": "humidity",
        "co2": "co2",
        "voc": "voc",
        "rel_atm_pressure": "pressure",
        "illuminance": "illuminance",
        "battery": "battery",
    }
)
"""hassio-addon-airthings; in °C, %, ppm, ppb, mbar, lx."""

_BY_NAME = MappingProxyType({"Temperature": "temperature", "Humidity": "humidity", "DateTime": None})
"""airthingswave-mqtt, which others resemble: it is believed where the device's name speaks of radon or Airthings."""

_RADON = frozenset({"Radon-Day", "Radon-Long-Term"})
_NAMES = frozenset({"airthings", "airthingswave", "radon", "wave", "waveplus"})

_IN_JSON = MappingProxyType(
    {
        "temperature": "temperature",
        "humidity": "humidity",
        "pressure": "pressure",
        "CO2_lvl": "co2",
        "VOC_lvl": "voc",
    }
)
"""airthings-mqtt; in °C, %, hPa, ppm, ppb."""


class _Place(NamedTuple):
    """What a topic tells: the device, and the quantity of its plain value or that it carries JSON."""

    sensor: str
    quantity: str | None = None
    json: bool = False


def dialect(zone: ZoneInfo) -> Dialect:
    """Airthings; a time without a zone is read in `zone`."""

    def decode(message: Message, known: Known) -> Decoded:  # noqa: ARG001 - the contract of every dialect
        if message.topic.endswith(_LWT):
            return CONTROL
        if not message.payload:
            return EMPTY
        place = _place(message.topic) or _Place(f"airthings:{message.topic.removesuffix(_STATE)}", json=True)
        return _object(place.sensor, message, zone) if place.json else _plain(place, text(message.payload))

    return Dialect(
        name="airthings",
        subscriptions=("airthings/#", "+/tele/#", "+/+/tele/STATE", "+/Temperature", "+/Humidity"),
        words=frozenset(("airthings", "STATE", "LWT", *_BY_NAME, *_RADON)),
        claims=lambda topic: _place(topic) is not None,
        decode=decode,
        signatures=(frozenset({"radon_st_avg", "radon_lt_avg"}),),
        availability=_availability,
    )


def _availability(topic: str) -> str | None:
    return topic.removesuffix(_STATE) + _LWT if topic.endswith(_STATE) else None


@lru_cache(maxsize=10_000)
def _place(topic: str) -> _Place | None:
    """Which bridge's topic this is; None where its shape does not tell for certain."""
    if topic.endswith((_STATE, _LWT)):
        base = topic.removesuffix(_STATE).removesuffix(_LWT).rstrip("/")
        return _Place(f"airthings:{base}", json=True) if "airthings" in base.lower() else None
    first, *rest = topic.split("/")
    if len(rest) == 2 and first == "airthings" and _ADDRESS.fullmatch(rest[0]):
        address = rest[0].replace(":", "").replace("-", "").upper()
        return _Place(f"airthings:{address}", _BY_ADDRESS.get(rest[1]))
    if len(rest) == 1 and (rest[0] in _RADON or (rest[0] in _BY_NAME and not _NAMES.isdisjoint(words_of(first)))):
        return _Place(f"airthings:{first}", _BY_NAME.get(rest[0]))
    return None


def _plain(place: _Place, word: str) -> Decoded:
    if place.quantity is None:
        return NOTHING
    value = number(word)
    if value is not None:
        return Decoded((Measurement(place.sensor, place.quantity, value),))
    if says_nothing(word):
        return NO_VALUE
    raise DecodeError(f"not a value of {place.quantity}")


def _object(sensor: str, message: Message, zone: ZoneInfo) -> Decoded:
    found = tuple(_values(sensor, message, zone))
    return Decoded(found) if found else NOTHING


def _values(sensor: str, message: Message, zone: ZoneInfo) -> Iterator[Measurement]:
    data = mapping(message.payload)
    time_ms = instant_ms(data.get("Time", data.get("time")), zone, message.received_ms)
    for key, quantity in _IN_JSON.items():
        value = number(data.get(key))
        if value is not None:
            yield Measurement(sensor, quantity, value, time_ms)
