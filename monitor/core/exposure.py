"""From one night's temperature and humidity to the numbers that the analysis compares between nights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from math import fsum, sqrt
from typing import Literal, NamedTuple

from monitor.core import climate
from monitor.core.grid import BINS_PER_HOUR, LEAST_COVERAGE, MAX_GAP, Grid, Series, grid_of
from monitor.core.nights import NightWindow

HALF_HOUR = BINS_PER_HOUR // 2


@dataclass(frozen=True)
class NightAir:
    """What the exposures are computed from; moisture is known only where both quantities are."""

    temperature: Grid
    humidity: Grid
    previous_t_mean: float | None = None

    @cached_property
    def both(self) -> Grid:
        """Temperature where humidity is known too; stands for the coverage of everything about moisture."""
        pairs = zip(self.temperature.values, self.humidity.values, strict=True)
        return Grid(tuple(None if rh is None else t for t, rh in pairs))

    @cached_property
    def pairs(self) -> tuple[tuple[float, float], ...]:
        """(degC, %) of the bins where both are known, in order."""
        return tuple(
            (t, rh)
            for t, rh in zip(self.temperature.values, self.humidity.values, strict=True)
            if t is not None and rh is not None
        )


class Exposure(NamedTuple):
    """One number summarising one night's room; `value` None means that it cannot be said.

    `coverage` is the share of the night's bins that were there to compute it from.
    """

    name: str
    value: float | None
    coverage: float


Domain = Literal["thermal", "thermal change", "moisture"]
Source = Literal["temperature", "humidity", "both", "the night before"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExposureKind:
    """One exposure: what it is called, what it is computed from and how, and how its effect is told.

    An odds ratio is stated for a step of `per` `unit`; `more` says that step in words. `compute` is called
    with valid grids only and returns None where the night holds nothing to answer from.
    """

    name: str
    domain: Domain
    primary: bool = False
    source: Source
    unit: str
    per: float
    label: str
    more: str
    compute: Callable[[NightAir], float | None]


def exposures_of_night(
    window: NightWindow,
    temperature: Series,
    humidity: Series,
    previous_T_mean: float | None,
    *,
    max_gap: timedelta = MAX_GAP,
) -> tuple[Exposure, ...]:
    """Every exposure of one night, in the order of `EXPOSURES`.

    Parameters
    ----------
    window : NightWindow
        The night.
    temperature, humidity : sequence of (int, float)
        Bedroom readings as (UTC Unix ms, degC) and (UTC Unix ms, %), in any order; empty where there is no
        sensor. Readings up to `max_gap` outside the night help to bridge its edges.
    previous_T_mean : float or None
        `T_mean` of the night before, degC; None if it is not known.
    max_gap : timedelta
        Longest stretch without readings that is bridged, see `grid_of`.

    Returns
    -------
    tuple of Exposure
        `value` is None where fewer than 70 % of the bins are present, where more than 60 minutes in a row are
        absent in the first four hours, or where the number does not apply (`HI_max` below 27 degC).
        Never a zero for a missing value. For `T_lag1`, coverage is 1.0 where the night before is known, else
        0.0.

    Notes
    -----
    Sums over time (hours above a limit, degree-hours) are scaled from the present bins to the whole night.
    A number about a part of the night (its first half hour, its first three hours) needs 70 % of that part.
    """
    air = NightAir(
        temperature=grid_of(window, temperature, "temperature", max_gap),
        humidity=grid_of(window, humidity, "humidity", max_gap),
        previous_t_mean=previous_T_mean,
    )
    return tuple(_exposure(kind, air) for kind in EXPOSURES)


def _exposure(kind: ExposureKind, air: NightAir) -> Exposure:
    if kind.source == "the night before":
        return Exposure(kind.name, kind.compute(air), 0.0 if air.previous_t_mean is None else 1.0)
    grid = {"temperature": air.temperature, "humidity": air.humidity, "both": air.both}[kind.source]
    return Exposure(kind.name, kind.compute(air) if grid.valid else None, grid.coverage)


def _mean(values: Sequence[float]) -> float:
    """The mean, kept within the values' bounds whatever rounding does."""
    return min(max(fsum(values) / len(values), min(values)), max(values))


