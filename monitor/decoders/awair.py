"""Awair through awair2mqtt: the flat JSON of the local API, with its own time in UTC."""

from types import MappingProxyType

from monitor.core.decoding import EMPTY, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import instant_ms, mapping, number
from monitor.core.readings import Measurement, Message

_PREFIX = "awair/"
_SUFFIX = "/sensors"

_QUANTITIES = MappingProxyType(
    {
        "temp": "temperature",
        "humid": "humidity",
        "co2": "co2",
        "voc": "voc",
        "pm25": "pm25",
        "lux": "illuminance",
        "spl_a": "noise",
    }
)
"""Keys in the canonical unit already: °C, %, ppm, ppb, ug/m3, lx, dBA."""


def _decode(message: Message, known: Known) -> Decoded:  # noqa: ARG001 - the contract of every dialect
    if not message.payload:
        return EMPTY
    data = mapping(message.payload)
    sensor = _sensor(data.get("device_uuid"), message.topic)
    time_ms = instant_ms(data.get("timestamp"), None, message.received_ms)
    values = ((quantity, number(data.get(key))) for key, quantity in _QUANTITIES.items())
    found = tuple(Measurement(sensor, quantity, value, time_ms) for quantity, value in values if value is not None)
    return Decoded(found) if found else NOTHING


def _sensor(uuid: object, topic: str) -> str:
    """The device that measured: awair2mqtt may put the data of the last of several on the topics of all."""
    device = uuid if isinstance(uuid, str) and uuid else topic.removeprefix(_PREFIX).removesuffix(_SUFFIX)
    return f"awair:{device}"


def _claims(topic: str) -> bool:
    return topic.startswith(_PREFIX) and topic.endswith(_SUFFIX) and topic.count("/") == 2


DIALECT = Dialect(
    name="awair",
    subscriptions=("awair/+/sensors",),
    words=frozenset({"awair"}),
    claims=_claims,
    decode=_decode,
    signatures=(frozenset({"score", "humid"}),),
)
