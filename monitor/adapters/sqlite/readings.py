"""Readings in SQLite: one transaction per batch, one row per series and time."""

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable
from itertools import chain

from monitor.adapters.sqlite.database import Database
from monitor.core.places import place_by_name
from monitor.core.quantities import BY_NAME
from monitor.core.readings import Reading, SetAside
from monitor.errors import InputError
from monitor.ports import Batch, Problem, Sensor, SeriesSummary

DELIVERIES_KEPT = 256
"""Batches whose deliveries are remembered: more than a broker keeps unacknowledged for one client."""

PROBLEMS_KEPT = 1_000
"""Topic and reason pairs; a broker full of foreign topics must not fill the file."""

ROWS_AT_ONCE = 64
"""Readings per statement: Python gives up its lock at each, and the network thread would take it every time."""

_SAVE_READINGS = (
    "INSERT INTO reading (series, ts_ms, value) VALUES {} "
    "ON CONFLICT (series, ts_ms) DO UPDATE SET value = excluded.value WHERE value <> excluded.value"
)
_SAVE_ONE = _SAVE_READINGS.format("(?, ?, ?)")
_SAVE_MANY = _SAVE_READINGS.format(", ".join(["(?, ?, ?)"] * ROWS_AT_ONCE))
_SAVE_SET_ASIDE = "INSERT OR REPLACE INTO set_aside (series, ts_ms, value, reason) VALUES (?, ?, ?, ?)"
_SAVE_PROBLEM = (
    "INSERT INTO problem (topic, reason, count, first_ms, last_ms) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (topic, reason) DO UPDATE SET count = count + excluded.count, last_ms = excluded.last_ms"
)


