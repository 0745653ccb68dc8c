"""Builders of one night of eight hours from 23:00 UTC on, and of what sensors said in it."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from monitor.core.exposure import exposures_of_night
from monitor.core.night_room import NightRoom, SensorReadings, room_of_night
from monitor.core.nights import NightWindow
from monitor.core.zones import unix_ms

START_MS = unix_ms(datetime(2023, 11, 14, 23, tzinfo=UTC))
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def a_window(hours: float = 8.0, *, start_ms: int = START_MS, zone: str = "UTC") -> NightWindow:
    return NightWindow(
        wake_date=date(2023, 11, 15),
        zone=zone,
        start_ms=start_ms,
        end_ms=start_ms + round(hours * HOUR_MS),
        known_by="usual",
    )


def a_series(
    value: float | Callable[[float], float], hours: float = 8.0, *, every_min: float = 5.0, from_h: float = 0.0
) -> list[tuple[int, float]]:
    """Readings of a value, or of a function of the hours since the start, from `from_h` to `hours`."""
    at_hours = [from_h + step * every_min / 60 for step in range(round((hours - from_h) * 60 / every_min))]
    return [(START_MS + round(at * HOUR_MS), float(value(at) if callable(value) else value)) for at in at_hours]


def each_minute(values: list[float]) -> list[tuple[int, float]]:
    """One reading in the middle of each minute."""
    return [(START_MS + minute * MINUTE_MS + MINUTE_MS // 2, value) for minute, value in enumerate(values)]


def a_sensor(
    quantity: str, readings: list[tuple[int, float]], *, place: str = "bedroom", key: str = "x", alive: bool = False
) -> SensorReadings:
    return SensorReadings(key, place, quantity, readings, alive)


def a_room(*sensors: SensorReadings, window: NightWindow | None = None) -> NightRoom:
    return room_of_night(window or a_window(), sensors)


def values_of(room: NightRoom) -> dict[str, float | None]:
    return {one.name: one.value for one in exposures_of_night(room)}


def coverage_of(room: NightRoom) -> dict[str, float]:
    return {one.name: one.coverage for one in exposures_of_night(room)}
