"""Analyses in SQLite: each run with all that is needed to repeat it."""

import json

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.outbox import Outbox
from monitor.core.findings import AnalysisResult, AnalysisTask, result_from_dict, result_to_dict, task_to_dict
from monitor.ports import AnalysisRun
from monitor.ports.mirror import analysis_record


class SqliteAnalysis:
    """The analysis store."""

    def __init__(self, database: Database, outbox: Outbox | None = None) -> None:
        self._database = database
        self._outbox = outbox or Outbox()

    def record(self, task: AnalysisTask, result: AnalysisResult, version: str, now_ms: int) -> int:
        """Keep a run; its number."""
        as_dict = result_to_dict(result)
        with self._database.writing() as cursor:
            cursor.execute(
                "INSERT INTO analysis_run (ran_ms, version, task, result) VALUES (?, ?, ?, ?)",
                (now_ms, version, json.dumps(task_to_dict(task)), json.dumps(as_dict)),
            )
            number = int(cursor.lastrowid or 0)
            cursor.executemany(
                "INSERT INTO finding (run, exposure, verdict, grade) VALUES (?, ?, ?, ?)",
                [(number, finding.exposure, finding.verdict, finding.grade) for finding in result.findings],
            )
            self._outbox.record(cursor, analysis_record(number), now_ms)
        return number

    def run(self, number: int) -> AnalysisRun | None:
        """One run; None where there is none of that number."""
        rows = self._database.rows("SELECT id, ran_ms, result FROM analysis_run WHERE id = ?", (number,))
        return AnalysisRun(rows[0][0], rows[0][1], result_from_dict(json.loads(rows[0][2]))) if rows else None

    def ran(self, from_ms: int, to_ms: int) -> list[int]:
        """The numbers of the runs of a span, oldest first."""
        rows = self._database.rows(
            "SELECT id FROM analysis_run WHERE ran_ms >= ? AND ran_ms < ? ORDER BY id", (from_ms, to_ms)
        )
        return [row[0] for row in rows]

    def latest(self) -> AnalysisRun | None:
        """The newest run, None before the first."""
        rows = self._database.rows("SELECT id, ran_ms, result FROM analysis_run ORDER BY id DESC LIMIT 1")
        return AnalysisRun(rows[0][0], rows[0][1], result_from_dict(json.loads(rows[0][2]))) if rows else None
