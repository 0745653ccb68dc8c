"""A backup to the database in use: looked through, brought up to date, and only then put in its place."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from monitor.adapters.backups import give_to_owner_of_folder, manifest_in, unpacked
from monitor.adapters.clock import SystemClock
from monitor.adapters.only_one import only_one
from monitor.adapters.replacing import put_in_place
from monitor.adapters.sqlite.copying import KNOWN_SCHEMA, folded_in, looked_through, present, taken_out
from monitor.adapters.sqlite.database import Database
from monitor.core.backups import Contents, Manifest
from monitor.errors import InputError, StoreUnavailable
from monitor.settings import Settings

ROOM_FACTOR = 2.2
"""Room that a restore needs, in sizes of the database: itself, and once more to bring an older one up to date."""

SPARE_BYTES = 20_000_000
"""Bytes that must stay free beside that."""

_ZIP, _SQLITE = b"PK\x03\x04", b"SQLite format 3\x00"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a restore would put in the place of what.

    `contents` is the backup's database as it came, `counts` what it holds once it is up to date. `manifest` is None for
    a bare database file. `before` is the database there, None where there is none, or, `unreadable`, a damaged one.
    """

    file: Path
    database: Path
    manifest: Manifest | None
    contents: Contents
    counts: Mapping[str, int]
    before: Contents | None
    unreadable: bool

    @property
    def replaces_something(self) -> bool:
        """Whether there is something to lose."""
        return self.unreadable or (self.before is not None and any(self.before.counts.values()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What was put in place, if it was; `kept` is where the database from before is now, None where there was none."""

    plan: Plan
    done: bool
    kept: Path | None = None


def restore(settings: Settings, file: Path, agreed: Callable[[Plan], bool], *, trial: bool = False) -> Restored:
    """Put a backup, or a bare database file, in the place of the database, unless `agreed` says no.

    Until then the database is as it was, also where this is broken off. A `trial` only shows it, beside a daemon too.
    Raises InputError for what is no sound backup, StoreUnusable while a daemon runs, StoreUnavailable where there is no
    room or another program uses the database.
    """
    database = settings.store.path.expanduser()
    _refuse_odd_file(file, database)
    if trial:
        return _tried(file, database, agreed)
    with (
        only_one(database, SystemClock().now_ms(), daemon=False),
        _part_beside(database, "restore.part") as part,
    ):
        give_to_owner_of_folder(database.with_name(f"{database.name}.lock"))
        plan = _prepared(file, database, part)
        if not agreed(plan):
            return Restored(plan=plan, done=False)
        try:
            with folded_in(database) if database.exists() else nullcontext():
                kept = put_in_place(part, database)
        except OSError as exc:
            raise StoreUnavailable(f"{database}: cannot be replaced ({exc.strerror}); it is as it was") from exc
        return Restored(plan=plan, done=True, kept=kept)


def _tried(file: Path, database: Path, agreed: Callable[[Plan], bool]) -> Restored:
    """What would be restored; the name of the part is its own, since another restore may run.

    What a killed one left, the next restore clears away.
    """
    with _part_beside(database, f"restore.part.{os.getpid()}.part") as part:
        plan = _prepared(file, database, part)
        agreed(plan)
        return Restored(plan=plan, done=False)


def _refuse_odd_file(file: Path, database: Path) -> None:
    if not file.is_file():
        raise InputError(f"{file}: {'not a file' if file.exists() else 'no such file'}; name a backup")
    if database.exists() and file.samefile(database):
        raise InputError(f"{file}: the database in use itself; name a backup")


@contextmanager
def _part_beside(database: Path, ending: str) -> Iterator[Path]:
    """A name for what is not in place yet; whatever bears it is gone afterwards, and what an earlier restore left."""
    folder = next(one for one in database.parents if one.is_dir())  # a trial makes none
    part = folder / f"{database.name}.{ending}"
    try:
        _clear(part)
        yield part
    finally:
        _clear(part)


def _clear(part: Path) -> None:
    for path in part.parent.iterdir():
        if path.name.startswith(part.name):
            path.unlink(missing_ok=True)


def _prepared(file: Path, database: Path, part: Path) -> Plan:
    """The backup's database in `part`, sound and up to date."""
    try:
        manifest = _taken_out(file, part)
    except OSError as exc:
        raise StoreUnavailable(f"{file}: cannot be unpacked to {part} ({exc.strerror}); look at both disks") from exc
    contents = looked_through(part, file)
    if manifest is not None and (manifest.contents.counts, manifest.contents.schema) != _shown(contents, manifest):
        raise InputError(
            f"{file}: the backup is damaged (what it holds is not what its manifest says); take another one"
        )
    with Database(part):
        pass
    after = present(part)
    before = present(database) if database.exists() else None
    return Plan(
        file=file,
        database=database,
        manifest=manifest,
        contents=contents,
        counts=contents.counts if after is None else after.counts,
        before=before,
        unreadable=before is None and database.exists(),
    )


def _taken_out(file: Path, part: Path) -> Manifest | None:
    try:
        with file.open("rb") as opened:
            start = opened.read(len(_SQLITE))
    except OSError as exc:
        raise InputError(f"{file}: cannot be read ({exc.strerror})") from exc
    if start == _SQLITE:
        _refuse_without_room(part.parent, file.stat().st_size)
        taken_out(file, part)
        return None
    if not start.startswith(_ZIP):
        raise InputError(f"{file}: neither a backup (zip) nor a database (SQLite)")
    manifest = manifest_in(file)
    if manifest.contents.schema > KNOWN_SCHEMA:
        raise InputError(
            f"{file}: written by bedroom-monitor {manifest.version}, which is newer "
            f"(schema {manifest.contents.schema}, known here: {KNOWN_SCHEMA}); upgrade first"
        )
    _refuse_without_room(part.parent, manifest.size)
    return unpacked(file, part)


def _shown(contents: Contents, manifest: Manifest) -> tuple[Mapping[str, int], int]:
    """The counts that the manifest has, too: another version may count more or fewer things."""
    both = {name: contents.counts.get(name, said) for name, said in manifest.contents.counts.items()}
    return both, contents.schema


def _refuse_without_room(folder: Path, size: int) -> None:
    needed, free = int(size * ROOM_FACTOR) + SPARE_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise StoreUnavailable(
            f"{folder}: the restore needs {needed / 1e6:,.0f} MB, {free / 1e6:,.0f} MB are free; make room"
        )
