"""Every quantity the monitor knows, each with its one canonical unit and its plausible range."""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """One physical quantity: readings of it are in `unit` and lie in `low <= value <= high`.

    `absent` lists values that devices send for "no value"; they are set aside, whatever the range.
    `written` is the name that people and JSON see where several units cannot be converted into one.
    `jump` is how far the value can go from one reading to the next, plus `jump_per_min` for each minute between
    them; None: it may go anywhere.
    `thinned` says whether old readings may be thinned to five minutes, where that is wanted: nights know what changes
    slowly by medians of five minutes, but noise by its single minutes and events by each of them.
    """

    name: str
    unit: str
    low: float
    high: float
    meaning: str
    thinned: bool
    low_open: bool = False
    absent: tuple[float, ...] = ()
    written: str = ""
    jump: float | None = None
    jump_per_min: float = 0.0

    def __post_init__(self) -> None:
        if not self.written:
            object.__setattr__(self, "written", self.name)


QUANTITIES = (
    Quantity(
        name="temperature",
        unit="degC",
        low=-40.0,
        high=60.0,
        meaning="air temperature",
        thinned=True,
        absent=(85.0, -127.0, -327.68, 999.0, -99.5, -204.8),
        jump=4.0,
        jump_per_min=0.4,
    ),
    Quantity(
        name="humidity",
        unit="%",
        low=0.0,
        high=100.0,
        low_open=True,
        meaning="relative humidity",
        thinned=True,
        absent=(655.35, 999.0, 0.0),
        jump=20.0,
        jump_per_min=2.0,
    ),
    Quantity(
        name="pressure",
        unit="hPa",
        low=540.0,
        high=1100.0,
        meaning="air pressure",
        thinned=True,
        jump=5.0,
        jump_per_min=0.2,
    ),
    Quantity(
        name="co2",
        unit="ppm",
        low=0.0,
        high=40_000.0,
        low_open=True,
        meaning="measured carbon dioxide",
        thinned=True,
        absent=(-1.0, -2.0),
        jump=2_000.0,
        jump_per_min=200.0,
    ),
    Quantity(
        name="pm25",
        unit="ug/m3",
        low=0.0,
        high=2_000.0,
        meaning="particles up to 2.5 um",
        thinned=True,
        absent=(-1.0, -2.0),
    ),
    Quantity(
        name="pm10",
        unit="ug/m3",
        low=0.0,
        high=4_000.0,
        meaning="particles up to 10 um",
        thinned=True,
        absent=(-1.0, -2.0),
    ),
    Quantity(name="voc", unit="ppb", low=0.0, high=60_000.0, meaning="volatile organic compounds", thinned=True),
    Quantity(
        name="voc_mass",
        unit="ug/m3",
        low=0.0,
        high=200_000.0,
        meaning="volatile organic compounds as mass: without the substances no number of parts",
        thinned=True,
        written="voc",
    ),
    Quantity(name="illuminance", unit="lx", low=0.0, high=200_000.0, meaning="light at the sensor", thinned=True),
    Quantity(
        name="noise",
        unit="dB",
        low=0.0,
        high=140.0,
        meaning="sound level, weighting as the device gives it",
        thinned=False,
    ),
    Quantity(
        name="battery", unit="%", low=0.0, high=100.0, meaning="charge left in the sensor's battery", thinned=False
    ),
    Quantity(
        name="occupancy",
        unit="1",
        low=0.0,
        high=1.0,
        meaning="somebody is in the bed or the room (1) or not (0)",
        thinned=False,
    ),
    Quantity(
        name="motion",
        unit="1",
        low=0.0,
        high=1.0,
        meaning="a motion detector sees movement (1) or not (0)",
        thinned=False,
    ),
    Quantity(
        name="movement",
        unit="1",
        low=0.0,
        high=1.0,
        meaning="a vibration sensor felt a movement (1), or says none (0)",
        thinned=False,
    ),
    Quantity(
        name="sleep_event",
        unit="1",
        low=1.0,
        high=1.0,
        meaning="a sleep tracker said something; its word is kept beside it",
        thinned=False,
    ),
)

BY_NAME = MappingProxyType({quantity.name: quantity for quantity in QUANTITIES})

_SPELLINGS = (("degC", "°C"), ("m3", "m³"), ("ug", "µg"), ("°C h", "°C·h"))


def shown_unit(unit: str) -> str:
    """The unit as people write it: `degC` is °C, `g/m3` is g/m³; a plain 1 is not shown."""
    shown = "" if unit == "1" else unit
    for spelling, nicer in _SPELLINGS:
        shown = shown.replace(spelling, nicer)
    return shown
