"""Sensors in SQLite: what was told of them, and what the person says of them."""

import json
import sqlite3
from collections.abc import Iterable, Sequence

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.due import everything_due, widen_due
from monitor.adapters.sqlite.forgetting import empty
from monitor.adapters.sqlite.outbox import Outbox
from monitor.adapters.sqlite.series import SeriesNumbers, add_sensor
from monitor.adapters.sqlite.thinned import become_thinned
from monitor.core.grid import BIN_MS
from monitor.core.zones import ALL_TIME_MS
from monitor.errors import InputError
from monitor.ports import Calibration, Reach, Seen, Sensor

_SENSORS = (
    "SELECT key, name, place, placed_by, first_seen_ms, online, online_ms, expire_after_s "
    "FROM sensor ORDER BY first_seen_ms, key"
)


class SqliteSensors:
    """What the person says of the sensors; see the port."""

    def __init__(self, database: Database, numbers: SeriesNumbers, outbox: Outbox | None = None) -> None:
        self._database = database
        self._numbers = numbers
        self._outbox = outbox or Outbox()

    def introduce(self, key: str, name: str, topics: Sequence[tuple[str, str | None]], now_ms: int) -> None:
        """Make a sensor known before it has spoken."""
        with self._database.writing() as cursor:
            add_sensor(cursor, key, name, None, now_ms)
            for topic, availability in topics:
                _hear(cursor, Seen(key, topic=topic, availability=availability))

    def place(self, key: str, place: str | None, by: str) -> None:
        """Put a sensor somewhere; every night is due again, since the room's sensors changed."""
        with self._database.writing() as cursor:
            cursor.execute("UPDATE sensor SET place = ?, placed_by = ? WHERE key = ?", (place, by, key))
            if cursor.rowcount == 0:
                raise InputError(self._unknown(key))
            everything_due(cursor)

    def calibrate(self, key: str, quantity: str, valid_from_ms: int, offset: float, gain: float) -> None:
        """Correct a series from a time on; the nights since then are due again."""
        with self._database.writing() as cursor:
            cursor.execute(
                "INSERT OR REPLACE INTO calibration (series, valid_from_ms, offset, gain) "
                "SELECT id, ?, ?, ? FROM series WHERE sensor = ? AND quantity = ?",
                (valid_from_ms, offset, gain, key, quantity),
            )
            if cursor.rowcount == 0:
                raise InputError(self._without(key, quantity))
            series, *latest = cursor.execute(
                "SELECT id, (SELECT max(ts_ms) FROM reading WHERE series = id), "
                "(SELECT max(start_ms) + ? FROM thinned WHERE series = id) FROM series "
                "WHERE sensor = ? AND quantity = ?",
                (BIN_MS, key, quantity),
            ).fetchone()
            until_ms = max(valid_from_ms, *(last or 0 for last in latest)) + 1
            widen_due(cursor, valid_from_ms, until_ms)
            self._outbox.history(cursor, series, valid_from_ms, until_ms)

    def calibrations(self, key: str) -> list[Calibration]:
        """The corrections of a sensor in force, by quantity and time."""
        rows = self._database.rows(
            "SELECT sensor, quantity, valid_from_ms, offset, gain FROM calibration JOIN series ON series.id = series "
            "WHERE sensor = ? ORDER BY quantity, valid_from_ms",
            (key,),
        )
        return [Calibration(*row) for row in rows]

    def forget(self, key: str) -> int:
        """Delete a sensor with all its readings, by and by; how many readings that were.

        Broken off in the middle, the sensor is still there, its nights are closed again, and the next time goes on.
        """
        count = self._measured(key)
        with self._database.writing() as cursor:
            if cursor.execute("SELECT 1 FROM sensor WHERE key = ?", (key,)).fetchone() is None:
                raise InputError(self._unknown(key))
            _without_it_due(cursor, key)
        empty(self._database, key)
        with self._database.writing() as cursor:
            _without_it_due(cursor, key)
            cursor.execute("DELETE FROM sensor WHERE key = ?", (key,))
        self._numbers.forget()
        return count

    def _measured(self, key: str) -> int:
        of_sensor = "series IN (SELECT id FROM series WHERE sensor = ?1)"
        found: int = self._database.rows(
            f"SELECT (SELECT count(*) FROM reading WHERE {of_sensor}) "
            f"+ (SELECT coalesce(sum(count), 0) FROM thinned WHERE {of_sensor})",
            (key,),
        )[0][0]
        return found

    def _without(self, key: str, quantity: str) -> str:
        rows = self._database.rows("SELECT quantity FROM series WHERE sensor = ? ORDER BY quantity", (key,))
        has = ", ".join(row[0] for row in rows)
        return f"{key}: it has no {quantity}; it has {has}" if has else self._unknown(key)

    def _unknown(self, key: str) -> str:
        seen = ", ".join(sensor.key for sensor in all_sensors(self._database)) or "none yet"
        return f"no sensor {key!r}; seen so far: {seen}"


def _without_it_due(cursor: sqlite3.Cursor, key: str) -> None:
    """Every night is due, and none is to be kept as it is because its readings are gone: the person wanted that."""
    everything_due(cursor)
    cursor.execute("UPDATE night SET sensors = '{}' WHERE instr(sensors, ?)", (json.dumps(key),))


