"""Where copies of the database are kept."""

from typing import NamedTuple, Protocol


class BackupFile(NamedTuple):
    """A backup: its file's name, when it was made (UTC Unix ms), its size in bytes."""

    name: str
    created_ms: int
    size: int


class Backups(Protocol):
    """The folder of the backups; only files that bear a backup's name are seen and removed."""

    def made(self) -> list[BackupFile]:
        """Every backup, newest first. Raises BackupError where the folder cannot be read."""
        ...

    def make(self, now_ms: int) -> BackupFile:
        """Copy the database as it is at this moment; safe while others write. Raises BackupError, StoreError."""
        ...

    def remove(self, file: BackupFile) -> None:
        """Delete a backup; one that is gone already is no error. Raises BackupError."""
        ...

    def data_since_ms(self) -> int | None:
        """Since when there is something worth a copy; None where the database is empty. Raises StoreError."""
        ...

    def where(self, file: BackupFile) -> str:
        """The path of a backup, for people."""
        ...
