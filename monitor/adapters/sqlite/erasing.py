"""Nights deleted from SQLite in short transactions, overwritten, and the file made smaller."""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from types import MappingProxyType

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.due import widen_due
from monitor.core.erasing import OF_ANALYSES, OF_NIGHTS, ErasedNights
from monitor.core.grid import BIN_MS
from monitor.core.readings import DAY_MS
from monitor.ports.erasing import Erased, Tidied

ERASED = MappingProxyType({
    "reading": "readings", "thinned": "five-minute rows", "set_aside": "values set aside", "word": "words of events",
    "night": "nights", "exposure": "exposures", "exclusion": "exclusions", "diary": "diary entries",
    "diary_edit": "earlier diary entries", "analysis_run": "analyses", "finding": "findings",
    "mirror_queue": "what waits for the mirror", "mirror_aside": "lines the mirror refused",
    "thinning": "the last value before thinning",
})  # fmt: skip
"""The tables from which nights are deleted, and what people call their rows."""

KEPT = MappingProxyType({
    "meta": "says nothing of a night", "sensor": "a device, not a night", "heard": "topics of a device",
    "series": "what a device measures", "calibration": "a correction of a device",
    "delivery": "identities and times of the last messages, without their content",
    "import_mark": "how far an import is: without it, going on would bring the nights back",
    "problem": "topics that could not be used, without their content",
})  # fmt: skip
"""The tables that stay as they are, and why."""

BY_SERIES = ("reading", "thinned", "set_aside", "word")
BY_DATE = ("exposure", "night", "exclusion", "diary_edit", "diary")
DATES_AT_ONCE = 20
"""Nights of one transaction; each has some fifty exposures."""
AFTER_MS = 2 * DAY_MS
"""ms after the last erased night within which the next one, that knows of it, ends."""

Part = Callable[[ErasedNights, int], Erased | None]


