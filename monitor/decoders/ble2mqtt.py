"""ble2mqtt: the Bluetooth devices of its configuration, one flat JSON object a device."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from monitor.core import bluetooth
from monitor.core.decoding import CONTROL, EMPTY, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import mapping, number
from monitor.core.readings import Measurement, Message
from monitor.core.units import to_canonical

_BASE = "ble2mqtt/"
_DEVICE = "0x"


def _heard(raw: object) -> float | None:
    """A number, but not the integer 0: that stands for what was not heard yet; a measured zero is 0.0."""
    return None if isinstance(raw, int) and raw == 0 else number(raw)


class _Row(NamedTuple):
    """How one entity is read; `unless` names an entity beside which it is something else."""

    quantity: str
    read: Callable[[object], float | None] = number
    unit: str | None = None
    unless: str | None = None


_ROWS = MappingProxyType(
    {
        "temperature": _Row("temperature", _heard),
        "humidity": _Row("humidity", unless="moisture"),
        "pressure": _Row("pressure"),
        "co2": _Row("co2", unless="tvoc"),
        "tvoc": _Row("voc_mass", unit="mg/m³"),
        "illuminance": _Row("illuminance"),
        "battery": _Row("battery", _heard),
    }
)
"""CO2 beside TVOC is guessed from it (WP6003). `presence` is a phone's that is near."""

_ELSEWHERE = frozenset({"dose", "dose_rate", "energy", "mode", "target_temperature"})
"""Entities of kettle, cooker, heater and dosimeter: the temperature beside them is their own."""


@lru_cache(maxsize=10_000)
def _sensor(topic: str) -> str | None:
    """The sensor of a device's own topic; None for what stands beside and below those."""
    name = topic.removeprefix(_BASE)
    device = bluetooth.address(name) if name.startswith(_DEVICE) else None
    return None if device is None else bluetooth.sensor(device)


def _decode(message: Message, _known: Known) -> Decoded:
    sensor = _sensor(message.topic)
    if sensor is None:
        return CONTROL
    if not message.payload:
        return EMPTY
    found = tuple(_values(sensor, mapping(message.payload)))
    return Decoded(found) if found else NOTHING


def _values(sensor: str, data: Mapping[str, object]) -> Iterator[Measurement]:
    elsewhere = not _ELSEWHERE.isdisjoint(data)
    for key, row in _ROWS.items():
        value = row.read(data.get(key))
        if value is None or row.unless in data or (elsewhere and row.quantity == "temperature"):
            continue
        canonical = to_canonical(row.quantity, value, row.unit)
        if canonical is not None:
            yield Measurement(sensor, row.quantity, canonical)


@lru_cache(maxsize=10_000)
def _availability(state_topic: str) -> str | None:
    return None if _sensor(state_topic) is None else f"{state_topic}/availability"


DIALECT = Dialect(
    name="ble2mqtt",
    subscriptions=(f"{_BASE}+",),
    words=frozenset({_BASE.removesuffix("/")}),
    claims=lambda topic: topic.startswith(_BASE),
    decode=_decode,
    availability=_availability,
)
