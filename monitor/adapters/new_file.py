"""A file that is there whole or not at all, for its owner only."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from monitor.errors import InputError, MonitorError


def check_new(path: Path, *, replace: bool) -> None:
    """Raises InputError where a file may not be written there: it exists already, or is none."""
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: expected the name of a file, got a folder or a device")
    if path.exists() and not replace:
        raise InputError(f"{path}: it exists already; choose another name, or --force to write over it")


@contextmanager
def new_file(path: Path, *, replace: bool = False) -> Iterator[BinaryIO]:
    """Write a file beside its place, mode 0600; it takes its place when the block ends well, else nothing is left.

    Raises InputError where a file is there already and may not be replaced, MonitorError where it cannot be written.
    """
    check_new(path, replace=replace)
    path = path.resolve()
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as exc:
        raise _cannot(path, exc) from exc
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _settle(path.parent)
    except OSError as exc:
        part.unlink(missing_ok=True)
        raise _cannot(path, exc) from exc
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _settle(folder: Path) -> None:
    """A new name survives a power cut once its folder is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as exc:  # some network file systems know no such thing
        if exc.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def _cannot(path: Path, exc: OSError) -> MonitorError:
    return MonitorError(f"{path}: cannot be written ({exc.strerror}); choose another place")
