"""Closed nights, their exposures and the exclusions in SQLite."""

import json
from datetime import date

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.due import widen_due
from monitor.adapters.sqlite.outbox import Outbox
from monitor.core.exposure import Exposure
from monitor.core.nights import NightWindow
from monitor.ports import Night
from monitor.ports.mirror import night_record


class SqliteNights:
    """The night store."""

    def __init__(self, database: Database, outbox: Outbox | None = None) -> None:
        self._database = database
        self._outbox = outbox or Outbox()

    def close(self, night: Night, now_ms: int) -> None:
        """Store the night with its exposures, in place of what was known of it."""
        window = night.window
        day = window.wake_date.isoformat()
        with self._database.writing() as cursor:
            cursor.execute("DELETE FROM night WHERE wake_date = ?", (day,))
            cursor.execute(
                "INSERT INTO night (wake_date, zone, start_ms, end_ms, known_by, sensors, closed_ms) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    day,
                    window.zone,
                    window.start_ms,
                    window.end_ms,
                    window.known_by,
                    json.dumps(night.sensors),
                    now_ms,
                ),
            )
            cursor.executemany(
                "INSERT INTO exposure (wake_date, name, value, coverage) VALUES (?, ?, ?, ?)",
                [(day, exposure.name, exposure.value, exposure.coverage) for exposure in night.exposures],
            )
            self._outbox.record(cursor, night_record(window.wake_date), now_ms)

    def drop(self, wake_date: date) -> None:
        """Forget a closed night."""
        with self._database.writing() as cursor:
            cursor.execute("DELETE FROM night WHERE wake_date = ?", (wake_date.isoformat(),))

    def night(self, wake_date: date) -> Night | None:
        """One closed night."""
        return next(iter(self._nights("WHERE wake_date = ?", (wake_date.isoformat(),))), None)

    def nights(self) -> list[Night]:
        """Every closed night, by date."""
        return self._nights()

    def last_closed(self) -> NightWindow | None:
        """The latest closed night's window."""
        found = self._nights("WHERE wake_date = (SELECT max(wake_date) FROM night)")
        return found[0].window if found else None

    def due(self) -> tuple[int, int] | None:
        """The span to be closed again."""
        found = dict(self._database.rows("SELECT key, value FROM meta WHERE key IN ('due_from_ms', 'due_to_ms')"))
        return (found["due_from_ms"], found["due_to_ms"]) if found else None

    def reopen(self, start_ms: int, end_ms: int) -> None:
        """Ask for the nights that touch this span to be closed again."""
        with self._database.writing() as cursor:
            widen_due(cursor, start_ms, end_ms)

    def settled(self, span: tuple[int, int]) -> None:
        """That span is done; if it grew meanwhile, all of it stays due."""
        with self._database.writing() as cursor:
            cursor.execute(
                "DELETE FROM meta WHERE key IN ('due_from_ms', 'due_to_ms') "
                "AND (SELECT value FROM meta WHERE key = 'due_from_ms') = ? "
                "AND (SELECT value FROM meta WHERE key = 'due_to_ms') = ?",
                span,
            )

    def exclude(self, wake_date: date, why: str | None) -> None:
        """Leave a night out of the analysis with a reason; None takes it back in."""
        day = wake_date.isoformat()
        with self._database.writing() as cursor:
            cursor.execute("DELETE FROM exclusion WHERE wake_date = ?", (day,))
            if why is not None:
                cursor.execute("INSERT INTO exclusion (wake_date, why) VALUES (?, ?)", (day, why))
            self._outbox.record(cursor, night_record(wake_date), 0, live=False)

    def excluded(self) -> dict[date, str]:
        """The nights left out, with the reasons."""
        rows = self._database.rows("SELECT wake_date, why FROM exclusion ORDER BY wake_date")
        return {date.fromisoformat(day): why for day, why in rows}

    def _nights(self, where: str = "", values: tuple[str, ...] = ()) -> list[Night]:
        exposures: dict[str, list[Exposure]] = {}
        for day, name, value, coverage in self._database.rows(
            f"SELECT wake_date, name, value, coverage FROM exposure {where} ORDER BY wake_date, name", values
        ):
            exposures.setdefault(day, []).append(Exposure(name=name, value=value, coverage=coverage))
        rows = self._database.rows(
            f"SELECT wake_date, zone, start_ms, end_ms, known_by, sensors FROM night {where} ORDER BY wake_date",
            values,
        )
        return [
            Night(
                NightWindow(
                    wake_date=date.fromisoformat(day),
                    zone=zone,
                    start_ms=start,
                    end_ms=end,
                    known_by=known_by,
                ),
                _sensors(sensors),
                tuple(exposures.get(day, ())),
            )
            for day, zone, start, end, known_by, sensors in rows
        ]


def _sensors(text: str) -> dict[str, tuple[str, ...]]:
    """The sensors by what they measured; a plain key is what version 0.1 wrote, which knew one for each."""
    found = json.loads(text)
    return {name: (keys,) if isinstance(keys, str) else tuple(keys) for name, keys in found.items()}
