"""One SQLite file opened safely: permissions, write-ahead log, migrations, and errors that say what to do."""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from monitor.adapters.sqlite.schema import APPLICATION_ID, MIGRATIONS
from monitor.errors import StoreError, StoreUnavailable, StoreUnusable

BUSY_TIMEOUT_S = 5.0
"""Seconds to wait for another short writer (the command line beside the daemon)."""

RETRY_S = 0.02
"""Seconds between two attempts at what SQLite does not wait for by itself."""

WAL_LIMIT_BYTES = 16 * 1024 * 1024
"""Bytes the write-ahead file is cut back to after a checkpoint; an SD card is small."""

_PASSING = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
    },
)
_LASTING = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

SYNC = {"full": "FULL", "normal": "NORMAL"}
"""full: a commit survives a power cut; normal: it survives a crash of the program."""


class Database:
    """An open file. One thread uses it. `with db.writing() as cursor:` is one transaction."""

    def __init__(self, path: Path, *, sync: str = "full", migrations: Sequence[str] = MIGRATIONS) -> None:
        self.path = path
        self._migrations = migrations
        self._prepare_file()
        with self._translated():
            self._connection = sqlite3.connect(
                path, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False
            )
        try:
            self._open(sync)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file; the write-ahead log is folded in if nobody else has it open."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Cursor]:
        """One write transaction: committed at the end, undone on any error."""
        with self._translated():
            cursor = self._connection.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    cursor.execute("ROLLBACK")
                raise

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        """Every row of a query."""
        with self._translated():
            return self._connection.execute(sql, values).fetchall()

    def fault(self) -> str | None:
        """What SQLite finds wrong with the file, None if nothing; reads the whole file."""
        with self._translated():
            found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        return None if found == "ok" else str(found)

    def _prepare_file(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._claim()
        except OSError as exc:
            message = (
                f"{self.path}: cannot be opened ({exc.strerror}); "
                "give its folder to the user who runs this, or set store.path"
            )
            raise StoreUnusable(message) from exc

    def _claim(self) -> None:
        """Create the file for us alone; one that is there is not opened: closing it would end SQLite's locks on it."""
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            if self.path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
            if not os.access(self.path, os.R_OK | os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None

    def _open(self, sync: str) -> None:
        with self._translated():
            run = self._connection.execute
            self._refuse_strangers()
            self._write_ahead()
            run(f"PRAGMA synchronous = {SYNC[sync]}")
            run(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")
            run("PRAGMA foreign_keys = ON")
            run("PRAGMA temp_store = MEMORY")
            self._migrate()

    def _write_ahead(self) -> None:
        until_s = time.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as exc:
                if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                    raise
                time.sleep(RETRY_S)
            else:
                return

    def _refuse_strangers(self) -> None:
        run = self._connection.execute
        run("BEGIN")  # one look: another program's migration is seen whole or not at all
        version = run("PRAGMA user_version").fetchone()[0]
        ours = run("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        empty = run("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0
        run("COMMIT")
        if not ours and not empty:
            raise StoreUnusable(f"{self.path}: a database of another program; set store.path to a file of its own")
        known = len(self._migrations)
        if version > known:
            message = (
                f"{self.path}: written by a newer bedroom-monitor (schema {version}, known here: {known}); "
                "upgrade bedroom-monitor, or set store.path to an older backup"
            )
            raise StoreUnusable(message)

    def _migrate(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._apply(len(self._migrations), "".join(self._migrations))
            return
        if version < len(self._migrations):
            self._copy_aside(version)
        for number, script in enumerate(self._migrations[version:], start=version + 1):
            self._apply(number, script)

    def _apply(self, number: int, script: str) -> None:
        """Bring the file to this schema in one transaction, unless another program was faster."""
        header = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number};"
        with self.writing() as cursor:
            if cursor.execute("PRAGMA user_version").fetchone()[0] < number:
                for statement in (script + header).split(";"):
                    cursor.execute(statement)

    def _copy_aside(self, version: int) -> None:
        aside = self.path.with_name(f"{self.path.name}.before-schema-{version + 1}")
        if aside.exists():
            return
        part = aside.with_name(f"{aside.name}.{os.getpid()}.part")
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600))
        copy = sqlite3.connect(part)
        try:
            self._connection.backup(copy)
        finally:
            copy.close()
        part.rename(aside)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as exc:
            raise self._as_store_error(exc) from exc

    def _as_store_error(self, exc: sqlite3.DatabaseError) -> StoreError:
        code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
        if code in _LASTING:
            return StoreUnusable(
                f"{self.path}: damaged ({exc}); stop the monitor, keep a copy of the file, then restore a backup "
                f"or save what is readable with: sqlite3 {self.path} .recover",
            )
        if code in _PASSING:
            return StoreUnavailable(f"{self.path}: {exc}")
        return StoreError(f"{self.path}: {exc}")