class SqliteReadings:
    """The reading store and what the person says of the sensors."""

    def __init__(self, database: Database, *, auto_place: bool = True) -> None:
        self._database = database
        self._auto_place = auto_place
        self._series: dict[tuple[str, str], int] = {}
        self._names: dict[str, str] = {}
        self._data_version = 0

    def save(self, batch: Batch) -> None:
        """All of the batch or nothing; see the port."""
        names = self._names.copy()
        try:
            with self._database.writing() as cursor:
                self._notice_others(cursor)
                self._rename(cursor, batch.names)
                self._number(cursor, batch.readings)
                self._number(cursor, batch.set_aside)
                series = self._series
                _save_readings(cursor, [(series[row[0], row[1]], row[2], row[3]) for row in batch.readings])
                cursor.executemany(_SAVE_SET_ASIDE, [(series[row[0], row[1]], *row[2:]) for row in batch.set_aside])
                _save_problems(cursor, batch.problems)
                if batch.deliveries:
                    cursor.execute("INSERT INTO delivery (messages) VALUES (?)", (batch.deliveries,))
                    cursor.execute("DELETE FROM delivery WHERE id <= last_insert_rowid() - ?", (DELIVERIES_KEPT,))
                if batch.late:
                    widen_due(cursor, *batch.late)
        except BaseException:
            self._series.clear()
            self._names = names
            raise

    def deliveries(self) -> bytes:
        """The remembered deliveries, oldest first."""
        return b"".join(row[0] for row in self._database.rows("SELECT messages FROM delivery ORDER BY id"))

    def readings(self, sensor: str, quantity: str, start_ms: int, end_ms: int) -> list[tuple[int, float]]:
        """`start <= t < end` with calibration applied; a series nobody has seen has none."""
        found = self._database.rows("SELECT id FROM series WHERE sensor = ? AND quantity = ?", (sensor, quantity))
        if not found:
            return []
        series = found[0][0]
        raw = self._database.rows(
            "SELECT ts_ms, value FROM reading WHERE series = ? AND ts_ms >= ? AND ts_ms < ? ORDER BY ts_ms",
            (series, start_ms, end_ms),
        )
        corrections = self._database.rows(
            "SELECT valid_from_ms, offset, gain FROM calibration WHERE series = ? ORDER BY valid_from_ms",
            (series,),
        )
        return _calibrated(raw, corrections) if corrections else raw

    def next_reading_ms(self, after_ms: int) -> int | None:
        """The first reading at or after `after_ms`, of any series."""
        found = self._database.rows(
            "SELECT min((SELECT min(ts_ms) FROM reading WHERE series = id AND ts_ms >= ?)) FROM series",
            (after_ms,),
        )
        return found[0][0] if found else None

    def sensors(self) -> list[Sensor]:
        """Every sensor, by first sight."""
        rows = self._database.rows(
            "SELECT key, name, place, placed_by, first_seen_ms FROM sensor ORDER BY first_seen_ms, key"
        )
        return [Sensor(*row) for row in rows]

    def series_names(self) -> set[tuple[str, str]]:
        """Sensor and quantity of every series."""
        return set(self._database.rows("SELECT sensor, quantity FROM series"))

    def series(self) -> list[SeriesSummary]:
        """Every series with its counts and its last value."""
        rows = self._database.rows(
            "SELECT sensor, quantity, (SELECT count(*) FROM reading WHERE series = id), "
            "(SELECT min(ts_ms) FROM reading WHERE series = id), (SELECT max(ts_ms) FROM reading WHERE series = id), "
            "(SELECT value FROM reading WHERE series = id ORDER BY ts_ms DESC LIMIT 1), "
            "(SELECT count(*) FROM set_aside WHERE series = id) FROM series ORDER BY sensor, quantity"
        )
        return [
            SeriesSummary(sensor, quantity, count, first, last, self._corrected(sensor, quantity, last, value), aside)
            for sensor, quantity, count, first, last, value, aside in rows
        ]

    def problems(self) -> list[Problem]:
        """What could not be used, most frequent first."""
        rows = self._database.rows(
            "SELECT topic, reason, count, first_ms, last_ms FROM problem ORDER BY count DESC, topic, reason"
        )
        return [Problem(*row) for row in rows]

    def count(self) -> int:
        """How many readings there are."""
        found: int = self._database.rows("SELECT count(*) FROM reading")[0][0]
        return found

    def remembered_topics(self) -> tuple[str, ...]:
        """The topic filters that the broker was last told; empty before the first time."""
        found = self._database.rows("SELECT value FROM meta WHERE key = 'topics'")
        return tuple(json.loads(found[0][0])) if found else ()

    def remember_topics(self, topics: tuple[str, ...]) -> None:
        """Keep the topic filters that the broker was told, to take back what is not wanted next time."""
        if topics != self.remembered_topics():
            with self._database.writing() as cursor:
                cursor.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('topics', ?)", (json.dumps(topics),))

    def place(self, key: str, place: str | None, by: str) -> None:
        """Put a sensor somewhere; every night is due again, since the room's sensors changed."""
        with self._database.writing() as cursor:
            cursor.execute(
                "UPDATE sensor SET place = ?, placed_by = ? WHERE key = ?",
                (place, by if place else None, key),
            )
            if cursor.rowcount == 0:
                raise InputError(self._unknown(key))
            _everything_due(cursor)

    def calibrate(self, key: str, quantity: str, valid_from_ms: int, offset: float, gain: float) -> None:
        """Correct a series from a time on; the nights since then are due again."""
        with self._database.writing() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO calibration (series, valid_from_ms, offset, gain) "
                "SELECT id, ?, ?, ? FROM series WHERE sensor = ? AND quantity = ?",
                (valid_from_ms, offset, gain, key, quantity),
            )
            if cursor.rowcount == 0:
                raise InputError(f"{self._unknown(key)}; or it has no {quantity}")
            latest = cursor.execute(
                "SELECT max(ts_ms) FROM reading WHERE series = "
                "(SELECT id FROM series WHERE sensor = ? AND quantity = ?)",
                (key, quantity),
            ).fetchone()[0]
            widen_due(cursor, valid_from_ms, max(valid_from_ms, latest or 0) + 1)

    def forget(self, key: str) -> int:
        """Delete a sensor with all its readings; how many readings that were."""
        with self._database.writing() as cursor:
            count: int = cursor.execute(
                "SELECT count(*) FROM reading WHERE series IN (SELECT id FROM series WHERE sensor = ?)",
                (key,),
            ).fetchone()[0]
            _everything_due(cursor)
            cursor.execute("DELETE FROM sensor WHERE key = ?", (key,))
            if cursor.rowcount == 0:
                raise InputError(self._unknown(key))
        self._series.clear()
        return count

    def _unknown(self, key: str) -> str:
        seen = ", ".join(sensor.key for sensor in self.sensors()) or "none yet"
        return f"no sensor {key!r}; seen so far: {seen}"

    def _notice_others(self, cursor: sqlite3.Cursor) -> None:
        """Another connection wrote: it may have forgotten a sensor, so no number that is remembered holds any more."""
        version = cursor.execute("PRAGMA data_version").fetchone()[0]
        if version != self._data_version:
            self._data_version = version
            self._series.clear()

    def _rename(self, cursor: sqlite3.Cursor, names: Iterable[tuple[str, str]]) -> None:
        for key, name in names:
            if self._names.get(key) != name:
                self._names[key] = name
                cursor.execute("UPDATE sensor SET name = ? WHERE key = ?", (name, key))

    def _number(self, cursor: sqlite3.Cursor, rows: Iterable[Reading | SetAside]) -> None:
        for row in rows:
            if (row[0], row[1]) not in self._series:
                self._series[row[0], row[1]] = self._number_of(cursor, row)

    def _number_of(self, cursor: sqlite3.Cursor, row: Reading | SetAside) -> int:
        name = self._names.get(row.sensor, row.sensor.partition(":")[2] or row.sensor)
        place = place_by_name(name) if self._auto_place else None
        cursor.execute(
            "INSERT OR IGNORE INTO sensor (key, name, place, placed_by, first_seen_ms) VALUES (?, ?, ?, ?, ?)",
            (row.sensor, name, place, "name" if place else None, row.time_ms),
        )
        cursor.execute(
            "INSERT OR IGNORE INTO series (sensor, quantity, unit) VALUES (?, ?, ?)",
            (row.sensor, row.quantity, BY_NAME[row.quantity].unit),
        )
        number: int = cursor.execute(
            "SELECT id FROM series WHERE sensor = ? AND quantity = ?", (row.sensor, row.quantity)
        ).fetchone()[0]
        return number

    def _corrected(self, sensor: str, quantity: str, time_ms: int | None, value: float | None) -> float | None:
        if time_ms is None or value is None:
            return None
        return self.readings(sensor, quantity, time_ms, time_ms + 1)[0][1]


