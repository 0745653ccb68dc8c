"""The words by which publishers name quantities in topics, keys and entity names."""

from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple


class Named(NamedTuple):
    """What a name says: the quantity, the unit if it ends in one, and the words that say neither.

    `last`: the quantity is the last thing named. `binary`: it is a yes or no.
    """

    quantity: str
    unit: str | None
    rest: tuple[str, ...]
    last: bool
    binary: bool = False


_NUMBERS = MappingProxyType(
    {
        "temperature": ("temperature", None),
        "temp": ("temperature", None),
        "tempc": ("temperature", "C"),
        "tempf": ("temperature", "F"),
        "temperatura": ("temperature", None),
        "temperatur": ("temperature", None),
        "humidity": ("humidity", None),
        "hum": ("humidity", None),
        "humid": ("humidity", None),
        "rh": ("humidity", None),
        "humedad": ("humidity", None),
        "umidita": ("humidity", None),
        "luftfeuchtigkeit": ("humidity", None),
        "co2": ("co2", None),
        "pm25": ("pm25", None),
        "pm10": ("pm10", None),
        "voc": ("voc", None),
        "tvoc": ("voc", None),
        "lux": ("illuminance", None),
        "illuminance": ("illuminance", None),
        "pressure": ("pressure", None),
        "battery": ("battery", None),
        "batt": ("battery", None),
        "batterylevel": ("battery", None),
        "noise": ("noise", None),
        "spl": ("noise", None),
    }
)

_FLAGS = MappingProxyType(
    {
        "occupancy": "occupancy",
        "occupied": "occupancy",
        "presence": "occupancy",
        "inbed": "occupancy",
        "motion": "motion",
        "movement": "motion",
        "vibration": "movement",
    }
)

_PHRASES = MappingProxyType(
    {
        ("has", "target"): "occupancy",
        ("has", "moving", "target"): "motion",
        ("in", "bed"): "occupancy",
    }
)

NEEDS_UNIT = frozenset({"voc", "noise"})
"""Quantities whose bare number may be an index or a scale of 0 to 100: without a unit it is no reading."""

_SUFFIXES = MappingProxyType(
    {
        "temperature": {"c": "C", "celsius": "C", "f": "F", "fahrenheit": "F", "k": "K", "kelvin": "K"},
        "humidity": {"percent": "%", "pct": "%", "rh": "%", "percentage": "%"},
        "battery": {"percent": "%", "pct": "%", "level": "%", "percentage": "%"},
        "pressure": {word: word for word in ("hpa", "kpa", "pa", "mbar", "mmhg", "inhg", "psi")},
        "co2": {"ppm": "ppm"},
        "voc": {"ppb": "ppb", "ppm": "ppm"},
        "noise": {"db": "dB", "dba": "dB"},
        "pm25": {"ugm3": "ug/m3"},
        "pm10": {"ugm3": "ug/m3"},
        "illuminance": {"lx": "lx", "lux": "lx"},
    }
)

_NOT_THE_ROOM = frozenset(
    {
        "device",
        "cpu",
        "gpu",
        "chip",
        "core",
        "mcu",
        "soc",
        "die",
        "internal",
        "board",
        "processor",
        "reference",
        "target",
        "setpoint",
        "set",
        "desired",
        "threshold",
        "alarm",
        "limit",
        "high",
        "low",
        "min",
        "max",
        "minimum",
        "maximum",
        "offset",
        "calibration",
        "correction",
        "delta",
        "trend",
        "change",
        "index",
        "raw",
        "average",
        "mean",
        "dew",
        "dewpoint",
        "dp",
        "frost",
        "feels",
        "apparent",
        "perceived",
        "heat",
        "wet",
        "bulb",
        "absolute",
        "specific",
        "vapor",
        "vapour",
        "sea",
        "soil",
        "moisture",
        "water",
        "color",
        "colour",
        "local",
        "eco2",
        "equivalent",
        "estimated",
        "interval",
        "gate",
        "distance",
        "count",
        "voltage",
    }
)
"""Words that turn a name into something else than the state of a room's air."""

_OTHER_MEANING = MappingProxyType(
    {
        "battery": frozenset(
            {
                "voltage",
                "volt",
                "volts",
                "v",
                "mv",
                "raw",
                "low",
                "current",
                "state",
                "type",
                "alarm",
                "temperature",
            }
        ),
        "pressure": _NOT_THE_ROOM | {"bed", "mat", "pad", "tire", "tyre", "blood", "pump", "oil", "gas", "chamber"},
    }
)

_FILLERS = frozenset({"air", "ambient", "atmospheric", "barometric", "relative"})
"""Words that change nothing: `Air_temperature` and `temperature` are one."""

_ONE_WORD = (
    ("pm2 5", "pm25"),
    ("ug m3", "ugm3"),
    ("e co2", "eco2"),
    ("sound pressure", "spl"),
    ("sound level", "spl"),
    ("h pa", "hpa"),
    ("k pa", "kpa"),
    ("mm hg", "mmhg"),
    ("in hg", "inhg"),
)


@lru_cache(maxsize=10_000)
def named(name: str) -> Named | None:
    """The one quantity that a level, key or name speaks of; None for none, two, or not the room's."""
    words = words_of(name)
    phrase = _PHRASES.get(words)
    if phrase is not None:
        return Named(phrase, None, (), last=True, binary=True)
    words, suffix = words[:-1] if _is_suffix(words) else words, words[-1:]
    places = [place for place, word in enumerate(words) if word in _NUMBERS or word in _FLAGS]
    if len(places) != 1:
        return None
    place = places[0]
    rest = tuple(word for word in words[:place] + words[place + 1 :] if word not in _FILLERS)
    last = place == len(words) - 1
    if words[place] in _FLAGS:
        return Named(_FLAGS[words[place]], None, rest, last, binary=True)
    quantity, unit = _NUMBERS[words[place]]
    if last and unit is None:
        unit = _SUFFIXES[quantity].get("".join(suffix))
    return Named(quantity, unit, rest, last) if of_the_room(quantity, rest) else None


def of_the_room(quantity: str, words: tuple[str, ...]) -> bool:
    """Whether these words beside a quantity leave it a reading of the room (or a state of charge)."""
    return _OTHER_MEANING.get(quantity, _NOT_THE_ROOM).isdisjoint(words)


def words_of(name: str) -> tuple[str, ...]:
    """The words of `Air_temperature`, `roomTemp`, `PM2.5` and the like, in lower case."""
    parted: list[str] = []
    before = ""
    for letter in name:
        if letter.isupper() and before.islower():
            parted.append(" ")
        parted.append(letter if letter.isalnum() else " ")
        before = letter
    joined = f" {' '.join(''.join(parted).lower().split())} "
    for apart, together in _ONE_WORD:
        joined = joined.replace(f" {apart} ", f" {together} ")
    return tuple(joined.split())


def _is_suffix(words: tuple[str, ...]) -> bool:
    if len(words) < 2 or words[-2] not in _NUMBERS:
        return False
    return words[-1] in _SUFFIXES[_NUMBERS[words[-2]][0]]
