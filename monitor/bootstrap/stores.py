"""Settings to the stores, all in one file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from monitor.adapters.sqlite.analysis import SqliteAnalysis
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.diary import SqliteDiary
from monitor.adapters.sqlite.mirror_queue import SqliteMirrorQueue
from monitor.adapters.sqlite.nights import SqliteNights
from monitor.adapters.sqlite.outbox import Outbox
from monitor.adapters.sqlite.past import SqlitePast
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.sensors import SqliteSensors
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.adapters.sqlite.thinned import SqliteThinning
from monitor.errors import StoreUnusable
from monitor.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Stores:
    """Everything that is kept, in one file."""

    database: Database
    readings: SqliteReadings
    sensors: SqliteSensors
    nights: SqliteNights
    diary: SqliteDiary
    analyses: SqliteAnalysis
    mirror_queue: SqliteMirrorQueue
    thinning: SqliteThinning
    past: SqlitePast


@contextmanager
def open_stores(settings: Settings, *, new: bool = True) -> Iterator[Stores]:
    """The stores of the settings' file; raises StoreUnusable. `new`: it is created where it is not there yet."""
    path = settings.store.path.expanduser()
    if not new and not is_there(settings):
        raise StoreUnusable(
            f"{path}: not there yet; the first start of the daemon makes it. Is this the daemon's store.path? "
            "Does it take sudo, or --config?"
        )
    with Database(path, sync=settings.store.sync) as database:
        numbers, outbox = SeriesNumbers(), Outbox(on=bool(settings.mirror.url))
        readings = SqliteReadings(database, numbers, outbox)
        yield Stores(
            database=database,
            readings=readings,
            sensors=SqliteSensors(database, numbers, outbox),
            nights=SqliteNights(database, outbox),
            diary=SqliteDiary(database, outbox),
            analyses=SqliteAnalysis(database, outbox),
            mirror_queue=SqliteMirrorQueue(database, readings),
            thinning=SqliteThinning(database),
            past=SqlitePast(database, numbers, outbox),
        )


def is_there(settings: Settings) -> bool:
    """Whether there is a database; where nobody lets us look, the opening of it says so."""
    try:
        return settings.store.path.expanduser().exists()
    except OSError:
        return True
