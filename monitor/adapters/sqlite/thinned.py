"""Old readings as rows of five minutes in SQLite: thinned in short transactions, read beside the others."""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from monitor.adapters.sqlite.database import Database
from monitor.core.grid import BIN_MS
from monitor.core.nights import LONGEST_MS
from monitor.core.quantities import QUANTITIES
from monitor.core.readings import DAY_MS
from monitor.core.thinning import HOLD_MS, Thinned, bin_of, merged, thin
from monitor.ports import Slice

READINGS_AT_ONCE = 1_000
"""Readings of one slice: a few ms of work, so that even on a machine ten times slower nobody waits for long. Five
minutes with more than that stay as they came."""

NIGHTS_AFTER = 7
"""Nights that must be closed after a reading before it is thinned: a clock that leaps ahead thins nothing at once."""

MARGIN_MS = 2 * (LONGEST_MS + DAY_MS)
"""ms before what is due that its nights, the one after and the day before them can reach back."""

FREE_PAGES_LEFT = 256
"""Free pages that the file keeps for the readings to come: 256 kB, of an older file with large pages 1 MB."""

SCANS_APART = 64
"""Looks at what was added to the mirror's queue, after which all of it is looked at again."""

COLUMNS = "start_ms, mean, median, low, high, covered_s, count, offsets"
_QUANTITIES = ", ".join(f"'{quantity.name}'" for quantity in QUANTITIES if quantity.thinned)
_SAVE = f"INSERT OR REPLACE INTO thinned (series, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_OFFSET_BYTES = 3

Rows = list[tuple[int, int, float]]
"""Readings as series, UTC Unix ms, value."""


class _Mark(NamedTuple):
    """Up to where a series was looked at, and the last reading before."""

    series: int
    done_to_ms: int
    last_ms: int | None
    last_value: float | None


class SqliteThinning:
    """The thinning store; see the port."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting = _Waiting(database)

    def thin_next(self, before_ms: int) -> Slice | None:
        """Thin one slice of what is older; one transaction."""
        # whole days: a row of five minutes every five minutes would wear the card
        before_ms -= before_ms % DAY_MS
        self._waiting.look(before_ms)
        with self._database.writing() as cursor:
            end_ms = _end_ms(cursor, before_ms)
            for mark in _marks(cursor):
                until_ms = min(end_ms, self._waiting.from_ms(cursor, mark.series), _newest_bin(cursor, mark.series))
                done = _thin(cursor, mark, bin_of(until_ms))
                if done is not None:
                    return done
        return None

    def give_back(self, at_most_pages: int) -> int:
        """Return free pages to the disk, but for what the file soon needs again."""
        free: int = self._database.rows("PRAGMA freelist_count")[0][0]
        spare = free - FREE_PAGES_LEFT
        return self._database.release_pages(min(spare, at_most_pages)) if spare > 0 else 0

    def measured_since(self, from_ms: int) -> tuple[int | None, list[tuple[str, int]]]:
        """The first reading since then, and how many each series has."""
        found = self._database.rows(
            "SELECT quantity, (SELECT count(*) FROM reading WHERE series = id AND ts_ms >= ?1), "
            "(SELECT min(ts_ms) FROM reading WHERE series = id AND ts_ms >= ?1) FROM series ORDER BY id",
            (from_ms,),
        )
        first = min((row[2] for row in found if row[2] is not None), default=None)
        return first, [row[:2] for row in found]


class _Waiting:
    """From when on the readings of a series wait for the mirror; its queue may be long, so it is not read each time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._from: dict[int, int] = {}
        self._first = self._last = self._looks = self._before_ms = 0

    def look(self, before_ms: int) -> None:
        """Bring what is known up to date: what was added, or all of it where some left the queue or after a while."""
        ends = "SELECT (SELECT min(id) FROM mirror_queue), (SELECT max(id) FROM mirror_queue)"  # together: a scan
        first, last = self._database.rows(ends)[0]
        if (first, before_ms) != (self._first, self._before_ms) or self._looks >= SCANS_APART:
            self._from, self._last, self._looks, self._before_ms = {}, 0, 0, before_ms
        if first is not None:
            added = self._database.rows(
                "SELECT series, min(from_ms) FROM mirror_queue "
                "WHERE id > ? AND from_ms < ? AND series IS NOT NULL GROUP BY series",
                (self._last, before_ms),
            )
            for series, from_ms in added:
                self._from[series] = min(from_ms, self._from.get(series, from_ms))
        self._first, self._last, self._looks = first or 0, last or 0, self._looks + 1

    def from_ms(self, cursor: sqlite3.Cursor, series: int) -> int:
        """The earliest reading that waits, as of now; far away where none does."""
        added = cursor.execute(
            "SELECT min(from_ms) FROM mirror_queue WHERE id > ? AND series = ?", (self._last, series)
        ).fetchone()[0]
        known = self._from.get(series, _FAR_MS)
        return known if added is None else min(known, added)


