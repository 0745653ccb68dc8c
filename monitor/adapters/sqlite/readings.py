"""Readings in SQLite: one transaction per batch, one row per series and time."""

import json
import sqlite3
from collections.abc import Iterable
from itertools import chain

from monitor.adapters.sqlite.corrections import Correction, correction_at, corrections_of
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.due import widen_due
from monitor.adapters.sqlite.journal import remember_deliveries
from monitor.adapters.sqlite.outbox import Outbox
from monitor.adapters.sqlite.sensors import all_sensors, save_reach, save_renames, save_seen
from monitor.adapters.sqlite.series import Series, SeriesNumbers
from monitor.adapters.sqlite.thinned import not_thinned_yet, thinned_rows
from monitor.core.grid import BIN_MS
from monitor.core.readings import Reading, SetAside
from monitor.core.thinning import Thinned
from monitor.ports import Batch, Heard, Latest, Problem, Recent, Sensor, SeriesSummary

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
_SAVE_SET_ASIDE = "INSERT OR REPLACE INTO set_aside (series, ts_ms, value, reason, awaiting) VALUES (?, ?, ?, ?, ?)"
_SAVE_PROBLEM = (
    "INSERT INTO problem (topic, reason, count, first_ms, last_ms) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (topic, reason) DO UPDATE SET count = count + excluded.count, last_ms = excluded.last_ms"
)
_FIRST_MS, _LAST_MS = (
    f"(SELECT {end}(at_ms) FROM (SELECT {end}(ts_ms) AS at_ms FROM reading WHERE series = id "
    f"UNION ALL SELECT {end}(start_ms) + ?1 FROM thinned WHERE series = id))"
    for end in ("min", "max")
)


