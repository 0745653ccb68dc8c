"""Shelly Gen2 and later: JSON by component, all in one on `<prefix>/events/rpc` or singly on `<prefix>/status/…`."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from monitor.core import shelly_blu
from monitor.core.announced import value_of
from monitor.core.decoding import CONTROL, EMPTY, NOTHING, Decoded, Dialect, covers
from monitor.core.identity import mac_in
from monitor.core.known import Availability, Fact, Known, Learned, Path
from monitor.core.payload import flag, instant_ms, mapping, number
from monitor.core.readings import Measurement, Message

_EVENTS = "events/rpc"
_EVENT = "NotifyEvent"
_NOTIFICATIONS = frozenset({"NotifyStatus", "NotifyFullStatus", _EVENT})
_COMPONENT = re.compile(r"[a-z][a-z0-9_]*:\d{1,9}", re.ASCII)
_SINGLES = frozenset({"ble", "cloud", "eth", "ht_ui", "mqtt", "presence", "sys", "wifi", "ws"})
"""Components of which a device has one; their names have no number. `temperature` without one is a relay's own."""

_SYSTEM = ("+/status/sys", "+/+/status/sys", "+/+/+/status/sys")
_ANSWERS = "+/shelly/+/rpc"
"""Where answers to `Shelly.GetComponents` are read; a request's `src` is `<anything>/shelly/<one word a request>`."""

_WHOLE_DEVICE: Path = ("",)
"""The path of a fact about a device and all its sensors; no key is empty."""

_ADD_ON = 100
"""The least component id of what is plugged in or paired; those below are built in."""

_METER = re.compile(r"shelly[a-z0-9]*em[a-z0-9]*-")
"""Ids of energy meters: their built-in temperature is that of the electronics in the fuse box."""

_NO_BATTERY_V = 1.0
"""Volts: no set of cells runs a device below this, so there is none in it (0 % then says nothing)."""


def _somebody(raw: object) -> float | None:
    """A yes or no, or the number of people seen."""
    people = number(raw)
    return flag(raw) if people is None else float(people > 0)


def _charge(battery: object) -> float | None:
    if not isinstance(battery, dict):
        return None
    volts, percent = number(battery.get("V")), number(battery.get("percent"))
    return None if percent == 0 and volts is not None and volts < _NO_BATTERY_V else percent


class _Row(NamedTuple):
    """The quantity of a kind of component, and the keys of its state of which the first that is there counts."""

    quantity: str
    keys: tuple[str, ...]
    read: Callable[[object], float | None] = number


_PRESENCE = _Row("occupancy", ("value", "state", "presence", "num_objects"), _somebody)
_POWER = "devicepower"
_ROWS = MappingProxyType(
    {
        "temperature": _Row("temperature", ("tC",)),
        "humidity": _Row("humidity", ("rh",)),
        "illuminance": _Row("illuminance", ("lux",)),
        "motion": _Row("motion", ("value", "state", "motion"), flag),
        "presence": _PRESENCE,
        "presencezone": _PRESENCE,
        "occupancy": _PRESENCE,
        _POWER: _Row("battery", ("battery",), _charge),
    }
)


class _Part(NamedTuple):
    """What the name of a component says; `suffix` tells its sensor from the device's."""

    kind: str
    row: _Row | None
    suffix: str
    built_in: bool


_NO_PART = _Part("", None, "", built_in=True)


class _Device(NamedTuple):
    """A device by its id, or by the user's text where that is all that is known."""

    key: str
    is_meter: bool


class _Place(NamedTuple):
    """What a topic says; `component` None for one that carries a frame."""

    prefix: str
    component: str | None
    system: str


def _claims(topic: str) -> bool:
    return topic.endswith(f"/{_EVENTS}") or _place(topic).component is not None


@lru_cache(maxsize=10_000)
def _place(topic: str) -> _Place:
    prefix, _, rest = topic.rpartition("/status/")
    if prefix and (rest in _SINGLES or _COMPONENT.fullmatch(rest)):
        return _Place(prefix, rest, f"{prefix}/status/sys")
    prefix = topic.removesuffix(f"/{_EVENTS}") if topic.endswith(f"/{_EVENTS}") else ""
    return _Place(prefix, None, "")


