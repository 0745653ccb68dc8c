"""The database's files and its backups, to be deleted."""

import re
from pathlib import Path

from monitor.core.backups import backup_time
from monitor.errors import MonitorError
from monitor.ports.erasing import KeptFile

ORDER = ("-journal", "-wal", "-shm", "", ".lock")
"""The write-ahead file goes before the database: a new one of the same name would else take it for its own."""


_LEFT_OVER = re.compile(r"(\.db)?\.part(-wal|-shm|-journal)?$")


class FilesOnDisk:
    """The files; see the port. `database` need not be there."""

    def __init__(self, database: Path, backups: Path) -> None:
        self._database = database
        self._backups = backups
        name = re.escape(database.name)
        self._copy = re.compile(rf"{name}\.before-(?:schema|restore)-.+|{name}(?:\..+)?\.part(?:-wal|-shm|-journal)?")

    def beside(self) -> list[KeptFile]:
        """Copies first, then the database with what SQLite put beside it, the lock last."""
        own = (self._database.with_name(self._database.name + ending) for ending in ORDER)
        return [*self._copies(), *(_kept(path) for path in own if path.is_file())]

    def backups(self) -> list[KeptFile]:
        """Backups with what is left of ones that were never finished, then the copies beside the database."""
        times = {path: backup_time(_LEFT_OVER.sub("", path.name)) for path in _files(self._backups)}
        made = [_kept(path, made_ms) for path, made_ms in times.items() if made_ms is not None]
        return [*sorted(made, key=lambda file: (-(file.made_ms or 0), file.path)), *self._copies()]

    def remove(self, file: KeptFile) -> bool:
        """Delete it."""
        try:
            Path(file.path).unlink()
        except FileNotFoundError:
            return False
        except OSError as exc:
            raise MonitorError(f"{file.path}: cannot be deleted ({exc.strerror}); delete it by hand") from exc
        return True

    def _copies(self) -> list[KeptFile]:
        """Copies that were made before a new schema or a backup took the place; as old as their last change."""
        paths = sorted(path for path in _files(self._database.parent) if self._copy.fullmatch(path.name))
        return [_kept(path, path.stat().st_mtime_ns // 1_000_000) for path in paths]


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_file()]
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise MonitorError(f"{folder}: cannot be read ({exc.strerror})") from exc


def _kept(path: Path, made_ms: int | None = None) -> KeptFile:
    return KeptFile(str(path), path.stat().st_size, made_ms)
