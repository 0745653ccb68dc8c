"""Zigbee2MQTT: flat JSON per device (or one topic per attribute), units and addresses from `bridge/devices`."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from monitor.core.availability import says_online
from monitor.core.decoding import CONTROL, EMPTY, NO_VALUE, NOTHING, Decoded, Dialect
from monitor.core.known import Attribute, Availability, Fact, Known, Learned, Path
from monitor.core.payload import flag, instant_ms, items, mapping, number, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.core.units import quantity_in, to_canonical

_MOVES = frozenset({"vibration", "tilt", "drop"})
_CONTROL_LEVELS = frozenset({"set", "get"})
_STATE = "bridge/state"
_BRACE = ord("{")
_DEEPEST_FEATURE = 8

_REPEATING_MS = 10_000
"""ms after its start in which Zigbee2MQTT says all that it remembers once more, as if it had just been measured."""

_REMEMBERED = Decoded(ignored="repeated from the memory of Zigbee2MQTT after its start")


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
    devices = frozenset(f"{prefix}bridge/devices" for prefix in prefixes)
    states = frozenset(f"{prefix}{_STATE}" for prefix in prefixes)

    @lru_cache(maxsize=10_000)
    def place(topic: str) -> _Place:
        return _place(next(filter(topic.startswith, prefixes), ""), topic)

    def decode(message: Message, known: Known) -> Decoded:
        return _decode(place(message.topic), message, known)

    def learn(message: Message) -> Learned:
        if message.topic in states:
            return _started(message)
        return tuple(_facts(message.topic.removesuffix("bridge/devices"), message.payload))

    def availability(topic: str) -> str | None:
        found = place(topic)
        return None if found.control else f"{found.row_topic if found.row else topic}/availability"

    return Dialect(
        name="zigbee2mqtt",
        metadata=tuple(sorted(devices | states)),
        subscriptions=tuple(f"{prefix}#" for prefix in prefixes),
        words=frozenset(base.rpartition("/")[2] for base in bases),
        claims=lambda topic: topic.startswith(prefixes),
        decode=decode,
        learn=learn,
        availability=availability,
    )


class _Place(NamedTuple):
    """What a topic says: the sensor of its JSON, or the property it carries plainly in attribute mode."""

    control: bool
    name: str
    row: _Row | None
    row_name: str
    row_topic: str
    state: str


def _place(prefix: str, topic: str) -> _Place:
    name = topic.removeprefix(prefix)
    levels = name.split("/")
    control = levels[0] in {"bridge", ""} or levels[-1] == "availability" or not _CONTROL_LEVELS.isdisjoint(levels[1:])
    parent = "/".join(levels[:-1])
    row = _ROWS.get(levels[-1]) if parent else None
    return _Place(control, name, row, parent, prefix + parent, prefix + _STATE)


def _key(name: str) -> str:
    return f"zigbee2mqtt:{name}"


def _sensor(name: str, facts: Mapping[Path, Fact]) -> str:
    """The key by the address, which a rename leaves alone; by the name while nobody has told the address."""
    for fact in facts.values():
        if not fact.second_hand:
            return fact.sensor
        if fact.device is not None and fact.device.startswith("zigbee2mqtt_0x"):
            return _key(fact.device.removeprefix("zigbee2mqtt_"))
    return _key(name)


def _started(message: Message) -> Attribute:
    """When Zigbee2MQTT said that it has started; what the broker only kept of it tells no time."""
    online = says_online(message.payload, Availability(message.topic)) and not message.retain
    return Attribute(message.topic, "online_ms", str(message.received_ms) if online else None, "zigbee2mqtt")


def _is_remembered(place: _Place, message: Message, known: Known) -> bool:
    online_ms = known.attributes(place.state).get("online_ms")
    return online_ms is not None and 0 <= message.received_ms - int(online_ms) < _REPEATING_MS


def _decode(place: _Place, message: Message, known: Known) -> Decoded:
    payload = message.payload
    if place.control:
        return CONTROL
    if not payload:
        return EMPTY
    if payload[0] != _BRACE and not text(payload).startswith("{"):
        return _plain(place, message, known)
    data = mapping(payload)
    seen = data.get("last_seen")
    time_ms = None if seen is None else instant_ms(seen, None, message.received_ms)
    if time_ms is None and _is_remembered(place, message, known):
        return _REMEMBERED
    facts = known.facts(message.topic)
    sensor = _sensor(place.name, facts)
    found = []
    for key, raw in data.items():
        row = _ROWS.get(key)
        if row is None or raw is None:
            continue
        if row.unless is not None and _ROWS[row.unless].read(data.get(row.unless)) is not None:
            continue
        value = _value(row, raw, facts)
        if value is not None:
            found.append(Measurement(sensor, _quantity(row, facts), value, time_ms))
    return Decoded(tuple(found)) if found else NOTHING


def _plain(place: _Place, message: Message, known: Known) -> Decoded:
    """One property on a topic of its own (`output: attribute`)."""
    if place.row is None:
        return NOTHING
    word = text(message.payload)
    facts = known.facts(place.row_topic)
    value = _value(place.row, word, facts)
    if value is None:
        return NO_VALUE if says_nothing(word) else NOTHING
    if _is_remembered(place, message, known):
        return _REMEMBERED
    quantity = _quantity(place.row, facts)
    return Decoded((Measurement(_sensor(place.row_name, facts), quantity, value),))


def _value(row: _Row, raw: object, facts: Mapping[Path, Fact]) -> float | None:
    value = row.read(raw)
    if value is None:
        return None
    fact = facts.get(row.path)
    if fact is None:
        return None if row.needs_unit else value
    if fact.quantity is None or (row.needs_unit and not fact.unit):
        return None
    return to_canonical(fact.quantity, value, fact.unit)


def _quantity(row: _Row, facts: Mapping[Path, Fact]) -> str:
    fact = facts.get(row.path)
    return row.quantity if fact is None or fact.quantity is None else fact.quantity


def _facts(prefix: str, payload: bytes) -> Iterator[Fact]:
    for device in items(payload) if payload else ():
        if not isinstance(device, dict) or device.get("disabled") is True:
            continue
        name, definition = device.get("friendly_name"), device.get("definition")
        address = device.get("ieee_address")
        if isinstance(name, str) and isinstance(definition, dict):
            key = address if isinstance(address, str) and address else name
            for expose in _exposes(definition.get("exposes"), 0):
                yield from _fact(prefix, name, key, expose)


def _exposes(exposes: object, depth: int) -> Iterator[dict[str, object]]:
    """Every property at the top level of the state: features of a light or valve, not of a composite."""
    if not isinstance(exposes, list) or depth > _DEEPEST_FEATURE:
        return
    for expose in exposes:
        if isinstance(expose, dict):
            yield expose
            if "property" not in expose:
                yield from _exposes(expose.get("features"), depth + 1)


def _fact(prefix: str, name: str, device: str, expose: dict[str, object]) -> Iterator[Fact]:
    key = expose.get("property")
    row = _ROWS.get(key) if isinstance(key, str) else None
    if row is None:
        return
    access, announced = expose.get("access"), expose.get("unit")
    unit = announced if isinstance(announced, str) else None
    published = not isinstance(access, int) or bool(access & 1)
    of_the_device = expose.get("category") in ("diagnostic", "config") and row.quantity != "battery"
    yield Fact(
        state_topic=prefix + name,
        path=row.path,
        quantity=quantity_in(row.quantity, unit) if published and not of_the_device else None,
        unit=unit,
        sensor=_key(device),
        name=name,
        formerly=_key(name),
        device=device,
    )
