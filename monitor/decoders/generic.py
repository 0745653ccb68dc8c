"""Everything else: mapped by the configuration, announced, or known by words in keys and topics."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.announced import value_at, value_of
from monitor.core.decoding import CONTROL, EMPTY, NO_VALUE, NOTHING, Decoded, Dialect, FieldMap, covers
from monitor.core.explained import NOT_A_READING
from monitor.core.known import Fact, Known, Path
from monitor.core.payload import document, flag, instant_ms, measure, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.core.units import to_canonical
from monitor.core.vocabulary import NEEDS_UNIT, Named, named
from monitor.errors import DecodeError

_CONTROL_LEVELS = frozenset(
    {
        "set",
        "get",
        "cmnd",
        "command",
        "availability",
        "LWT",
        "online",
        "config",
        "bridge",
        "debug",
        "log",
        "logs",
        "logging",
        "logger",
    }
)
_FOREIGN = ("msh/", "domoticz/", "frigate/", "bedroom-monitor/")
"""Meshtastic and Domoticz numbers mean nothing without a map, a camera's motion is a setting; the last is our own."""

_VALUE_LEVELS = frozenset({"value", "state"})
_TIME_KEYS = ("time", "timestamp", "ts", "datetime")
_DEVICE_KEYS = ("device_id", "deviceid", "sensor_id")
_CONTAINERS = ("data", "payload")
_DEEPEST_CONTAINER = 3
_UNIT_KEYS = ("unit", "units", "unit_of_measurement")
_UNIT_SIBLINGS = MappingProxyType(
    {
        "temperature": ("temperature_unit", "temp_unit", "temperatureunit", "tempunit", *_UNIT_KEYS),
        "pressure": ("pressure_unit", "pressureunit"),
    }
)
_NO_UNIT = Decoded(ignored="no unit, so the number may be an index")
_LIGHT = Named("illuminance", None, (), last=True)
_When = Callable[[Mapping[str, object]], int | None]
_NO_MAPS: tuple[FieldMap, ...] = ()


def dialect(zone: ZoneInfo, maps: tuple[FieldMap, ...] = _NO_MAPS, topics: tuple[str, ...] = ()) -> Dialect:
    """The last dialect, which claims every topic: `maps` first, then announcements, then words.

    `topics` are filters to subscribe besides those of the maps; a time without a zone is read in `zone`.
    """

    @lru_cache(maxsize=10_000)
    def mapped(topic: str) -> tuple[Fact, ...]:
        return tuple(_fact(topic, row) for row in maps if covers(row.topic, topic))

    def decode(message: Message, known: Known) -> Decoded:
        if not message.payload:
            return EMPTY
        facts = mapped(message.topic)
        if facts:
            return _explained(message, facts, zone, certain=True)
        announced = known.facts(message.topic)
        if announced:
            return _explained(message, tuple(announced.values()), zone, certain=False)
        return CONTROL if _is_control(message.topic) else _by_words(message, zone)

    return Dialect(
        name="generic",
        subscriptions=tuple(dict.fromkeys((*topics, *(row.topic for row in maps)))),
        words=None,
        fallback=True,
        claims=lambda topic: not topic.startswith("$"),
        decode=decode,
    )


@lru_cache(maxsize=10_000)
def _is_control(topic: str) -> bool:
    levels = topic.split("/")
    return topic.startswith(_FOREIGN) or not _CONTROL_LEVELS.isdisjoint(levels)


def _fact(topic: str, row: FieldMap) -> Fact:
    """What a map says of one of the topics that it covers."""
    path: Path = tuple(int(step) if step.isdecimal() else step for step in row.path.split(".") if step)
    name = row.sensor or "/".join(map(str, (topic, *path[:-1])))
    return Fact(
        state_topic=topic,
        path=path,
        quantity=row.quantity,
        unit=row.unit,
        sensor=f"generic:{name}",
        name=name,
        scale=row.scale,
    )


def _explained(message: Message, facts: tuple[Fact, ...], zone: ZoneInfo, *, certain: bool) -> Decoded:
    """The values that facts explain. `certain`: one that is there and cannot be read is an error."""
    plain = all(fact.path == () for fact in facts)
    content: object = text(message.payload) if plain else document(message.payload)
    time_ms = _time_ms(_lowered(content), zone, message.received_ms) if isinstance(content, dict) else None
    found = []
    unread = None
    for fact in facts:
        raw = value_at(content, fact.path)
        value = value_of(fact, raw)
        if fact.quantity is not None and value is not None:
            found.append(Measurement(fact.sensor, fact.quantity, value, time_ms))
        elif raw is not None and not (isinstance(raw, str) and says_nothing(raw)):
            unread = fact
    if found:
        return Decoded(tuple(found))
    if certain and unread is not None:
        raise DecodeError(f"not a value of {unread.quantity} in {unread.unit or 'its usual unit'}")
    return NOTHING if any(fact.quantity for fact in facts) else NOT_A_READING