def _save_readings(cursor: sqlite3.Cursor, rows: list[tuple[int, int, float]]) -> None:
    whole = len(rows) - len(rows) % ROWS_AT_ONCE
    for start in range(0, whole, ROWS_AT_ONCE):
        cursor.execute(_SAVE_MANY, tuple(chain.from_iterable(rows[start : start + ROWS_AT_ONCE])))
    cursor.executemany(_SAVE_ONE, rows[whole:])


def _save_problems(cursor: sqlite3.Cursor, problems: Iterable[Problem]) -> None:
    problems = list(problems)
    if not problems:
        return
    cursor.executemany(_SAVE_PROBLEM, problems)
    cursor.execute(
        "DELETE FROM problem WHERE (topic, reason) IN "
        "(SELECT topic, reason FROM problem ORDER BY last_ms DESC LIMIT -1 OFFSET ?)",
        (PROBLEMS_KEPT,),
    )


def _everything_due(cursor: sqlite3.Cursor) -> None:
    first, last = cursor.execute("SELECT min(start_ms), max(end_ms) FROM night").fetchone()
    if first is not None:
        widen_due(cursor, first, last)


def widen_due(cursor: sqlite3.Cursor, start_ms: int, end_ms: int) -> None:
    """Add a span to what must be closed again, in the caller's transaction."""
    for key, value, better in (("due_from_ms", start_ms, "min"), ("due_to_ms", end_ms, "max")):
        cursor.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?) "
            f"ON CONFLICT (key) DO UPDATE SET value = {better}(value, excluded.value)",
            (key, value),
        )


def _calibrated(raw: list[tuple[int, float]], corrections: list[tuple[int, float, float]]) -> list[tuple[int, float]]:
    starts = [start for start, _, _ in corrections]
    corrected = []
    for time_ms, value in raw:
        at = bisect_right(starts, time_ms) - 1
        _, offset, gain = corrections[at] if at >= 0 else (0, 0.0, 1.0)
        corrected.append((time_ms, value * gain + offset))
    return corrected
