"""Copies of a database file: made while others write, looked through, and put in the place of another."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from monitor.adapters.sqlite.database import BUSY_TIMEOUT_S
from monitor.adapters.sqlite.schema import APPLICATION_ID, MIGRATIONS
from monitor.core.backups import Contents
from monitor.errors import BackupError, InputError, StoreError, StoreUnavailable, StoreUnusable

KNOWN_SCHEMA = len(MIGRATIONS)
"""The newest schema that this program can read."""

COUNTED = {
    "sensors": "sensor",
    "readings": "reading",
    "thinned": "thinned",
    "set_aside": "set_aside",
    "calibrations": "calibration",
    "nights": "night",
    "exclusions": "exclusion",
    "diary": "diary",
    "diary_edits": "diary_edit",
    "analyses": "analysis_run",
}
"""What is counted, with its table; one that an older schema lacks counts 0."""

DATA = (("sensor", "first_seen_ms"), ("diary", "logged_ms"))
"""Tables and columns that say since when there is something."""

ACTS = (("night", "closed_ms"), ("diary", "logged_ms"), ("analysis_run", "ran_ms"))
"""Tables and columns that say when something was done here."""

BESIDE = ("-wal", "-shm", "-journal")
"""Endings of the files that SQLite keeps beside a database."""

_NO_DATABASE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})


class DatabaseCopier:
    """The database that the daemon writes to; each call opens a connection of its own, in any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def size(self) -> int:
        """Bytes that a copy takes at the most; raises BackupError where there is no database."""
        self._refuse_without_database()
        try:
            return sum(file.stat().st_size for file in (self.path, _beside(self.path, "-wal")) if file.exists())
        except OSError as exc:
            raise StoreUnavailable(f"{self.path}: {exc.strerror}") from exc

    def data_since_ms(self) -> int | None:
        """When the first sensor was seen or the first night logged; None where nothing is there."""
        with self._reading() as connection:
            return _since_ms(connection)

    def in_use_since_ms(self) -> int | None:
        """When the first night was closed, logged or analysed, or the file last changed; None where nothing is there.

        Readings do not tell: imported ones are older than the database.
        """
        with self._reading() as connection:
            if _since_ms(connection) is None:
                return None
            changed_ms = self.path.stat().st_mtime_ns // 1_000_000
            first_ms = _first_ms(connection, ACTS)
            return changed_ms if first_ms is None else min(changed_ms, first_ms)

    def copy_to(self, part: Path) -> Contents:
        """Write the database as it is at this moment to a new file, one that stands alone, and look it through.

        Others may write meanwhile: the copy is of one moment, made in one go, since a copy in steps begins anew with
        each commit. Raises BackupError, StoreUnusable, StoreUnavailable.
        """
        new_file(part)
        with self._reading() as source:
            try:
                _copy(source, part)
                _stand_alone(part)
            except sqlite3.DatabaseError as exc:
                raise self._as_copy_error(exc, part) from exc
        try:
            return looked_through(part, self.path)
        except InputError as exc:
            raise StoreUnusable(f"{exc}; stop the monitor and restore an older backup") from exc

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The database in one read transaction: as it is at this moment, whatever others write."""
        self._refuse_without_database()
        try:
            with closing(_connect(self.path, "rw")) as connection:
                connection.execute("BEGIN")
                if not _is_ours(connection):
                    raise StoreUnusable(f"{self.path}: a database of another program; set store.path to ours")
                yield connection
                connection.rollback()
        except sqlite3.DatabaseError as exc:
            raise _as_store_error(self.path, exc) from exc

    def _refuse_without_database(self) -> None:
        if not self.path.exists():
            raise BackupError(f"{self.path}: no database there, so there is nothing to back up; is store.path right?")

    def _as_copy_error(self, exc: sqlite3.DatabaseError, part: Path) -> Exception:
        code = _code(exc)
        if code in _NO_DATABASE:
            return _as_store_error(self.path, exc)
        if code == sqlite3.SQLITE_FULL:
            return BackupError(f"{part.parent}: no room for the copy; make room, or set backup.folder to another disk")
        return BackupError(f"{part.parent}: the copy cannot be written ({exc}); look at the disk, or set backup.folder")


def new_file(path: Path) -> None:
    """Make an empty file for its owner only; raises OSError where one of that name is there."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def remove_with_side_files(path: Path) -> None:
    """Remove a database file and what SQLite left beside it."""
    for file in (path, *(_beside(path, ending) for ending in BESIDE)):
        file.unlink(missing_ok=True)


def looked_through(path: Path, name: Path) -> Contents:
    """What a file holds that nobody else uses, after SQLite has read all of it; `name` is what messages call it.

    Raises InputError where it is damaged, not ours, or of a newer program.
    """
    try:
        with closing(_connect(path, "rw")) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            if not _is_ours(connection):
                raise InputError(f"{name}: not a database of bedroom-monitor")
            _refuse_newer(connection, name)
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise InputError(f"{name}: the database is damaged ({found})")
            return _contents(connection)
    except sqlite3.DatabaseError as exc:
        raise InputError(f"{name}: the database cannot be read ({exc})") from exc


