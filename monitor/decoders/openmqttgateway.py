"""OpenMQTTGateway: Bluetooth sensors like Theengs, and the chips wired to the gateway."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from monitor.core import advertisement, bluetooth
from monitor.core.decoding import CONTROL, EMPTY, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import flag, mapping, number
from monitor.core.readings import Measurement, Message
from monitor.core.units import to_canonical

_SUFFIX = "toMQTT"
_WIRED = frozenset(
    {
        "BH1750toMQTT",
        "CLIMAtoMQTT",
        "DHTtoMQTT",
        "HCSR501toMQTT",
        "LIGHTtoMQTT",
        "OneWiretoMQTT",
        "TEMPtoMQTT",
    }
)
_OTHERWISE = frozenset({"ADCtoMQTT", "LOGtoMQTT", "SYStoMQTT", "WebUItoMQTT", "home_presence"})
"""The gateway's own state (`tempc` there is its chip) and log, bare voltages, and advertisements repeated."""

_SPEAKING = _WIRED | {advertisement.LEVEL}
_KINDS = _SPEAKING | _OTHERWISE
_PROBE = "ds1820"


class _Row(NamedTuple):
    """How one key of a wired chip is read; `unit_key` names the sibling that holds its unit."""

    quantity: str
    read: Callable[[object], float | None] = number
    unit: str | None = None
    unit_key: str | None = None


_ROWS = MappingProxyType(
    {
        "tempc": _Row("temperature"),
        "temp": _Row("temperature", unit_key="unit"),
        "hum": _Row("humidity"),
        "pa": _Row("pressure", unit="Pa"),
        "lux": _Row("illuminance"),
        "tvoc": _Row("voc"),
        "presence": _Row("motion", flag),
        "hcsr501": _Row("motion", flag),
    }
)
"""`co2` is not among them: the one chip that sends it, a CCS811, guesses it from other gases."""


class _Place(NamedTuple):
    """What a topic says: the gateway and its topics' beginning, and for Bluetooth the device's address."""

    kind: str
    gateway: str
    base: str
    chip: str
    device: str | None


def _claims(topic: str) -> bool:
    return not _KINDS.isdisjoint(topic.split("/")[1:])


@lru_cache(maxsize=10_000)
def _place(topic: str) -> _Place:
    levels = topic.split("/")
    at = next((place for place, level in enumerate(levels) if place and level in _KINDS), 0)
    kind = levels[at]
    chip = "/".join(levels[at + 1 :]) or kind.removesuffix(_SUFFIX)
    return _Place(kind, levels[at - 1], "/".join(levels[:at]), chip, bluetooth.address(levels[-1]))


def _decode(message: Message, _known: Known) -> Decoded:
    place = _place(message.topic)
    if not message.payload:
        return EMPTY
    if place.kind == advertisement.LEVEL:
        return advertisement.decode(message, place.device)
    if place.kind not in _WIRED:
        return CONTROL
    data = mapping(message.payload)
    found = tuple(_values(f"openmqttgateway:{_chip(place, data)}", data))
    return Decoded(found) if found else NOTHING


def _chip(place: _Place, data: Mapping[str, object]) -> str:
    """A one-wire probe is known by the address burnt into it, any other chip by the gateway that it sits on."""
    name, _, own = place.chip.partition("/")
    if name != _PROBE:
        return f"{place.gateway}/{place.chip}"
    burnt_in = data.get("addr")
    return (burnt_in if isinstance(burnt_in, str) and burnt_in else own).lower()


def _values(sensor: str, data: Mapping[str, object]) -> Iterator[Measurement]:
    for key, raw in data.items():
        row = _ROWS.get(key)
        value = None if row is None else row.read(raw)
        if row is None or value is None:
            continue
        sibling = None if row.unit_key is None else data.get(row.unit_key)
        unit = sibling if isinstance(sibling, str) else row.unit
        canonical = to_canonical(row.quantity, value, unit)
        if canonical is not None:
            yield Measurement(sensor, row.quantity, canonical)


def _availability(state_topic: str) -> str | None:
    place = _place(state_topic)
    return f"{place.base}/LWT" if place.kind in _SPEAKING else None


DIALECT = Dialect(
    name="openmqttgateway",
    subscriptions=(advertisement.FILTER, *(f"+/+/{kind}/#" for kind in sorted(_WIRED))),
    words=_KINDS,
    claims=_claims,
    decode=_decode,
    availability=_availability,
    overheard=True,
)
