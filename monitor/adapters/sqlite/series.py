"""The numbers of the series: one for each quantity of a sensor, remembered while nobody else changes them."""

import sqlite3
from collections.abc import Iterable

from monitor.core.quantities import BY_NAME
from monitor.core.readings import Reading, SetAside

Series = tuple[str, str]
"""Sensor and quantity."""


class SeriesNumbers:
    """Which number stands for which series; a sensor or series that is not there yet is made."""

    def __init__(self) -> None:
        self._numbers: dict[Series, int] = {}
        self._data_version = 0

    def forget(self) -> None:
        """What is remembered may not hold any more."""
        self._numbers.clear()

    def notice_others(self, cursor: sqlite3.Cursor) -> None:
        """Another connection wrote: it may have forgotten a sensor, so no number that is remembered holds any more."""
        version = cursor.execute("PRAGMA data_version").fetchone()[0]
        if version != self._data_version:
            self._data_version = version
            self._numbers.clear()

    def of(self, cursor: sqlite3.Cursor, rows: Iterable[Reading | SetAside]) -> dict[Series, int]:
        """The numbers, those of all these rows among them."""
        numbers = self._numbers
        for row in rows:
            if (row[0], row[1]) not in numbers:
                numbers[row[0], row[1]] = _number_of(cursor, row)
        return numbers


def _number_of(cursor: sqlite3.Cursor, row: Reading | SetAside) -> int:
    add_sensor(cursor, row.sensor, None, None, row.time_ms)
    cursor.execute(
        "INSERT OR IGNORE INTO series (sensor, quantity, unit) VALUES (?, ?, ?)",
        (row.sensor, row.quantity, BY_NAME[row.quantity].unit),
    )
    number: int = cursor.execute(
        "SELECT id FROM series WHERE sensor = ? AND quantity = ?", (row.sensor, row.quantity)
    ).fetchone()[0]
    return number


def add_sensor(cursor: sqlite3.Cursor, key: str, name: str | None, place: str | None, seen_ms: int) -> None:
    """A sensor that is not there yet; without a name it is called by its key."""
    cursor.execute(
        "INSERT OR IGNORE INTO sensor (key, name, place, placed_by, first_seen_ms) VALUES (?, ?, ?, ?, ?)",
        (key, name or key.partition(":")[2] or key, place, "name" if place else None, seen_ms),
    )
