"""Settings to the deleting of nights, or of everything."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date

from monitor.adapters.clock import SystemClock
from monitor.adapters.kept_files import FilesOnDisk
from monitor.adapters.mirror_erasing import HttpMirrorEraser
from monitor.adapters.only_one import only_one
from monitor.adapters.sqlite.erasing import SqliteErasing
from monitor.bootstrap.home import zone_name
from monitor.bootstrap.steps import close_nights, closing
from monitor.bootstrap.stores import open_stores
from monitor.core.erasing import ErasedNights, Points, all_points, points_of, points_to_renew
from monitor.errors import InputError, MirrorError, StoreError
from monitor.ports.erasing import KeptFile, MirrorView
from monitor.services.closing import NightRules
from monitor.services.erasing import Done, Erasing, backups_that_hold, nights_between, remove_files
from monitor.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is to be deleted: these nights (None: everything), counts by kind, files, points of the mirror.

    `renewed` are points that are sent anew once the rest is done.
    """

    nights: ErasedNights | None
    counts: Mapping[str, int]
    files: Sequence[KeptFile] = ()
    backups: Sequence[KeptFile] = ()
    mirror: MirrorView | None = None
    points: Sequence[Points] = ()
    renewed: Sequence[Points] = ()

    @property
    def unable(self) -> str | None:
        """Why the mirror keeps what is deleted here; None where it is to be deleted there too."""
        if self.mirror is None:
            return "--mirror deletes it there too, where it is set up"
        return self.mirror.unable


def plan_nights(settings: Settings, first: date, last: date, *, mirror: bool, backups: bool) -> Plan:
    """What there is of these nights. Raises InputError where there is no database, MirrorError."""
    _must_be_there(settings)
    view = _look(settings, everything=False) if mirror else None
    with open_stores(settings) as stores:
        rules = NightRules(zone=zone_name(settings), usual=settings.night.usual())
        nights = nights_between(first, last, closing(settings, stores), stores.nights, rules)
        reached = view is not None and view.unable is None
        return Plan(
            nights=nights,
            counts=SqliteErasing(stores.database).holdings(nights),
            backups=backups_that_hold(_files(settings), nights) if backups else (),
            mirror=view,
            points=points_of(nights, stores.readings.series_names(), zone_name(settings)) if reached else (),
            renewed=points_to_renew(nights, zone_name(settings)) if reached else (),
        )


def erase_nights(
    settings: Settings, plan: Plan, nights: ErasedNights, progress: Callable[[int], None]
) -> tuple[Done, str | None]:
    """Delete them: first from the mirror, which can fail, then from the database and the backups.

    Then once more from the mirror, for what was on its way there; why that failed, None where it did not. Raises
    MirrorError before anything is deleted here, StoreError, MonitorError.
    """
    _erase_mirror(settings, [*plan.points, *plan.renewed])
    with open_stores(settings) as stores:
        clock = SystemClock()
        steps = Erasing(
            store=SqliteErasing(stores.database), elapsed_s=clock.elapsed_s, pause=time.sleep, progress=progress
        )
        done = steps.erase(nights)
        remove_files(_files(settings), plan.backups)
        close_nights(settings, stores)
    try:
        _erase_mirror(settings, plan.points)
    except MirrorError as exc:
        return done, str(exc)
    return done, None


@contextmanager
def everything(settings: Settings, *, mirror: bool, backups: bool) -> Iterator[Plan]:
    """What there is at all; nobody else may use it in the block. Raises StoreUnusable where a daemon does."""
    database, files = settings.store.path.expanduser(), _files(settings)
    if not files.beside() and not (backups and files.backups()) and not mirror:
        raise InputError(f"{database}: there is nothing to delete; see store.path")
    with only_one(database, SystemClock().now_ms(), daemon=False):
        view = _look(settings, everything=True) if mirror else None
        counts, points = _held(settings) if database.is_file() else ({}, [])
        yield Plan(
            nights=None,
            counts=counts,
            files=files.beside(),
            backups=[file for file in files.backups() if file not in files.beside()] if backups else (),
            mirror=view,
            points=points if view is not None and view.unable is None else (),
        )


def erase_everything(settings: Settings, plan: Plan) -> list[KeptFile]:
    """Delete all of it: from the mirror, the backups, then the database with what stands beside it; what is gone."""
    _erase_mirror(settings, plan.points)
    files = _files(settings)
    return [*remove_files(files, plan.backups), *remove_files(files, files.beside())]


def _held(settings: Settings) -> tuple[dict[str, int], list[Points]]:
    """Counts, and our points in the mirror; a database that cannot be read can be deleted all the same."""
    with suppress(StoreError), open_stores(settings) as stores:
        counts = {
            "readings": stores.readings.count(),
            "nights": len(stores.nights.nights()),
            "diary entries": len(stores.diary.entries()),
        }
        return counts, all_points(stores.readings.series_names())
    return {}, all_points(())


def _erase_mirror(settings: Settings, points: Sequence[Points]) -> None:
    if points:
        HttpMirrorEraser(settings.mirror).erase(points)


def _look(settings: Settings, *, everything: bool) -> MirrorView:
    if not settings.mirror.url:
        raise InputError("--mirror: no mirror is set up; leave it out, or see mirror.url")
    return HttpMirrorEraser(settings.mirror).look(everything=everything)


def _files(settings: Settings) -> FilesOnDisk:
    database = settings.store.path.expanduser()
    folder = settings.backup.folder
    return FilesOnDisk(database, database.parent / "backups" if folder is None else folder.expanduser())


def _must_be_there(settings: Settings) -> None:
    database = settings.store.path.expanduser()
    if not database.is_file():
        raise InputError(f"{database}: there is no database; see store.path")