def taken_out(file: Path, part: Path) -> None:
    """Copy a bare database file, with what stands in a write-ahead log beside it, to a new file that stands alone.

    Raises InputError where it is no sound database, BackupError where the copy cannot be written.
    """
    alone = not any(_beside(file, ending).exists() for ending in BESIDE)
    new_file(part)
    try:
        with closing(_connect(file, "ro", immutable=alone)) as source:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            _copy(source, part)
            source.rollback()
        _stand_alone(part)
    except sqlite3.DatabaseError as exc:
        if _code(exc) == sqlite3.SQLITE_FULL:
            raise BackupError(f"{part.parent}: no room for the database; make room") from exc
        raise InputError(f"{file}: the database cannot be read ({exc})") from exc


@contextmanager
def folded_in(path: Path) -> Iterator[bool]:
    """Hold a database for ourselves, its write-ahead log folded in; False where it is too damaged for that.

    Raises StoreUnavailable where another program uses it.
    """
    with closing(_connect(path, "rw")) as connection:
        try:
            done = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0] == "delete"
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as exc:
            if _code(exc) not in _NO_DATABASE:
                raise StoreUnavailable(f"{path}: {exc}; end the other program that uses it, then try again") from exc
            done = False
        if done:
            yield True
            return
    yield False


def present(path: Path) -> Contents | None:
    """What the database in use holds, None where it cannot be read; raises StoreUnusable where it is not ours."""
    try:
        with closing(_connect(path, "rw")) as connection:
            if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] and not _is_ours(connection):
                raise StoreUnusable(f"{path}: a database of another program; set store.path to a file of its own")
            return _contents(connection)
    except sqlite3.DatabaseError as exc:
        if _code(exc) in _NO_DATABASE:
            return None
        raise _as_store_error(path, exc) from exc


def _connect(path: Path, mode: str, *, immutable: bool = False) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}{'&immutable=1' if immutable else ''}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S)


def _copy(source: sqlite3.Connection, part: Path) -> None:
    """In one go; not forced to the disk, since it is packed at once and then removed, or forced by who keeps it."""
    with closing(_connect(part, "rw")) as copy:
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        source.backup(copy)


def _stand_alone(part: Path) -> None:
    """Take the mark of a write-ahead log off a copy; exclusively, so that no shared memory is asked of the disk."""
    with closing(_connect(part, "rw")) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = DELETE")


def _is_ours(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID)


def _refuse_newer(connection: sqlite3.Connection, name: Path) -> None:
    schema = connection.execute("PRAGMA user_version").fetchone()[0]
    if schema > KNOWN_SCHEMA:
        raise InputError(
            f"{name}: written by a newer bedroom-monitor (schema {schema}, known here: {KNOWN_SCHEMA}); upgrade first"
        )
    if schema < 1:
        raise InputError(f"{name}: a database of bedroom-monitor in which nothing was ever stored")


def _contents(connection: sqlite3.Connection) -> Contents:
    first = last = None
    tables = _tables(connection)
    for table, column in (("reading", "ts_ms"), ("thinned", "start_ms")):
        if table in tables:
            low, high = _span(connection, table, column)
            first = min((one for one in (first, low) if one is not None), default=None)
            last = max((one for one in (last, high) if one is not None), default=None)
    return Contents(
        schema=connection.execute("PRAGMA user_version").fetchone()[0],
        counts={
            name: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] if table in tables else 0
            for name, table in COUNTED.items()
        },
        first_ms=first,
        last_ms=last,
    )


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def _span(connection: sqlite3.Connection, table: str, column: str) -> tuple[int | None, int | None]:
    """From the ends of each series: no walk through the whole table."""
    ends = (f"(SELECT {end}({column}) FROM {table} WHERE series = series.id)" for end in ("min", "max"))
    low, high = connection.execute(
        f"SELECT min(low), max(high) FROM (SELECT {' AS low, '.join(ends)} AS high FROM series)"
    ).fetchone()
    return low, high


def _since_ms(connection: sqlite3.Connection) -> int | None:
    return _first_ms(connection, DATA)


def _first_ms(connection: sqlite3.Connection, columns: Iterable[tuple[str, str]]) -> int | None:
    tables = _tables(connection)
    firsts = [
        connection.execute(f"SELECT min({column}) FROM {table}").fetchone()[0]
        for table, column in columns
        if table in tables
    ]
    return min((first for first in firsts if first is not None), default=None)


def _as_store_error(path: Path, exc: sqlite3.DatabaseError) -> StoreError:
    if _code(exc) in _NO_DATABASE:
        return StoreUnusable(f"{path}: damaged ({exc}); stop the monitor, keep a copy of the file, restore a backup")
    return StoreUnavailable(f"{path}: {exc}")


def _code(exc: sqlite3.DatabaseError) -> int:
    return getattr(exc, "sqlite_errorcode", 0) & 0xFF


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
