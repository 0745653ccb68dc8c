"""The write-ahead file kept short: folded into the database in time, whoever reads beside us."""

import logging
import sqlite3
import time
from pathlib import Path

log = logging.getLogger(__name__)

MEBIBYTE = 1024 * 1024
"""Bytes."""

USUAL_PAGES = 950
"""Pages at which SQLite itself begins at the front again. A page that changes with each commit is written to the
database seldom enough, and the beginning of the index beside it (-shm), which the system writes to the disk every 30 s,
holds the numbers of so many pages within one of its own pages."""

FOLD_BYTES = 4 * MEBIBYTE
"""Longer than that after a commit, it is folded in and cut off; a commit of ours adds far less than what is left to
the limit of 16 MB."""

TELL_BYTES = 8 * MEBIBYTE
"""Longer than that, it is told: it is not a backup or another short look that is in the way."""

AGAIN_S = 10.0
"""Seconds between two attempts to cut it off while somebody reads an old state of the file."""


class WriteAhead:
    """The write-ahead file of a connection."""

    def __init__(self, connection: sqlite3.Connection, path: Path, busy_timeout_s: float) -> None:
        self._connection = connection
        self._file = path.with_name(f"{path.name}-wal")
        self._busy_timeout_ms = round(busy_timeout_s * 1000)
        self._next_s = 0.0
        self._told = False
        connection.execute(f"PRAGMA wal_autocheckpoint = {USUAL_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {FOLD_BYTES}")

    def shorten(self) -> None:
        """Cut it off if it is long; what is committed is safe in it all the while, so failing is told once, no more."""
        size = self._size()
        if size <= FOLD_BYTES or time.monotonic() < self._next_s:
            return
        why = self._fold()
        self._next_s = time.monotonic() + AGAIN_S if why else 0.0
        if why and size > TELL_BYTES and not self._told:
            log.warning(
                "%s has grown to %d MB and cannot be cut off (%s); nothing is lost, but it grows on", self._file,
                size // MEBIBYTE, why,
            )  # fmt: skip
            self._told = True
        elif self._told and not why:
            log.info("%s is short again", self._file)
            self._told = False

    def _fold(self) -> str | None:
        run = self._connection.execute
        run("PRAGMA busy_timeout = 0")  # a commit must not wait for a reader
        try:
            busy = run("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.OperationalError as exc:
            return f"{exc}; make room on the disk"
        finally:
            run(f"PRAGMA busy_timeout = {self._busy_timeout_ms}")
        return (
            "another program reads an old state of the database; end it, such as an open sqlite3 shell"
            if busy
            else None
        )

    def _size(self) -> int:
        try:
            return self._file.stat().st_size
        except OSError:
            return 0
