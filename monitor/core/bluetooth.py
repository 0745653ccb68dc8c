"""Bluetooth sensors whoever hears them: one key a device, and what stands in a raw advertisement."""

import binascii
from collections.abc import Iterable, Iterator
from functools import lru_cache

from monitor.core import bthome, ruuvi
from monitor.core.readings import Measurement

_ADDRESS_DIGITS = 12
_HEX_DIGITS = frozenset("0123456789ABCDEF")
_SERVICE_DATA = 0x16
_MANUFACTURER_DATA = 0xFF


@lru_cache(maxsize=10_000)
def address(text: str) -> str | None:
    """A MAC address as 12 upper case digits, however it is written; None for a text that is none."""
    digits = text.strip().upper().removeprefix("0X").replace(":", "").replace("-", "")
    return digits if len(digits) == _ADDRESS_DIGITS and _HEX_DIGITS.issuperset(digits) else None


def sensor(device: str) -> str:
    """The key of a Bluetooth device: the same for every gateway and publisher that hears it."""
    return f"bluetooth:{device}"


def measurements(key: str, found: Iterable[tuple[str, float]], time_ms: int | None = None) -> tuple[Measurement, ...]:
    """Quantities and values of one device; the second of a quantity is measured at another spot: a sensor `key/2`."""
    seen: dict[str, int] = {}
    made = []
    for quantity, value in found:
        place = seen[quantity] = seen.get(quantity, 0) + 1
        made.append(Measurement(key if place == 1 else f"{key}/{place}", quantity, value, time_ms))
    return tuple(made)


def in_advertisement(digits: object) -> tuple[tuple[str, float], ...]:
    """Quantities and values of a whole advertisement in hex digits: Ruuvi's formats and BTHome v2."""
    for kind, content in _structures(hex_bytes(digits)):
        if kind == _MANUFACTURER_DATA:
            found = in_manufacturer_data(content)
        elif kind == _SERVICE_DATA and content.startswith(bthome.SERVICE):
            found = bthome.measured(content[len(bthome.SERVICE) :])
        else:
            continue
        if found:
            return found
    return ()


def in_manufacturer_data(content: bytes) -> tuple[tuple[str, float], ...]:
    """Quantities and values of manufacturer data (company id first): Ruuvi's formats."""
    return ruuvi.measured(content[len(ruuvi.COMPANY) :]) if content.startswith(ruuvi.COMPANY) else ()


def hex_bytes(digits: object) -> bytes:
    """The bytes that hex digits stand for; none for anything that is not such a text."""
    try:
        return binascii.unhexlify(digits) if isinstance(digits, str) else b""
    except ValueError:
        return b""


def _structures(advertisement: bytes) -> Iterator[tuple[int, bytes]]:
    """Each part of an advertisement: a length, a kind, and the content."""
    at = 0
    while at + 1 < len(advertisement) and advertisement[at]:
        after = at + 1 + advertisement[at]
        yield advertisement[at + 1], advertisement[at + 2 : after]
        at = after