class SqliteReadings:
    """The reading store."""

    def __init__(self, database: Database, numbers: SeriesNumbers, outbox: Outbox | None = None) -> None:
        self._database = database
        self._numbers = numbers
        self._outbox = outbox or Outbox()

    def save(self, batch: Batch) -> None:
        """All of the batch or nothing; see the port."""
        try:
            with self._database.writing() as cursor:
                self._numbers.notice_others(cursor)
                if save_renames(cursor, batch.seen, self._outbox):
                    self._numbers.forget()
                self._numbers.of(cursor, batch.readings)
                series = self._numbers.of(cursor, batch.set_aside)
                save_seen(cursor, batch.seen, _first_ms(batch))
                rows = [(series[row[0], row[1]], row[2], row[3]) for row in batch.readings]
                rows = not_thinned_yet(cursor, rows) if batch.late else rows
                before = cursor.connection.total_changes
                _save_readings(cursor, rows)
                changed = cursor.connection.total_changes > before
                self._outbox.readings(cursor, rows, batch.stored_ms, live=batch.live)
                _save_words(cursor, batch.readings, series)
                _save_set_aside(cursor, batch, series)
                _save_problems(cursor, batch.problems)
                save_reach(cursor, batch.reach)
                if batch.deliveries:
                    remember_deliveries(cursor, batch.deliveries)
                if batch.late and changed:
                    widen_due(cursor, *batch.late)
        except BaseException:
            self._numbers.forget()
            raise

    def deliveries(self) -> bytes:
        """The remembered deliveries, oldest first."""
        return b"".join(row[0] for row in self._database.rows("SELECT messages FROM delivery ORDER BY id"))

    def readings(self, sensor: str, quantity: str, start_ms: int, end_ms: int) -> list[tuple[int, float]]:
        """`start <= t < end` with calibration applied; a series nobody has seen has none."""
        series = self._number(sensor, quantity)
        if series is None:
            return []
        found = self._database.rows(
            "SELECT ts_ms, value FROM reading WHERE series = ? AND ts_ms >= ? AND ts_ms < ? ORDER BY ts_ms",
            (series, start_ms, end_ms),
        )
        thinned = thinned_rows(self._database, series, start_ms, end_ms)
        if thinned:
            found = sorted(found + [(row.middle_ms, row.median) for row in thinned])
        corrections = corrections_of(self._database, series)
        return _calibrated(found, corrections) if corrections else found

    def thinned(self, sensor: str, quantity: str, start_ms: int, end_ms: int) -> list[Thinned]:
        """The rows whose middle lies in `start <= t < end`, with calibration applied."""
        series = self._number(sensor, quantity)
        if series is None:
            return []
        corrections = corrections_of(self._database, series)
        rows = thinned_rows(self._database, series, start_ms, end_ms)
        return [row.corrected(*correction_at(row.middle_ms, corrections)) for row in rows]

    def next_reading_ms(self, after_ms: int) -> int | None:
        """The first reading at or after `after_ms`, of any series."""
        found = self._database.rows(
            "SELECT min(at_ms) FROM ("
            "SELECT (SELECT min(ts_ms) FROM reading WHERE series = id AND ts_ms >= ?1) AS at_ms FROM series UNION ALL "
            "SELECT (SELECT min(start_ms) FROM thinned WHERE series = id AND start_ms >= ?1 - ?2) + ?2 FROM series)",
            (after_ms, BIN_MS // 2),
        )
        return found[0][0] if found else None

    def recent(self, sensor: str, quantity: str, count: int) -> Recent:
        """At most `count` of the newest raw values, and the newest one that awaits the next."""
        of_series = "series = (SELECT id FROM series WHERE sensor = ? AND quantity = ?)"
        values = self._database.rows(
            f"SELECT ts_ms, value FROM reading WHERE {of_series} ORDER BY ts_ms DESC LIMIT ?",
            (sensor, quantity, count),
        )
        awaiting = self._database.rows(
            f"SELECT ts_ms, value FROM set_aside WHERE {of_series} AND awaiting ORDER BY ts_ms DESC LIMIT 1",
            (sensor, quantity),
        )
        return Recent(values[::-1], awaiting[0] if awaiting else None)

    def was_set_aside(self, sensor: str, quantity: str, time_ms: int) -> bool:
        """Whether the value of that instant was kept apart."""
        found = self._database.rows(
            "SELECT 1 FROM set_aside WHERE ts_ms = ? AND series = "
            "(SELECT id FROM series WHERE sensor = ? AND quantity = ?)",
            (time_ms, sensor, quantity),
        )
        return bool(found)

    def words(self, sensor: str, quantity: str, start_ms: int, end_ms: int) -> list[tuple[int, str]]:
        """What the events of a series are called, by time."""
        return self._database.rows(
            "SELECT ts_ms, word FROM word WHERE series = (SELECT id FROM series WHERE sensor = ? AND quantity = ?) "
            "AND ts_ms >= ? AND ts_ms < ? ORDER BY ts_ms",
            (sensor, quantity, start_ms, end_ms),
        )

    def set_aside(self, sensor: str, count: int) -> list[SetAside]:
        """The newest values of a sensor that were kept apart, newest first."""
        rows = self._database.rows(
            "SELECT sensor, quantity, ts_ms, value, reason, awaiting FROM set_aside JOIN series ON series.id = series "
            "WHERE sensor = ? ORDER BY ts_ms DESC LIMIT ?",
            (sensor, count),
        )
        return [SetAside(*row)._replace(awaiting=bool(row[-1])) for row in rows]

    def sensors(self) -> list[Sensor]:
        """Every sensor, by first sight."""
        return all_sensors(self._database)

    def heard(self) -> list[Heard]:
        """Every topic on which a sensor was heard."""
        rows = self._database.rows("SELECT sensor, topic, availability FROM heard ORDER BY sensor, topic")
        return [Heard(*row) for row in rows]

    def series_names(self) -> set[tuple[str, str]]:
        """Sensor and quantity of every series."""
        return set(self._database.rows("SELECT sensor, quantity FROM series"))

    def series(self) -> list[SeriesSummary]:
        """Every series with its counts and its last value."""
        rows = self._database.rows(
            "SELECT sensor, quantity, (SELECT count(*) FROM reading WHERE series = id), "
            f"{_FIRST_MS}, {_LAST_MS}, (SELECT count(*) FROM set_aside WHERE series = id), "
            "(SELECT coalesce(sum(count), 0) FROM thinned WHERE series = id) FROM series ORDER BY sensor, quantity",
            (BIN_MS // 2,),
        )
        return [
            SeriesSummary(
                sensor, quantity, raw + thinned, first, last, self._at(sensor, quantity, last), aside, thinned
            )
            for sensor, quantity, raw, first, last, aside, thinned in rows
        ]

    def latest(self) -> list[Latest]:
        """When every series was last heard."""
        rows = self._database.rows(
            f"SELECT sensor, quantity, {_LAST_MS}, "
            "(SELECT max(ts_ms) FROM set_aside WHERE series = id) FROM series ORDER BY sensor, quantity",
            (BIN_MS // 2,),
        )
        return [Latest(*row) for row in rows]

    def problems(self) -> list[Problem]:
        """What could not be used, most frequent first."""
        rows = self._database.rows(
            "SELECT topic, reason, count, first_ms, last_ms FROM problem ORDER BY count DESC, topic, reason"
        )
        return [Problem(*row) for row in rows]

    def count(self) -> int:
        """How many readings there are, those among them that were thinned."""
        found: int = self._database.rows(
            "SELECT (SELECT count(*) FROM reading) + (SELECT coalesce(sum(count), 0) FROM thinned)"
        )[0][0]
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

    def _at(self, sensor: str, quantity: str, time_ms: int | None) -> float | None:
        return None if time_ms is None else self.readings(sensor, quantity, time_ms, time_ms + 1)[-1][1]

    def _number(self, sensor: str, quantity: str) -> int | None:
        found = self._database.rows("SELECT id FROM series WHERE sensor = ? AND quantity = ?", (sensor, quantity))
        return found[0][0] if found else None


def _save_readings(cursor: sqlite3.Cursor, rows: list[tuple[int, int, float]]) -> None:
    whole = len(rows) - len(rows) % ROWS_AT_ONCE
    for start in range(0, whole, ROWS_AT_ONCE):
        cursor.execute(_SAVE_MANY, tuple(chain.from_iterable(rows[start : start + ROWS_AT_ONCE])))
    cursor.executemany(_SAVE_ONE, rows[whole:])


def _save_words(cursor: sqlite3.Cursor, readings: Iterable[Reading], series: dict[Series, int]) -> None:
    words = [(series[row[0], row[1]], row[2], row[4]) for row in readings if row[4] is not None]
    if words:
        cursor.executemany("INSERT OR REPLACE INTO word (series, ts_ms, word) VALUES (?, ?, ?)", words)


def _save_set_aside(cursor: sqlite3.Cursor, batch: Batch, series: dict[Series, int]) -> None:
    cursor.executemany(_SAVE_SET_ASIDE, [(series[row[0], row[1]], *row[2:]) for row in batch.set_aside])
    if batch.released:
        cursor.executemany(
            "DELETE FROM set_aside WHERE series = ? AND ts_ms = ?",
            [(series[sensor, quantity], time_ms) for sensor, quantity, time_ms in batch.released],
        )


def _first_ms(batch: Batch) -> int:
    """When what is new in the batch was first seen."""
    return min((row.time_ms for rows in (batch.readings, batch.set_aside) for row in rows), default=0)


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


def _calibrated(raw: list[tuple[int, float]], corrections: list[Correction]) -> list[tuple[int, float]]:
    corrected = []
    for time_ms, value in raw:
        offset, gain = correction_at(time_ms, corrections)
        corrected.append((time_ms, value * gain + offset))
    return corrected