@lru_cache(maxsize=10_000)
def _device(identifier: str) -> _Device:
    """`shellyhtg3-aabbccddeeff` ends in the address by which every form of topic and payload names the device."""
    mac = mac_in(identifier.rpartition("-")[2]) if "-" in identifier else None
    meter = _METER.search(identifier.rpartition("/")[2]) is not None
    return _Device(f"shelly_gen2:{mac or identifier}", meter)


@lru_cache(maxsize=10_000)
def _part(component: str) -> _Part:
    if not _COMPONENT.fullmatch(component) and component not in _SINGLES:
        return _NO_PART
    kind, _, digits = component.partition(":")
    index = int(digits or "0")
    return _Part(kind, _ROWS.get(kind), f"/{component}" if index else "", index < _ADD_ON)


def _decode(message: Message, known: Known) -> Decoded:
    place = _place(message.topic)
    if not message.payload:
        return EMPTY
    if place.component is not None:
        return _status(place, place.component, message, known)
    data = mapping(message.payload)
    if data.keys() >= shelly_blu.SCRIPT_KEYS:
        return _decoded(shelly_blu.script_values(data, None), None)
    src = data.get("src")
    if not isinstance(src, str) or not src:
        return NOTHING
    called = place.prefix or src
    result = data.get("result")
    if isinstance(result, dict):
        return _decoded(_answered(src, result, message), called)
    return _notified(src, called, data, message, known)


def _decoded(found: tuple[Measurement, ...], called: str | None) -> Decoded:
    if not found:
        return NOTHING
    alone = len({measurement.sensor for measurement in found}) == 1 and found[0].sensor.startswith("shelly_gen2:")
    return Decoded(found, called=called if alone else None)


def _status(place: _Place, component: str, message: Message, known: Known) -> Decoded:
    """The state of one component; whose it is, the prefix says or what `status/sys` told."""
    part = _part(component)
    if part.row is None and part.kind != shelly_blu.SENSOR:
        return NOTHING
    device = _device(place.prefix)
    told = known.facts(place.system).get(_WHOLE_DEVICE)
    if told is not None:
        device = _Device(told.sensor.removesuffix("/"), device.is_meter)
    fact = known.facts(message.topic).get(("value",))
    found = _state(device, component, mapping(message.payload), fact, None, message.received_ms)
    return _decoded(tuple(found), place.prefix)


def _notified(src: str, called: str, data: Mapping[str, object], message: Message, known: Known) -> Decoded:
    params, method = data.get("params"), data.get("method")
    if not isinstance(params, dict) or not isinstance(method, str) or method not in _NOTIFICATIONS:
        return CONTROL
    time_ms = instant_ms(params.get("ts"), None, message.received_ms)
    if method == _EVENT:
        return _decoded(tuple(_events(params.get("events"), time_ms)), None)
    facts = known.facts(f"{src}/{_EVENTS}")
    return _decoded(tuple(_states(_device(src), params, facts, time_ms, message.received_ms)), called)


def _events(events: object, time_ms: int | None) -> Iterator[Measurement]:
    """What scripts tell of the Bluetooth sensors that they hear; all other events are no readings."""
    for event in events if isinstance(events, list) else ():
        data = event.get("data") if isinstance(event, dict) else None
        if isinstance(data, dict) and data.keys() >= shelly_blu.SCRIPT_KEYS:
            yield from shelly_blu.script_values(data, time_ms)


def _answered(src: str, result: Mapping[str, object], message: Message) -> tuple[Measurement, ...]:
    """The answer to `Shelly.GetStatus`, or to `Shelly.GetComponents` if that holds states beside configurations."""
    device, components = _device(src), result.get("components")
    if not isinstance(components, list):
        return tuple(_states(device, result, {}, None, message.received_ms))
    facts = {fact.path: fact for fact in shelly_blu.facts(device.key, src, components)}
    rows = [row for row in components if isinstance(row, dict)]
    states = {str(row.get("key")): row.get("status") for row in rows}
    return tuple(_states(device, states, facts, None, message.received_ms))


