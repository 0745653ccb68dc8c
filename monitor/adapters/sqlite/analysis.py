"""Analyses in SQLite: each run with all that is needed to repeat it."""

import json

from monitor.adapters.sqlite.database import Database
from monitor.core.findings import AnalysisResult, AnalysisTask, result_from_dict, result_to_dict, task_to_dict
from monitor.ports import AnalysisRun


class SqliteAnalysis:
    """The analysis store."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        return number

    def latest(self) -> AnalysisRun | None:
        """The newest run, None before the first."""
        rows = self._database.rows("SELECT id, ran_ms, result FROM analysis_run ORDER BY id DESC LIMIT 1")
        return AnalysisRun(rows[0][0], rows[0][1], result_from_dict(json.loads(rows[0][2]))) if rows else None
