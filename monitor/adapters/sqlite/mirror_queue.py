"""The mirror's queue in SQLite: what waits, what becomes of it, and how the mirror is."""

import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.outbox import SPREAD_MS, queue_again
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.core.grid import BIN_MS
from monitor.core.readings import DAY_MS
from monitor.ports import MirrorStatus, Overflow, Parcel, Sent, Stretch, Waiting

ASIDE_KEPT = 1_000
"""Refused lines that are kept for a person to look at."""

LET_GO_AT_ONCE = 10_000
"""Rows that leave the queue in one transaction: a moment only."""

LONGEST_MS = 30 * DAY_MS
"""ms of a series that are looked at at once, however few readings there are."""

RECORD_LINES = 50
"""Lines that a night or an analysis is about."""

_ROWS, _ROWS_AGED = (
    f"SELECT id, series, record, from_ms, to_ms, count{more} FROM mirror_queue" for more in ("", ", queued_ms")
)


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
        fit = _that_fit(rows, at_most)
        return self._part(rows[0], at_most) if rows and not fit else self._parcel(fit, live=False)

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
            if sent != Sent():
                told = self._told()
                counted = told._replace(
                    sent=told.sent + sent.lines,
                    dropped=told.dropped + sent.dropped,
                    aside=told.aside + len(sent.aside),
                )
                _tell(cursor, _well(counted, now_ms))

    def well(self, now_ms: int) -> None:
        """Keep that there is no trouble any more."""
        with self._database.writing() as cursor:
            _tell(cursor, _well(self._told(), now_ms))

    def troubled(self, trouble: str, now_ms: int) -> None:
        """Keep why nothing can be sent, and since when."""
        if self._told().trouble == trouble:
            return
        with self._database.writing() as cursor:
            told = self._told()
            since_ms = now_ms if told.trouble_ms is None else told.trouble_ms
            _tell(cursor, told._replace(trouble=trouble, trouble_ms=since_ms))

    def shorten(self, before_ms: int, at_most: int) -> Overflow | None:
        """Let go of what is too old or too much, in a slice; what was asked for again, or imported, last."""
        excess = self._excess(at_most)
        if not excess and not self._oldest_before(before_ms):
            return None
        with self._database.writing() as cursor:
            gone = self._slice(before_ms, excess)
            if not gone:
                return None
            overflow = Overflow(
                sum(row.size for row in gone), min(row.from_ms for row in gone), max(row.to_ms for row in gone)
            )
            cursor.executemany("DELETE FROM mirror_queue WHERE id = ?", [(row.number,) for row in gone])
            _tell(cursor, _with_lost(self._told(), overflow))
        return overflow

    def again(self, from_ms: int, to_ms: int, records: Sequence[str]) -> int:
        """Queue every reading of the span once more, and the records; what was lost of the span is no more.

        What waits again already is not queued twice.
        """
        count = 0
        for (series,) in self._database.rows("SELECT id FROM series ORDER BY id"):
            with self._database.writing() as cursor:
                count += queue_again(cursor, series, from_ms, to_ms)
        with self._database.writing() as cursor:
            known = cursor.execute("SELECT record FROM mirror_queue WHERE NOT live AND record IS NOT NULL")
            waiting = set(known.fetchall())
            cursor.executemany(
                "INSERT INTO mirror_queue (record, from_ms, to_ms, count, live, queued_ms) VALUES (?, 0, 1, 1, 0, 0)",
                [(record,) for record in records if (record,) not in waiting],
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

    def waiting(self) -> Waiting:
        """How much waits, counted roughly."""
        (rows,), found = self._database.rows("SELECT count(*) FROM mirror_queue")[0], self._oldest_live()
        return Waiting(rows, found[1] if found else None)

    def set_aside(self, count: int) -> list[tuple[int, str, str]]:
        """The newest lines that the server refused."""
        return self._database.rows("SELECT at_ms, line, reason FROM mirror_aside ORDER BY id DESC LIMIT ?", (count,))

    def _told(self) -> MirrorStatus:
        """What is kept of the mirror; what waits is counted anew each time."""
        found = self._database.rows("SELECT value FROM meta WHERE key = 'mirror'")
        return MirrorStatus(**json.loads(found[0][0])) if found else MirrorStatus()

    def _excess(self, at_most: int) -> int:
        """How many rows are too many; they are counted only where there may be."""
        found = self._database.rows(
            "SELECT (SELECT max(id) FROM mirror_queue) - (SELECT min(id) FROM mirror_queue) + 1"
        )
        if (found[0][0] or 0) <= at_most:
            return 0
        count: int = self._database.rows("SELECT count(*) FROM mirror_queue")[0][0]
        return max(count - at_most, 0)

    def _oldest_live(self) -> tuple[int, int] | None:
        found = self._database.rows("SELECT id, queued_ms FROM mirror_queue WHERE live ORDER BY id LIMIT 1")
        return found[0] if found else None

    def _oldest_before(self, before_ms: int) -> bool:
        found = self._oldest_live()
        return found is not None and found[1] < before_ms

    def _slice(self, before_ms: int, excess: int) -> list[_Row]:
        """What is let go of next, and when it was queued."""
        found = self._database.rows(
            f"{_ROWS_AGED} WHERE live ORDER BY id LIMIT ?",
            (LET_GO_AT_ONCE,),
        )
        old = next((at for at, row in enumerate(found) if row[-1] >= before_ms), len(found))
        return [_Row(*row[:-1]) for row in found[: max(old, excess)]] or [
            _Row(*row[:-1])
            for row in self._database.rows(f"{_ROWS_AGED} ORDER BY id LIMIT ?", (min(excess, LET_GO_AT_ONCE),))
        ]

    def _part(self, row: _Row, at_most: int) -> Parcel:
        """The beginning of a span that is too long for one parcel."""
        until_ms = min(row.to_ms, row.from_ms + LONGEST_MS)
        found = self._database.rows(
            "SELECT ts_ms FROM reading WHERE series = ?1 AND ts_ms >= ?2 AND ts_ms < ?3 UNION ALL "
            "SELECT start_ms + ?4 FROM thinned WHERE series = ?1 AND start_ms >= ?2 - ?4 AND start_ms < ?3 - ?4 "
            "ORDER BY 1 LIMIT 1 OFFSET ?5",
            (row.series, row.from_ms, until_ms, BIN_MS // 2, at_most),
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
            if row.series is not None and row.series in names:
                spans.setdefault(row.series, []).append((row.from_ms, row.to_ms))
        return [
            Stretch(*names[series], self._readings.readings(*names[series], from_ms, to_ms))
            for series, each in spans.items()
            for from_ms, to_ms in _joined(each)
        ]


def _that_fit(rows: Sequence[_Row], at_most: int) -> list[_Row]:
    """The first rows that make about so many lines, a record at least; none where the first has more readings."""
    fit: list[_Row] = []
    room = at_most
    for row in rows:
        lines = row.size if row.record is None else RECORD_LINES
        if lines > room and (fit or row.record is None):
            break
        fit.append(row)
        room -= lines
    return fit


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans by time, those that lie near one another in one."""
    joined: list[tuple[int, int]] = []
    for from_ms, to_ms in sorted(spans):
        if joined and from_ms - joined[-1][1] <= SPREAD_MS:
            joined[-1] = (joined[-1][0], max(joined[-1][1], to_ms))
        else:
            joined.append((from_ms, to_ms))
    return joined


def _well(told: MirrorStatus, now_ms: int) -> MirrorStatus:
    return told._replace(sent_ms=now_ms, trouble=None, trouble_ms=None)


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
