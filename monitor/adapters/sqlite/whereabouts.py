"""Whether the file that is open still stands at its path, whole; and how its content is saved where it does not."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from enum import Enum
from itertools import count
from pathlib import Path


class Loss(Enum):
    """What became of the file."""

    REMOVED = "was removed while it was in use"
    REPLACED = "was replaced by another file while it was in use"
    CUT = "was cut short while it was in use"


class Whereabouts:
    """The file as it was when it was opened, and how long it has been since."""

    def __init__(self, path: Path) -> None:
        found = path.stat()
        self._path = path
        self._identity = (found.st_dev, found.st_ino)
        self._bytes = found.st_size

    def loss(self, expected_bytes: Callable[[], int]) -> Loss | None:
        """What became of it since the last look; a file no shorter than its pages say was not cut.

        Raises OSError where that cannot be known.
        """
        try:
            found = self._path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return Loss.REMOVED
        if (found.st_dev, found.st_ino) != self._identity:
            return Loss.REPLACED
        if found.st_size < self._bytes and found.st_size < expected_bytes():
            return Loss.CUT
        self._bytes = found.st_size
        return None


def copy_of(connection: sqlite3.Connection, path: Path) -> Path:
    """Everything that is open, in a new file of that name with an ending, for its owner only."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    copy = sqlite3.connect(part)
    try:
        connection.backup(copy)
    except BaseException:
        copy.close()
        part.unlink(missing_ok=True)
        raise
    copy.close()
    return part


def put_in_place(part: Path, path: Path) -> Path:
    """Give a copy the name of the file, or one beside it where something stands there; the name that it has then."""
    for place in _places(path):
        try:
            os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            return part.rename(place)
        except FileExistsError:
            continue
        except OSError:
            return part  # its content is safe, whatever it is called
    raise AssertionError("there is always one more name")


def _places(path: Path) -> Iterator[Path]:
    yield path
    yield from (path.with_name(f"{path.name}.rescued-{number}") for number in count(1))
