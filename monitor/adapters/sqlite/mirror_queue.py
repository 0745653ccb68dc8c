"""The mirror's queue in SQLite: what waits, what becomes of it, and how the mirror is."""

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.outbox import queue_again
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.core.readings import DAY_MS
from monitor.ports import MirrorStatus, Overflow, Parcel, Sent, Stretch

ASIDE_KEPT = 1_000
"""Refused lines that are kept for a person to look at."""

LET_GO_AT_ONCE = 10_000
"""Rows that leave the queue in one transaction: a moment only."""

LONGEST_MS = 30 * DAY_MS
"""ms of a series that are looked at at once, however few readings there are."""

_ROWS = "SELECT id, series, record, from_ms, to_ms, count FROM mirror_queue"


class _Row(NamedTuple):
    number: int
    series: int | None
    record: str | None
    from_ms: int
    to_ms: int
    size: int


class SqliteMirrorQueue:
    """What waits to be mirrored; see the port. Spans of series wait: their values are read when they are sent."""

    def __init__(self, database: Database, readings: SqliteReadings) -> None:
        self._database = database
        self._readings = readings

    def oldest(self, at_most: int) -> Parcel:
        """The oldest of what waits."""
        rows = [_Row(*row) for row in self._database.rows(f"{_ROWS} ORDER BY id LIMIT ?", (at_most,))]
        if rows and rows[0].size > at_most:
            return self._part(rows[0], at_most)
        return self._parcel(_that_fit(rows, at_most), live=False)

    def newest(self, at_most: int) -> Parcel:
        """The newest of what was measured just now."""
        rows = self._database.rows(f"{_ROWS} WHERE live ORDER BY id DESC LIMIT ?", (at_most,))
        return self._parcel(_that_fit([_Row(*row) for row in rows], at_most)[::-1], live=True)

    def settle(self, parcel: Parcel, sent: Sent, now_ms: int) -> None:
        """The parcel leaves the queue, what the server refused is set aside, the counts are kept."""
        with self._database.writing() as cursor:
            cursor.execute(
                "DELETE FROM mirror_queue WHERE id BETWEEN ? AND ? AND live >= ?",
                (parcel.first, parcel.last, parcel.live),
            )
            if parcel.rest is not None:
                number, from_ms = parcel.rest
                gone = sum(len(one.rows) for one in parcel.stretches)
                cursor.execute(
                    "UPDATE mirror_queue SET from_ms = ?, count = max(count - ?, 1) WHERE id = ?",
                    (from_ms, gone, number),
                )
            if sent.aside:
                cursor.executemany(
                    "INSERT INTO mirror_aside (line, reason, at_ms) VALUES (?, ?, ?)",
                    [(line, reason, now_ms) for line, reason in sent.aside],
                )
                cursor.execute(
                    "DELETE FROM mirror_aside WHERE id <= (SELECT max(id) FROM mirror_aside) - ?", (ASIDE_KEPT,)
                )
            told = self._told()
            counted = told._replace(
                sent=told.sent + sent.lines,
                sent_ms=now_ms,
                dropped=told.dropped + sent.dropped,
                aside=told.aside + len(sent.aside),
                trouble=None,
                trouble_ms=None,
            )
            _tell(cursor, counted)

    def troubled(self, trouble: str, now_ms: int) -> None:
        """Keep why nothing can be sent, and since when."""
        told = self._told()
        if told.trouble != trouble:
            since_ms = now_ms if told.trouble_ms is None else told.trouble_ms
            with self._database.writing() as cursor:
                _tell(cursor, told._replace(trouble=trouble, trouble_ms=since_ms))

    def shorten(self, before_ms: int, at_most: int) -> Overflow | None:
        """Let go of what is too old or too much, in a slice."""
        found = self._database.rows("SELECT id, queued_ms FROM mirror_queue WHERE live ORDER BY id LIMIT 1")
        if not found:
            return None
        first, queued_ms = found[0]
        last, lowest = self._database.rows("SELECT max(id), min(id) FROM mirror_queue")[0]
        count = last - lowest + 1
        if count > at_most:
            count = self._database.rows("SELECT count(*) FROM mirror_queue")[0][0]
        if queued_ms >= before_ms and count <= at_most:
            return None
        excess = min(max(count - at_most, 0), LET_GO_AT_ONCE)
        with self._database.writing() as cursor:
            rows = cursor.execute(
                "SELECT id, count, from_ms, to_ms, queued_ms FROM mirror_queue "
                "WHERE live AND id >= ? ORDER BY id LIMIT ?",
                (first, LET_GO_AT_ONCE),
            ).fetchall()
            old = next((at for at, row in enumerate(rows) if row[4] >= before_ms), len(rows))
            gone = rows[: max(old, excess)]
            overflow = Overflow(sum(r[1] for r in gone), min(r[2] for r in gone), max(r[3] for r in gone))
            cursor.execute("DELETE FROM mirror_queue WHERE live AND id BETWEEN ? AND ?", (gone[0][0], gone[-1][0]))
            _tell(cursor, _with_lost(self._told(), overflow))
        return overflow

    def again(self, from_ms: int, to_ms: int, records: Sequence[str]) -> int:
        """Queue every reading of the span once more, and the records; what was lost of the span is no more."""
        count = 0
        for (series,) in self._database.rows("SELECT id FROM series ORDER BY id"):
            with self._database.writing() as cursor:
                count += queue_again(cursor, series, from_ms, to_ms)
        with self._database.writing() as cursor:
            cursor.executemany(
                "INSERT INTO mirror_queue (record, from_ms, to_ms, count, live, queued_ms) VALUES (?, 0, 1, 1, 0, 0)",
                [(record,) for record in records],
            )
            told = self._told()
            if from_ms <= (told.lost_from_ms or 0) and (told.lost_to_ms or 0) <= to_ms:
                _tell(cursor, told._replace(lost=0, lost_from_ms=None, lost_to_ms=None))
        return count

    def status(self) -> MirrorStatus:
        """How the mirror is."""
        readings, records, oldest_ms = self._database.rows(
            "SELECT coalesce(sum(CASE WHEN record IS NULL THEN count END), 0), count(record), "
            "min(CASE WHEN live THEN queued_ms END) FROM mirror_queue"
        )[0]
        return self._told()._replace(readings=readings, records=records, oldest_ms=oldest_ms)

    def set_aside(self, count: int) -> list[tuple[int, str, str]]:
        """The newest lines that the server refused."""
        return self._database.rows("SELECT at_ms, line, reason FROM mirror_aside ORDER BY id DESC LIMIT ?", (count,))

    def _told(self) -> MirrorStatus:
        """What is kept of the mirror; what waits is counted anew each time."""
        found = self._database.rows("SELECT value FROM meta WHERE key = 'mirror'")
        return MirrorStatus(**json.loads(found[0][0])) if found else MirrorStatus()

    def _part(self, row: _Row, at_most: int) -> Parcel:
        """The beginning of a span that is too long for one parcel."""
        until_ms = min(row.to_ms, row.from_ms + LONGEST_MS)
        found = self._database.rows(
            "SELECT ts_ms FROM reading WHERE series = ? AND ts_ms >= ? AND ts_ms < ? ORDER BY ts_ms LIMIT 1 OFFSET ?",
            (row.series, row.from_ms, until_ms, at_most),
        )
        until_ms = found[0][0] if found else until_ms
        stretches = self._stretches([row._replace(to_ms=until_ms)])
        if until_ms >= row.to_ms:
            return Parcel(stretches, first=row.number, last=row.number)
        return Parcel(stretches, rest=(row.number, until_ms))

    def _parcel(self, rows: list[_Row], *, live: bool) -> Parcel:
        if not rows:
            return Parcel()
        records = tuple(dict.fromkeys(row.record for row in rows if row.record is not None))
        return Parcel(self._stretches(rows), records, rows[0].number, rows[-1].number, live)

    def _stretches(self, rows: Sequence[_Row]) -> list[Stretch]:
        """What stands in the spans; those of a series that lie near one another are read in one go."""
        names = {
            number: (sensor, quantity)
            for number, sensor, quantity in self._database.rows("SELECT id, sensor, quantity FROM series")
        }
        spans: dict[int, list[tuple[int, int]]] = {}
        for row in rows:
            if row.series is not None:
                spans.setdefault(row.series, []).append((row.from_ms, row.to_ms))
        return [
            Stretch(*names[series], self._readings.readings(*names[series], from_ms, to_ms))
            for series, each in spans.items()
            for from_ms, to_ms in _joined(each)
        ]


def _that_fit(rows: Sequence[_Row], at_most: int) -> list[_Row]:
    """The first rows that make about so many lines; at least one."""
    fit: list[_Row] = []
    room = at_most
    for row in rows:
        if fit and row.size > room:
            break
        fit.append(row)
        room -= row.size
    return fit


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans as one if it is short, else each by itself."""
    from_ms, to_ms = min(span[0] for span in spans), max(span[1] for span in spans)
    return [(from_ms, to_ms)] if to_ms - from_ms <= DAY_MS or len(spans) == 1 else spans


def _with_lost(told: MirrorStatus, overflow: Overflow) -> MirrorStatus:
    since_ms = overflow.from_ms if told.lost_from_ms is None else min(told.lost_from_ms, overflow.from_ms)
    return told._replace(
        lost=told.lost + overflow.readings,
        lost_from_ms=since_ms,
        lost_to_ms=max(told.lost_to_ms or 0, overflow.to_ms),
    )


def _tell(cursor: sqlite3.Cursor, told: MirrorStatus) -> None:
    cursor.execute(
        "INSERT INTO meta (key, value) VALUES ('mirror', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (json.dumps(told._asdict()),),
    )
