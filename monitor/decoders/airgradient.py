"""AirGradient ONE and Open Air: one flat JSON a minute, always in degrees Celsius, satellites within it."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from monitor.core.decoding import EMPTY, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import mapping, number
from monitor.core.readings import Measurement, Message

_PREFIX = "airgradient/readings/"


class _Row(NamedTuple):
    """One key; `better` names the same value after the publisher's own correction."""

    quantity: str
    key: str
    better: str | None = None


_ROWS = (
    _Row("temperature", "atmp", "atmpCompensated"),
    _Row("humidity", "rhum", "rhumCompensated"),
    _Row("co2", "rco2"),
    _Row("pm25", "pm02", "pm02Compensated"),
    _Row("pm10", "pm10"),
)
_CORRECTED = tuple((row.key, row.better) for row in _ROWS if row.better is not None)


def _decode(message: Message, known: Known) -> Decoded:  # noqa: ARG001 - the contract of every dialect
    if not message.payload:
        return EMPTY
    data = mapping(message.payload)
    sensor = _sensor(data.get("serialno"), message.topic)
    found = list(_values(sensor, data))
    averaged = {measurement.quantity for measurement in found}
    for name, channel in _parts(data, "channels"):
        found.extend(one for one in _values(f"{sensor}/{name}", channel) if one.quantity not in averaged)
    for address, satellite in _parts(data, "satellites"):
        found.extend(_values(f"airgradient:{_plain(address)}", satellite))
    if not found:
        return NOTHING
    model = data.get("model")
    alone = isinstance(model, str) and len({measurement.sensor for measurement in found}) == 1
    return Decoded(tuple(found), called=f"AirGradient {model}" if alone else None)


def _sensor(serial: object, topic: str) -> str:
    """The key: the serial number, which is the address without colons and the topic's last level too."""
    return f"airgradient:{_plain(serial if isinstance(serial, str) and serial else topic.removeprefix(_PREFIX))}"


@lru_cache(maxsize=10_000)
def _plain(address: str) -> str:
    """`84:FC:E6:12:EF:F4` as the monitor writes its own: 84fce612eff4; a topic stays as it is."""
    plain = address.replace(":", "").lower()
    return plain if plain.isalnum() else address


def _parts(data: Mapping[str, object], key: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The objects within the object at `key` by their names."""
    parts = data.get(key)
    for name, part in parts.items() if isinstance(parts, dict) else ():
        if isinstance(part, dict):
            yield name, part


def _values(sensor: str, data: Mapping[str, object]) -> Iterator[Measurement]:
    corrected = _is_corrected(data)
    for row in _ROWS:
        value = number(data.get(row.better)) if corrected and row.better is not None else None
        if value is None:
            value = number(data.get(row.key))
        if value is not None:
            yield Measurement(sensor, row.quantity, value)


def _is_corrected(data: Mapping[str, object]) -> bool:
    """Whether the corrected values were computed: all of them 0 beside raw ones that are not is how they begin."""
    pairs = [(number(data.get(key)), number(data.get(better))) for key, better in _CORRECTED if better in data]
    return any(better not in (None, 0.0) for _raw, better in pairs) or all(raw in (None, 0.0) for raw, _better in pairs)


DIALECT = Dialect(
    name="airgradient",
    subscriptions=(f"{_PREFIX}+",),
    words=frozenset({"airgradient"}),
    claims=lambda topic: topic.startswith(_PREFIX),
    decode=_decode,
    signatures=(frozenset({"rco2", "wifi"}), frozenset({"pm02", "atmp"})),
)
