"""One Bluetooth advertisement as Theengs Gateway and OpenMQTTGateway publish it: decoded by Theengs, or raw."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from monitor.core import bluetooth, bthome
from monitor.core.decoding import NOTHING, Decoded
from monitor.core.payload import flag, mapping, number
from monitor.core.readings import Message

LEVEL = "BTtoMQTT"
"""The topic level before the device's address."""

FILTER = f"+/+/{LEVEL}/#"
"""One filter for both programs: where two overlap, a broker may deliver twice."""

_NAMELESS = Decoded(ignored="no address of a device")

SIGNATURES = (
    frozenset({"id", "brand", "model_id"}),
    frozenset({"id", "servicedatauuid", "servicedata"}),
)
"""Keys of a decoded and of an undecoded advertisement, whatever the topic."""


class _Row(NamedTuple):
    """How one key of the Theengs decoder is read; its values are in canonical units."""

    quantity: str
    read: Callable[[object], float | None] = number


_ROWS: Mapping[str, _Row] = MappingProxyType(
    {
        "tempc": _Row("temperature"),
        "hum": _Row("humidity"),
        "pres": _Row("pressure"),
        "co2": _Row("co2"),
        "pm25": _Row("pm25"),
        "pm10": _Row("pm10"),
        "lux": _Row("illuminance"),
        "motion": _Row("motion", flag),
        "batt": _Row("battery"),
    }
)
_NO_ROWS: Mapping[str, _Row] = MappingProxyType({})
_BATTERY: Mapping[str, _Row] = MappingProxyType({"batt": _ROWS["batt"]})
_OF_A_POT: Mapping[str, _Row] = MappingProxyType({key: _ROWS[key] for key in ("tempc", "lux", "batt")})
"""A plant sensor stands in wet soil: what it says of humidity is not the room's."""

_BY_TYPE: Mapping[str, Mapping[str, _Row]] = MappingProxyType(
    {**dict.fromkeys(("THB", "THBX", "AIR", "CTMO", "ACEL"), _ROWS), "PLANT": _OF_A_POT, "RMAC": _NO_ROWS}
)
"""What a device of each type says of the room; of any other (barbecue, scale, tyre) only its battery is of use.

RMAC is a phone or the like: its address changes by the minute.
"""

_ELSEWHERE = frozenset({"tempc2", "gravity"})
"""Several probes, or a hydrometer: the temperature is that of meat or beer."""

_BTHOME_UUIDS = ("fcd2", "0xfcd2", "0000fcd2-")


def decode(message: Message, device: str | None) -> Decoded:
    """What an advertisement of `device` (from the topic; None: the payload names it) holds. Raises DecodeError."""
    data = mapping(message.payload)
    found = tuple(_values(data))
    if not found and "model_id" not in data:
        found = _in_raw(data)
    if not found:
        return NOTHING
    device = device or _device(data)
    if device is None:
        return _NAMELESS
    return Decoded(bluetooth.measurements(bluetooth.sensor(device), found), called=_called(data))


def _values(data: Mapping[str, object]) -> Iterator[tuple[str, float]]:
    rows = _rows(data)
    for key, raw in data.items():
        row = rows.get(key)
        value = None if row is None else row.read(raw)
        if row is not None and value is not None:
            yield row.quantity, value


def _rows(data: Mapping[str, object]) -> Mapping[str, _Row]:
    if not _ELSEWHERE.isdisjoint(data):
        return _BATTERY
    kind = data.get("type")
    if kind is None:
        return _OF_A_POT if "moi" in data else _ROWS
    return _BY_TYPE.get(kind, _BATTERY) if isinstance(kind, str) else _NO_ROWS


def _in_raw(data: Mapping[str, object]) -> tuple[tuple[str, float], ...]:
    """What Theengs' decoder did not know, and we do."""
    uuid = data.get("servicedatauuid")
    if isinstance(uuid, str) and uuid.lower().startswith(_BTHOME_UUIDS):
        return bthome.measured(bluetooth.hex_bytes(data.get("servicedata")))
    return bluetooth.in_manufacturer_data(bluetooth.hex_bytes(data.get("manufacturerdata")))


def _device(data: Mapping[str, object]) -> str | None:
    """The address that the gateway heard, else the one inside, else the name that the gateway's system gave it."""
    told = [text for text in (data.get("id"), data.get("mac")) if isinstance(text, str) and text]
    addresses = (bluetooth.address(text) for text in told)
    return next((one for one in addresses if one is not None), told[0] if told else None)


def _called(data: Mapping[str, object]) -> str | None:
    maker, model, name = data.get("brand"), data.get("model"), data.get("name")
    if isinstance(maker, str) and isinstance(model, str):
        return f"{maker} {model}"
    return name if isinstance(name, str) and name else None
