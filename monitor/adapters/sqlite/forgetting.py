"""What a sensor measured deleted in short transactions, so that nobody waits and the write-ahead file stays short."""

import time

from monitor.adapters.sqlite.database import Database

ROWS_AT_ONCE = 5_000
"""Rows of one transaction: some ms of work, and a few hundred kB of the write-ahead file."""

PAUSE_S = 0.005
"""Seconds between two transactions, in which another writer gets its turn."""

_MEASURED = (("reading", "ts_ms"), ("set_aside", "ts_ms"), ("word", "ts_ms"), ("thinned", "start_ms"))


def empty(database: Database, key: str) -> None:
    """Delete what the sensor measured, oldest first; what was broken off is gone on with the next time."""
    for (series,) in database.rows("SELECT id FROM series WHERE sensor = ? ORDER BY id", (key,)):
        for table, column in _MEASURED:
            while _empty_a_slice(database, table, column, series):
                time.sleep(PAUSE_S)


def _empty_a_slice(database: Database, table: str, column: str, series: int) -> bool:
    """Delete the oldest rows; whether there may be more."""
    with database.writing() as cursor:
        last = cursor.execute(
            f"SELECT {column} FROM {table} WHERE series = ? ORDER BY {column} LIMIT 1 OFFSET ?",
            (series, ROWS_AT_ONCE - 1),
        ).fetchone()
        if last is None:
            cursor.execute(f"DELETE FROM {table} WHERE series = ?", (series,))
        else:
            cursor.execute(f"DELETE FROM {table} WHERE series = ? AND {column} <= ?", (series, last[0]))
    return last is not None
