"""The stored sample of the present schema is what the program makes; older ones are history."""

import gzip
import sqlite3
from pathlib import Path

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.schema import MIGRATIONS

SCHEMA = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"


def test_the_newest_sample_has_the_present_tables(root: Path, tmp_path: Path) -> None:
    sample = tmp_path / "sample.db"
    sample.write_bytes(gzip.decompress((root / f"tests/samples/schema-{len(MIGRATIONS)}.db.gz").read_bytes()))
    connection = sqlite3.connect(sample)
    stored = connection.execute(SCHEMA).fetchall()
    connection.close()
    with Database(tmp_path / "new.db") as database:
        assert stored == database.rows(SCHEMA)