class SqliteErasing:
    """The night eraser; see the port."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._at = 0
        self._found = False
        self._queued: deque[int] | None = None
        self._run_numbers: deque[int] | None = None
        database.rows("PRAGMA secure_delete = ON")
        self._parts: tuple[Part, ...] = (
            self._queue,
            *(self._series_part(table) for table in BY_SERIES),
            self._analyses,
            self._dates,
            self._refused,
            self._marks,
        )

    def holdings(self, nights: ErasedNights) -> dict[str, int]:
        """What there is of the nights, by kind."""
        counts = {
            ERASED[table]: sum(self._count(table, series, nights) for series in self._series()) for table in BY_SERIES
        }
        for table in BY_DATE:
            counts[ERASED[table]] = self._database.rows(
                f"SELECT count(*) FROM {table} WHERE wake_date BETWEEN ? AND ?", _dates(nights)
            )[0][0]
        counts[ERASED["analysis_run"]] = len(self._runs(nights))
        return counts

    def erase_some(self, nights: ErasedNights, at_most: int) -> Erased | None:
        """Delete some rows in one transaction; a last look at everything finds what came meanwhile."""
        while True:
            while self._at < len(self._parts):
                erased = self._parts[self._at](nights, at_most)
                if erased is not None:
                    self._found = True
                    return erased
                self._at += 1
            self._at, self._queued, self._run_numbers = 0, None, None
            if not self._found:
                return None
            self._found = False

    def tidy(self, at_most_pages: int) -> Tidied:
        """Give back some free pages, then empty the write-ahead file."""
        page_bytes: int = self._database.rows("PRAGMA page_size")[0][0]
        released = self._database.release_pages(at_most_pages) * page_bytes
        free: int = self._database.rows("PRAGMA freelist_count")[0][0] * page_bytes
        if free and released:
            return Tidied(released, free, log_emptied=False)
        busy = self._database.rows("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]
        return Tidied(released, free, log_emptied=not busy)

    def _series(self) -> list[int]:
        return [row[0] for row in self._database.rows("SELECT id FROM series ORDER BY id")]

    def _count(self, table: str, series: int, nights: ErasedNights) -> int:
        column, *span = _within(table, nights)
        found: int = self._database.rows(
            f"SELECT count(*) FROM {table} WHERE series = ? AND {column} >= ? AND {column} < ?", (series, *span)
        )[0][0]
        return found

    def _series_part(self, table: str) -> Part:
        def part(nights: ErasedNights, at_most: int) -> Erased | None:
            column, from_ms, to_ms = _within(table, nights)
            for series in self._series():
                where = f"FROM {table} WHERE series = ? AND {column} >= ? AND {column} < ?"
                first = self._database.rows(f"SELECT {column} {where} LIMIT 1", (series, from_ms, to_ms))
                if not first:
                    continue
                last = self._database.rows(
                    f"SELECT {column} {where} ORDER BY {column} LIMIT 1 OFFSET ?", (series, from_ms, to_ms, at_most)
                )
                with self._database.writing() as cursor:
                    cursor.execute(f"DELETE {where}", (series, from_ms, last[0][0] if last else to_ms))
                    return Erased(ERASED[table], cursor.rowcount)
            return None

        return part

    def _queue(self, nights: ErasedNights, at_most: int) -> Erased | None:
        """Spans of readings that are all erased, and records of the nights; the queue is looked through once."""
        if self._queued is None:
            records = self._database.rows("SELECT id, record FROM mirror_queue WHERE record IS NOT NULL")
            spans = self._database.rows(
                "SELECT id FROM mirror_queue WHERE series IS NOT NULL AND from_ms >= ? AND to_ms <= ?", nights[2:]
            )
            runs = {f"analysis/{number}" for number in self._runs(nights)}
            named = [number for number, record in records if record in runs or _is_of(record, nights)]
            self._queued = deque([*named, *(row[0] for row in spans)])
        some = [self._queued.popleft() for _ in range(min(at_most, len(self._queued)))]
        return self._delete("mirror_queue", some)

    def _analyses(self, nights: ErasedNights, _at_most: int) -> Erased | None:
        """One analysis with its findings: it holds what was said and measured of all its nights."""
        if self._run_numbers is None:
            self._run_numbers = deque(self._runs(nights))
        return self._delete("analysis_run", [self._run_numbers.popleft()] if self._run_numbers else [])

    def _runs(self, nights: ErasedNights) -> list[int]:
        """Analyses of a calendar that holds one of the nights, or the one after, which knows the night before it."""
        rows = self._database.rows(
            "SELECT id FROM analysis_run WHERE json_extract(task, '$.nights[0].wake_date') <= ? "
            "AND json_extract(task, '$.nights[#-1].wake_date') >= ? ORDER BY id",
            ((nights.last + timedelta(days=1)).isoformat(), nights.first.isoformat()),
        )
        return [row[0] for row in rows]

    def _dates(self, nights: ErasedNights, _at_most: int) -> Erased | None:
        """What is kept by the date of waking; the night after is closed again, since it knew of the last one."""
        union = " UNION ".join(f"SELECT wake_date FROM {table} WHERE wake_date BETWEEN ?1 AND ?2" for table in BY_DATE)
        found = self._database.rows(f"{union} ORDER BY 1 LIMIT ?3", (*_dates(nights), DATES_AT_ONCE))
        if not found:
            return None
        until = found[-1][0]
        with self._database.writing() as cursor:
            gone = 0
            for table in BY_DATE:
                cursor.execute(
                    f"DELETE FROM {table} WHERE wake_date BETWEEN ? AND ?", (nights.first.isoformat(), until)
                )
                gone += cursor.rowcount
            _close_again(cursor, nights)
        return Erased("nights with diary and exposures", gone)

    def _refused(self, nights: ErasedNights, _at_most: int) -> Erased | None:
        """Lines that the mirror refused stand here word for word."""
        lines = self._database.rows("SELECT id, line FROM mirror_aside")
        return self._delete("mirror_aside", [number for number, line in lines if _tells_of(line, nights)])

    def _marks(self, nights: ErasedNights, _at_most: int) -> Erased | None:
        within = (nights.from_ms, nights.to_ms)
        where = "last_ms >= ? AND last_ms < ?"
        if not self._database.rows(f"SELECT 1 FROM thinning WHERE {where}", within):
            return None
        with self._database.writing() as cursor:
            cursor.execute(f"UPDATE thinning SET last_ms = NULL, last_value = NULL WHERE {where}", within)
            return Erased(ERASED["thinning"], cursor.rowcount)

    def _delete(self, table: str, numbers: Iterable[int]) -> Erased | None:
        each = [(number,) for number in numbers]
        if not each:
            return None
        with self._database.writing() as cursor:
            cursor.executemany(f"DELETE FROM {table} WHERE id = ?", each)
        return Erased(ERASED[table], len(each))


def _within(table: str, nights: ErasedNights) -> tuple[str, int, int]:
    """The column of time and the span; five minutes of which a part is erased go as a whole."""
    if table == "thinned":
        return "start_ms", nights.from_ms - BIN_MS + 1, nights.to_ms
    return "ts_ms", nights.from_ms, nights.to_ms


def _dates(nights: ErasedNights) -> tuple[str, str]:
    return nights.first.isoformat(), nights.last.isoformat()


def _close_again(cursor: sqlite3.Cursor, nights: ErasedNights) -> None:
    after = cursor.execute(
        "SELECT start_ms, end_ms FROM night WHERE wake_date > ? AND start_ms < ? ORDER BY wake_date LIMIT 1",
        (nights.last.isoformat(), nights.to_ms + AFTER_MS),
    ).fetchone()
    if after is not None:
        widen_due(cursor, *after)


def _is_of(record: str, nights: ErasedNights) -> bool:
    """Whether a record such as `night/2026-01-31` is of one of the nights."""
    try:
        return nights.first <= date.fromisoformat(record.rpartition("/")[2]) <= nights.last
    except ValueError:
        return False


def _tells_of(line: str, nights: ErasedNights) -> bool:
    """Whether a line of the line protocol tells of the nights; one whose time cannot be read may."""
    measurement = line.partition(" ")[0].partition(",")[0]
    digits = line.rpartition(" ")[2]
    if not digits.lstrip("-").isdigit():
        return True
    time_ms = int(digits)
    if measurement in OF_ANALYSES:
        return time_ms >= nights.from_ms
    if measurement in OF_NIGHTS:
        return nights.from_ms < time_ms < nights.to_ms + DAY_MS // 2
    return nights.from_ms <= time_ms < nights.to_ms
