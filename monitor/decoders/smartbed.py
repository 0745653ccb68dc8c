"""smartbed-mqtt: the air that a bed's processor measures, one small JSON per quantity."""

from functools import lru_cache
from types import MappingProxyType

from monitor.core.decoding import CONTROL, EMPTY, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import instant_ms, mapping, number, text
from monitor.core.readings import Measurement, Message

_PREFIX = "sleeptracker/"
_STATE = "/state"

_TYPES = MappingProxyType(
    {
        "degreesCelsius": "temperature",
        "humidityPercentage": "humidity",
        "co2Ppm": "co2",
        "vocPpb": "voc",
    }
)
"""What the payload says that it is, unit and all; the topic's words are only for people."""


def _decode(message: Message, known: Known) -> Decoded:  # noqa: ARG001 - the contract of every dialect
    sensor = _sensor(message.topic)
    if sensor is None:
        return CONTROL
    if not message.payload:
        return EMPTY
    if not text(message.payload).startswith("{"):
        return NOTHING
    data = mapping(message.payload)
    kind, value = data.get("type"), number(data.get("value"))
    quantity = _TYPES.get(kind) if isinstance(kind, str) else None
    if quantity is None or value is None:
        return NOTHING
    time_ms = instant_ms(data.get("lastUpdated"), None, message.received_ms)
    return Decoded((Measurement(sensor, quantity, value, time_ms),))


@lru_cache(maxsize=10_000)
def _sensor(topic: str) -> str | None:
    """The key of the bed whose state this is, None for other topics of it (status, command)."""
    levels = topic.split("/")
    return f"smartbed:{levels[1]}" if len(levels) == 4 and topic.endswith(_STATE) else None


DIALECT = Dialect(
    name="smartbed",
    subscriptions=("sleeptracker/+/+/state",),
    words=frozenset({"sleeptracker"}),
    claims=lambda topic: topic.startswith(_PREFIX),
    decode=_decode,
    availability=lambda topic: None if _sensor(topic) is None else topic.removesuffix(_STATE) + "/status",
)
