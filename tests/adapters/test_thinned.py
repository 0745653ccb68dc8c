"""What thinning in SQLite promises beyond the contract: the mirror's queue, crashes, other rows, room given back."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.adapters.sqlite import thinned as module
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.outbox import Outbox, queue_again
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.adapters.sqlite.thinned import READINGS_AT_ONCE, SqliteThinning
from monitor.core.grid import BIN_MS
from monitor.core.readings import DAY_MS, Reading
from monitor.errors import StoreUnavailable
from monitor.ports import Batch

START_MS = 1_790_812_800_000
LATER_MS = START_MS + 40 * DAY_MS
EVER = (0, 2**53)
SENSOR = ("z:bedroom", "temperature")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that gives its room back, with nights long after what is old."""
    file = tmp_path / "monitor.db"
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("VACUUM")
    connection.close()
    with Database(file) as database, database.writing() as cursor:
        cursor.executemany(
            "INSERT INTO night VALUES (?, 'UTC', ?, ?, 'usual', '{}', 0)",
            [(f"2026-11-0{n}", LATER_MS + n * DAY_MS, LATER_MS + n * DAY_MS + 1) for n in range(1, 8)],
        )
    return file


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with Database(path, sync="normal") as opened:
        yield opened


@pytest.fixture
def store(database: Database) -> SqliteReadings:
    return SqliteReadings(database, SeriesNumbers(), Outbox(on=True))


def measured(count: int, *, every_ms: int = 60_000, start_ms: int = START_MS) -> list[Reading]:
    return [Reading(*SENSOR, start_ms + n * every_ms, 20 + n % 7) for n in range(count)]


def all_thinned(database: Database) -> int:
    """How many readings were replaced."""
    thinning, replaced = SqliteThinning(database), 0
    while (done := thinning.thin_next(LATER_MS)) is not None:
        replaced += done.replaced
    return replaced


def rows(database: Database, table: str) -> list[tuple[object, ...]]:
    return database.rows(f"SELECT * FROM {table} ORDER BY 1, 2")


def test_what_waits_for_the_mirror_is_left_until_it_is_sent(database, store):
    store.save(Batch(readings=measured(300)))
    assert all_thinned(database) == 0
    with database.writing() as cursor:
        cursor.execute("DELETE FROM mirror_queue")
    assert all_thinned(database) == 295


def test_what_was_measured_before_what_waits_is_thinned(database):
    SqliteReadings(database, SeriesNumbers()).save(Batch(readings=measured(300)))
    with database.writing() as cursor:
        queue_again(cursor, 1, START_MS + 4 * BIN_MS + 1, START_MS + DAY_MS)
    assert all_thinned(database) == 20


def test_what_is_queued_for_the_mirror_between_two_slices_is_left(database):
    SqliteReadings(database, SeriesNumbers()).save(Batch(readings=measured(2 * READINGS_AT_ONCE + 100)))
    thinning = SqliteThinning(database)
    assert thinning.thin_next(LATER_MS).replaced == READINGS_AT_ONCE
    with database.writing() as cursor:
        queue_again(cursor, 1, START_MS, START_MS + 30 * DAY_MS)
    assert thinning.thin_next(LATER_MS) is None


def test_a_row_from_statistics_counts_until_there_are_readings(database, store):
    store.save(Batch(readings=measured(1, start_ms=LATER_MS), live=True))
    with database.writing() as cursor:
        cursor.executemany(
            "INSERT INTO thinned (series, start_ms, mean, median, low, high, covered_s, count) "
            "VALUES (1, ?, 9, 9, 8, 10, 300, 0)",
            [(START_MS,), (START_MS + BIN_MS,)],
        )
    before = store.readings(*SENSOR, START_MS, START_MS + 2 * BIN_MS)
    store.save(Batch(readings=measured(2)))
    after = store.readings(*SENSOR, START_MS, START_MS + 2 * BIN_MS)
    assert [value for _, value in before] == [9.0, 9.0]
    assert [value for _, value in after] == [20.0, 21.0, 9.0]
    assert store.count() == 3


def test_a_row_from_statistics_gives_way_to_the_readings_when_they_are_thinned(database):
    store = SqliteReadings(database, SeriesNumbers())
    store.save(Batch(readings=measured(10)))
    with database.writing() as cursor:
        cursor.execute(
            "INSERT INTO thinned (series, start_ms, mean, median, low, high, covered_s, count) "
            "VALUES (1, ?, 9, 9, 8, 10, 300, 0)",
            (START_MS,),
        )
    assert all_thinned(database) == 5
    assert [row.median for row in store.thinned(*SENSOR, *EVER)] == [22.0]


def test_five_minutes_with_more_readings_than_a_slice_takes_stay_and_those_around_are_thinned(database):
    store = SqliteReadings(database, SeriesNumbers())
    burst = measured(READINGS_AT_ONCE + 500, every_ms=100, start_ms=START_MS + BIN_MS)
    store.save(Batch(readings=[*measured(5), *burst, *measured(10, start_ms=START_MS + 2 * BIN_MS)]))
    assert all_thinned(database) == 10
    assert store.count() == READINGS_AT_ONCE + 515


KILLED = """
import os, sys
from pathlib import Path
from monitor.adapters.sqlite import thinned
from monitor.adapters.sqlite.database import Database

database = Database(Path(sys.argv[1]))
with database.writing() as cursor:
    thinned._thin(cursor, thinned._marks(cursor)[0], 2**62)
    os.kill(os.getpid(), 9)
"""


def test_a_process_killed_in_the_middle_of_a_slice_has_changed_nothing(path):
    with Database(path) as database:
        SqliteReadings(database, SeriesNumbers()).save(Batch(readings=measured(300)))
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    with Database(path) as database:
        assert (killed.returncode, rows(database, "thinned"), rows(database, "thinning")) == (-9, [], [])
        assert all_thinned(database) == 295


def test_free_pages_go_back_to_the_disk_a_few_at_a_time(path, database):
    SqliteReadings(database, SeriesNumbers()).save(Batch(readings=measured(150_000, every_ms=10_000)))
    with Database(path):
        pass
    thinning = SqliteThinning(database)
    while thinning.thin_next(LATER_MS) is not None:
        pass
    database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.stat().st_size
    assert thinning.give_back(64) == 64
    while thinning.give_back(64):
        pass
    database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.stat().st_size < before - 64 * 4096
    assert database.rows("PRAGMA freelist_count")[0][0] == module.FREE_PAGES_LEFT


def test_a_file_with_few_free_pages_keeps_them(database):
    assert SqliteThinning(database).give_back(64) == 0


def test_while_another_program_writes_for_long_nothing_is_thinned_and_later_all(path, database):
    SqliteReadings(database, SeriesNumbers()).save(Batch(readings=measured(300)))
    other = sqlite3.connect(path, isolation_level=None)
    database.rows("PRAGMA busy_timeout = 50")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable):
        all_thinned(database)
    other.execute("ROLLBACK")
    other.close()
    assert all_thinned(database) == 295
