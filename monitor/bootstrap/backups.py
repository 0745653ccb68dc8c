"""Settings to backups: the folder, the daily step, and the thread that it runs in."""

import logging
import threading
from pathlib import Path

from monitor import __version__
from monitor.adapters.backups import BackupFolder, manifest_in
from monitor.adapters.clock import SystemClock
from monitor.adapters.sqlite.copying import DatabaseCopier
from monitor.bootstrap.home import zone_name
from monitor.core.backups import Manifest, backup_name
from monitor.core.nights import wall_time
from monitor.core.wording import counted, size
from monitor.core.zones import local_time, zone_of
from monitor.errors import BackupError, InputError
from monitor.ports import BackupFile, Clock
from monitor.services.backing_up import BackingUp, BackupRules
from monitor.settings import Settings

log = logging.getLogger(__name__)

END_S = 1.0
"""Seconds that the end of the daemon waits for a backup; one that is broken off leaves nothing but a part of a file."""

HOUR_MS = 3_600_000
"""ms"""

LATE_MS = 3 * 24 * HOUR_MS
"""ms; a database in use with no backup for longer than that: something is wrong with the daily one."""


def backups(settings: Settings) -> BackupFolder:
    """The folder of the settings."""
    database = settings.store.path.expanduser()
    folder = settings.backup.folder
    return BackupFolder(
        folder=database.parent / "backups" if folder is None else folder.expanduser(),
        copier=DatabaseCopier(database),
        version=__version__,
    )


def back_up(settings: Settings, target: Path | None) -> tuple[Path, Manifest, int]:
    """Write a backup now, to the usual folder, another one, or a file; where it is, what it says, its bytes.

    Raises BackupError, StoreError; InputError where a file of that name is there.
    """
    now_ms, usual = SystemClock().now_ms(), backups(settings)
    if target is None:
        path = usual.folder / backup_name(now_ms)
    elif target.is_dir():
        path = target / backup_name(now_ms)
    elif target.exists():
        raise InputError(f"{target} is there already; name another file, or a folder")
    else:
        path = target
    return (path, *usual.write(path, now_ms))


def list_backups(settings: Settings) -> list[tuple[Path, BackupFile, Manifest | None]]:
    """Every backup of the usual folder, newest first, with its manifest, None where that cannot be read."""
    folder = backups(settings)
    return [(folder.folder / one.name, one, _manifest(folder.folder / one.name)) for one in folder.made()]


def backing_up(settings: Settings, clock: Clock) -> BackingUp:
    """The daily step."""
    rules = BackupRules(
        at=wall_time(settings.backup.at),
        zone=zone_of(zone_name(settings)),
        keep_daily=settings.backup.keep_daily,
        keep_weekly=settings.backup.keep_weekly,
    )
    return BackingUp(backups(settings), clock, rules)


class DailyBackup:
    """The daily step in a thread of its own, so that readings are stored meanwhile."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._step = backing_up(settings, clock) if settings.backup.daily else None
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Begin the backup if one is wanted and none is being written."""
        if self._step is None or (self._thread is not None and self._thread.is_alive()) or not self._step.wanted():
            return
        self._thread = threading.Thread(target=_guarded, args=(self._step,), name="backup", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Wait a moment for one that is being written."""
        if self._thread is not None:
            self._thread.join(END_S)


def examine_backups(settings: Settings) -> str:
    """When the last backup was made, and where; raises BackupError where the daily one does not work."""
    folder, now_ms = backups(settings), SystemClock().now_ms()
    database = settings.store.path.expanduser()
    newest = next((one for one in folder.made() if one.created_ms <= now_ms), None)
    said = [f"none yet in {folder.folder}"]
    if newest is not None:
        when = local_time(newest.created_ms, zone_of(zone_name(settings))).strftime("%Y-%m-%d %H:%M")
        hours = (now_ms - newest.created_ms) // HOUR_MS
        age = counted(hours, "hour") if hours else "less than an hour"
        said = [f"last {when}, {age} ago, {size(newest.size)}: {folder.where(newest)}"]
    if not settings.backup.daily:
        return "; ".join((*said, "no daily one (backup.daily = false)"))
    if settings.backup.folder is not None or database.parent.is_dir():
        folder.refuse_without_parent()
    since_ms = folder.in_use_since_ms() if database.exists() else None
    old_enough = since_ms is not None and now_ms - since_ms > LATE_MS
    if old_enough and (newest is None or now_ms - newest.created_ms > LATE_MS):
        raise BackupError(
            f"{said[0]}; a daily one is expected. Does the daemon run? Its log says why none could be made; "
            "`bedroom-monitor backup` makes one now"
        )
    if _same_disk(folder.folder, database.parent):
        said.append("on the same disk as the database: if the disk fails, both are gone; see backup.folder")
    return "; ".join(said)


def _guarded(step: BackingUp) -> None:
    try:
        step.make()
    except Exception:
        log.exception("the daily backup failed; everything else goes on")


def _manifest(path: Path) -> Manifest | None:
    try:
        return manifest_in(path)
    except (InputError, OSError):
        return None


def _same_disk(one: Path, other: Path) -> bool:
    return _there(one).stat().st_dev == _there(other).stat().st_dev


def _there(folder: Path) -> Path:
    """The folder, or the first one above it that is there."""
    while not folder.exists():
        folder = folder.parent
    return folder
