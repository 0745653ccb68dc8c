"""Everything that is kept in SQLite, read a day of one series at a time."""

import json
from collections.abc import Iterator, Sequence

from monitor.adapters.sqlite.corrections import Correction, correction_at, corrections_of
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.thinned import thinned_rows
from monitor.core.exporting import Kept
from monitor.core.findings import result_from_dict
from monitor.core.grid import BIN_MS
from monitor.core.readings import DAY_MS
from monitor.ports.exporting import KeptRun

_READINGS = (
    "SELECT reading.ts_ms, value, word FROM reading LEFT JOIN word USING (series, ts_ms) "
    "WHERE reading.series = ? AND reading.ts_ms >= ? AND reading.ts_ms < ? ORDER BY reading.ts_ms"
)
_NEXT = (
    "SELECT min(at) FROM (SELECT min(ts_ms) AS at FROM reading WHERE series = ?1 AND ts_ms >= ?2 "
    f"UNION ALL SELECT min(start_ms) FROM thinned WHERE series = ?1 AND start_ms >= ?2 - {BIN_MS})"
)


class SqliteArchive:
    """The archive; see the port."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pieces(self, sensor: str, quantity: str, from_ms: int, to_ms: int, *, raw: bool) -> Iterator[list[Kept]]:
        """A series by time, a day at a time."""
        for (series,) in self._database.rows(
            "SELECT id FROM series WHERE sensor = ? AND quantity = ?", (sensor, quantity)
        ):
            corrections = [] if raw else corrections_of(self._database, series)
            start_ms = self._next(series, from_ms)
            while start_ms is not None and start_ms < to_ms:
                end_ms = min(start_ms - start_ms % DAY_MS + DAY_MS, to_ms)
                piece = self._piece(series, max(start_ms, from_ms), end_ms)
                if piece:
                    yield _corrected(piece, corrections) if corrections else piece
                start_ms = self._next(series, end_ms)

    def runs(self, from_ms: int, to_ms: int) -> Iterator[KeptRun]:
        """The analyses of a span, oldest first."""
        for (number,) in self._database.rows(
            "SELECT id FROM analysis_run WHERE ran_ms >= ? AND ran_ms < ? ORDER BY id", (from_ms, to_ms)
        ):
            for ran_ms, version, text in self._database.rows(
                "SELECT ran_ms, version, result FROM analysis_run WHERE id = ?", (number,)
            ):
                yield KeptRun(number, ran_ms, version, result_from_dict(json.loads(text)))

    def _next(self, series: int, from_ms: int) -> int | None:
        """From when on there may be something at or after `from_ms`."""
        found: int | None = self._database.rows(_NEXT, (series, from_ms))[0][0]
        return None if found is None else max(found, from_ms)

    def _piece(self, series: int, start_ms: int, end_ms: int) -> list[Kept]:
        kept = [Kept(*row) for row in self._database.rows(_READINGS, (series, start_ms, end_ms))]
        thinned = thinned_rows(self._database, series, start_ms, end_ms)
        if thinned:
            there = {one.time_ms for one in kept}
            kept += [
                Kept(row.middle_ms, row.median, None, (row.low, row.high))
                for row in thinned
                if row.middle_ms not in there
            ]
            kept.sort(key=lambda one: one.time_ms)
        return kept


def _corrected(piece: Sequence[Kept], corrections: list[Correction]) -> list[Kept]:
    corrected = []
    for one in piece:
        offset, gain = correction_at(one.time_ms, corrections)
        ends = one.ends and sorted(end * gain + offset for end in one.ends)
        corrected.append(Kept(one.time_ms, one.value * gain + offset, one.word, (ends[0], ends[1]) if ends else None))
    return corrected
