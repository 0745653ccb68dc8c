"""Simulated bedroom: air that follows the outdoors with a lag, heated, sunlit, aired and slept in."""

import math
from typing import NamedTuple

from monitor.core.climate import absolute_humidity_g_m3
from monitor.core.simulation.weather import Outdoors

VOLUME_M3 = 35.0
CAPACITY_WH_PER_K = 800.0
"""Wh/K; air, furniture and the inner side of the walls: with the losses a time constant of about a day."""
LOSS_W_PER_K = 25.0
AIR_WH_PER_M3_K = 0.335
"""Wh/(m3 K); the heat that a cubic metre of air carries."""
SUN_APERTURE_M2 = 0.7
"""m2; window area times what glass and curtains let through."""
HOUSE_W = 50.0
"""W; from the rest of the house and from appliances."""
HEATER_W_PER_K, HEATER_MAX_W = 200.0, 1200.0

SLEEPER_W = 70.0
"""W; dry heat of one sleeping adult."""
SLEEPER_G_PER_H = 40.0
"""g/h; water from breath and skin."""
SLEEPER_CO2_M3_PER_H = 0.0125
"""m3/h; exhaled by one sleeping adult."""
HOUSE_G_PER_H = 8.0
OUTDOOR_CO2_PPM = 420.0

WETTEST_PCT = 95.0
"""%; beyond this the window pane takes the water out."""


class Room(NamedTuple):
    """The bedroom's air."""

    temperature_c: float
    moisture_g_m3: float
    co2_ppm: float

    @property
    def humidity_pct(self) -> float:
        """Relative humidity, %."""
        return 100 * self.moisture_g_m3 / absolute_humidity_g_m3(self.temperature_c, 100)


class Use(NamedTuple):
    """What is done with the room: air changes per hour, heating set point, somebody asleep."""

    air_changes_per_h: float
    set_point_c: float
    slept_in: bool


def stepped(room: Room, outside: Outdoors, use: Use, hours: float) -> Room:
    """The room's air some hours later, everything around it staying as it is."""
    temperature_c = _temperature_c(room, outside, use, hours)
    return Room(
        temperature_c=temperature_c,
        moisture_g_m3=min(
            _moisture_g_m3(room, outside, use, hours), absolute_humidity_g_m3(temperature_c, WETTEST_PCT)
        ),
        co2_ppm=_nearing(
            room.co2_ppm,
            OUTDOOR_CO2_PPM,
            use.slept_in * SLEEPER_CO2_M3_PER_H / VOLUME_M3 * 1e6,
            use.air_changes_per_h,
            hours,
        ),
    )


def _temperature_c(room: Room, outside: Outdoors, use: Use, hours: float) -> float:
    heating_w = min(max(HEATER_W_PER_K * (use.set_point_c - room.temperature_c), 0.0), HEATER_MAX_W)
    gain_w = HOUSE_W + heating_w + SUN_APERTURE_M2 * outside.sun_w_m2 + use.slept_in * SLEEPER_W
    loss_w_per_k = LOSS_W_PER_K + AIR_WH_PER_M3_K * VOLUME_M3 * use.air_changes_per_h
    return _nearing(
        room.temperature_c,
        outside.temperature_c,
        gain_w / CAPACITY_WH_PER_K,
        loss_w_per_k / CAPACITY_WH_PER_K,
        hours,
    )


def _moisture_g_m3(room: Room, outside: Outdoors, use: Use, hours: float) -> float:
    source = (HOUSE_G_PER_H + use.slept_in * SLEEPER_G_PER_H) / VOLUME_M3
    return _nearing(room.moisture_g_m3, outside.moisture_g_m3, source, use.air_changes_per_h, hours)


def _nearing(value: float, outside: float, source_per_h: float, exchange_per_h: float, hours: float) -> float:
    """The solution of dv/dt = source - exchange (v - outside)."""
    settled = outside + source_per_h / exchange_per_h
    return settled + (value - settled) * math.exp(-exchange_per_h * hours)
