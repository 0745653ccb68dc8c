"""Shelly Gen1: one plain value a topic below `shellies/<id>/`, JSON of the whole device in `info` and `status`."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from monitor.core.decoding import ANNOUNCEMENT, CONTROL, EMPTY, NO_VALUE, NOTHING, Decoded, Dialect, covers
from monitor.core.known import Availability, Fact, Known, Learned
from monitor.core.payload import flag, instant_ms, mapping, number, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.core.units import to_canonical
from monitor.errors import DecodeError

_ROOT = "shellies/"
_ANNOUNCED = f"{_ROOT}+/announce"
_CONTROL_LEVELS = frozenset({"command", "online", "set"})
_WHOLE = frozenset({"info", "status"})

_UNSUPPORTED = "-1"
"""What a device says in place of a value for which it has no sensor."""

_WARMED = frozenset(
    {
        "temperature",
        "overtemperature",
        "overload",
        "relays",
        "rollers",
        "lights",
        "meters",
        "emeters",
    }
)
"""Keys of devices on mains power: their `tmp` is that of the electronics."""

_VALVE = frozenset({"thermostats", "target_t"})
"""Keys of radiator valves: what they measure is the radiator's surrounding."""

_MODELS = MappingProxyType(
    {
        "SHHT-1": "Shelly H&T",
        "SHWT-1": "Shelly Flood",
        "SHDW-1": "Shelly Door/Window",
        "SHDW-2": "Shelly Door/Window 2",
        "SHSM-01": "Shelly Smoke",
        "SHMOS-01": "Shelly Motion",
        "SHMOS-02": "Shelly Motion 2",
        "SHSEN-1": "Shelly Sense",
        "SHSW-1": "Shelly 1",
        "SHSW-PM": "Shelly 1PM",
        "SHUNI-1": "Shelly Uni",
    }
)


class _Row(NamedTuple):
    """How a plain value is read."""

    quantity: str
    read: Callable[[object], float | None] = number


_TEMPERATURE = _Row("temperature")
_ROWS = MappingProxyType(
    {
        "temperature": _TEMPERATURE,
        "humidity": _Row("humidity"),
        "battery": _Row("battery"),
        "lux": _Row("illuminance"),
        "motion": _Row("motion", flag),
        "vibration": _Row("movement", flag),
    }
)
_PROBES = MappingProxyType({"ext_temperature": _TEMPERATURE, "ext_humidity": _Row("humidity")})
_PARTS = (("hum", "humidity"), ("lux", "illuminance"), ("bat", "battery"))
_FLAGS = (("motion", "motion"), ("vibration", "movement"))
_HOLDERS = ("sensor", "accel")
"""Objects within the JSON that hold motion and vibration in place of its top level."""


class _Place(NamedTuple):
    """What a topic says: the sensor of its plain value, or of its JSON where `row` is None."""

    sensor: str
    row: _Row | None = None
    ignored: Decoded | None = None


def _claims(topic: str) -> bool:
    return topic.startswith(_ROOT) and not _is_gen2(topic)


def _is_gen2(topic: str) -> bool:
    """Whether a newer device was given a prefix below ours."""
    return topic.endswith("/rpc") or topic.split("/")[-2] == "status"


@lru_cache(maxsize=10_000)
def _place(topic: str) -> _Place:
    levels = topic.removeprefix(_ROOT).split("/")
    last = levels[-1]
    if last == "announce":
        return _Place("", ignored=ANNOUNCEMENT)
    if not _CONTROL_LEVELS.isdisjoint(levels):
        return _Place("", ignored=CONTROL)
    if last in _WHOLE and len(levels) > 1:
        return _Place(_sensor("/".join(levels[:-1])))
    if len(levels) > 2:
        sensor, kind = _sensor("/".join(levels[:-2])), levels[-2]
        if kind in _PROBES and last.isdecimal():
            return _Place(_probe(sensor, last), _PROBES[kind])
        if kind == "sensor" and last in _ROWS:
            return _Place(sensor, _ROWS[last])
    return _Place("", ignored=NOTHING)


def _sensor(device: str) -> str:
    return f"shelly_gen1:{device}"


def _probe(sensor: str, index: str) -> str:
    """A probe at the add-on; the two quantities of one probe have the same index."""
    return f"{sensor}/ext/{index}"


def _decode(message: Message, known: Known) -> Decoded:
    sensor, row, ignored = _place(message.topic)
    if ignored is not None:
        return ignored
    if not message.payload:
        return EMPTY
    if row is not None:
        return _plain(sensor, row, message, known)
    data = mapping(message.payload)
    found = tuple(_of_device(sensor, data, message.received_ms)) if _VALVE.isdisjoint(data) else ()
    return Decoded(found) if found else NOTHING


