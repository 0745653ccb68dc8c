"""SwitchBot: meters through Switchbot_Py_Meter, the batteries of bots and curtains through switchbot-mqtt."""

from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from monitor.core.decoding import CONTROL, EMPTY, NO_VALUE, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import instant_ms, mapping, number, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.errors import DecodeError

_METER = "meter"
_BATTERY = "battery-percentage"
_BRIDGE = "switchbot-mqtt"
_ACTORS = MappingProxyType({"switchbot": "switch", "switchbot-curtain": "cover"})
"""The level that names the kind of device, and the one that stands before it."""

_QUANTITIES = ("temperature", "humidity", "battery")


def dialect(zone: ZoneInfo) -> Dialect:
    """SwitchBot; a meter's time has no zone and is read in `zone`."""

    def decode(message: Message, known: Known) -> Decoded:  # noqa: ARG001 - the contract of every dialect
        if not message.payload:
            return EMPTY
        if _is_meter(message.topic):
            return _meter(message, zone)
        sensor = _powered(message.topic)
        return CONTROL if sensor is None else _battery(sensor, text(message.payload))

    return Dialect(
        name="switchbot",
        subscriptions=(
            "+/meter",
            *(f"{prefix}{kind}/{actor}/+/{_BATTERY}" for prefix in ("", "+/") for actor, kind in _ACTORS.items()),
        ),
        words=frozenset((_METER, _BRIDGE, *_ACTORS)),
        claims=lambda topic: _is_meter(topic) or _status_topic(topic) is not None,
        decode=decode,
        availability=lambda topic: None if _powered(topic) is None else _status_topic(topic),
    )


def _is_meter(topic: str) -> bool:
    room, _, last = topic.partition("/")
    return last == _METER and room != ""


def _meter(message: Message, zone: ZoneInfo) -> Decoded:
    """Temperature and humidity together are a SwitchBot; meters of power and gas use the same topic."""
    if not text(message.payload).startswith("{"):
        return NOTHING
    data = mapping(message.payload)
    if number(data.get("temperature")) is None or number(data.get("humidity")) is None:
        return NOTHING
    time_ms = instant_ms(data.get("time"), zone, message.received_ms)
    sensor = f"switchbot:{message.topic}"
    values = ((quantity, number(data.get(quantity))) for quantity in _QUANTITIES)
    return Decoded(tuple(Measurement(sensor, name, value, time_ms) for name, value in values if value is not None))


def _battery(sensor: str, word: str) -> Decoded:
    value = number(word)
    if value is not None:
        return Decoded((Measurement(sensor, "battery", value),))
    if says_nothing(word):
        return NO_VALUE
    raise DecodeError("not a value of battery")


@lru_cache(maxsize=10_000)
def _status_topic(topic: str) -> str | None:
    """The bridge's own state, for a topic of switchbot-mqtt; None for topics of others."""
    levels = topic.split("/")
    if levels[-2:] == [_BRIDGE, "status"]:
        return topic
    place = next((place for place, level in enumerate(levels) if level in _ACTORS), 0)
    if place == 0 or levels[place - 1] != _ACTORS[levels[place]] or len(levels) < place + 3:
        return None
    return "/".join((*levels[: place - 1], _BRIDGE, "status"))


@lru_cache(maxsize=10_000)
def _powered(topic: str) -> str | None:
    """The key of the device whose battery this topic tells, None for other topics."""
    levels = topic.split("/")
    return f"switchbot:{levels[-2].replace(':', '').upper()}" if levels[-1] == _BATTERY else None
