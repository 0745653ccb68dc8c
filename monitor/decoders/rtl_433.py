"""rtl_433: what a radio receiver hears, JSON a transmission or one plain value a key; the neighbours' sensors too."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from monitor.core.decoding import CONTROL, EMPTY, NO_VALUE, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import flag, instant_ms, mapping, number, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.core.units import to_canonical
from monitor.errors import DecodeError

_WORDS = frozenset({"rtl_433", "rtl433"})
_TREE = "devices"
_TREES = (_TREE, "events", "states")
_TIRES = "TPMS"
"""The type of tyre pressure sensors, which pass by in cars."""

_UTC = ZoneInfo("UTC")
_NEAR_ARRIVAL_MS = 600_000
"""ms: a receiver publishes what it hears at once, so a wall time that is near arrival in UTC only is one in UTC."""

_NOT_IN_A_TOPIC = re.compile(r"[^-.A-Za-z0-9]")
"""Characters in place of which the receiver writes `_` in topics."""

_MEASURE = re.compile(r"([a-z]+?)_?(\d{0,3})(?:_([A-Za-z]+))?", re.ASCII)
"""`temperature_C`, `temperature_1_C` and `humidity_2`: the quantity, the probe, the unit."""


def _share(level: object) -> float | None:
    """0 (empty) to 1 (full) as percent; decoders that compute it from a voltage go beyond."""
    value = number(level)
    return None if value is None else min(max(value, 0.0), 1.0) * 100.0


def _word(battery: object) -> float | None:
    """What releases before 2019 said: OK or LOW."""
    return {"OK": 100.0, "LOW": 0.0}.get(battery) if isinstance(battery, str) else None


class _Row(NamedTuple):
    """How a key is read; `probe` tells its sensor from the device's."""

    quantity: str
    read: Callable[[object], float | None] = number
    unit: str | None = None
    probe: str = ""


_LIGHT = _Row("illuminance")
_ROWS = MappingProxyType(
    {
        "battery_ok": _Row("battery", _share),
        "battery": _Row("battery", _word),
        "co2_ppm": _Row("co2"),
        "pm2_5_ug_m3": _Row("pm25"),
        "pm10_ug_m3": _Row("pm10"),
        "pm10_0_ug_m3": _Row("pm10"),
        "voc_ppb": _Row("voc"),
        "light_lux": _LIGHT,
        "lux": _LIGHT,
        "light_klx": _Row("illuminance", unit="klx"),
        "motion": _Row("motion", flag),
    }
)
_UNITS = MappingProxyType(
    {
        "temperature": {"C": "C", "F": "F", "K": "K"},
        "humidity": {"": "%"},
        "pressure": {unit.upper(): unit for unit in ("hPa", "kPa", "PSI", "inHg", "mbar", "bar", "mmHg")},
    }
)
"""The units that a key of each quantity may end in; without one a temperature may be either and is none."""


def dialect(zone: ZoneInfo) -> Dialect:
    """rtl_433; its usual times have no zone and are read in `zone`."""

    def decode(message: Message, known: Known) -> Decoded:  # noqa: ARG001 - the contract of every dialect
        return _decode(message, zone)

    return Dialect(
        name="rtl_433",
        subscriptions=("rtl_433/#", "+/rtl_433/#", "rtl433/#"),
        words=_WORDS,
        claims=lambda topic: not _WORDS.isdisjoint(topic.split("/")),
        decode=decode,
        signatures=tuple(frozenset({"model", key}) for key in ("battery_ok", "mic", "temperature_C", "temperature_F")),
        availability=_availability,
        overheard=True,
    )


@lru_cache(maxsize=1024)
def _row(key: str) -> _Row | None:
    row = _ROWS.get(key)
    if row is not None:
        return row
    parts = _MEASURE.fullmatch(key)
    if parts is None:
        return None
    quantity, probe, unit = parts[1], parts[2], parts[3] or ""
    found = _UNITS.get(quantity, {}).get(unit.upper())
    return None if found is None else _Row(quantity, unit=found, probe=f"/probe-{probe}" if probe else "")