_FAR_MS = 2**62
_WITHIN = "FROM reading WHERE series = ? AND ts_ms >= ? AND ts_ms < ?"


def thinned_rows(database: Database, series: int, start_ms: int, end_ms: int) -> list[Thinned]:
    """Rows of a series whose middle lies in `start <= t < end`, as they were thinned; by time.

    One from the statistics of another program counts only where there is no reading in its five minutes.
    """
    half = BIN_MS // 2
    rows = database.rows(
        f"SELECT {COLUMNS} FROM thinned WHERE series = ?1 AND start_ms >= ?2 AND start_ms < ?3 AND (count > 0 OR NOT "
        "EXISTS (SELECT 1 FROM reading WHERE series = ?1 AND ts_ms >= start_ms AND ts_ms < start_ms + ?4))",
        (series, start_ms - half, end_ms - half, BIN_MS),
    )
    return [_row(row) for row in rows]


def not_thinned_yet(cursor: sqlite3.Cursor, rows: Rows) -> Rows:
    """Readings from the past without those that a row stands for already; the others are looked at once more."""
    if cursor.execute("SELECT 1 FROM thinned UNION ALL SELECT 1 FROM thinning LIMIT 1").fetchone() is None:
        return rows
    new: Rows = []
    for series, of_series in groupby(sorted(rows, key=lambda row: row[:2]), key=lambda row: row[0]):
        each = list(of_series)
        _look_again(cursor, series, each[0][1])
        for start_ms, inside in groupby(each, key=lambda row: bin_of(row[1])):
            known = _offsets_at(cursor, series, start_ms)
            new += [row for row in inside if row[1] - start_ms not in known]
    return new


def become_thinned(cursor: sqlite3.Cursor, old: int, new: int) -> None:
    """The rows of the series `old` are those of `new`, in whose place it was; rows of the same minutes are merged."""
    both = cursor.execute(
        f"SELECT {COLUMNS} FROM thinned WHERE series = ?2 AND start_ms IN (SELECT start_ms FROM thinned "
        "WHERE series = ?1) ORDER BY start_ms",
        (old, new),
    ).fetchall()
    for kept in map(_row, both):
        other = cursor.execute(
            f"SELECT {COLUMNS} FROM thinned WHERE series = ? AND start_ms = ?", (old, kept.start_ms)
        ).fetchone()
        cursor.execute(_SAVE, _values(new, merged(kept, _row(other))))
    cursor.execute("UPDATE OR IGNORE thinned SET series = ? WHERE series = ?", (new, old))
    cursor.execute("DELETE FROM thinning WHERE series = ?", (new,))
    _drop_known(cursor, new)


def _thin(cursor: sqlite3.Cursor, mark: _Mark, end_ms: int) -> Slice | None:
    """Look at the next readings of a series before `end_ms`, in the caller's transaction; None where there is none."""
    series, start_ms = mark.series, mark.done_to_ms
    found = cursor.execute(
        f"SELECT ts_ms, value {_WITHIN} ORDER BY ts_ms LIMIT ?", (series, start_ms, end_ms, READINGS_AT_ONCE + 1)
    ).fetchall()
    if not found:
        return None
    if len(found) > READINGS_AT_ONCE:
        end_ms = bin_of(found[-1][0])
        whole = [reading for reading in found if reading[0] < end_ms]
        if not whole:
            return _pass_by(cursor, series, end_ms)
        found = whole
    there = _rows_there(cursor, series, start_ms, end_ms)
    rows = [row for row in thin(found, _before(cursor, mark)) if row.start_ms not in there]
    cursor.executemany(_SAVE, [_values(series, row) for row in rows])
    cursor.executemany(f"DELETE {_WITHIN}", [(series, *span) for span in _joined(rows)])
    _mark(cursor, series, end_ms, found[-1])
    return Slice(len(found), sum(row.readings for row in rows), len(rows))


def _pass_by(cursor: sqlite3.Cursor, series: int, start_ms: int) -> Slice:
    """Five minutes with too many readings stay as they came."""
    within = (series, start_ms, start_ms + BIN_MS)
    last = cursor.execute(f"SELECT ts_ms, value {_WITHIN} ORDER BY ts_ms DESC LIMIT 1", within).fetchone()
    _mark(cursor, series, start_ms + BIN_MS, last)
    return Slice(READINGS_AT_ONCE, 0, 0)


def _end_ms(cursor: sqlite3.Cursor, before_ms: int) -> int:
    """Up to when readings may be thinned as far as the nights go."""
    followed = cursor.execute(
        "SELECT start_ms FROM night ORDER BY wake_date DESC LIMIT 1 OFFSET ?", (NIGHTS_AFTER - 1,)
    ).fetchone()
    due = cursor.execute("SELECT value FROM meta WHERE key = 'due_from_ms'").fetchone()
    return min(before_ms, followed[0] if followed else 0, due[0] - MARGIN_MS if due else before_ms)


