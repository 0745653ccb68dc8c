"""Settings to the stores, all in one file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from monitor.adapters.sqlite.analysis import SqliteAnalysis
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.diary import SqliteDiary
from monitor.adapters.sqlite.nights import SqliteNights
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.sensors import SqliteSensors
from monitor.adapters.sqlite.series import SeriesNumbers
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


@contextmanager
def open_stores(settings: Settings) -> Iterator[Stores]:
    """The stores of the settings' file, created where it is not there yet; raises StoreUnusable."""
    with Database(settings.store.path.expanduser(), sync=settings.store.sync) as database:
        numbers = SeriesNumbers()
        yield Stores(
            database=database,
            readings=SqliteReadings(database, numbers),
            sensors=SqliteSensors(database, numbers),
            nights=SqliteNights(database),
            diary=SqliteDiary(database),
            analyses=SqliteAnalysis(database),
        )
