"""govee2mqtt: one plain value per entity; whether a temperature is in C or F only its announcement says."""

from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from monitor.core.decoding import CONTROL, EMPTY, NO_VALUE, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import document, number, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.core.units import to_canonical
from monitor.errors import DecodeError

_PREFIX = "gv2mqtt/"
_SENSORS = "gv2mqtt/sensor/sensor-"
_STATE = "/state"
_AVAILABILITY = "gv2mqtt/availability"
_NO_UNIT = Decoded(ignored="its unit (C or F) is not announced yet")

_INSTANCES = MappingProxyType(
    {
        "sensortemperature": "temperature",
        "sensorhumidity": "humidity",
        "carbondioxideconcentration": "co2",
    }
)
"""What Govee's platform calls a capability, in lower case."""


class _Place(NamedTuple):
    """The device and the quantity that a state topic speaks of."""

    sensor: str
    quantity: str


def _decode(message: Message, known: Known) -> Decoded:
    place = _place(message.topic)
    if place is None:
        return NOTHING if message.topic.endswith(_STATE) else CONTROL
    if not message.payload:
        return EMPTY
    word = text(message.payload)
    value = _number(word)
    if value is None:
        if says_nothing(word) or word.startswith("{"):
            return NO_VALUE
        raise DecodeError(f"not a value of {place.quantity}")
    if place.quantity == "temperature":
        fact = known.facts(message.topic).get(())
        if fact is None or not fact.unit:
            return _NO_UNIT
        value = to_canonical(place.quantity, value, fact.unit)
        if value is None:
            raise DecodeError(f"not a value of temperature in {fact.unit}")
    return Decoded((Measurement(place.sensor, place.quantity, value),))


def _number(word: str) -> float | None:
    """A plain number, or the `value` of the object that govee2mqtt passes on where it knows no better."""
    if not word.startswith("{"):
        return number(word)
    state = document(word.encode())
    return number(state.get("value")) if isinstance(state, dict) else None


@lru_cache(maxsize=10_000)
def _place(topic: str) -> _Place | None:
    if not topic.startswith(_SENSORS) or not topic.endswith(_STATE):
        return None
    device, _, instance = topic.removeprefix(_SENSORS).removesuffix(_STATE).rpartition("-")
    quantity = _INSTANCES.get(instance)
    return None if quantity is None or not device else _Place(f"govee2mqtt:{device}", quantity)


DIALECT = Dialect(
    name="govee2mqtt",
    subscriptions=("gv2mqtt/sensor/+/state",),
    words=frozenset({"gv2mqtt"}),
    claims=lambda topic: topic.startswith(_PREFIX),
    decode=_decode,
    availability=lambda topic: None if _place(topic) is None else _AVAILABILITY,
)
