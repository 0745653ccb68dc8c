"""The numbers of a night, one row each: what it is called, what it is computed from and how, how its effect is told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from math import expm1, log, log1p
from typing import Literal

from monitor.core import climate
from monitor.core.grid import BIN_MS, BINS_PER_HOUR, Grid
from monitor.core.night_noise import level_of_night, liveliness, loud_minutes
from monitor.core.night_numbers import (
    change_within_half_hour,
    drop,
    fall_per_hour,
    hours_times_excess,
    hours_to_lowest,
    hours_where,
    mean,
    mean_of_first,
    mean_of_part,
    percentile,
    spread,
)
from monitor.core.night_room import MOISTURE, NightRoom
from monitor.core.quantities import shown_unit
from monitor.core.zones import unix_ms, zone_of

Domain = Literal["thermal", "thermal change", "moisture", "air", "noise", "light", "outdoor", "sleeper"]
Role = Literal["exposure", "outcome"]
Compute = Callable[[NightRoom], float | None]

LAST_NIGHT = "the night before"
"""The source of what is known of the night before."""

DARK_FROM, DARK_TO = time(23, 0), time(6, 0)
"""Local wall times between which light at the bed is light where dark is meant; dawn and reading lamp are left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExposureKind:
    """One number of a night: what it is called, what it is computed from and how, and how its effect is told.

    An "exposure" is a candidate of the analysis, the primary ones form the family that is tested; an "outcome" is
    what the sleeper did: kept and shown, never tried as a cause. `compute` is called where the source is valid only
    and returns None where the night holds nothing to answer from. Where the value is ln(1 + x), `unit` says so and
    `x_unit` is the unit of x. An odds ratio is stated for a step of `per` `unit`; `more` says that step in words.
    """

    name: str
    domain: Domain
    primary: bool = False
    role: Role = "exposure"
    source: str
    unit: str
    x_unit: str | None = None
    per: float
    label: str
    more: str
    compute: Compute

    @property
    def step(self) -> str:
        """What an odds ratio is per, as people read it; of ln(1 + x), `per` is ln 2."""
        return f"{self.per:g} {shown_unit(self.unit)}" if self.x_unit is None else "doubling of 1 + x"

    def natural(self, value: float) -> tuple[float, str]:
        """A value and its unit as people know them: x itself where the value is ln(1 + x)."""
        return (value, shown_unit(self.unit)) if self.x_unit is None else (expm1(value), shown_unit(self.x_unit))


def _of(source: str, number: Callable[[Grid], float | None]) -> Compute:
    return lambda room: number(room.grids[source])


def _logged(compute: Compute) -> Compute:
    """ln(1 + x): a few loud or bright nights among quiet ones must not decide alone."""

    def logged(room: NightRoom) -> float | None:
        x = compute(room)
        return None if x is None else log1p(x)

    return logged


def _mean(grid: Grid) -> float:
    return mean(grid.present)


def _lowest(grid: Grid) -> float:
    return min(grid.present)


def _p95(grid: Grid) -> float:
    return percentile(grid.present, 95.0)


def _hours_above(limit: float) -> Callable[[Grid], float]:
    return partial(hours_where, lambda value: value > limit)


def _hours_below(limit: float) -> Callable[[Grid], float]:
    return partial(hours_where, lambda value: value < limit)


def _mean_of(formula: Callable[[float, float], float], room: NightRoom) -> float:
    return mean([formula(t, rh) for t, rh in room.moist])


def _max_of(formula: Callable[[float, float], float], from_c: float, room: NightRoom) -> float | None:
    """The highest value among the bins of at least `from_c`, None where there is no such bin."""
    return max((formula(t, rh) for t, rh in room.moist if t >= from_c), default=None)


def _light_of_the_dark_hours(room: NightRoom) -> float | None:
    """The mean of the night's bins from 23:00 to 06:00 in its own zone; None where it has none, or 70 % are absent."""
    window = room.window
    zone = zone_of(window.zone)
    from_ms = unix_ms(datetime.combine(window.wake_date - timedelta(days=1), DARK_FROM, tzinfo=zone))
    to_ms = unix_ms(datetime.combine(window.wake_date, DARK_TO, tzinfo=zone))
    starts = range(window.start_ms, window.end_ms, BIN_MS)
    pairs = zip(starts, room.grids["illuminance"].values, strict=False)
    return mean_of_part([lux for start_ms, lux in pairs if from_ms <= start_ms and start_ms + BIN_MS <= to_ms])


