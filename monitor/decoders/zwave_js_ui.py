"""zwave-js-ui: one value a node, command class, endpoint and property; the unit only where a whole value is told."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from monitor.core.decoding import CONTROL, EMPTY, NO_VALUE, NOTHING, Decoded, Dialect
from monitor.core.known import Fact, Known
from monitor.core.payload import document, flag, instant_ms, number, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.core.units import quantity_in, to_canonical
from monitor.errors import DecodeError

_ROOT = "zwave"
_CONTROL_LEVELS = frozenset({"_CLIENTS", "_EVENTS", "_EVENTS_", "set", "status", "nodeinfo", "lastActive"})
_NUMERALS = MappingProxyType(
    {"48": "sensor_binary", "49": "sensor_multilevel", "113": "notification", "128": "battery"}
)
_CLASSES = frozenset(_NUMERALS.values())
_SIGNING = frozenset({"sensor_binary", "sensor_multilevel"})
"""Classes whose name is a level of no other publisher's topics, whatever the prefix."""

_ENDPOINT = "endpoint_"
_UNNAMED = "nodeID_"
_UNITLESS = frozenset({"pressure", "voc"})
"""Quantities for which Z-Wave has scales of which none is usual: without the unit they are no reading."""

_NO_UNIT = Decoded(ignored="in a unit that is not told or not known")

_SEES_MOTION = frozenset({7.0, 8.0})
"""Notification states: motion at a known or an unknown place."""


def _sees_motion(state: object) -> float | None:
    value = number(state)
    if value is None:
        return flag(state)
    return 1.0 if value in _SEES_MOTION else 0.0 if value == 0 else None


class _Row(NamedTuple):
    """How a property is read."""

    quantity: str
    read: Callable[[object], float | None] = number


_ROWS = MappingProxyType(
    {
        ("sensor_multilevel", "airtemperature"): _Row("temperature"),
        ("sensor_multilevel", "humidity"): _Row("humidity"),
        ("sensor_multilevel", "illuminance"): _Row("illuminance"),
        ("sensor_multilevel", "luminance"): _Row("illuminance"),
        ("sensor_multilevel", "barometricpressure"): _Row("pressure"),
        ("sensor_multilevel", "atmosphericpressure"): _Row("pressure"),
        ("sensor_multilevel", "carbondioxideco2level"): _Row("co2"),
        ("sensor_multilevel", "particulatematter25"): _Row("pm25"),
        ("sensor_multilevel", "particulatematter10"): _Row("pm10"),
        ("sensor_multilevel", "volatileorganiccompoundlevel"): _Row("voc"),
        ("sensor_multilevel", "loudness"): _Row("noise"),
        ("sensor_binary", "motion"): _Row("motion", flag),
        ("notification", "homesecuritymotionsensorstatus"): _Row("motion", _sees_motion),
        ("battery", "level"): _Row("battery"),
    }
)
"""By class and property with its key, in small letters without separators, as topics and payloads have them."""


class _Place(NamedTuple):
    """What a topic says: node and endpoint, the row of its property; `node_topic` is where the node's status is."""

    node: str
    endpoint: str
    row: _Row | None
    node_topic: str | None
    ignored: Decoded | None = None


def _claims(topic: str) -> bool:
    levels = topic.split("/")
    return levels[0] == _ROOT or not _SIGNING.isdisjoint(levels[2:])


@lru_cache(maxsize=10_000)
def _place(topic: str) -> _Place:
    levels = topic.split("/")
    at = _class_at(levels)
    if at is None:
        control = not _CONTROL_LEVELS.isdisjoint(levels)
        return _Place("", "", None, None, CONTROL if control else NOTHING)
    rest = levels[at + 1 :]
    numeral, name = levels[at] in _NUMERALS, _NUMERALS.get(levels[at], levels[at])
    endpoint = rest.pop(0) if numeral or rest[0].startswith(_ENDPOINT) else "0"
    if rest[-1:] == ["set"]:
        return _Place("", "", None, None, CONTROL)
    node = levels[at - 1].removeprefix(_UNNAMED)
    return _Place(
        node=f"{levels[0]}/{node}" if node.isdecimal() else "/".join(levels[:at]),
        endpoint=_suffix(endpoint.removeprefix(_ENDPOINT)),
        row=_ROWS.get((name, _plain_name("".join(rest)))),
        node_topic="/".join(levels[:at]),
    )


