"""One daemon for one database: a lock that ends with the process, however it ends."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from monitor.errors import StoreUnusable

_MOST_BYTES = 100
"""Bytes of the lock file that are read: a number and a time."""


@contextmanager
def only_one(database: Path, now_ms: int, *, daemon: bool = True) -> Iterator[None]:
    """Hold the daemon's lock on a database for the time of the block; raises StoreUnusable where another has it.

    The lock file says who holds it and since when, for who is refused. `daemon`: whether it is one that asks.
    """
    lock = database.with_name(f"{database.name}.lock")
    descriptor = _opened(lock)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            who, todo = ("another", ", or set store.path to a file of its own") if daemon else ("a", "")
            raise StoreUnusable(
                f"{database}: {who} daemon ({_holder(descriptor)}) uses this database; end it first{todo}"
            ) from exc
        _sign(descriptor, now_ms)
        yield
    finally:
        os.close(descriptor)


def _opened(lock: Path) -> int:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        todo = "mount its disk for writing" if exc.errno == errno.EROFS else "give its folder to the user who runs this"
        raise StoreUnusable(f"{lock}: cannot be opened ({exc.strerror}); {todo}, or set store.path") from exc


def _sign(descriptor: int, now_ms: int) -> None:
    since = datetime.fromtimestamp(now_ms / 1000, UTC)
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()}, since {since:%Y-%m-%d %H:%M} UTC\n".encode(), 0)
    except OSError:  # a full disk: the lock holds, it only has no name on it
        return


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, _MOST_BYTES, 0).decode(errors="replace").strip() or "it does not say which"
