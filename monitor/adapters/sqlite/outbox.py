"""What is queued for the mirror, in the very transaction that changed it."""

import sqlite3
from collections.abc import Iterable, Iterator

from monitor.core.grid import BIN_MS

SPREAD_MS = 3_600_000
"""ms; readings of one batch that lie further apart are queued apart: between them stands what was sent before."""

_QUEUE = (
    "INSERT INTO mirror_queue (series, record, from_ms, to_ms, count, live, queued_ms) VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class Outbox:
    """Queues what changed; nothing where there is no mirror."""

    def __init__(self, *, on: bool = False) -> None:
        self._on = on

    def readings(
        self, cursor: sqlite3.Cursor, rows: Iterable[tuple[int, int, float]], now_ms: int, *, live: bool
    ) -> None:
        """These readings (number of the series, UTC Unix ms, value)."""
        if not self._on:
            return
        times: dict[int, list[int]] = {}
        for series, time_ms, _value in rows:
            times.setdefault(series, []).append(time_ms)
        spans = (
            (series, None, first, last + 1, count, live, now_ms)
            for series, each in times.items()
            for first, last, count in _spans(each)
        )
        cursor.executemany(_QUEUE, spans)

    def record(self, cursor: sqlite3.Cursor, record: str, now_ms: int, *, live: bool = True) -> None:
        """What is no reading, such as `night/2026-01-31`; it is looked up when it is sent."""
        if self._on:
            cursor.execute(_QUEUE, (None, record, now_ms, now_ms + 1, 1, live, now_ms))

    def history(self, cursor: sqlite3.Cursor, series: int, from_ms: int, to_ms: int) -> None:
        """The readings of a series in a span: what is said of them has changed."""
        if self._on:
            queue_again(cursor, series, from_ms, to_ms)


def queue_again(cursor: sqlite3.Cursor, series: int, from_ms: int, to_ms: int) -> int:
    """Queue a span of a series, in place of what of it was to be sent again already; how many readings stand in it."""
    count, first_ms, last_ms = cursor.execute(
        "SELECT count(*), min(at_ms), max(at_ms) FROM ("
        "SELECT ts_ms AS at_ms FROM reading WHERE series = ?1 AND ts_ms >= ?2 AND ts_ms < ?3 UNION ALL "
        "SELECT start_ms + ?4 FROM thinned WHERE series = ?1 AND start_ms >= ?2 - ?4 AND start_ms < ?3 - ?4)",
        (series, from_ms, to_ms, BIN_MS // 2),
    ).fetchone()
    if count:
        cursor.execute(
            "DELETE FROM mirror_queue WHERE NOT live AND series = ? AND from_ms >= ? AND to_ms <= ?",
            (series, first_ms, last_ms + 1),
        )
        cursor.execute(_QUEUE, (series, None, first_ms, last_ms + 1, count, 0, 0))
    return int(count)


def _spans(times: list[int]) -> Iterator[tuple[int, int, int]]:
    """First, last and how many, of readings that lie near one another."""
    times = sorted(times)
    start = 0
    for at in range(1, len(times) + 1):
        if at == len(times) or times[at] - times[at - 1] > SPREAD_MS:
            yield times[start], times[at - 1], at - start
            start = at