def _plain(sensor: str, row: _Row, message: Message, known: Known) -> Decoded:
    word = text(message.payload)
    if says_nothing(word) or word == _UNSUPPORTED:
        return NO_VALUE
    value = row.read(word)
    if value is not None:
        value = to_canonical(row.quantity, value, _unit(message.topic, row, known))
    if value is None:
        raise DecodeError(f"not a value of {row.quantity}")
    return Decoded((Measurement(sensor, row.quantity, value),))


def _unit(topic: str, row: _Row, known: Known) -> str | None:
    """The unit that an announcement tells; the device's own setting, °C or °F, is not on the topic."""
    fact = known.facts(topic).get(())
    return fact.unit if fact is not None and fact.quantity == row.quantity else None


def _of_device(sensor: str, data: Mapping[str, object], received_ms: int) -> Iterator[Measurement]:
    """The values of `info` and `status`; their time is that of the last motion, so it counts while there is one."""
    flags = dict(_flags(data))
    time_ms = instant_ms(_held(data, "timestamp"), None, received_ms) if flags.get("motion") == 1.0 else None
    for quantity, value in (*_numbers(data), *flags.items()):
        yield Measurement(sensor, quantity, value, time_ms)
    yield from _probes(sensor, data, "ext_temperature", "temperature", "tC")
    yield from _probes(sensor, data, "ext_humidity", "humidity", "hum")


def _numbers(data: Mapping[str, object]) -> Iterator[tuple[str, float]]:
    temperature = _temperature(data.get("tmp")) if _WARMED.isdisjoint(data) else None
    if temperature is not None:
        yield "temperature", temperature
    for key, quantity in _PARTS:
        value = _value(data.get(key))
        if value is not None:
            yield quantity, value


def _temperature(part: object) -> float | None:
    if not isinstance(part, dict) or part.get("is_valid") is False:
        return None if isinstance(part, dict) else number(part)
    celsius, value, unit = number(part.get("tC")), number(part.get("value")), part.get("units")
    if celsius is not None or value is None:
        return celsius
    return to_canonical("temperature", value, unit if isinstance(unit, str) else None)


def _value(part: object) -> float | None:
    if not isinstance(part, dict):
        return number(part)
    return None if part.get("is_valid") is False else number(part.get("value"))


def _flags(data: Mapping[str, object]) -> Iterator[tuple[str, float]]:
    for key, quantity in _FLAGS:
        value = flag(_held(data, key))
        if value is not None:
            yield quantity, value


def _held(data: Mapping[str, object], key: str) -> object:
    """What stands under `key` at the top or in the object that holds what the detector says."""
    if key in data:
        return data[key]
    parts = (data.get(holder) for holder in _HOLDERS)
    return next((part[key] for part in parts if isinstance(part, dict) and key in part and _is_valid(part)), None)


def _is_valid(part: Mapping[str, object]) -> bool:
    return part.get("is_valid") is not False


def _probes(sensor: str, data: Mapping[str, object], holder: str, quantity: str, key: str) -> Iterator[Measurement]:
    probes = data.get(holder)
    if not isinstance(probes, dict):
        return
    for index, part in probes.items():
        value = number(part.get(key)) if isinstance(part, dict) else None
        if value is not None:
            yield Measurement(_probe(sensor, index), quantity, value)


def _learn(message: Message) -> Learned | None:
    """What model a device is and its MAC; its own temperature unit is not told."""
    if not covers(_ANNOUNCED, message.topic):
        return None
    told = mapping(message.payload) if message.payload else {}
    model, address = told.get("model"), told.get("mac")
    if not (isinstance(model, str) and isinstance(address, str)):
        return ()
    device = message.topic.split("/")[1]
    return (
        Fact(
            state_topic=f"{_ROOT}{device}/announce",
            path=(),
            quantity=None,
            unit=None,
            sensor=_sensor(device),
            name=f"{_MODELS.get(model, model)} {device}",
            device=address,
            availability=(Availability(f"{_ROOT}{device}/online"),),
        ),
    )


def _availability(topic: str) -> str | None:
    place = _place(topic)
    if place.ignored is not None:
        return None
    return f"{topic.rsplit('/', 1 if place.row is None else 2)[0]}/online"


DIALECT = Dialect(
    name="shelly_gen1",
    metadata=(_ANNOUNCED,),
    subscriptions=(f"{_ROOT}#",),
    words=frozenset({"shellies"}),
    claims=_claims,
    decode=_decode,
    learn=_learn,
    availability=_availability,
)