def _newest_bin(cursor: sqlite3.Cursor, series: int) -> int:
    """Where the five minutes with the newest reading begin: it stays, so that a series is always heard when it was."""
    newest = cursor.execute("SELECT max(ts_ms) FROM reading WHERE series = ?", (series,)).fetchone()[0]
    return 0 if newest is None else bin_of(newest)


def _marks(cursor: sqlite3.Cursor) -> list[_Mark]:
    """How far each series that may be thinned is, the furthest behind first."""
    found = cursor.execute(
        "SELECT id, coalesce(done_to_ms, 0), last_ms, last_value FROM series LEFT JOIN thinning ON series = id "
        f"WHERE quantity IN ({_QUANTITIES}) ORDER BY 2, 1"
    )
    return [_Mark(*row) for row in found.fetchall()]


def _mark(cursor: sqlite3.Cursor, series: int, done_to_ms: int, last: tuple[int, float]) -> None:
    cursor.execute(
        "INSERT OR REPLACE INTO thinning (series, done_to_ms, last_ms, last_value) VALUES (?, ?, ?, ?)",
        (series, done_to_ms, *last),
    )


def _look_again(cursor: sqlite3.Cursor, series: int, from_ms: int) -> None:
    cursor.execute(
        "UPDATE thinning SET done_to_ms = ?, last_ms = NULL, last_value = NULL WHERE series = ? AND done_to_ms > ?",
        (bin_of(from_ms), series, from_ms),
    )


def _before(cursor: sqlite3.Cursor, mark: _Mark) -> tuple[int, float] | None:
    """The last reading before the mark that may still hold at it."""
    if mark.last_ms is not None and mark.last_value is not None:
        return mark.last_ms, mark.last_value
    within = (mark.series, mark.done_to_ms - HOLD_MS, mark.done_to_ms)
    found: tuple[int, float] | None = cursor.execute(
        f"SELECT ts_ms, value {_WITHIN} ORDER BY ts_ms DESC LIMIT 1", within
    ).fetchone()
    return found


def _drop_known(cursor: sqlite3.Cursor, series: int) -> None:
    """Delete readings that a row of the same series stands for."""
    if cursor.execute("SELECT 1 FROM thinned WHERE series = ? AND count > 0 LIMIT 1", (series,)).fetchone() is None:
        return
    beside = cursor.execute(
        "SELECT ts_ms, start_ms, offsets FROM reading JOIN thinned ON thinned.series = reading.series "
        "AND start_ms = ts_ms - ts_ms % ? WHERE reading.series = ? AND count > 0",
        (BIN_MS, series),
    ).fetchall()
    known = [(series, ts) for ts, start_ms, offsets in beside if ts - start_ms in set(_unpacked(offsets))]
    cursor.executemany("DELETE FROM reading WHERE series = ? AND ts_ms = ?", known)


def _offsets_at(cursor: sqlite3.Cursor, series: int, start_ms: int) -> frozenset[int]:
    """What a row of these five minutes stands for; empty where there is none, or one from statistics."""
    found = cursor.execute(
        "SELECT offsets FROM thinned WHERE series = ? AND start_ms = ?", (series, start_ms)
    ).fetchone()
    return frozenset(_unpacked(found[0])) if found else frozenset()


def _rows_there(cursor: sqlite3.Cursor, series: int, start_ms: int, end_ms: int) -> set[int]:
    """Five minutes that have a row already; what lies beside it came late and stays."""
    found = cursor.execute(
        "SELECT start_ms FROM thinned WHERE series = ? AND start_ms >= ? AND start_ms < ? AND count > 0",
        (series, start_ms, end_ms),
    )
    return {row[0] for row in found}


def _joined(rows: Iterable[Thinned]) -> Iterator[tuple[int, int]]:
    """The rows' spans, those that touch in one."""
    start_ms = end_ms = None
    for row in rows:
        if start_ms is not None and end_ms is not None and row.start_ms != end_ms:
            yield start_ms, end_ms
            start_ms = None
        start_ms = row.start_ms if start_ms is None else start_ms
        end_ms = row.start_ms + BIN_MS
    if start_ms is not None and end_ms is not None:
        yield start_ms, end_ms


def _row(row: tuple[int, float, float, float, float, float, int, bytes]) -> Thinned:
    return Thinned(*row[:-1], offsets=_unpacked(row[-1]))


def _values(series: int, row: Thinned) -> tuple[object, ...]:
    packed = b"".join(offset.to_bytes(_OFFSET_BYTES, "big") for offset in row.offsets)
    return (series, *row[:-1], packed)


def _unpacked(packed: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(packed[at : at + _OFFSET_BYTES], "big") for at in range(0, len(packed), _OFFSET_BYTES))
