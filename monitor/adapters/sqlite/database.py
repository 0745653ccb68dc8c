"""One SQLite file opened safely: permissions, write-ahead log, migrations, and errors that say what to do."""

import errno
import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from monitor.adapters.sqlite.layout import lay_out, lay_out_anew
from monitor.adapters.sqlite.schema import APPLICATION_ID, MIGRATIONS
from monitor.adapters.sqlite.whereabouts import Loss, Whereabouts, copy_of, put_in_place
from monitor.adapters.sqlite.write_ahead import WriteAhead
from monitor.errors import StoreError, StoreUnavailable, StoreUnusable

log = logging.getLogger(__name__)

BUSY_TIMEOUT_S = 2.0
"""Seconds to wait for another short writer (the command line beside the daemon): all of ours take a moment, and a
daemon that is told to stop ends within 5 s."""

RETRY_S = 0.02
"""Seconds between two attempts at what SQLite does not wait for by itself."""

_PASSING = {
    sqlite3.SQLITE_FULL: "make room on the disk",
    sqlite3.SQLITE_IOERR: "the disk may be full, failing or mounted read-only; see the system's log (dmesg)",
    sqlite3.SQLITE_BUSY: "another program holds the database; end it, such as an open sqlite3 shell",
    sqlite3.SQLITE_LOCKED: "another program holds the database; end it, such as an open sqlite3 shell",
    sqlite3.SQLITE_CANTOPEN: "its folder must be there, and belong to the user who runs this",
    sqlite3.SQLITE_READONLY: "mount the disk for writing, and give file and folder to the user who runs this",
    sqlite3.SQLITE_NOMEM: "this machine is short of memory",
}
"""What SQLite reports and may not last, with what to do."""

_LASTING = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

_RECOVER = (
    "stop the monitor, keep a copy of the file, then restore a backup "
    "or save what is readable with: sqlite3 {} .recover"
)  # fmt: skip

SYNC = {"full": "FULL", "normal": "NORMAL"}
"""full: a commit survives a power cut; normal: it survives a crash of the program."""


class Database:
    """An open file. One thread uses it. `with db.writing() as cursor:` is one transaction."""

    def __init__(self, path: Path, *, sync: str = "full", migrations: Sequence[str] = MIGRATIONS) -> None:
        self.path = path
        self._migrations = migrations
        self._lost: StoreUnusable | None = None
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
            self._still_there()
            self._write_ahead.shorten()

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        """Every row of a query."""
        with self._translated():
            return self._connection.execute(sql, values).fetchall()

    def fault(self) -> str | None:
        """What SQLite finds wrong with the file, None if nothing; reads the whole file."""
        with self._translated():
            found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        return None if found == "ok" else str(found)

    def release_pages(self, at_most: int) -> int:
        """Return free pages of the file to the disk, in one short transaction; how many. 0 where it cannot do that."""
        with self.writing() as cursor:
            before: int = cursor.execute("PRAGMA freelist_count").fetchone()[0]
            for _ in range(min(at_most, before)):
                cursor.execute("PRAGMA incremental_vacuum(1)")  # sqlite3 leaves it after its first page
            after: int = cursor.execute("PRAGMA freelist_count").fetchone()[0]
        return before - after

    def _prepare_file(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._claim()
        except OSError as exc:
            raise StoreUnusable(f"{self.path}: {_not_opened(exc)}") from exc

    def _claim(self) -> None:
        """Create the file for us alone; one that is there is not opened: closing it would end SQLite's locks on it."""
        ahead = self.path.with_name(f"{self.path.name}-wal")
        if _size(ahead) and not _size(self.path):
            message = (
                f"{self.path}: is empty or gone, but its write-ahead file {ahead} is not; put the database or a backup "
                "of it back, or move the write-ahead file away to begin anew"
            )
            raise StoreUnusable(message)
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            if self.path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
            if os.statvfs(self.path).f_flag & os.ST_RDONLY:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS)) from None
            if not os.access(self.path, os.R_OK | os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None

    def _open(self, sync: str) -> None:
        with self._translated():
            run = self._connection.execute
            self._refuse_strangers()
            self._whereabouts = Whereabouts(self.path)
            self._bring_up_to_date()
            run(f"PRAGMA synchronous = {SYNC[sync]}")
            run("PRAGMA foreign_keys = ON")
            run("PRAGMA temp_store = MEMORY")
            run("PRAGMA secure_delete = FAST")  # what is deleted is overwritten where that costs no further write
            self._write_ahead = WriteAhead(self._connection, self.path, BUSY_TIMEOUT_S)
            self._migrate()

    def _bring_up_to_date(self) -> None:
        """What must be done before the write-ahead log begins: how the pages lie."""
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            lay_out(self._connection)
        elif version < len(self._migrations):
            self._copy_aside(version)
            lay_out_anew(self._connection, self.path)
        self._begin_write_ahead()

    def _begin_write_ahead(self) -> None:
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
        if not aside.exists():
            copy_of(self._connection, self.path).rename(aside)

    def _still_there(self) -> None:
        """Nothing that stands in a file without a name is safe: raises StoreUnusable where the file was lost."""
        try:
            loss = self._whereabouts.loss(self._pages_bytes)
            if loss is Loss.CUT:
                self._connection.execute("PRAGMA shrink_memory")
                loss = loss if self.fault() else None
            if loss is None:
                return
            found = "" if loss is Loss.CUT else self._rescue()
        except OSError as exc:
            raise StoreUnavailable(f"{self.path}: {exc.strerror}") from exc
        self._lost = StoreUnusable(f"{self.path} {loss.value}; {found or _RECOVER.format(self.path)}")
        raise self._lost

    def _rescue(self) -> str:
        """Save what can be read through the file that is still open; where the copy is."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = copy_of(self._connection, self.path)
        except (OSError, sqlite3.DatabaseError) as exc:
            message = (
                f"{self.path} was removed or replaced while it was in use, and its content cannot be saved ({exc}); "
                "make room on the disk, and do not end this program before"
            )
            raise StoreUnavailable(message) from exc
        self._connection.close()  # first: closing takes away the write-ahead file, which bears the same name
        place = put_in_place(part, self.path)
        if place == self.path:
            return "everything stored was saved in its place: start again, and end the monitor before moving its files"
        return f"everything stored was saved as {place}; decide which of the two to keep, then start again"

    def _pages_bytes(self) -> int:
        run = self._connection.execute
        pages: int = run("PRAGMA page_count").fetchone()[0]
        page_bytes: int = run("PRAGMA page_size").fetchone()[0]
        return pages * page_bytes

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if self._lost is not None:
            raise self._lost
        try:
            yield
        except sqlite3.DatabaseError as exc:
            raise self._as_store_error(exc) from exc

    def _as_store_error(self, exc: sqlite3.DatabaseError) -> StoreError:
        code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
        if code in _LASTING:
            return StoreUnusable(f"{self.path}: damaged ({exc}); {_RECOVER.format(self.path)}")
        if code in _PASSING:
            return StoreUnavailable(f"{self.path}: {exc}; {_PASSING[code]}")
        return StoreError(f"{self.path}: {exc}")


def _not_opened(exc: OSError) -> str:
    """Why a file of the database cannot be opened, and what to do."""
    if exc.errno == errno.EROFS:
        return f"cannot be opened ({exc.strerror}); mount its disk for writing, or set store.path"
    return f"cannot be opened ({exc.strerror}); give its folder to the user who runs this, or set store.path"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
