"""One daemon for one database: a lock that ends with the process, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.errors import StoreUnusable


@contextmanager
def only_one(database: Path) -> Iterator[None]:
    """Hold the daemon's lock on a database for the time of the block; raises StoreUnusable where another has it."""
    lock = database.with_name(f"{database.name}.lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as exc:
        raise StoreUnusable(
            f"{lock}: cannot be opened ({exc.strerror}); give its folder to the user who runs this, or set store.path"
        ) from exc
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        os.close(descriptor)
        raise StoreUnusable(
            f"{database}: another daemon uses this database; end it first, or set store.path to a file of its own"
        ) from exc
    try:
        yield
    finally:
        os.close(descriptor)
