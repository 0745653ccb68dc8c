"""Where nights are deleted: the database, the files beside it, the mirror."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from monitor.core.erasing import ErasedNights, Points


class Erased(NamedTuple):
    """What one step deleted: `rows` of a kind."""

    kind: str
    rows: int


class Tidied(NamedTuple):
    """How the file is: bytes given back, bytes free in it, whether its write-ahead file is empty."""

    released: int
    free: int
    log_emptied: bool


class NightEraser(Protocol):
    """The database, from which nights are deleted in short transactions."""

    def holdings(self, nights: ErasedNights) -> Mapping[str, int]:
        """What there is of these nights, by kind."""
        ...

    def erase_some(self, nights: ErasedNights, at_most: int) -> Erased | None:
        """Delete about `at_most` rows in one transaction, for good; None where nothing of the nights is left.

        What is deleted is overwritten. To be called until it returns None, and again after a crash.
        """
        ...

    def tidy(self, at_most_pages: int) -> Tidied:
        """Give some free pages back, and empty the write-ahead file once there are none."""
        ...


class MirrorView(NamedTuple):
    """What the mirror is: its `server`; `unable` says why it cannot delete what is asked, None where it can."""

    server: str
    unable: str | None = None


class MirrorEraser(Protocol):
    """The mirror's server, as far as deleting goes."""

    def look(self, *, everything: bool) -> MirrorView:
        """What the server is, and whether it lets us delete. Raises MirrorError where it cannot be reached."""
        ...

    def erase(self, points: Sequence[Points]) -> None:
        """Delete the points; twice changes nothing. Raises MirrorError where that fails."""
        ...


class KeptFile(NamedTuple):
    """A file that holds what is kept: its path, its size in bytes, when a copy was made (UTC Unix ms)."""

    path: str
    size: int
    made_ms: int | None = None


class KeptFiles(Protocol):
    """The database's files, and its backups."""

    def beside(self) -> list[KeptFile]:
        """The database, what SQLite and we put beside it, and copies; in the order in which they are to go."""
        ...

    def backups(self) -> list[KeptFile]:
        """Every backup of ours in its folder, newest first, and every copy beside the database."""
        ...

    def remove(self, file: KeptFile) -> bool:
        """Delete it; False where it is gone already. Raises MonitorError where that fails."""
        ...
