"""How a file is laid out: small pages, and freed ones that can be given back to the disk."""

import logging
import shutil
import sqlite3
from pathlib import Path

log = logging.getLogger(__name__)

PAGE_BYTES = 1024
"""Bytes of a page. A commit of a home's usual traffic changes three pages; small ones spare an SD card two thirds."""

INCREMENTAL = 2
"""SQLite's `auto_vacuum` that gives freed pages back when asked to."""

ROOM = 2.5
"""Times its size that must be free before a file is written anew: a copy, and the journal to undo it."""


def lay_out(connection: sqlite3.Connection) -> None:
    """Say how a file is to be laid out; heeded before its first page is written, or by VACUUM."""
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")


def lay_out_anew(connection: sqlite3.Connection, path: Path) -> None:
    """Write an older file anew as `lay_out` says, if there is room and nobody else has it open; it works without.

    Killed in the middle, the file is as it was. Afterwards the journal mode has to be set.
    """
    if _is_laid_out(connection):
        return
    size = path.stat().st_size
    try:
        if shutil.disk_usage(path.parent).free < ROOM * size:
            log.info("%s keeps its large pages: too little room to write it anew", path)
            return
        connection.execute("PRAGMA journal_mode = DELETE")  # with a write-ahead log pages keep their size
        connection.execute("PRAGMA temp_store = FILE")
        lay_out(connection)
        connection.execute("VACUUM")
        log.info("%s was written anew with small pages, which spares the disk", path)
    except (sqlite3.Error, OSError) as exc:
        log.info("%s keeps its large pages (%s); it works as before", path, exc)


def _is_laid_out(connection: sqlite3.Connection) -> bool:
    page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
    auto_vacuum = connection.execute("PRAGMA auto_vacuum").fetchone()[0]
    return (page_bytes, auto_vacuum) == (PAGE_BYTES, INCREMENTAL)
