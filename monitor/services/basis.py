"""What a closed night stands on: its readings as they came, thinned, or gone."""

from collections.abc import Iterator
from typing import Literal

from monitor.core.grid import BIN_MS
from monitor.core.night_room import LEVELS, NOISE
from monitor.core.thinning import HOLD_MS
from monitor.ports import Night, ReadingStore

AROUND_MS = HOLD_MS + BIN_MS
"""ms before and after a night whose readings may have helped to bridge its edges."""

Basis = Literal["as they came", "thinned", "gone"]
"""How the readings are kept that a night was closed with; the worst of its sensors counts."""


def basis(readings: ReadingStore, night: Night) -> Basis:
    """How the readings are kept that stood for the room in a night."""
    if sensors_without_readings(readings, night):
        return "gone"
    start_ms, end_ms = night.window.start_ms, night.window.end_ms
    thinned = any(readings.thinned(*series, start_ms, end_ms) for series in _measured(night))
    return "thinned" if thinned else "as they came"


def sensors_without_readings(readings: ReadingStore, night: Night) -> tuple[str, ...]:
    """Sensors that stood for the room in a night, are still known, and have no reading of it any more.

    Events are not asked for: a silent vibration sensor may have felt nothing.
    """
    known = {sensor.key for sensor in readings.sensors()}
    span = (night.window.start_ms - AROUND_MS, night.window.end_ms + AROUND_MS)
    gone = {series[0] for series in _measured(night) if series[0] in known and not readings.readings(*series, *span)}
    return tuple(sorted(gone))


def _measured(night: Night) -> Iterator[tuple[str, str]]:
    """Sensor and quantity of what stood for the room and says something all night."""
    for source in (*LEVELS, NOISE):
        for sensor in night.sensors.get(source.name, ()):
            yield sensor, source.quantity
