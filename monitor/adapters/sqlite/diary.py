"""The diary in SQLite: the newest word on each night, and what was said before."""

import json
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.due import widen_due
from monitor.adapters.sqlite.outbox import Outbox
from monitor.core.diary import DiaryEntry, as_fields
from monitor.core.nights import LONGEST_MS
from monitor.core.readings import DAY_MS
from monitor.core.zones import EPOCH, unix_ms
from monitor.ports.mirror import diary_record


class SqliteDiary:
    """The diary store; every change asks for the night to be closed again."""

    def __init__(self, database: Database, outbox: Outbox | None = None) -> None:
        self._database = database
        self._outbox = outbox or Outbox()

    def log(self, entry: DiaryEntry, now_ms: int, source: str) -> bool:
        """Store an entry in place of an earlier one, which is kept as history; False where nothing changed."""
        day, text = entry.wake_date.isoformat(), json.dumps(as_fields(entry), sort_keys=True)
        with self._database.writing() as cursor:
            earlier = cursor.execute("SELECT entry FROM diary WHERE wake_date = ?", (day,)).fetchone()
            if earlier and earlier[0] == text:
                return False
            if earlier:
                cursor.execute(
                    "INSERT INTO diary_edit (wake_date, entry, replaced_by, replaced_ms) VALUES (?, ?, ?, ?)",
                    (day, earlier[0], source, now_ms),
                )
            cursor.execute(
                "INSERT OR REPLACE INTO diary (wake_date, severity, entry, source, logged_ms) VALUES (?, ?, ?, ?, ?)",
                (day, entry.severity, text, source, now_ms),
            )
            widen_due(cursor, *_around(entry.wake_date))
            self._outbox.record(cursor, diary_record(entry.wake_date), now_ms)
        return True

    def entry(self, wake_date: date) -> DiaryEntry | None:
        """The entry of one night."""
        rows = self._database.rows("SELECT entry FROM diary WHERE wake_date = ?", (wake_date.isoformat(),))
        return _entry(json.loads(rows[0][0])) if rows else None

    def entries(self) -> list[DiaryEntry]:
        """Every entry, by date."""
        rows = self._database.rows("SELECT entry FROM diary ORDER BY wake_date")
        return [_entry(json.loads(row[0])) for row in rows]

    def forget(self, wake_date: date) -> bool:
        """Delete an entry with its history, for good; False where there is none."""
        with self._database.writing() as cursor:
            cursor.execute("DELETE FROM diary_edit WHERE wake_date = ?", (wake_date.isoformat(),))
            cursor.execute("DELETE FROM diary WHERE wake_date = ?", (wake_date.isoformat(),))
            known = cursor.rowcount > 0
            if known:
                widen_due(cursor, *_around(wake_date))
        return known

    def history(self, wake_date: date) -> list[tuple[int, str, DiaryEntry]]:
        """Earlier versions of an entry, oldest first."""
        rows = self._database.rows(
            "SELECT replaced_ms, replaced_by, entry FROM diary_edit WHERE wake_date = ? ORDER BY id",
            (wake_date.isoformat(),),
        )
        return [(at, by, _entry(json.loads(text))) for at, by, text in rows]


def _entry(fields: Mapping[str, object]) -> DiaryEntry:
    """An entry as it was stored: checked then, not again against a list of factors that may have changed."""
    known = dict(fields)
    known["wake_date"] = date.fromisoformat(str(fields["wake_date"]))
    known["factors"] = MappingProxyType(known["factors"])  # type: ignore[arg-type]
    return DiaryEntry(**known)  # type: ignore[arg-type]


def _around(wake_date: date) -> tuple[int, int]:
    """UTC Unix ms from the earliest possible start to the latest possible end of a night, in any zone."""
    noon = unix_ms(EPOCH.replace(year=wake_date.year, month=wake_date.month, day=wake_date.day, hour=12))
    return noon - DAY_MS - LONGEST_MS, noon + DAY_MS
