"""Tasmota: nested JSON per period, one object per sensor chip; Zigbee2Tasmota wraps it in ZbReceived."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.decoding import ANNOUNCEMENT, CONTROL, EMPTY, NOTHING, Decoded, Dialect
from monitor.core.known import Availability, Fact, Known, Learned, Path
from monitor.core.payload import flag, instant_ms, mapping, number
from monitor.core.readings import Measurement, Message
from monitor.core.units import to_canonical

_SENSOR_LEVELS = frozenset({"SENSOR", "STATUS8", "STATUS10", "RESULT", "ZbReceived"})
_PREFIXES = frozenset({"tele", "stat", "cmnd"})
_DISCOVERY = "tasmota/discovery/"
_ANNOUNCED = f"{_DISCOVERY}+/config"
_PREFIX_ORDER = ("cmnd", "stat", "tele")
_SPEAKING = (("tele", "SENSOR"), ("tele", "RESULT"), ("stat", "STATUS8"), ("stat", "STATUS10"))
"""Prefix and last level of the topics on which a device tells of its sensors."""
_WHOLE_DEVICE: Path = ("",)
"""The path of a fact about a device and all its sensors; no key is empty."""
_CHIP = "ESP32"
"""`ESP32.Temperature` is the processor's own."""
_PLANT = "Flora"
"""A plant sensor's `Humidity` is the moisture of its soil."""


class _Row(NamedTuple):
    """How one key within a sensor is read; `unit_key` names the sibling that holds its unit."""

    quantity: str
    read: Callable[[object], float | None] = number
    unit_key: str | None = None


def _somebody(people: object) -> float | None:
    """LD2410S: 0 and 1 mean nobody, 2 and 3 somebody; it is no head count."""
    state = number(people)
    return None if state is None else float(state >= 2)


def _moved(mode: object) -> float | None:
    """Aqara's vibration sensor names the kind of movement that it felt."""
    return 1.0 if isinstance(mode, str) and mode else None


_ROWS = MappingProxyType(
    {
        "Temperature": _Row("temperature", unit_key="TempUnit"),
        "Humidity": _Row("humidity"),
        "Pressure": _Row("pressure", unit_key="PressureUnit"),
        "Illuminance": _Row("illuminance"),
        "CarbonDioxide": _Row("co2"),
        "PM2.5": _Row("pm25"),
        "PM10": _Row("pm10"),
        "TVOC": _Row("voc"),
        "Battery": _Row("battery"),
        "BatteryPercentage": _Row("battery"),
        "People": _Row("occupancy", _somebody),
        "Occupancy": _Row("occupancy", flag),
        "AqaraVibrationMode": _Row("movement", _moved),
    }
)


def dialect(zone: ZoneInfo) -> Dialect:
    """Tasmota; its times have no zone and are read in `zone`."""

    def decode(message: Message, known: Known) -> Decoded:
        return _decode(message, known, zone)

    return Dialect(
        name="tasmota",
        metadata=(_ANNOUNCED,),
        subscriptions=(
            "tele/#",
            "+/tele/#",
            "+/+/tele/SENSOR",
            "+/+/+/tele/SENSOR",
            "+/SENSOR",
            *(f"{topic}/{status}" for topic in ("stat/+", "+/stat") for status in ("STATUS8", "STATUS10")),
        ),
        words=frozenset((*_PREFIXES, "SENSOR", "tasmota")),
        claims=_claims,
        decode=decode,
        learn=_learn,
        availability=_availability,
    )


def _claims(topic: str) -> bool:
    levels = topic.split("/")
    last = levels[-1]
    return (
        (len(levels) > 1 and levels[0] in _PREFIXES)
        or topic.startswith(_DISCOVERY)
        or (last == "SENSOR" and len(levels) > 1)
        or (last in _SENSOR_LEVELS and not _PREFIXES.isdisjoint(levels))
    )


def _learn(message: Message) -> Learned:
    """The device's lasting address, its name, where it speaks and the words by which it is there or not."""
    told = mapping(message.payload) if message.payload else {}
    name, order, address = told.get("t"), told.get("ft"), told.get("mac")
    if not (isinstance(name, str) and isinstance(order, str) and isinstance(address, str)):
        return ()
    prefixes = dict(zip(_PREFIX_ORDER, _words(told.get("tp")) or _PREFIX_ORDER, strict=True))
    device = told.get("dn")

    def topic(prefix: str, last: str) -> str:
        base = order.replace("%prefix%", prefixes[prefix]).replace("%topic%", name)
        return f"{base.rstrip('/')}/{last}"

    there = Availability(topic("tele", "LWT"), _word(told.get("onln")), _word(told.get("ofln")))
    return tuple(
        Fact(
            state_topic=topic(prefix, last),
            path=_WHOLE_DEVICE,
            quantity=None,
            unit=None,
            sensor=f"tasmota:{address}/",
            name=device if isinstance(device, str) and device else name,
            formerly=f"tasmota:{_place(topic(prefix, last)).name}/",
            device=address,
            availability=(there,),
        )
        for prefix, last in _SPEAKING
    )


