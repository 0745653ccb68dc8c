"""A database file put in the place of another, which is kept beside it; at no moment is there none."""

import os
import shutil
from itertools import count
from pathlib import Path

from monitor.adapters.backups import CHUNK_BYTES, force, give_to_owner_of_folder

SIDE_FILES = ("-wal", "-shm", "-journal")
"""Files that SQLite would take for the new database's, and spoil it with."""


def put_in_place(part: Path, path: Path) -> Path | None:
    """Give `part` the name `path`; where what stood there is kept now, None where there was nothing.

    Raises OSError; what stood there then stands there still.
    """
    give_to_owner_of_folder(part)
    force(part)
    kept = next(name for number in count(1) if not (name := _kept_name(path, number)).exists())
    side_files = [path.with_name(path.name + ending) for ending in SIDE_FILES]
    was_there = path.exists()
    if was_there:
        _second_name(path, kept)
    for file in side_files:
        if file.exists():
            file.rename(kept.with_name(kept.name + file.name.removeprefix(path.name)))
    part.replace(path)
    force(path.parent)
    return kept if was_there else None


def _kept_name(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.before-restore-{number}")


def _second_name(path: Path, kept: Path) -> None:
    """Both names lead to the same file; where the disk cannot do that, to a copy."""
    try:
        os.link(path, kept)
    except OSError:
        with (
            path.open("rb") as source,
            os.fdopen(os.open(kept, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as to,
        ):
            shutil.copyfileobj(source, to, CHUNK_BYTES)
        give_to_owner_of_folder(kept)
        force(kept)