def _by_words(message: Message, zone: ZoneInfo) -> Decoded:
    """JSON with well-known keys, or a plain value on a topic that names a quantity."""
    spot = _spot(message.topic)
    if not message.payload.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return NOTHING if spot is None else _plain(spot, text(message.payload))
    when = partial(_time_ms, zone=zone, received_ms=message.received_ms)
    found = tuple(
        measurement
        for row in _rows(document(message.payload), f"generic:{message.topic}", None, when)
        for measurement in _values(row, spot)
    )
    return Decoded(found) if found else NOTHING


class _Spot(NamedTuple):
    """What a topic names in its last words, and the sensor that the rest of it names."""

    sensor: str
    meaning: Named


@lru_cache(maxsize=10_000)
def _spot(topic: str) -> _Spot | None:
    levels = topic.split("/")
    if len(levels) > 1 and levels[-1].lower() in _VALUE_LEVELS:
        levels.pop()
    meaning = named(levels[-1])
    if meaning is None or not meaning.last:
        return None
    place = "/".join([*levels[:-1], *(["_".join(meaning.rest)] if meaning.rest else [])])
    return _Spot(f"generic:{place or topic}", meaning)


def _plain(spot: _Spot, word: str) -> Decoded:
    if says_nothing(word):
        return NO_VALUE
    value = _read(spot.meaning, word, None)
    if value is None and measure(word) is not None and spot.meaning.quantity in NEEDS_UNIT:
        return _NO_UNIT
    if value is None:
        raise DecodeError(f"not a value of {spot.meaning.quantity}")
    return Decoded((Measurement(spot.sensor, spot.meaning.quantity, value),))


class _Row(NamedTuple):
    """One JSON object, the sensor and the time that hold for it; `plain` has its keys in lower case."""

    sensor: str
    time_ms: int | None
    values: Mapping[str, object]
    plain: Mapping[str, object]


def _rows(content: object, sensor: str, time_ms: int | None, when: _When, depth: int = 0) -> Iterator[_Row]:
    """An object, those of a list, and what `data` or `payload` holds; inner ones inherit sensor and time."""
    if isinstance(content, list):
        for item in content:
            if isinstance(item, dict):
                yield from _rows(item, sensor, time_ms, when, depth)
    if not isinstance(content, dict):
        return
    plain = _lowered(content)
    own_ms = when(plain)
    device = _first(plain, _DEVICE_KEYS)
    own = f"generic:{device}" if isinstance(device, str) and device else sensor
    row = _Row(own, time_ms if own_ms is None else own_ms, content, plain)
    yield row
    if depth < _DEEPEST_CONTAINER:
        for key in _CONTAINERS:
            yield from _rows(plain.get(key), row.sensor, row.time_ms, when, depth + 1)


def _values(row: _Row, spot: _Spot | None) -> Iterator[Measurement]:
    if "value" in row.plain:
        yield from _named_value(row, spot)
    seen = set()
    for key, raw in row.values.items():
        meaning = _LIGHT if key.lower() == "light" else named(key)
        if meaning is None or meaning.rest or meaning.quantity in seen:
            continue
        value = _read(meaning, raw, _first(row.plain, _UNIT_SIBLINGS.get(meaning.quantity, ())))
        if value is not None:
            seen.add(meaning.quantity)
            yield Measurement(row.sensor, meaning.quantity, value, row.time_ms)


def _named_value(row: _Row, spot: _Spot | None) -> Iterator[Measurement]:
    """`{"name", "value", "units"}`, or `{"value"}` on a topic that names the quantity.

    Without a unit such a temperature is none: gateways pass on what the device is set to.
    """
    name = row.plain.get("name")
    meaning = named(name) if isinstance(name, str) else None
    sensor = row.sensor
    if meaning is None and spot is not None:
        sensor, meaning = spot
    unit = _first(row.plain, _UNIT_KEYS)
    if meaning is None or (meaning.quantity == "temperature" and not (unit or meaning.unit)):
        return
    value = _read(meaning, row.plain["value"], unit)
    if value is not None:
        yield Measurement(sensor, meaning.quantity, value, row.time_ms)


def _read(meaning: Named, raw: object, unit: object) -> float | None:
    """The canonical value of `raw`; a unit in the name or behind the number counts before the sibling's."""
    if meaning.binary:
        return flag(raw)
    found = measure(raw)
    if found is None:
        return None
    value, behind = found
    stated = meaning.unit or behind or unit
    if stated is None:
        return None if meaning.quantity in NEEDS_UNIT else to_canonical(meaning.quantity, value, None)
    return to_canonical(meaning.quantity, value, stated) if isinstance(stated, str) else None


def _first(plain: Mapping[str, object], keys: tuple[str, ...]) -> object:
    return next((plain[key] for key in keys if key in plain), None)


def _time_ms(plain: Mapping[str, object], zone: ZoneInfo, received_ms: int) -> int | None:
    instants = (instant_ms(plain.get(key), zone, received_ms) for key in _TIME_KEYS)
    return next((instant for instant in instants if instant is not None), None)


def _lowered(values: Mapping[str, object]) -> dict[str, object]:
    return {key.lower(): value for key, value in values.items()}
