"""Zigbee2MQTT: flat JSON per device (or one topic per attribute), units from `bridge/devices`."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from monitor.core.decoding import CONTROL, EMPTY, NO_VALUE, NOTHING, Decoded, Dialect
from monitor.core.known import Fact, Known, Path
from monitor.core.payload import document, flag, instant_ms, mapping, number, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.core.units import to_canonical
from monitor.errors import DecodeError

_MOVES = frozenset({"vibration", "tilt", "drop"})
_CONTROL_LEVELS = frozenset({"set", "get"})
_BRACE = ord("{")
_DEEPEST_FEATURE = 8


def _moved(action: object) -> float | None:
    """An event of a vibration sensor; a button's press and the empty follow-up are none."""
    return 1.0 if isinstance(action, str) and action in _MOVES else None


class _Row(NamedTuple):
    """How one property is read; `unless` names a property that says the same better."""

    quantity: str
    path: Path
    read: Callable[[object], float | None] = number
    needs_unit: bool = False
    unless: str | None = None


_ROWS: Mapping[str, _Row] = {
    "temperature": _Row("temperature", ("temperature",)),
    "humidity": _Row("humidity", ("humidity",)),
    "pressure": _Row("pressure", ("pressure",)),
    "co2": _Row("co2", ("co2",)),
    "pm25": _Row("pm25", ("pm25",)),
    "pm10": _Row("pm10", ("pm10",)),
    "voc": _Row("voc", ("voc",), needs_unit=True),
    "illuminance": _Row("illuminance", ("illuminance",), unless="illuminance_lux"),
    "illuminance_lux": _Row("illuminance", ("illuminance_lux",)),
    "noise": _Row("noise", ("noise",)),
    "battery": _Row("battery", ("battery",)),
    "occupancy": _Row("occupancy", ("occupancy",), flag),
    "presence": _Row("occupancy", ("presence",), flag, unless="occupancy"),
    "vibration": _Row("movement", ("vibration",), flag, unless="action"),
    "action": _Row("movement", ("action",), _moved),
}


def dialect(bases: tuple[str, ...] = ("zigbee2mqtt",)) -> Dialect:
    """Zigbee2MQTT under these base topics."""
    prefixes = tuple(f"{base}/" for base in sorted(bases, key=len, reverse=True))
    announcements = frozenset(f"{prefix}bridge/devices" for prefix in prefixes)

    @lru_cache(maxsize=10_000)
    def place(topic: str) -> _Place:
        return _place(next(filter(topic.startswith, prefixes), ""), topic)

    def decode(message: Message, known: Known) -> Decoded:
        return _decode(place(message.topic), message, known)

    def learn(message: Message) -> tuple[Fact, ...] | None:
        if message.topic not in announcements:
            return None
        return tuple(_facts(message.topic.removesuffix("bridge/devices"), message.payload))

    return Dialect(
        name="zigbee2mqtt",
        metadata=tuple(sorted(announcements)),
        subscriptions=tuple(f"{prefix}#" for prefix in prefixes),
        words=frozenset(base.rpartition("/")[2] for base in bases),
        claims=lambda topic: topic.startswith(prefixes),
        decode=decode,
        learn=learn,
    )


class _Place(NamedTuple):
    """What a topic says: the sensor of its JSON, or the property it carries plainly in attribute mode."""

    control: bool
    sensor: str
    row: _Row | None
    row_sensor: str
    row_topic: str


def _place(prefix: str, topic: str) -> _Place:
    name = topic.removeprefix(prefix)
    levels = name.split("/")
    control = levels[0] in {"bridge", ""} or levels[-1] == "availability" or not _CONTROL_LEVELS.isdisjoint(levels[1:])
    parent = "/".join(levels[:-1])
    row = _ROWS.get(levels[-1]) if parent else None
    return _Place(control, _sensor(name), row, _sensor(parent), prefix + parent)


def _sensor(name: str) -> str:
    return f"zigbee2mqtt:{name}"


def _decode(place: _Place, message: Message, known: Known) -> Decoded:
    payload = message.payload
    if place.control:
        return CONTROL
    if not payload:
        return EMPTY
    if payload[0] != _BRACE and not text(payload).startswith("{"):
        return _plain(place, payload, known)
    data = mapping(payload)
    seen = data.get("last_seen")
    time_ms = None if seen is None else instant_ms(seen, None, message.received_ms)
    sensor = place.sensor
    facts = known.facts(message.topic)
    found = []
    for key, raw in data.items():
        row = _ROWS.get(key)
        if row is None or raw is None:
            continue
        if row.unless is not None and _ROWS[row.unless].read(data.get(row.unless)) is not None:
            continue
        value = _value(row, raw, facts)
        if value is not None:
            found.append(Measurement(sensor, row.quantity, value, time_ms))
    return Decoded(tuple(found)) if found else NOTHING


def _plain(place: _Place, payload: bytes, known: Known) -> Decoded:
    """One property on a topic of its own (`output: attribute`)."""
    if place.row is None:
        return NOTHING
    word = text(payload)
    value = _value(place.row, word, known.facts(place.row_topic))
    if value is None:
        return NO_VALUE if says_nothing(word) else NOTHING
    return Decoded((Measurement(place.row_sensor, place.row.quantity, value),))


def _value(row: _Row, raw: object, facts: Mapping[Path, Fact]) -> float | None:
    value = row.read(raw)
    if value is None:
        return None
    fact = facts.get(row.path)
    if fact is None:
        return None if row.needs_unit else value
    if fact.quantity is None or (row.needs_unit and not fact.unit):
        return None
    return to_canonical(row.quantity, value, fact.unit)


def _facts(prefix: str, payload: bytes) -> Iterator[Fact]:
    devices = document(payload) if payload else []
    if not isinstance(devices, list):
        raise DecodeError("not a list of devices")
    for device in devices:
        if not isinstance(device, dict) or device.get("disabled") is True:
            continue
        name, definition = device.get("friendly_name"), device.get("definition")
        if isinstance(name, str) and isinstance(definition, dict):
            for expose in _exposes(definition.get("exposes"), 0):
                yield from _fact(prefix, name, expose)


def _exposes(exposes: object, depth: int) -> Iterator[dict[str, object]]:
    """Every property at the top level of the state: features of a light or valve, not of a composite."""
    if not isinstance(exposes, list) or depth > _DEEPEST_FEATURE:
        return
    for expose in exposes:
        if isinstance(expose, dict):
            yield expose
            if "property" not in expose:
                yield from _exposes(expose.get("features"), depth + 1)


def _fact(prefix: str, name: str, expose: dict[str, object]) -> Iterator[Fact]:
    key = expose.get("property")
    row = _ROWS.get(key) if isinstance(key, str) else None
    if row is None:
        return
    access, unit = expose.get("access"), expose.get("unit")
    published = not isinstance(access, int) or bool(access & 1)
    of_the_device = expose.get("category") in ("diagnostic", "config") and row.quantity != "battery"
    yield Fact(
        state_topic=prefix + name,
        path=row.path,
        quantity=row.quantity if published and not of_the_device else None,
        unit=unit if isinstance(unit, str) else None,
        sensor=_sensor(name),
        name=name,
    )
