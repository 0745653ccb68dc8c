"""What is queued for the mirror, in the very transaction that changed it."""

import sqlite3
from collections.abc import Iterable

SPREAD_MS = 3_600_000
"""ms; readings of one batch that lie further apart are queued one by one: between them stands what was sent before."""

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
    """Queue a span of a series; how many readings stand in it. An empty span is not queued."""
    within = (series, from_ms, to_ms)
    count: int = cursor.execute(
        "SELECT (SELECT count(*) FROM reading WHERE series = ?1 AND ts_ms >= ?2 AND ts_ms < ?3) "
        "+ (SELECT count(*) FROM thinned WHERE series = ?1 AND start_ms >= ?2 AND start_ms < ?3)",
        within,
    ).fetchone()[0]
    if count:
        cursor.execute(_QUEUE, (series, None, from_ms, to_ms, count, 0, 0))
    return count


def _spans(times: list[int]) -> list[tuple[int, int, int]]:
    first, last = min(times), max(times)
    if last - first <= SPREAD_MS:
        return [(first, last, len(times))]
    return [(time_ms, time_ms, 1) for time_ms in times]
