"""Keys and shapes that several dialects must agree on, so that one sensor has one key."""

from functools import lru_cache
from typing import NamedTuple

OWN_DEVICE = "bedroom_monitor"
"""Begins our own device identifiers and, in Home Assistant, our own object ids: never to be read as a sensor."""

ESPHOME_SENSORS = frozenset({"sensor", "binary_sensor"})
ESPHOME_SETTINGS = frozenset({"number", "select", "switch", "text"})
"""Components whose state is what somebody set."""

_NOT_ESPHOME = ("homeassistant/", "$")
_HEX = frozenset("0123456789abcdef")
_MAC_DIGITS = 12


class EsphomeTopic(NamedTuple):
    """The parts of `<prefix>/<component>/<object id>/state`."""

    prefix: str
    component: str
    object_id: str


@lru_cache(maxsize=10_000)
def esphome_topic(topic: str) -> EsphomeTopic | None:
    """The parts of a topic that has the shape of an ESPHome state, None for another."""
    levels = topic.split("/")
    if len(levels) < 4 or levels[-1] != "state" or not levels[-2] or topic.startswith(_NOT_ESPHOME):
        return None
    prefix, component, object_id = "/".join(levels[:-3]), levels[-3], levels[-2]
    known = component in ESPHOME_SENSORS or component in ESPHOME_SETTINGS
    return EsphomeTopic(prefix, component, object_id) if known else None


def esphome_key(place: EsphomeTopic, mac: str | None = None) -> str:
    """The sensor's key: by the node's MAC where an announcement tells it, else by the topic's prefix."""
    return f"esphome:{mac or place.prefix}/{place.object_id}"


def mac_in(identifier: str | None) -> str | None:
    """The MAC address that an identifier is, in lower case without separators; None where it is none."""
    digits = (identifier or "").replace(":", "").replace("-", "").lower()
    return digits if len(digits) == _MAC_DIGITS and _HEX.issuperset(digits) else None
