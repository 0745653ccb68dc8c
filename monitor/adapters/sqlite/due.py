"""The span whose nights must be closed again, widened in the transaction of what changed them."""

import sqlite3


def everything_due(cursor: sqlite3.Cursor) -> None:
    """Every closed night is to be closed again."""
    first, last = cursor.execute("SELECT min(start_ms), max(end_ms) FROM night").fetchone()
    if first is not None:
        widen_due(cursor, first, last)


def widen_due(cursor: sqlite3.Cursor, start_ms: int, end_ms: int) -> None:
    """Add a span to what must be closed again, in the caller's transaction."""
    for key, value, better in (("due_from_ms", start_ms, "min"), ("due_to_ms", end_ms, "max")):
        cursor.execute(
            "INSERT INTO meta (key, value) VALUES (?, ?) "
            f"ON CONFLICT (key) DO UPDATE SET value = {better}(value, excluded.value)",
            (key, value),
        )