def _mean_of_first(grid: Grid, bins: int) -> float | None:
    """The mean of the first bins, None where fewer than 70 % of them are present."""
    first = [value for value in grid.values[:bins] if value is not None]
    return _mean(first) if len(first) >= LEAST_COVERAGE * bins else None


def _t_sd(air: NightAir) -> float:
    values = air.temperature.present
    mean = _mean(values)
    return sqrt(fsum((value - mean) ** 2 for value in values) / len(values))


def _hours_where(test: Callable[[float], bool], grid: Grid) -> float:
    """Hours of the whole night in which the test holds, from the share of the present bins."""
    return grid.hours * sum(map(test, grid.present)) / len(grid.present)


def _t_dh24(air: NightAir) -> float:
    present = air.temperature.present
    return air.temperature.hours * fsum(max(value - 24.0, 0.0) for value in present) / len(present)


def _t_change30(air: NightAir) -> float | None:
    values = air.temperature.values
    changes = (
        abs(later - sooner)
        for sooner, later in zip(values, values[HALF_HOUR:], strict=False)
        if sooner is not None and later is not None
    )
    return max(changes, default=None)


def _t_drop(air: NightAir) -> float | None:
    start = _mean_of_first(air.temperature, HALF_HOUR)
    return None if start is None else start - min(air.temperature.present)


def _t_fall2h(air: NightAir) -> float | None:
    """Slope of the least-squares line through the first two hours, with the sign of a fall."""
    bins = 2 * BINS_PER_HOUR
    values = air.temperature.values[:bins]
    points = [(i / BINS_PER_HOUR, value) for i, value in enumerate(values) if value is not None]
    if len(points) < LEAST_COVERAGE * bins:
        return None
    hour = fsum(at for at, _ in points) / len(points)
    spread = fsum((at - hour) ** 2 for at, _ in points)
    return -fsum((at - hour) * value for at, value in points) / spread


def _t_min_time(air: NightAir) -> float:
    coolest = min(air.temperature.present)
    return air.temperature.values.index(coolest) / BINS_PER_HOUR


def _mean_of(formula: Callable[[float, float], float], air: NightAir) -> float:
    return _mean([formula(t, rh) for t, rh in air.pairs])


def _max_of(formula: Callable[[float, float], float], from_c: float, air: NightAir) -> float | None:
    """The highest value among the bins of at least `from_c`, None where there is no such bin."""
    return max((formula(t, rh) for t, rh in air.pairs if t >= from_c), default=None)


