"""The stores there are; each keeps the same promises, so each runs the same tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from monitor.adapters.sqlite.analysis import SqliteAnalysis
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.diary import SqliteDiary
from monitor.adapters.sqlite.nights import SqliteNights
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.sensors import SqliteSensors
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.ports import AnalysisStore, DiaryStore, NightStore, ReadingStore, SensorStore


class Stores(NamedTuple):
    """What the services see."""

    readings: ReadingStore
    sensors: SensorStore
    nights: NightStore
    diary: DiaryStore
    analyses: AnalysisStore


@contextmanager
def sqlite(folder: Path) -> Iterator[Stores]:
    with Database(folder / "monitor.db", sync="normal") as database:
        numbers = SeriesNumbers()
        yield Stores(
            SqliteReadings(database, numbers),
            SqliteSensors(database, numbers),
            SqliteNights(database),
            SqliteDiary(database),
            SqliteAnalysis(database),
        )


KINDS: dict[str, Callable[[Path], object]] = {"sqlite": sqlite}