def _class_at(levels: list[str]) -> int | None:
    """The level that is the command class: before it the prefix and the node, behind it at least the property."""
    for at in range(len(levels) - 2, 1, -1):
        if levels[at] in _CLASSES:
            return at
        if levels[at] in _NUMERALS and levels[at + 1].isdecimal() and at + 2 < len(levels):
            return at
    return None


def _suffix(endpoint: str) -> str:
    """An endpoint beside the first is a part of the node with sensors of its own."""
    return "" if endpoint == "0" else f"/{_ENDPOINT}{endpoint}"


@lru_cache(maxsize=1024)
def _plain_name(name: str) -> str:
    return "".join(letter for letter in name.lower().replace("₂", "2") if letter.isalnum())


def _decode(message: Message, known: Known) -> Decoded:
    place = _place(message.topic)
    if place.ignored is CONTROL:
        return CONTROL
    if not message.payload:
        return EMPTY
    fact = next(iter(known.facts(message.topic).values()), None)
    if not message.payload.lstrip().startswith(b"{"):
        return NOTHING if place.row is None else _measured(place, place.row, text(message.payload), fact)
    data = document(message.payload)
    return _told(place, data, fact, message) if isinstance(data, dict) and "value" in data else NOTHING


def _measured(place: _Place, row: _Row, word: str, fact: Fact | None) -> Decoded:
    """A payload that is just the value."""
    if says_nothing(word):
        return NO_VALUE
    if row.read(word) is None:
        raise DecodeError(f"not a value of {row.quantity}")
    quantity, value = _canonical(row, word, _unit(fact, row))
    if value is None:
        return _NO_UNIT
    return Decoded((Measurement(f"zwave_js_ui:{place.node}{place.endpoint}", quantity, value),))


def _told(place: _Place, data: Mapping[str, object], fact: Fact | None, message: Message) -> Decoded:
    """A payload with time and value, or with all that is known of the value."""
    row = place.row or _row_of(data)
    if row is None:
        return NOTHING
    unit = data.get("unit")
    quantity, value = _canonical(row, data["value"], unit if isinstance(unit, str) else _unit(fact, row))
    if value is None:
        return NOTHING
    stated = data.get("time", data.get("lastUpdate"))
    called = data.get("nodeName")
    return Decoded(
        (Measurement(_sensor(place, data, message), quantity, value, instant_ms(stated, None, message.received_ms)),),
        called=called if isinstance(called, str) and called else None,
    )


def _row_of(data: Mapping[str, object]) -> _Row | None:
    name = _NUMERALS.get(str(data.get("commandClass")))
    parts = (data.get("propertyName", data.get("property")), data.get("propertyKeyName", data.get("propertyKey")))
    return _ROWS.get((name or "", _plain_name("".join(part for part in parts if isinstance(part, str)))))


def _canonical(row: _Row, raw: object, unit: str | None) -> tuple[str, float | None]:
    """The quantity (VOC as mass is one of its own) and its value; without a unit it counts as canonical already."""
    quantity = quantity_in(row.quantity, unit)
    value = row.read(raw)
    if value is None or (not unit and quantity in _UNITLESS):
        return quantity, None
    return quantity, to_canonical(quantity, value, unit)


def _unit(fact: Fact | None, row: _Row) -> str | None:
    """The unit that Home Assistant discovery tells of the topic."""
    return fact.unit if fact is not None and fact.quantity == row.quantity else None


def _sensor(place: _Place, data: Mapping[str, object], message: Message) -> str:
    """The node by its number where the payload has it: names and locations change."""
    number_, endpoint = data.get("nodeId"), data.get("endpoint")
    suffix = _suffix(str(endpoint)) if place.row is None and isinstance(endpoint, int) else place.endpoint
    numbered = isinstance(number_, int) and not isinstance(number_, bool)
    node = f"{message.topic.split('/')[0]}/{number_}" if numbered else place.node or message.topic
    return f"zwave_js_ui:{node}{suffix}"


def _availability(topic: str) -> str | None:
    node_topic = _place(topic).node_topic
    return None if node_topic is None else f"{node_topic}/status"


DIALECT = Dialect(
    name="zwave_js_ui",
    subscriptions=(
        f"{_ROOT}/#",
        *(f"{prefix}/{name}/#" for prefix in ("+/+", "+/+/+") for name in sorted(_SIGNING)),
    ),
    words=frozenset({_ROOT, *_SIGNING}),
    claims=_claims,
    decode=_decode,
    signatures=(frozenset({"nodeId", "commandClass", "propertyName"}),),
    availability=_availability,
)
