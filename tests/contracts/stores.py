"""The stores there are; each keeps the same promises, so each runs the same tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from monitor.adapters.sqlite.analysis import SqliteAnalysis
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.diary import SqliteDiary
from monitor.adapters.sqlite.mirror_queue import SqliteMirrorQueue
from monitor.adapters.sqlite.nights import SqliteNights
from monitor.adapters.sqlite.outbox import Outbox
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.sensors import SqliteSensors
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.adapters.sqlite.thinned import SqliteThinning
from monitor.ports import AnalysisStore, DiaryStore, MirrorQueue, NightStore, ReadingStore, SensorStore, ThinningStore


class Stores(NamedTuple):
    """What the services see."""

    readings: ReadingStore
    sensors: SensorStore
    nights: NightStore
    diary: DiaryStore
    analyses: AnalysisStore
    thinning: ThinningStore
    mirror_queue: MirrorQueue


@contextmanager
def sqlite(folder: Path, *, mirrored: bool = False) -> Iterator[Stores]:
    with Database(folder / "monitor.db", sync="normal") as database:
        numbers, outbox = SeriesNumbers(), Outbox(on=mirrored)
        readings = SqliteReadings(database, numbers, outbox)
        yield Stores(
            readings,
            SqliteSensors(database, numbers, outbox),
            SqliteNights(database, outbox),
            SqliteDiary(database, outbox),
            SqliteAnalysis(database, outbox),
            SqliteThinning(database),
            SqliteMirrorQueue(database, readings),
        )


KINDS: dict[str, Callable[..., object]] = {"sqlite": sqlite}
