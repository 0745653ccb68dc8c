"""Simulated outdoors: season, weather fronts and the time of day, in a temperate climate."""

import math
import random
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from monitor.core.climate import absolute_humidity_g_m3, saturation_vapour_pressure_hpa

DAYS_PER_YEAR = 365.25
WARMEST_DAY = 200
"""Day of the year, mid-July: the seas delay the year by about a month after the solstice."""

YEAR_MEAN_C, YEAR_SWING_C = 10.5, 8.5
"""degC; about Central Europe: January means of 2 degC, July means of 19 degC."""

WARMEST_HOUR = 15.5
NOON_HOUR = 13.0
"""Local hours; clocks stand about an hour before the sun in summer."""


class Outdoors(NamedTuple):
    """The air outside, and the sunshine on the bedroom's window in W/m2."""

    temperature_c: float
    moisture_g_m3: float
    pressure_hpa: float
    sun_w_m2: float

    @property
    def humidity_pct(self) -> float:
        """Relative humidity, %."""
        return 100 * self.moisture_g_m3 / absolute_humidity_g_m3(self.temperature_c, 100)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fronts:
    """How the weather departs from the season; `cloud` is a normal score."""

    warmth_c: float = 0.0
    dew_c: float = 0.0
    pressure_hpa: float = 0.0
    cloud: float = 0.0


CALM = Fronts()
"""Weather exactly as the season has it."""


def season(moment: datetime) -> float:
    """Where in the year: 1 in mid-July, -1 in mid-January."""
    day = moment.timetuple().tm_yday + moment.hour / 24
    return math.cos(2 * math.pi * (day - WARMEST_DAY) / DAYS_PER_YEAR)


def passed_on(fronts: Fronts, hours: float, rng: random.Random) -> Fronts:
    """The fronts some hours later: each part forgets its past and is stirred anew (Ornstein-Uhlenbeck)."""
    return Fronts(
        warmth_c=_drifted(fronts.warmth_c, 2.5, hours / 72, rng),
        dew_c=_drifted(fronts.dew_c, 2.0, hours / 48, rng),
        pressure_hpa=_drifted(fronts.pressure_hpa, 8.0, hours / 60, rng),
        cloud=_drifted(fronts.cloud, 1.0, hours / 24, rng),
    )


def outdoors(moment: datetime, fronts: Fronts) -> Outdoors:
    """The outdoor air and sun at a local time, the season and the hour changed by the fronts."""
    summer = season(moment)
    hour = moment.hour + moment.minute / 60
    clear = 0.7 + 0.3 * math.tanh(0.15 * fronts.warmth_c - fronts.cloud)
    day_mean_c = YEAR_MEAN_C + YEAR_SWING_C * summer + fronts.warmth_c
    day_swing_c = (4.5 + 2.0 * summer) * clear * math.cos(2 * math.pi * (hour - WARMEST_HOUR) / 24)
    temperature_c = day_mean_c + day_swing_c
    dew_point_c = min(day_mean_c - 4.0 - 0.3 * fronts.warmth_c + fronts.dew_c, temperature_c - 0.3)
    half_day_h = 6.0 + 2.2 * summer
    from_noon = abs(hour - NOON_HOUR) / half_day_h
    height = math.cos(math.pi / 2 * from_noon) if from_noon < 1 else 0.0
    return Outdoors(
        temperature_c=temperature_c,
        moisture_g_m3=_moisture_g_m3(temperature_c, dew_point_c),
        pressure_hpa=1015.0 + fronts.pressure_hpa,
        sun_w_m2=(380.0 + 120.0 * summer) * height * clear,
    )


def _drifted(value: float, spread: float, memories: float, rng: random.Random) -> float:
    """One part after `memories` times its memory; its standard deviation stays `spread`."""
    kept = math.exp(-memories)
    return value * kept + rng.gauss(0.0, spread * math.sqrt(1 - kept * kept))


def _moisture_g_m3(temperature_c: float, dew_point_c: float) -> float:
    humidity_pct = 100 * saturation_vapour_pressure_hpa(dew_point_c) / saturation_vapour_pressure_hpa(temperature_c)
    return absolute_humidity_g_m3(temperature_c, humidity_pct)