def _states(
    device: _Device,
    states: Mapping[str, object],
    facts: Mapping[Path, Fact],
    time_ms: int | None,
    received_ms: int,
) -> Iterator[Measurement]:
    for component, state in states.items():
        if isinstance(state, dict):
            fact = facts.get(("params", component, "value")) if facts else None
            yield from _state(device, component, state, fact, time_ms, received_ms)


def _state(
    device: _Device,
    component: str,
    state: Mapping[str, object],
    fact: Fact | None,
    time_ms: int | None,
    received_ms: int,
) -> Iterator[Measurement]:
    part = _part(component)
    if part.kind == shelly_blu.SENSOR:
        yield from _relayed(device, component, state, fact, time_ms, received_ms)
        return
    row = part.row
    if row is None or (device.is_meter and part.built_in and row.quantity == "temperature"):
        return
    if part.kind == _POWER and _is_plugged(state.get("external")):
        return
    value = row.read(next((state[key] for key in row.keys if key in state), None))
    if value is not None:
        yield Measurement(device.key + part.suffix, row.quantity, value, time_ms)


def _relayed(
    device: _Device,
    component: str,
    state: Mapping[str, object],
    fact: Fact | None,
    time_ms: int | None,
    received_ms: int,
) -> Iterator[Measurement]:
    """The value of a Bluetooth sensor, whose state does not say of what; its time is that of the broadcast."""
    value = None if fact is None else value_of(fact, state.get("value"))
    if fact is None or fact.quantity is None or value is None:
        return
    sensor = f"{device.key}/{component}" if fact.second_hand else fact.sensor
    heard_ms = instant_ms(state.get("last_updated_ts"), None, received_ms)
    yield Measurement(sensor, fact.quantity, value, time_ms if heard_ms is None else heard_ms)


def _is_plugged(external: object) -> bool:
    return isinstance(external, dict) and external.get("present") is True


def _learn(message: Message) -> Learned | None:
    if covers(_ANSWERS, message.topic):
        return _components(message)
    place = _place(message.topic)
    return _identified(place, message) if place.component == "sys" else None


def _components(message: Message) -> Learned | None:
    """What the values of Bluetooth sensors mean, from an answer to `Shelly.GetComponents`."""
    data = mapping(message.payload) if message.payload else {}
    src, result = data.get("src"), data.get("result")
    if not isinstance(src, str) or not isinstance(result, dict):
        return None if data else ()
    return tuple(shelly_blu.facts(_device(src).key, src, result.get("components")))


def _identified(place: _Place, message: Message) -> tuple[Fact, ...]:
    """Which device speaks under a prefix that the user chose; until then its sensors are named by the prefix."""
    told = mapping(message.payload) if message.payload else {}
    address = told.get("mac")
    mac = mac_in(address) if isinstance(address, str) else None
    device = _device(place.prefix)
    if mac is None or device.key == f"shelly_gen2:{mac}":
        return ()
    return (
        Fact(
            state_topic=message.topic,
            path=_WHOLE_DEVICE,
            quantity=None,
            unit=None,
            sensor=f"shelly_gen2:{mac}/",
            name=place.prefix,
            formerly=f"{device.key}/",
            device=mac,
            availability=(Availability(f"{place.prefix}/online"),),
        ),
    )


def _availability(topic: str) -> str | None:
    prefix = _place(topic).prefix
    return f"{prefix}/online" if prefix else None


DIALECT = Dialect(
    name="shelly_gen2",
    metadata=(*_SYSTEM, _ANSWERS),
    subscriptions=(
        *(f"{prefix}/{_EVENTS}" for prefix in ("+", "+/+", "+/+/+")),
        *(f"{prefix}/status/+" for prefix in ("+", "+/+", "+/+/+")),
        "+/rpc",
        *(f"{prefix}/online" for prefix in ("+", "+/+", "+/+/+")),
    ),
    words=frozenset({"rpc", "status"}),
    claims=_claims,
    decode=_decode,
    learn=_learn,
    signatures=(
        frozenset({"src", "method", "params"}),
        frozenset({"src", "dst", "result"}),
        shelly_blu.SCRIPT_KEYS,
    ),
    availability=_availability,
)
