"""Ruuvi Gateway: Ruuvi tags by the address of gateway and tag, decoded, raw or both."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from monitor.core import bluetooth
from monitor.core.decoding import CONTROL, EMPTY, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import instant_ms, mapping, number
from monitor.core.readings import Message
from monitor.core.units import to_canonical

_STATUS = "gw_status"
_ROWS = MappingProxyType(
    {
        "temperature": ("temperature", None),
        "humidity": ("humidity", None),
        "pressure": ("pressure", "Pa"),
        "PM2.5": ("pm25", None),
        "PM10.0": ("pm10", None),
        "CO2": ("co2", None),
        "luminosity": ("illuminance", None),
        "sound_avg_dba": ("noise", None),
    }
)
"""Key to quantity and unit; VOC and NOx are indices, the voltage is no charge, the counters count."""

_NAMELESS = Decoded(ignored="no address of a tag")


def _claims(topic: str) -> bool:
    last = topic.rpartition("/")[2]
    return topic.startswith("ruuvi/") and (last == _STATUS or bluetooth.address(last) is not None)


def _decode(message: Message, _known: Known) -> Decoded:
    last = message.topic.rpartition("/")[2]
    if last == _STATUS:
        return CONTROL
    if not message.payload:
        return EMPTY
    data = mapping(message.payload)
    found = tuple(_values(data)) if "dataFormat" in data else bluetooth.in_advertisement(data.get("data"))
    if not found:
        return NOTHING
    device = bluetooth.address(last) or _heard(data)
    if device is None:
        return _NAMELESS
    time_ms = instant_ms(data.get("ts"), None, message.received_ms)
    return Decoded(bluetooth.measurements(bluetooth.sensor(device), found, time_ms))


def _heard(data: Mapping[str, object]) -> str | None:
    """The address inside the payload; Data Format 6 has only the end of it."""
    own = data.get("id")
    return bluetooth.address(own) if isinstance(own, str) else None


def _values(data: Mapping[str, object]) -> Iterator[tuple[str, float]]:
    for key, (quantity, unit) in _ROWS.items():
        value = number(data.get(key))
        canonical = None if value is None else to_canonical(quantity, value, unit)
        if canonical is not None:
            yield quantity, canonical


@lru_cache(maxsize=10_000)
def _availability(state_topic: str) -> str | None:
    base, _, last = state_topic.rpartition("/")
    return f"{base}/{_STATUS}" if base and bluetooth.address(last) is not None else None


DIALECT = Dialect(
    name="ruuvi_gateway",
    subscriptions=("ruuvi/+", "ruuvi/+/+"),
    words=frozenset({"ruuvi"}),
    claims=_claims,
    decode=_decode,
    signatures=(frozenset({"gw_mac", "rssi"}),),
    availability=_availability,
    overheard=True,
)