def _words(found: object) -> list[str] | None:
    """The three prefixes of a device's topics, None where they are not told."""
    if isinstance(found, list) and len(found) == len(_PREFIX_ORDER) and all(isinstance(one, str) for one in found):
        return found
    return None


def _word(found: object) -> str | None:
    return found.strip().lower() if isinstance(found, str) else None


def _availability(topic: str) -> str | None:
    if _place(topic).ignored is not None:
        return None
    levels = ["tele" if level == "stat" else level for level in topic.split("/")[:-1]]
    return "/".join((*levels, "LWT"))


class _Place(NamedTuple):
    """The topic without prefix and kind; `ignored` where no sensor speaks on it."""

    name: str
    only_zigbee: bool
    ignored: Decoded | None


@lru_cache(maxsize=10_000)
def _place(topic: str) -> _Place:
    levels = topic.split("/")
    if topic.startswith(_DISCOVERY):
        return _Place(topic, only_zigbee=False, ignored=ANNOUNCEMENT)
    if "cmnd" in levels or levels[-1] not in _SENSOR_LEVELS:
        return _Place(topic, only_zigbee=False, ignored=CONTROL)
    own = [level for level in levels[:-1] if level not in _PREFIXES]
    return _Place("/".join(own), only_zigbee=levels[-1] == "RESULT", ignored=None)


def _decode(message: Message, known: Known, zone: ZoneInfo) -> Decoded:
    place = _place(message.topic)
    if place.ignored is not None:
        return place.ignored
    if not message.payload:
        return EMPTY
    data = mapping(message.payload)
    status = data.get("StatusSNS")
    root = status if isinstance(status, dict) else data
    time_ms = instant_ms(root.get("Time"), zone, message.received_ms)
    device = known.facts(message.topic).get(_WHOLE_DEVICE)
    name = place.name if device is None or device.device is None else device.device
    found: list[Measurement] = []
    zigbee = root.get("ZbReceived")
    if isinstance(zigbee, dict):
        found.extend(_sensors(name, zigbee, root, time_ms))
    if not place.only_zigbee:
        found.extend(_sensors(name, root, root, time_ms))
    return Decoded(tuple(found)) if found else NOTHING


def _sensors(
    name: str, holder: Mapping[str, object], root: Mapping[str, object], time_ms: int | None
) -> Iterator[Measurement]:
    """The readings that stand in `holder` itself and in the objects within it, one object per sensor."""
    for key, part in holder.items():
        if isinstance(part, dict) and key != "ZbReceived" and not key.startswith(_CHIP):
            own = _identifier(name, key, part)
            yield from _values(own, part, root, time_ms, plant=key.startswith(_PLANT))
    yield from _values(name, holder, root, time_ms, plant=False)


def _identifier(name: str, key: str, part: Mapping[str, object]) -> str:
    """The sensor's key that lasts: the number in `DS18B20-2` may shift, its `Id` does not."""
    device, serial = part.get("Device"), part.get("Id")
    if isinstance(device, str) and device:
        return f"{name.removesuffix('/' + device.removeprefix('0x'))}/{device}"
    if isinstance(serial, str) and serial:
        return f"{name}/{key.partition('-')[0]}-{serial}"
    return f"{name}/{key}"


def _values(
    name: str, part: Mapping[str, object], root: Mapping[str, object], time_ms: int | None, *, plant: bool
) -> Iterator[Measurement]:
    for key, raw in part.items():
        row, index = _row(key)
        if row is None or (plant and row.quantity == "humidity"):
            continue
        value = row.read(raw)
        if value is not None and row.unit_key is not None:
            unit = part.get(row.unit_key, root.get(row.unit_key))
            value = to_canonical(row.quantity, value, unit if isinstance(unit, str) else None)
        if value is not None:
            yield Measurement(f"tasmota:{name}{index}", row.quantity, value, time_ms)


@lru_cache(maxsize=1024)
def _row(key: str) -> tuple[_Row | None, str]:
    """The row of a key, and the sensor's part that `ANALOG` glues to it as a number (`Temperature2`)."""
    row = _ROWS.get(key)
    if row is not None:
        return row, ""
    quantity = key.rstrip("0123456789")
    return _ROWS.get(quantity), f"/{key[len(quantity) :]}"