class _Place(NamedTuple):
    """The sensor and the key of a topic of the tree of devices; `row` None for anything that is no reading."""

    sensor: str
    row: _Row | None


@lru_cache(maxsize=10_000)
def _place(topic: str) -> _Place:
    levels = topic.split("/")
    row, above = _row(levels[-1]), levels[:-1]
    path = above[above.index(_TREE) + 1 :] if _TREE in above else _below_root(above)
    if row is None or not path or path[0] == _TIRES:
        return _Place("", None)
    model, *numbers = path
    return _Place("/".join((f"rtl_433:{model}", *numbers[-2:])) + row.probe, row)


def _below_root(levels: list[str]) -> list[str]:
    return next((levels[place + 1 :] for place, level in enumerate(levels) if level in _WORDS), [])


def _decode(message: Message, zone: ZoneInfo) -> Decoded:
    payload = message.payload
    if not payload:
        return EMPTY
    if message.topic.endswith("/availability"):
        return CONTROL
    if payload.lstrip().startswith(b"{"):
        return _event(mapping(payload), zone, message.received_ms)
    return _plain(_place(message.topic), text(payload))


def _plain(place: _Place, word: str) -> Decoded:
    if place.row is None:
        return NOTHING
    value = _value(place.row, word)
    if value is not None:
        return Decoded((Measurement(place.sensor, place.row.quantity, value),))
    if says_nothing(word) or place.row.read is _word:
        return NO_VALUE
    raise DecodeError(f"not a value of {place.row.quantity}")


def _event(data: Mapping[str, object], zone: ZoneInfo, received_ms: int) -> Decoded:
    model = data.get("model")
    if not isinstance(model, str) or not model or data.get("type") == _TIRES:
        return NOTHING
    sensor = _sensor(model, data.get("channel"), data.get("id"))
    time_ms = _time_ms(data.get("time"), zone, received_ms)
    found = {(one.sensor, one.quantity): one for one in _measurements(sensor, data, time_ms)}
    if not found:
        return NOTHING
    alone = all(one.sensor == sensor for one in found.values())
    return Decoded(tuple(found.values()), called=model if alone else None)


def _measurements(sensor: str, data: Mapping[str, object], time_ms: int | None) -> Iterator[Measurement]:
    for key, raw in data.items():
        row = _row(key)
        value = None if row is None else _value(row, raw)
        if row is not None and value is not None:
            yield Measurement(sensor + row.probe, row.quantity, value, time_ms)


def _value(row: _Row, raw: object) -> float | None:
    value = row.read(raw)
    return None if value is None else to_canonical(row.quantity, value, row.unit)


def _sensor(model: str, channel: object, number_: object) -> str:
    """One key whoever hears the sensor and on whichever tree: characters are replaced as in topics."""
    parts = [model, *(str(part) for part in (channel, number_) if _is_name(part))]
    return "rtl_433:" + "/".join(_NOT_IN_A_TOPIC.sub("_", part) for part in parts)


def _is_name(part: object) -> bool:
    return isinstance(part, str | int) and not isinstance(part, bool) and part != ""


def _time_ms(stated: object, zone: ZoneInfo, received_ms: int) -> int | None:
    """The time of reception: local, Unix or with its zone; UTC is not marked. None for an offset (`@0.2s`)."""
    local_ms = instant_ms(stated, zone, received_ms)
    if local_ms is None or abs(local_ms - received_ms) <= _NEAR_ARRIVAL_MS:
        return local_ms
    utc_ms = instant_ms(stated, _UTC, received_ms)
    return utc_ms if utc_ms is not None and abs(utc_ms - received_ms) <= _NEAR_ARRIVAL_MS else local_ms


def _availability(topic: str) -> str | None:
    levels = topic.split("/")
    place = next((place for place, level in enumerate(levels) if level in _TREES), 0)
    return "/".join((*levels[:place], "availability")) if place else None
