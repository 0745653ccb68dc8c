"""Imports in SQLite: how far each is, and five-minute rows made of another program's statistics."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.due import widen_due
from monitor.adapters.sqlite.outbox import Outbox
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.core.grid import BIN_MS
from monitor.core.readings import Reading
from monitor.ports import Span

_MARK = "INSERT OR REPLACE INTO import_mark (source, item, done_to) VALUES (?, ?, ?)"
_FILL = (
    "INSERT OR IGNORE INTO thinned (series, start_ms, mean, median, low, high, covered_s, count) "
    "SELECT ?1, ?2, ?3, ?3, ?4, ?5, 300, 0 WHERE NOT EXISTS "
    "(SELECT 1 FROM reading WHERE series = ?1 AND ts_ms >= ?6 AND ts_ms < ?7)"
)


class SqlitePast:
    """The progress of imports, and what fills the gaps; see the port."""

    def __init__(self, database: Database, numbers: SeriesNumbers, outbox: Outbox | None = None) -> None:
        self._database = database
        self._numbers = numbers
        self._outbox = outbox or Outbox()

    def marks(self, source: str) -> dict[str, int]:
        """Up to where the parts of an unfinished import are stored."""
        return dict(self._database.rows("SELECT item, done_to FROM import_mark WHERE source = ?", (source,)))

    def keep(self, source: str, item: str, done_to: int, spans: Sequence[Span]) -> int:
        """Rows for the spans and the mark, in one transaction; see the port."""
        try:
            with self._database.writing() as cursor:
                new = self._fill(cursor, spans) if spans else 0
                cursor.execute(_MARK, (source, item, done_to))
        except BaseException:
            self._numbers.forget()
            raise
        return new

    def finish(self, source: str) -> None:
        """Forget the marks of a source."""
        with self._database.writing() as cursor:
            cursor.execute("DELETE FROM import_mark WHERE source = ?", (source,))

    def count(self, series: Iterable[tuple[str, str]], start_ms: int, end_ms: int) -> int:
        """How many readings of these series there are."""
        return sum(
            self._database.rows(
                "SELECT count(*) FROM reading WHERE series = "
                "(SELECT id FROM series WHERE sensor = ? AND quantity = ?) AND ts_ms >= ? AND ts_ms < ?",
                (sensor, quantity, start_ms, end_ms),
            )[0][0]
            for sensor, quantity in series
        )

    def _fill(self, cursor: sqlite3.Cursor, spans: Sequence[Span]) -> int:
        self._numbers.notice_others(cursor)
        series = self._numbers.of(cursor, [Reading(*span[:3], span.mean) for span in spans])
        before = _changes(cursor)
        cursor.executemany(_FILL, _rows(spans, series))
        new = _changes(cursor) - before
        if new:
            widen_due(cursor, min(span.start_ms for span in spans), max(span.end_ms for span in spans))
            for key in {span[:2] for span in spans}:
                of_series = [span for span in spans if span[:2] == key]
                from_ms, to_ms = min(one.start_ms for one in of_series), max(one.end_ms for one in of_series)
                self._outbox.history(cursor, series[key], from_ms, to_ms + BIN_MS)
        return new


def _rows(spans: Iterable[Span], series: dict[tuple[str, str], int]) -> Iterator[tuple[float, ...]]:
    for sensor, quantity, start_ms, end_ms, mean, low, high in spans:
        number = series[sensor, quantity]
        for at_ms in range(start_ms - start_ms % BIN_MS, end_ms, BIN_MS):
            yield number, at_ms, mean, low, high, start_ms, end_ms


def _changes(cursor: sqlite3.Cursor) -> int:
    return int(cursor.connection.total_changes)