def all_sensors(database: Database) -> list[Sensor]:
    """Every sensor, by first sight."""
    sensors = (Sensor(*row) for row in database.rows(_SENSORS))
    return [one if one.online is None else one._replace(online=bool(one.online)) for one in sensors]


def save_renames(cursor: sqlite3.Cursor, told: Iterable[Seen], outbox: Outbox) -> bool:
    """Give the history of what was called otherwise to its key of now; whether there was any."""
    renamed = False
    for one in told:
        if one.formerly is not None:
            for old in _sensors_of(cursor, one.formerly):
                new = _new_key(one.sensor, one.formerly, old)
                if new != old:
                    _become(cursor, old, new)
                    _queue_all(cursor, new, outbox)
                    renamed = True
    return renamed


def save_seen(cursor: sqlite3.Cursor, told: Iterable[Seen], seen_ms: int) -> None:
    """Keep what was told; a sensor that speaks is made, one that was only announced is not."""
    for one in told:
        if one.topic is not None:
            add_sensor(cursor, one.sensor, one.name, one.place, one.seen_ms or seen_ms)
            _hear(cursor, one)
        if one.name is not None:
            cursor.execute("UPDATE sensor SET name = ? WHERE key = ? AND name <> ?", (one.name, one.sensor, one.name))
        if one.place is not None:
            cursor.execute(
                "UPDATE sensor SET place = ?, placed_by = 'name' WHERE key = ? AND place IS NULL AND placed_by IS NULL",
                (one.place, one.sensor),
            )
            if cursor.rowcount:
                everything_due(cursor)
        if one.expire_after_s is not None:
            cursor.execute("UPDATE sensor SET expire_after_s = ? WHERE key = ?", (one.expire_after_s, one.sensor))


def save_reach(cursor: sqlite3.Cursor, reach: Iterable[Reach]) -> None:
    """Keep what the availability topics said last."""
    cursor.executemany(
        "UPDATE sensor SET online = ?, online_ms = ? WHERE key = ?",
        [(one.online, one.at_ms, one.sensor) for one in reach],
    )


def _hear(cursor: sqlite3.Cursor, one: Seen) -> None:
    cursor.execute(
        "INSERT INTO heard (sensor, topic, availability) VALUES (?, ?, ?) ON CONFLICT (sensor, topic) "
        "DO UPDATE SET availability = coalesce(excluded.availability, availability)",
        (one.sensor, one.topic, one.availability),
    )


def _sensors_of(cursor: sqlite3.Cursor, formerly: str) -> list[str]:
    """The sensor of that key, or every sensor of that device."""
    if not formerly.endswith("/"):
        found = cursor.execute("SELECT key FROM sensor WHERE key = ?", (formerly,))
    else:
        found = cursor.execute(
            "SELECT key FROM sensor WHERE substr(key, 1, ?) = ? OR key = ?",
            (len(formerly), formerly, formerly[:-1]),
        )
    return [row[0] for row in found.fetchall()]


def _new_key(key: str, formerly: str, old: str) -> str:
    return key if not formerly.endswith("/") else key[:-1] + old[len(formerly) - 1 :]


def _queue_all(cursor: sqlite3.Cursor, key: str, outbox: Outbox) -> None:
    for (series,) in cursor.execute("SELECT id FROM series WHERE sensor = ?", (key,)).fetchall():
        outbox.history(cursor, series, 0, ALL_TIME_MS)


def _become(cursor: sqlite3.Cursor, old: str, new: str) -> None:
    """The history of `old` under the key `new`; where both have a series, what `new` says of an instant counts."""
    cursor.execute(
        "INSERT OR IGNORE INTO sensor (key, name, place, placed_by, first_seen_ms, online, online_ms, expire_after_s) "
        "SELECT ?, name, place, placed_by, first_seen_ms, online, online_ms, expire_after_s FROM sensor WHERE key = ?",
        (new, old),
    )
    cursor.execute(
        "UPDATE sensor SET place = coalesce(place, (SELECT place FROM sensor WHERE key = ?)), "
        "placed_by = coalesce(placed_by, (SELECT placed_by FROM sensor WHERE key = ?)), "
        "first_seen_ms = min(first_seen_ms, (SELECT first_seen_ms FROM sensor WHERE key = ?)) WHERE key = ?",
        (old, old, old, new),
    )
    for number, quantity in cursor.execute("SELECT id, quantity FROM series WHERE sensor = ?", (old,)).fetchall():
        kept = cursor.execute("SELECT id FROM series WHERE sensor = ? AND quantity = ?", (new, quantity)).fetchone()
        if kept is not None:
            _join(cursor, kept[0], number)
        cursor.execute("UPDATE series SET sensor = ? WHERE id = ?", (new, number))
    cursor.execute("UPDATE OR IGNORE heard SET sensor = ? WHERE sensor = ?", (new, old))
    cursor.execute("DELETE FROM sensor WHERE key = ?", (old,))
    everything_due(cursor)


def _join(cursor: sqlite3.Cursor, young: int, old: int) -> None:
    """What the series `young` says in the place of what `old` says of the same instants.

    The young one is moved: under its new name a sensor has hardly spoken, so the transaction stays short.
    """
    for table in ("reading", "set_aside", "calibration", "word"):
        cursor.execute(f"UPDATE OR REPLACE {table} SET series = ? WHERE series = ?", (old, young))
    become_thinned(cursor, young, old)
    cursor.execute("DELETE FROM series WHERE id = ?", (young,))
