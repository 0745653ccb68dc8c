"""Ruuvi's broadcast data formats to the readings of the room in them."""

from math import exp, log
from types import MappingProxyType
from typing import NamedTuple

COMPANY = b"\x99\x04"
"""Ruuvi's company id 0499, low byte first as it stands in an advertisement."""

_LARGEST_LUX = 65_535
_LARGEST_LIGHT_CODE = 254
_NO_LIGHT_CODE = 255


class _Field(NamedTuple):
    """A number at byte `at`, high byte first: canonical value = (number + base) / per; `absent` is no value."""

    quantity: str
    at: int
    length: int
    absent: int
    per: float = 1.0
    base: int = 0
    signed: bool = False


class _Sound(NamedTuple):
    """A sound level of 9 bits: a byte, and its lowest bit among the flags."""

    at: int
    flags_at: int
    flag: int = 4


_AIR = (
    _Field("temperature", 1, 2, absent=-0x8000, per=200.0, signed=True),
    _Field("humidity", 3, 2, absent=0xFFFF, per=400.0),
    _Field("pressure", 5, 2, absent=0xFFFF, per=100.0, base=50_000),
)

_FIELDS = MappingProxyType(
    {
        0x05: _AIR,
        0x06: (*_AIR, _Field("pm25", 7, 2, absent=0xFFFF, per=10.0), _Field("co2", 9, 2, absent=0xFFFF)),
        0xC5: _AIR,
        0xE1: (
            *_AIR,
            _Field("pm25", 9, 2, absent=0xFFFF, per=10.0),
            _Field("pm10", 13, 2, absent=0xFFFF, per=10.0),
            _Field("co2", 15, 2, absent=0xFFFF),
            _Field("illuminance", 19, 3, absent=0xFFFFFF, per=100.0),
        ),
    }
)
_SOUND = MappingProxyType({0x06: _Sound(14, flags_at=16), 0xE1: _Sound(23, flags_at=28)})
_LIGHT_CODE_AT = MappingProxyType({0x06: 13})

_LENGTHS = MappingProxyType({0x03: 14, 0x05: 24, 0x06: 20, 0xC5: 18, 0xE1: 40})
"""Bytes of each format, the format's own number included; the battery is in volts everywhere, so it is no reading."""


def measured(content: bytes) -> tuple[tuple[str, float], ...]:
    """Quantities and values (canonical unit) of what stands behind the company id; nothing from a foreign format.

    VOC and NOx are indices and no readings.
    """
    kind = content[0] if content else 0
    if len(content) < _LENGTHS.get(kind, len(content) + 1):
        return ()
    if kind == 0x03:
        return _first_format(content)
    found = [*((field.quantity, _value(field, content)) for field in _FIELDS[kind])]
    if kind in _LIGHT_CODE_AT:
        found.append(("illuminance", _light(content[_LIGHT_CODE_AT[kind]])))
    if kind in _SOUND:
        found.append(("noise", _sound_level(_SOUND[kind], content)))
    return tuple((quantity, value) for quantity, value in found if value is not None)


def _value(field: _Field, content: bytes) -> float | None:
    number = int.from_bytes(content[field.at : field.at + field.length], "big", signed=field.signed)
    return None if number == field.absent else (number + field.base) / field.per


def _light(code: int) -> float | None:
    """Whole lux, as Ruuvi's own gateway prints it: the code's steps are 4.5 % wide."""
    if code == _NO_LIGHT_CODE:
        return None
    return float(round(exp(code * log(_LARGEST_LUX + 1) / _LARGEST_LIGHT_CODE) - 1))


def _sound_level(sound: _Sound, content: bytes) -> float | None:
    """Mean level in dBA; a byte of ones is no value, also where the format leaves the lowest bit undefined."""
    high = content[sound.at]
    if high == 0xFF:
        return None
    return (high * 2 + (content[sound.flags_at] >> sound.flag & 1) + 90) / 5


def _first_format(content: bytes) -> tuple[tuple[str, float], ...]:
    """RAWv1: the temperature is a sign, whole degrees and hundredths; no field has a code for no value."""
    degrees = (content[2] & 0x7F) + content[3] / 100
    pressure = (int.from_bytes(content[4:6], "big") + 50_000) / 100
    return (
        ("temperature", -degrees if content[2] & 0x80 else degrees),
        ("humidity", content[1] / 2),
        ("pressure", pressure),
    )
