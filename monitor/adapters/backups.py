"""Backups as files: one zip with a copy of the database and a manifest, written whole or not at all."""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from monitor.core.backups import Contents, Manifest, backup_name, backup_time, manifest_document, manifest_of
from monitor.core.zones import local_time, zone_of
from monitor.errors import BackupError, InputError
from monitor.ports import BackupFile

MANIFEST, DATABASE = "manifest.json", "monitor.db"
"""What a backup holds, and nothing else."""

CHUNK_BYTES = 1 << 20
"""Bytes in memory at once."""

ROOM_FACTOR = 1.6
"""Room that a backup needs for a moment, in sizes of the database: the copy, and the zip, which takes a quarter."""

SPARE_BYTES = 20_000_000
"""Bytes that must stay free beside that: the database's own write-ahead file may take 16 MB."""

LARGEST_MANIFEST_BYTES = 100_000
"""Bytes; a manifest takes some 600."""

_LEFT_OVER = re.compile(r"bedroom-monitor-[0-9TZ-]+\.zip(\.db)?\.part(-wal|-shm|-journal)?")
# of what zipfile cannot read: encrypted members are a RuntimeError, unknown methods a NotImplementedError
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeDecodeError)


class Copier(Protocol):
    """Who copies the database."""

    def size(self) -> int:
        """Bytes that a copy takes at the most; raises BackupError where there is no database."""
        ...

    def data_since_ms(self) -> int | None:
        """Since when there is something in it (UTC Unix ms)."""
        ...

    def in_use_since_ms(self) -> int | None:
        """Since when it is in use, as far as it tells (UTC Unix ms); None where there is nothing in it."""
        ...

    def copy_to(self, part: Path) -> Contents:
        """Write a copy to a new file."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupFolder:
    """A folder with backups; `version` is the program's. It is made if its parent is there."""

    folder: Path
    copier: Copier
    version: str
    spare_bytes: int = SPARE_BYTES

    def made(self) -> list[BackupFile]:
        """Every backup, newest first; none where the folder is not there yet. Raises BackupError."""
        try:
            files = [(path, backup_time(path.name)) for path in self.folder.iterdir()]
            ours = [BackupFile(path.name, moment, path.stat().st_size) for path, moment in files if moment is not None]
        except FileNotFoundError:  # the folder; or a backup, removed at this moment by another program
            return []
        except OSError as exc:
            raise BackupError(f"{self.folder}: cannot be read ({exc.strerror}); set backup.folder") from exc
        return sorted(ours, key=lambda one: one.created_ms, reverse=True)

    def make(self, now_ms: int) -> BackupFile:
        """A backup of this moment, under its usual name. Raises BackupError, StoreError."""
        name = backup_name(now_ms)
        return BackupFile(name, now_ms, self.write(self.folder / name, now_ms)[1])

    def write(self, target: Path, now_ms: int) -> tuple[Manifest, int]:
        """A backup of this moment in a file of that name, which is either whole or not there; its manifest and size.

        Raises BackupError, StoreError.
        """
        self.copier.size()  # no folder is made for a database that is not there
        try:
            self._make_folder(target.parent)
            with _alone_in(target.parent):
                return self._write(target, now_ms)
        except OSError as exc:
            raise BackupError(_trouble(target, exc)) from exc

    def remove(self, file: BackupFile) -> None:
        """Delete a backup; one that is gone already is no error. Raises BackupError."""
        try:
            (self.folder / file.name).unlink(missing_ok=True)
        except OSError as exc:
            raise BackupError(f"{self.folder / file.name}: cannot be removed ({exc.strerror})") from exc

    def data_since_ms(self) -> int | None:
        """Since when there is something to back up (UTC Unix ms)."""
        return self.copier.data_since_ms()

    def in_use_since_ms(self) -> int | None:
        """Since when the database is in use, as far as it tells (UTC Unix ms); None where there is nothing in it."""
        return self.copier.in_use_since_ms()

    def refuse_without_parent(self) -> None:
        """Raise BackupError where the folder could not be made, since its parent is not there."""
        _refuse_without_parent(self.folder)

    def where(self, file: BackupFile) -> str:
        """The path of a backup."""
        return str(self.folder / file.name)

    def _write(self, target: Path, now_ms: int) -> tuple[Manifest, int]:
        packed, copy = (target.with_name(f"{target.name}{ending}") for ending in (".part", ".db.part"))
        _clear(target.parent, packed, copy)
        self._refuse_without_room(target.parent)
        try:
            contents = self.copier.copy_to(copy)
            manifest = self._pack(copy, packed, contents, now_ms)
            give_to_owner_of_folder(packed)
            packed.replace(target)
            force(target.parent)
            return manifest, target.stat().st_size
        finally:
            _clear(target.parent, packed, copy)

    def _pack(self, copy: Path, packed: Path, contents: Contents, now_ms: int) -> Manifest:
        size, digest = copy.stat().st_size, hashlib.sha256()
        with os.fdopen(os.open(packed, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                with copy.open("rb") as database, archive.open(_member(DATABASE, size, now_ms), "w") as member:
                    while chunk := database.read(CHUNK_BYTES):
                        digest.update(chunk)
                        member.write(chunk)
                manifest = Manifest(
                    version=self.version, created_ms=now_ms, contents=contents, size=size, sha256=digest.hexdigest()
                )
                text = json.dumps(manifest_document(manifest), indent=2) + "\n"
                archive.writestr(_member(MANIFEST, len(text), now_ms), text)
            file.flush()
            os.fsync(file.fileno())
        return manifest

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        _refuse_without_parent(folder)
        folder.mkdir(mode=0o700)
        give_to_owner_of_folder(folder)

    def _refuse_without_room(self, folder: Path) -> None:
        needed = int(self.copier.size() * ROOM_FACTOR) + self.spare_bytes
        free = shutil.disk_usage(folder).free
        if free < needed:
            raise BackupError(
                f"{folder}: a backup needs {needed / 1e6:,.0f} MB for a moment, {free / 1e6:,.0f} MB are free; "
                "make room, or set backup.folder to another disk"
            )


def unpacked(file: Path, part: Path) -> Manifest:
    """Take the database out of a backup to a new file and compare it with the manifest, which is returned.

    Raises InputError where the backup is damaged or no backup, OSError where `part` cannot be written.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            _refuse_odd_members(file, archive.infolist())
            manifest = _manifest(file, archive)
            with archive.open(DATABASE) as member:
                size, sha256 = _poured(member, part, manifest.size)
    except _UNREADABLE as exc:
        raise InputError(f"{file}: the backup is damaged ({exc}); take another one") from exc
    if size != manifest.size:
        more = "more than" if size > manifest.size else f"{size:,} instead of"
        raise InputError(f"{file}: the backup is damaged (its database has {more} {manifest.size:,} bytes)")
    if sha256 != manifest.sha256:
        raise InputError(
            f"{file}: the backup is damaged (checksum {sha256[:12]}..., expected {manifest.sha256[:12]}...)"
        )
    return manifest


def manifest_in(file: Path) -> Manifest:
    """Only the manifest of a backup; raises InputError where it has none that can be read."""
    try:
        with zipfile.ZipFile(file) as archive:
            return _manifest(file, archive)
    except _UNREADABLE as exc:
        raise InputError(f"{file}: the backup is damaged ({exc}); take another one") from exc


def give_to_owner_of_folder(path: Path) -> None:
    """What root makes in the daemon's folder must be the daemon's; nothing happens where somebody else makes it."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def force(path: Path) -> None:
    """Have a file or a folder's list of names written to the disk; some file systems have no such thing for folders."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as exc:
        if exc.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def _refuse_without_parent(folder: Path) -> None:
    if not folder.parent.is_dir():
        raise BackupError(f"{folder}: its parent folder is not there; is its disk mounted? Or set backup.folder")


def _member(name: str, size: int, now_ms: int) -> zipfile.ZipInfo:
    made = local_time(max(now_ms, 0), zone_of("UTC"))
    member = zipfile.ZipInfo(name, (max(made.year, 1980), made.month, made.day, made.hour, made.minute, made.second))
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = (stat.S_IFREG | 0o600) << 16
    member.file_size = size
    return member


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder, so that two backups do not clear away one another's half files."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        os.close(descriptor)
        raise BackupError(f"{folder}: another backup is being written there; wait until it is done") from exc
    except OSError:  # a network disk without locks on folders
        pass
    try:
        yield
    finally:
        os.close(descriptor)


def _clear(folder: Path, *own: Path) -> None:
    """Remove what this backup or a killed one left half done."""
    for path in folder.iterdir():
        if _LEFT_OVER.fullmatch(path.name) or any(path.name.startswith(one.name) for one in own):
            path.unlink(missing_ok=True)


def _refuse_odd_members(file: Path, members: list[zipfile.ZipInfo]) -> None:
    names = sorted(member.filename for member in members)
    if names != sorted((MANIFEST, DATABASE)):
        shown = ", ".join(names[:5]) or "nothing"
        raise InputError(f"{file}: not a backup of bedroom-monitor: expected {MANIFEST} and {DATABASE}, found {shown}")
    for member in members:
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise InputError(f"{file}: not a backup of bedroom-monitor: {member.filename} in it is not a plain file")


def _manifest(file: Path, archive: zipfile.ZipFile) -> Manifest:
    if MANIFEST not in archive.namelist():
        raise InputError(f"{file}: not a backup of bedroom-monitor: no {MANIFEST} in it")
    with archive.open(MANIFEST) as member:
        text = member.read(LARGEST_MANIFEST_BYTES)
    try:
        return manifest_of(json.loads(text))
    except (ValueError, RecursionError) as exc:
        raise InputError(f"{file}: {MANIFEST} in it is not JSON ({exc})") from exc
    except InputError as exc:
        raise InputError(f"{file}: {MANIFEST} in it: {exc}") from exc


def _poured(source: IO[bytes], part: Path, most: int) -> tuple[int, str]:
    """Size and checksum of what was written to a new file; it ends soon after `most` bytes, whatever comes."""
    size, digest = 0, hashlib.sha256()
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        while size <= most and (chunk := source.read(CHUNK_BYTES)):
            size += len(chunk)
            digest.update(chunk)
            file.write(chunk)
    return size, digest.hexdigest()


def _trouble(target: Path, exc: OSError) -> str:
    if exc.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{target.parent}: no room for the backup; make room, or set backup.folder to another disk"
    return f"{target}: cannot be written ({exc.strerror}); give its folder to the user who runs this, or name another"