EXPOSURES = (
    ExposureKind(
        name="T_mean", domain="thermal", primary=True, source="temperature", unit="degC", per=1.0,
        label="mean bedroom temperature", more="each 1 °C warmer",
        compute=lambda air: _mean(air.temperature.present),
    ),
    ExposureKind(
        name="T_first3h", domain="thermal", source="temperature", unit="degC", per=1.0,
        label="mean temperature of the first three hours", more="each 1 °C warmer in the first three hours",
        compute=lambda air: _mean_of_first(air.temperature, 3 * BINS_PER_HOUR),
    ),
    ExposureKind(
        name="T_max", domain="thermal", source="temperature", unit="degC", per=1.0,
        label="highest temperature of the night", more="each 1 °C more at the warmest moment",
        compute=lambda air: max(air.temperature.present),
    ),
    ExposureKind(
        name="T_min", domain="thermal", source="temperature", unit="degC", per=1.0,
        label="lowest temperature of the night", more="each 1 °C more at the coolest moment",
        compute=lambda air: min(air.temperature.present),
    ),
    ExposureKind(
        name="T_sd", domain="thermal", source="temperature", unit="degC", per=0.5,
        label="spread of the temperature over the night (standard deviation)",
        more="each 0.5 °C more spread within the night", compute=_t_sd,
    ),
    ExposureKind(
        name="T_dh24", domain="thermal", source="temperature", unit="degC h", per=5.0,
        label="degree-hours above 24 °C", more="each 5 degree-hours more above 24 °C", compute=_t_dh24,
    ),
    ExposureKind(
        name="T_h26", domain="thermal", source="temperature", unit="h", per=1.0,
        label="hours above 26 °C", more="each 1 hour more above 26 °C",
        compute=lambda air: _hours_where(lambda t: t > 26.0, air.temperature),
    ),
    ExposureKind(
        name="T_h18", domain="thermal", source="temperature", unit="h", per=1.0,
        label="hours below 18 °C", more="each 1 hour more below 18 °C",
        compute=lambda air: _hours_where(lambda t: t < 18.0, air.temperature),
    ),
    ExposureKind(
        name="T_change30", domain="thermal", source="temperature", unit="degC", per=0.5,
        label="largest change of temperature within 30 minutes",
        more="each 0.5 °C more change within 30 minutes", compute=_t_change30,
    ),
    ExposureKind(
        name="T_lag1", domain="thermal", source="the night before", unit="degC", per=1.0,
        label="mean bedroom temperature of the night before", more="each 1 °C warmer the night before",
        compute=lambda air: air.previous_t_mean,
    ),
    ExposureKind(
        name="T_drop", domain="thermal change", primary=True, source="temperature", unit="degC", per=1.0,
        label="cooling from bedtime to the coolest moment", more="each 1 °C more cooling after bedtime",
        compute=_t_drop,
    ),
    ExposureKind(
        name="T_fall2h", domain="thermal change", source="temperature", unit="degC/h", per=0.5,
        label="rate of cooling in the first two hours", more="each 0.5 °C per hour faster cooling",
        compute=_t_fall2h,
    ),
    ExposureKind(
        name="T_min_time", domain="thermal change", source="temperature", unit="h", per=1.0,
        label="hours from bedtime to the coolest moment", more="each 1 hour later coolest moment",
        compute=_t_min_time,
    ),
    ExposureKind(
        name="AH_mean", domain="moisture", primary=True, source="both", unit="g/m3", per=1.0,
        label="mean moisture of the bedroom air", more="each 1 g/m³ more water in the air",
        compute=partial(_mean_of, climate.absolute_humidity_g_m3),
    ),
    ExposureKind(
        name="DP_mean", domain="moisture", source="both", unit="degC", per=1.0,
        label="mean dew point", more="each 1 °C higher dew point",
        compute=partial(_mean_of, climate.dew_point_c),
    ),
    ExposureKind(
        name="RH_mean", domain="moisture", source="humidity", unit="%", per=10.0,
        label="mean relative humidity", more="each 10 % more relative humidity",
        compute=lambda air: _mean(air.humidity.present),
    ),
    ExposureKind(
        name="RH_h60", domain="moisture", source="humidity", unit="h", per=1.0,
        label="hours above 60 % relative humidity", more="each 1 hour more above 60 % relative humidity",
        compute=lambda air: _hours_where(lambda rh: rh > 60.0, air.humidity),
    ),
    ExposureKind(
        name="RH_h30", domain="moisture", source="humidity", unit="h", per=1.0,
        label="hours below 30 % relative humidity", more="each 1 hour more below 30 % relative humidity",
        compute=lambda air: _hours_where(lambda rh: rh < 30.0, air.humidity),
    ),
    ExposureKind(
        name="VPD_mean", domain="moisture", source="both", unit="kPa", per=0.1,
        label="mean drying power of the air (vapour pressure deficit)", more="each 0.1 kPa more drying power",
        compute=partial(_mean_of, climate.vapour_pressure_deficit_kpa),
    ),
    ExposureKind(
        name="humidex_max", domain="moisture", source="both", unit="degC", per=1.0,
        label="highest humidex (temperature as felt with moisture)", more="each 1 °C more on the humidex",
        compute=partial(_max_of, climate.humidex_c, climate.LOWEST_C),
    ),
    ExposureKind(
        name="HI_max", domain="moisture", source="both", unit="degC", per=1.0,
        label="highest heat index in air of 27 °C and more", more="each 1 °C more on the heat index",
        compute=partial(_max_of, climate.heat_index_c, climate.HEAT_INDEX_FROM_C),
    ),
)  # fmt: skip
"""Every exposure that temperature and humidity allow; the primary ones form the family that is tested."""
