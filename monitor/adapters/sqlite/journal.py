"""The journal of deliveries in SQLite: the latest, in few rows, of which a commit changes the last."""

import sqlite3

ROW_BYTES = 448
"""Bytes after which a row is full and the next begins: two of them fill a page, and a batch of a home's usual traffic
changes one."""

KEPT_BYTES = 128 * 1024
"""Bytes of the journal that are kept at least: over 9,000 deliveries, more than a broker keeps unacknowledged."""


def remember_deliveries(cursor: sqlite3.Cursor, deliveries: bytes) -> None:
    """Add to the journal, and drop of it what is older than what is kept."""
    last = cursor.execute("SELECT id, messages FROM delivery ORDER BY id DESC LIMIT 1").fetchone()
    if last is not None and len(last[1]) + len(deliveries) <= ROW_BYTES:
        cursor.execute("UPDATE delivery SET messages = ? WHERE id = ?", (last[1] + deliveries, last[0]))
        return
    cursor.execute("INSERT INTO delivery (messages) VALUES (?)", (deliveries,))
    kept = 0
    for number, size in cursor.execute("SELECT id, length(messages) FROM delivery ORDER BY id DESC").fetchall():
        kept += size
        if kept >= KEPT_BYTES:
            cursor.execute("DELETE FROM delivery WHERE id < ?", (number,))
            return
