"""Every spelling of a unit that publishers use, and the way from it to the quantity's canonical unit."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """One unit of some quantities: `canonical = value * factor + offset`; spellings in plain form."""

    of: tuple[str, ...]
    spellings: tuple[str, ...]
    factor: float = 1.0
    offset: float = 0.0


_MASSES = ("pm25", "pm10", "voc_mass")
_SHARES = ("humidity", "battery")

UNITS = (
    Unit(of=("temperature",), spellings=("c", "degc", "celsius", "degreesc", "degreescelsius", "degreecelsius")),
    Unit(
        of=("temperature",),
        spellings=("f", "degf", "fahrenheit", "degreesf", "degreesfahrenheit"),
        factor=5 / 9,
        offset=-160 / 9,
    ),
    Unit(of=("temperature",), spellings=("k", "degk", "kelvin"), offset=-273.15),
    Unit(of=_SHARES, spellings=("%", "%rh", "rh%", "percent", "pct")),
    Unit(of=_SHARES, spellings=("fraction", "ratio", "1"), factor=100.0),
    Unit(of=("pressure",), spellings=("hpa", "mbar", "mb", "millibar", "hectopascal")),
    Unit(of=("pressure",), spellings=("pa", "pascal"), factor=0.01),
    Unit(of=("pressure",), spellings=("kpa",), factor=10.0),
    Unit(of=("pressure",), spellings=("bar",), factor=1000.0),
    Unit(of=("pressure",), spellings=("mmhg", "torr"), factor=1.33322387),
    Unit(of=("pressure",), spellings=("inhg",), factor=33.8638867),
    Unit(of=("pressure",), spellings=("psi",), factor=68.9475729),
    Unit(of=("co2",), spellings=("ppm",)),
    Unit(of=("co2",), spellings=("ppb",), factor=0.001),
    Unit(of=("co2",), spellings=("%", "percent"), factor=10_000.0),
    Unit(of=_MASSES, spellings=("ug/m3", "ugm3", "ugm-3", "mcg/m3")),
    Unit(of=_MASSES, spellings=("mg/m3", "mgm3", "mgm-3"), factor=1000.0),
    Unit(of=("voc",), spellings=("ppb",)),
    Unit(of=("voc",), spellings=("ppm",), factor=1000.0),
    Unit(of=("illuminance",), spellings=("lx", "lux")),
    Unit(of=("illuminance",), spellings=("klx", "klux"), factor=1000.0),
    Unit(of=("noise",), spellings=("db", "dba", "db(a)", "dbspl", "dbc", "db(c)")),
    Unit(of=("occupancy", "motion", "movement", "sleep_event"), spellings=("1",)),
)
"""VOC in mass per volume is `voc_mass`, a quantity of its own: without the substance it has no value in ppb."""

_CONVERSIONS = MappingProxyType(
    {
        (quantity, spelling): (unit.factor, unit.offset)
        for unit in UNITS
        for quantity in unit.of
        for spelling in unit.spellings
    }
)

_DROPPED = str.maketrans({"μ": "u", **dict.fromkeys(" °˚^*_")})

_KEPT_DECIMALS = 6
"""A converted 185 degF must equal the sentinel 85 degC exactly; no sensor resolves a millionth."""


def quantity_in(quantity: str, unit: str | None) -> str:
    """The quantity that `quantity` is when it comes in `unit`: VOC as mass is one of its own."""
    return "voc_mass" if quantity == "voc" and unit and _conversion("voc_mass", unit) else quantity


def to_canonical(quantity: str, value: float, unit: str | None) -> float | None:
    """`value` in the canonical unit of `quantity`; None where it cannot be converted.

    `unit` None or empty means canonical already. The result is finite or None.
    """
    if unit:
        conversion = _conversion(quantity, unit)
        if conversion is None:
            return None
        factor, offset = conversion
        value = round(value * factor + offset, _KEPT_DECIMALS)
    return value if isfinite(value) else None


@lru_cache(maxsize=1024)
def _conversion(quantity: str, unit: str) -> tuple[float, float] | None:
    return _CONVERSIONS.get((quantity, _plain(unit)))


def _plain(unit: str) -> str:
    """One spelling for °C and ℃, for the two micro signs, for ㎍/㎥ and superscripts."""
    folded = unicodedata.normalize("NFKC", unit.replace("º", ""))
    return folded.translate(_DROPPED).lower()
