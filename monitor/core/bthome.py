"""BTHome v2 service data, as Bluetooth sensors broadcast it in bytes, to the readings of the room in it."""

from types import MappingProxyType
from typing import NamedTuple

SERVICE = b"\xd2\xfc"
"""The 16-bit service id FCD2, low byte first as it stands in an advertisement."""

_VERSION = 2
_ENCRYPTED = 0x01
_HAS_ADDRESS = 0x02
_ADDRESS_BYTES = 6

_KEPT_DECIMALS = 4
"""No object that is read has finer steps than 0.01; drops what the binary product leaves behind."""


class _Object(NamedTuple):
    """A value that is read: its bytes, the low one first, count steps of `step` canonical units."""

    quantity: str
    length: int = 1
    signed: bool = False
    step: float = 1.0


_OBJECTS = MappingProxyType(
    {
        0x01: _Object("battery"),
        0x02: _Object("temperature", 2, signed=True, step=0.01),
        0x03: _Object("humidity", 2, step=0.01),
        0x04: _Object("pressure", 3, step=0.01),
        0x05: _Object("illuminance", 3, step=0.01),
        0x0D: _Object("pm25", 2),
        0x0E: _Object("pm10", 2),
        0x12: _Object("co2", 2),
        0x13: _Object("voc_mass", 2),
        0x21: _Object("motion"),
        0x22: _Object("movement"),
        0x23: _Object("occupancy"),
        0x25: _Object("occupancy"),
        0x2C: _Object("movement"),
        0x2E: _Object("humidity"),
        0x45: _Object("temperature", 2, signed=True, step=0.1),
        0x57: _Object("temperature", signed=True),
        0x58: _Object("temperature", signed=True, step=0.35),
    }
)

_PASSED_OVER = MappingProxyType(
    {
        **dict.fromkeys((0x00, 0x09, 0x0F, 0x10, 0x11, *range(0x15, 0x21), 0x24, *range(0x26, 0x2C), 0x2D, 0x2F), 1),
        **dict.fromkeys((0x3A, 0x46, 0x59, 0x60, 0x64), 1),
        **dict.fromkeys((0x06, 0x07, 0x08, 0x0C, 0x14, 0x3C, 0x3D, 0x3F, 0x40, 0x41, 0x43, 0x44), 2),
        **dict.fromkeys((0x47, 0x48, 0x49, 0x4A, 0x51, 0x52, 0x56, 0x5A, 0x5D, 0x5E, 0x5F, 0x61, 0xF0), 2),
        **dict.fromkeys((0x0A, 0x0B, 0x42, 0x4B, 0xF2), 3),
        **dict.fromkeys((0x3E, 0x4C, 0x4D, 0x4E, 0x4F, 0x50, 0x55, 0x5B, 0x5C, 0x62, 0x63, 0xF1), 4),
    }
)
"""Bytes of the objects that are no reading of the room: counters, voltages, dew point, soil, doors, firmware."""

_COUNTED = frozenset({0x53, 0x54})
"""Text and raw bytes: their first byte says how many follow."""


def quantity_of(object_id: int) -> str | None:
    """The quantity that an object id stands for, in its canonical unit; None for what is no reading of the room."""
    row = _OBJECTS.get(object_id)
    return None if row is None else row.quantity


def measured(service_data: bytes) -> tuple[tuple[str, float], ...]:
    """Quantities and values (canonical unit) in the order sent; nothing from an encrypted or foreign payload.

    An object that is not known, or is cut off, ends the reading: nobody can say where the next one starts.
    """
    if not service_data or service_data[0] >> 5 != _VERSION or service_data[0] & _ENCRYPTED:
        return ()
    found = []
    at = 1 + (_ADDRESS_BYTES if service_data[0] & _HAS_ADDRESS else 0)
    while at < len(service_data):
        kind, at = service_data[at], at + 1
        row = _OBJECTS.get(kind)
        length = _length(kind, service_data[at : at + 1]) if row is None else row.length
        content = service_data[at : at + length]
        if length == 0 or len(content) < length:
            break
        if row is not None:
            steps = int.from_bytes(content, "little", signed=row.signed)
            found.append((row.quantity, round(steps * row.step, _KEPT_DECIMALS)))
        at += length
    return tuple(found)


def _length(kind: int, first: bytes) -> int:
    """Bytes that an object takes which is not read; 0 for one that is not known."""
    if kind in _COUNTED:
        return 1 + int.from_bytes(first, "little")
    return _PASSED_OVER.get(kind, 0)
