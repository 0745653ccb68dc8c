"""Simulated habits: when the sleeper goes to bed and rises, and how the room is aired and heated."""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from monitor.core.simulation.room import Room, Use
from monitor.core.simulation.weather import Outdoors, season
from monitor.core.zones import unix_ms

MINUTE_MS = 60_000
MORNING_AIRING_MS = 25 * MINUTE_MS

HEATED_BELOW_SEASON = 0.25
"""The heating is on from about October to the end of April; beyond, only in a cold spell."""
HEATED_C, HEATED_IN_SUMMER_C = 20.0, 17.5
NIGHT_SETBACK_C = 1.5

CLOSED, DOOR_OPEN, AJAR, AIRING = 0.5, 1.0, 2.0, 5.0
"""Air changes per hour."""
AIRED_ABOVE_C, AJAR_ABOVE_C = 22.0, 24.5
"""degC; in a warmer room the window is opened in the evening, or left ajar overnight."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evening:
    """One night's habits; `airs` opens the window in a warm evening, `set_point_c` is the heating's."""

    wake_date: date
    bed_ms: int
    rise_ms: int
    airs: bool
    door_open: bool
    set_point_c: float


def usual_evening(wake_date: date, zone: tzinfo) -> Evening:
    """The habits without a person's whims: in bed from 23:00 to 07:00."""
    before = datetime.combine(wake_date - timedelta(days=1), time(23), zone)
    return Evening(
        wake_date=wake_date,
        bed_ms=unix_ms(before),
        rise_ms=unix_ms(datetime.combine(wake_date, time(7), zone)),
        airs=True,
        door_open=False,
        set_point_c=HEATED_C if season(before) < HEATED_BELOW_SEASON else HEATED_IN_SUMMER_C,
    )


def some_evening(wake_date: date, zone: tzinfo, rng: random.Random) -> Evening:
    """The usual habits with the whims of one evening; on free days later to bed and up."""
    usual = usual_evening(wake_date, zone)
    late_min = 35.0 if wake_date.isoweekday() >= 6 else 0.0
    bed_min = min(max(rng.gauss(late_min, 25.0), -90.0), 110.0)
    rise_min = min(max(rng.gauss(late_min, 25.0), -75.0), 100.0)
    return Evening(
        wake_date=wake_date,
        bed_ms=usual.bed_ms + round(bed_min * MINUTE_MS),
        rise_ms=usual.rise_ms + round(rise_min * MINUTE_MS),
        airs=rng.random() < 0.8,
        door_open=rng.random() < 0.4,
        set_point_c=usual.set_point_c + rng.gauss(0.0, 0.8),
    )


def use_at(time_ms: int, evening: Evening, room: Room, outside: Outdoors) -> Use:
    """What is done with the room at an instant of the day that ends with the evening's night."""
    slept_in = evening.bed_ms <= time_ms < evening.rise_ms
    set_point_c = evening.set_point_c
    if slept_in:
        set_point_c -= NIGHT_SETBACK_C
        ajar = evening.airs and room.temperature_c > AJAR_ABOVE_C
        air_changes = AJAR if ajar else DOOR_OPEN if evening.door_open else CLOSED
    else:
        air_changes = AIRING if _aired(time_ms, evening, room, outside) else CLOSED
    return Use(air_changes, set_point_c, slept_in)


def _aired(time_ms: int, evening: Evening, room: Room, outside: Outdoors) -> bool:
    """Open after rising always, before bed if that cools a warm room."""
    if time_ms >= evening.rise_ms:
        return time_ms < evening.rise_ms + MORNING_AIRING_MS
    cooler_outside = outside.temperature_c < room.temperature_c - 1.0
    late = time_ms >= evening.bed_ms - 4 * 60 * MINUTE_MS
    return evening.airs and late and cooler_outside and room.temperature_c > AIRED_ABOVE_C