EXPOSURES = (
    ExposureKind(
        name="T_mean", domain="thermal", primary=True, source="temperature", unit="degC", per=1.0,
        label="mean bedroom temperature", more="each 1 °C warmer",
        compute=_of("temperature", _mean),
    ),
    ExposureKind(
        name="T_first3h", domain="thermal", source="temperature", unit="degC", per=1.0,
        label="mean temperature of the first three hours", more="each 1 °C warmer in the first three hours",
        compute=_of("temperature", partial(mean_of_first, 3 * BINS_PER_HOUR)),
    ),
    ExposureKind(
        name="T_max", domain="thermal", source="temperature", unit="degC", per=1.0,
        label="highest temperature of the night", more="each 1 °C more at the warmest moment",
        compute=_of("temperature", lambda grid: max(grid.present)),
    ),
    ExposureKind(
        name="T_min", domain="thermal", source="temperature", unit="degC", per=1.0,
        label="lowest temperature of the night", more="each 1 °C more at the coolest moment",
        compute=_of("temperature", _lowest),
    ),
    ExposureKind(
        name="T_sd", domain="thermal", source="temperature", unit="degC", per=0.5,
        label="spread of the temperature over the night (standard deviation)",
        more="each 0.5 °C more spread within the night", compute=_of("temperature", spread),
    ),
    ExposureKind(
        name="T_dh24", domain="thermal", source="temperature", unit="degC h", per=5.0,
        label="degree-hours above 24 °C", more="each 5 degree-hours more above 24 °C",
        compute=_of("temperature", partial(hours_times_excess, 24.0)),
    ),
    ExposureKind(
        name="T_h26", domain="thermal", source="temperature", unit="h", per=1.0,
        label="hours above 26 °C", more="each 1 hour more above 26 °C",
        compute=_of("temperature", _hours_above(26.0)),
    ),
    ExposureKind(
        name="T_h18", domain="thermal", source="temperature", unit="h", per=1.0,
        label="hours below 18 °C", more="each 1 hour more below 18 °C",
        compute=_of("temperature", _hours_below(18.0)),
    ),
    ExposureKind(
        name="T_change30", domain="thermal", source="temperature", unit="degC", per=0.5,
        label="largest change of temperature within 30 minutes",
        more="each 0.5 °C more change within 30 minutes",
        compute=_of("temperature", change_within_half_hour),
    ),
    ExposureKind(
        name="T_lag1", domain="thermal", source=LAST_NIGHT, unit="degC", per=1.0,
        label="mean bedroom temperature of the night before", more="each 1 °C warmer the night before",
        compute=lambda room: room.previous_t_mean,
    ),
    ExposureKind(
        name="T_drop", domain="thermal change", primary=True, source="temperature", unit="degC", per=1.0,
        label="cooling from bedtime to the coolest moment", more="each 1 °C more cooling after bedtime",
        compute=_of("temperature", drop),
    ),
    ExposureKind(
        name="T_fall2h", domain="thermal change", source="temperature", unit="degC/h", per=0.5,
        label="rate of cooling in the first two hours", more="each 0.5 °C per hour faster cooling",
        compute=_of("temperature", fall_per_hour),
    ),
    ExposureKind(
        name="T_min_time", domain="thermal change", source="temperature", unit="h", per=1.0,
        label="hours from bedtime to the coolest moment", more="each 1 hour later coolest moment",
        compute=_of("temperature", hours_to_lowest),
    ),
    ExposureKind(
        name="AH_mean", domain="moisture", primary=True, source=MOISTURE, unit="g/m3", per=1.0,
        label="mean moisture of the bedroom air", more="each 1 g/m³ more water in the air",
        compute=partial(_mean_of, climate.absolute_humidity_g_m3),
    ),
    ExposureKind(
        name="DP_mean", domain="moisture", source=MOISTURE, unit="degC", per=1.0,
        label="mean dew point", more="each 1 °C higher dew point",
        compute=partial(_mean_of, climate.dew_point_c),
    ),
    ExposureKind(
        name="RH_mean", domain="moisture", source="humidity", unit="%", per=10.0,
        label="mean relative humidity", more="each 10 % more relative humidity",
        compute=_of("humidity", _mean),
    ),
    ExposureKind(
        name="RH_h60", domain="moisture", source="humidity", unit="h", per=1.0,
        label="hours above 60 % relative humidity", more="each 1 hour more above 60 % relative humidity",
        compute=_of("humidity", _hours_above(60.0)),
    ),
    ExposureKind(
        name="RH_h30", domain="moisture", source="humidity", unit="h", per=1.0,
        label="hours below 30 % relative humidity", more="each 1 hour more below 30 % relative humidity",
        compute=_of("humidity", _hours_below(30.0)),
    ),
    ExposureKind(
        name="VPD_mean", domain="moisture", source=MOISTURE, unit="kPa", per=0.1,
        label="mean drying power of the air (vapour pressure deficit)", more="each 0.1 kPa more drying power",
        compute=partial(_mean_of, climate.vapour_pressure_deficit_kpa),
    ),
    ExposureKind(
        name="humidex_max", domain="moisture", source=MOISTURE, unit="degC", per=1.0,
        label="highest humidex (temperature as felt with moisture)", more="each 1 °C more on the humidex",
        compute=partial(_max_of, climate.humidex_c, climate.LOWEST_C),
    ),
    ExposureKind(
        name="HI_max", domain="moisture", source=MOISTURE, unit="degC", per=1.0,
        label="highest heat index in air of 27 °C and more", more="each 1 °C more on the heat index",
        compute=partial(_max_of, climate.heat_index_c, climate.HEAT_INDEX_FROM_C),
    ),
    ExposureKind(
        name="CO2_mean", domain="air", primary=True, source="co2", unit="ppm", per=100.0,
        label="mean carbon dioxide", more="each 100 ppm more carbon dioxide", compute=_of("co2", _mean),
    ),
    ExposureKind(
        name="CO2_p95", domain="air", source="co2", unit="ppm", per=100.0,
        label="carbon dioxide of the stalest 5 % of the night (95th percentile)",
        more="each 100 ppm more carbon dioxide at the stalest time", compute=_of("co2", _p95),
    ),
    ExposureKind(
        name="CO2_h1000", domain="air", source="co2", unit="h", per=1.0,
        label="hours above 1000 ppm carbon dioxide", more="each 1 hour more above 1000 ppm carbon dioxide",
        compute=_of("co2", _hours_above(1000.0)),
    ),
    ExposureKind(
        name="PM25_mean", domain="air", primary=True, source="pm25", unit="ln(1 + ug/m3)", x_unit="ug/m3", per=log(2.0),
        label="mean fine particles", more="each doubling of (1 + the fine particles in µg/m³)",
        compute=_logged(_of("pm25", _mean)),
    ),
    ExposureKind(
        name="PM25_p95", domain="air", source="pm25", unit="ug/m3", per=5.0,
        label="fine particles of the dustiest 5 % of the night (95th percentile)",
        more="each 5 µg/m³ more fine particles at the dustiest time", compute=_of("pm25", _p95),
    ),
    ExposureKind(
        name="VOC_mean", domain="air", source="voc", unit="ln(1 + ppb)", x_unit="ppb", per=log(2.0),
        label="mean volatile organic compounds",
        more="each doubling of (1 + the volatile organic compounds in ppb)", compute=_logged(_of("voc", _mean)),
    ),
    ExposureKind(
        name="N45", domain="noise", primary=True, source="noise", unit="ln(1 + min)", x_unit="min", per=log(2.0),
        label="minutes with a sound above 45 decibels",
        more="each doubling of (1 + the minutes with a sound above 45 decibels)",
        compute=_logged(lambda room: loud_minutes(room.sound)),
    ),
    ExposureKind(
        name="LAeq_night", domain="noise", source="noise", unit="dB", per=3.0,
        label="mean sound level of the night (energy mean)", more="each 3 dB louder",
        compute=lambda room: level_of_night(room.sound),
    ),
    ExposureKind(
        name="L10_L90", domain="noise", source="noise", unit="dB", per=3.0,
        label="difference between the loud and the quiet tenth of the night (L10 - L90)",
        more="each 3 dB more between the loud and the quiet tenth of the night",
        compute=lambda room: liveliness(room.sound),
    ),
    ExposureKind(
        name="lux_mean", domain="light", primary=True, source="illuminance", unit="ln(1 + lx)", x_unit="lx",
        per=log(2.0),
        label="mean light between 23:00 and 06:00",
        more="each doubling of (1 + the light in lux)",
        compute=_logged(_light_of_the_dark_hours),
    ),
    ExposureKind(
        name="lux_h1", domain="light", source="illuminance", unit="h", per=1.0,
        label="hours with more than 1 lux", more="each 1 hour more with more than 1 lux",
        compute=_of("illuminance", _hours_above(1.0)),
    ),
    ExposureKind(
        name="P_change24", domain="outdoor", source="pressure", unit="hPa", per=5.0,
        label="change of the air pressure within 24 hours",
        more="each 5 hPa more rise of the air pressure within 24 hours", compute=_of("pressure", _mean),
    ),
    ExposureKind(
        name="T_out_min", domain="outdoor", source="outdoor_temperature", unit="degC", per=1.0,
        label="lowest outdoor temperature of the night", more="each 1 °C more at the coldest moment outdoors",
        compute=_of("outdoor_temperature", _lowest),
    ),
    ExposureKind(
        name="moves_h", domain="sleeper", role="outcome", source="movement", unit="1/h", per=1.0,
        label="movements in bed per hour", more="each 1 movement more per hour",
        compute=lambda room: room.movements.count / room.window.hours,
    ),
    ExposureKind(
        name="bed_h", domain="sleeper", role="outcome", source="occupancy", unit="h", per=1.0,
        label="hours in bed as the sensor saw them", more="each 1 hour more in bed",
        compute=lambda room: room.presence.hours,
    ),
)  # fmt: skip
"""Every number of a night. Exposures are candidates declared before looking; outcomes are at the end."""
