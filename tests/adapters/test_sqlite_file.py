"""What SQLite's file promises: how it is laid out, that it is still there, that what stands beside it stays short."""

import logging
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.forgetting import ROWS_AT_ONCE
from monitor.adapters.sqlite.layout import INCREMENTAL, PAGE_BYTES
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.schema import APPLICATION_ID, MIGRATIONS
from monitor.adapters.sqlite.sensors import SqliteSensors
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.adapters.sqlite.write_ahead import TELL_BYTES
from monitor.core.readings import Reading
from monitor.errors import StoreUnavailable, StoreUnusable
from monitor.ports import Batch, Seen

WAL_MOST_BYTES = 16_000_000
MINUTE_MS = 60_000
NOW_MS = 1_790_812_800_000
OLD, NEW = "z:old", "z:new"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "monitor.db"


def some_readings(count: int, *, sensor: str = OLD, begin: int = 0, value: float = 20.0) -> list[Reading]:
    return [
        Reading(sensor, "temperature", NOW_MS + (begin + number) * MINUTE_MS, value + number % 50 / 10)
        for number in range(count)
    ]


def save(database: Database, count: int, *, sensor: str = OLD, begin: int = 0, value: float = 20.0) -> None:
    store = SqliteReadings(database, SeriesNumbers())
    for at in range(begin, begin + count, 10_000):
        some = some_readings(min(10_000, begin + count - at), sensor=sensor, begin=at, value=value)
        store.save(Batch(readings=some))


def counted(database: Database) -> int:
    return SqliteReadings(database, SeriesNumbers()).count()


def pragma(database: Database, name: str) -> object:
    return database.rows(f"PRAGMA {name}")[0][0]


def ahead(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def an_older_file(path: Path, readings: int) -> None:
    """As the versions before made it: schema 2, large pages, freed ones kept."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript("".join(MIGRATIONS[:2]))
        connection.execute("INSERT INTO sensor (key, name, first_seen_ms) VALUES (?, ?, 0)", (OLD, OLD))
        connection.execute("INSERT INTO series (sensor, quantity, unit) VALUES (?, 'temperature', 'degC')", (OLD,))
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO reading VALUES (1, ?, ?)", [(one.time_ms, one.value) for one in some_readings(readings)]
        )
        connection.execute("COMMIT")
        connection.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 2;")


@pytest.fixture
def longest(path: Path) -> Iterator[Callable[[], int]]:
    """The length of the write-ahead file at its longest, looked at all the while."""
    ended, found = threading.Event(), [0]

    def watch() -> None:
        while not ended.wait(0.002):
            if ahead(path).exists():
                found[0] = max(found[0], ahead(path).stat().st_size)

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield lambda: found[0]
    ended.set()
    watcher.join()


def test_a_new_file_has_small_pages_and_can_give_them_back(path):
    with Database(path) as database:
        assert (pragma(database, "page_size"), pragma(database, "auto_vacuum")) == (PAGE_BYTES, INCREMENTAL)


def test_an_older_file_is_laid_out_anew_when_it_is_brought_up_to_date(path):
    an_older_file(path, 5_000)
    with Database(path) as database:
        assert (pragma(database, "page_size"), pragma(database, "auto_vacuum")) == (PAGE_BYTES, INCREMENTAL)
        assert (pragma(database, "journal_mode"), counted(database), database.fault()) == ("wal", 5_000, None)
    assert sorted(file.name for file in path.parent.iterdir()) == ["monitor.db", "monitor.db.before-schema-3"]


def test_an_older_file_that_another_program_reads_keeps_its_pages_and_works(path):
    an_older_file(path, 5_000)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM reading").fetchone()
        with Database(path) as database:
            save(database, 10, sensor=NEW)
            assert (pragma(database, "page_size"), pragma(database, "auto_vacuum"), counted(database)) == (
                4096,
                0,
                5_010,
            )


def test_without_room_for_a_copy_an_older_file_keeps_its_pages_and_works(path, monkeypatch):
    an_older_file(path, 100)
    usage = shutil.disk_usage(path.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000))
    with Database(path) as database:
        assert (pragma(database, "page_size"), counted(database), database.release_pages(9)) == (4096, 100, 0)


def test_freed_pages_are_given_back_in_slices_and_the_file_is_shorter_and_whole(path):
    with Database(path) as database:
        save(database, 20_000)
        SqliteSensors(database, SeriesNumbers()).forget(OLD)
        database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        before = path.stat().st_size
        released = [database.release_pages(100) for _ in range(3)]
        database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        shorter = (before - path.stat().st_size) // PAGE_BYTES  # with some pages that said where the others were
        assert (released, 300 <= shorter < 310) == ([100] * 3, True)
        save(database, 100, sensor=NEW)
        assert (database.fault(), counted(database)) == (None, 100)


def test_a_file_that_another_program_made_shorter_by_right_is_no_loss(path):
    with Database(path) as database, closing(sqlite3.connect(path, isolation_level=None)) as other:
        save(database, 20_000)
        other.execute("DELETE FROM reading")
        other.execute("PRAGMA incremental_vacuum").fetchall()
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        save(database, 10, sensor=NEW)
        assert counted(database) == 10


@pytest.mark.parametrize("beside", [False, True])
def test_a_file_that_was_removed_is_saved_before_anybody_is_told_that_it_is_stored(path, beside):
    with Database(path) as database:
        save(database, 1_000)
        path.unlink()
        if beside:
            path.write_text("something else")
        with pytest.raises(StoreUnusable, match="while it was in use; everything stored was saved"):
            save(database, 100, sensor=NEW)
        with pytest.raises(StoreUnusable, match="while it was in use; everything stored was saved"):
            database.rows("SELECT 1")
    saved = path.with_name("monitor.db.rescued-1") if beside else path
    with Database(saved) as database:
        assert (counted(database), database.fault(), saved.stat().st_mode & 0o777) == (1_100, None, 0o600)


def test_without_room_to_save_it_a_removed_file_is_kept_open_and_tried_again(path, tmp_path):
    room = path.parent
    with Database(path) as database:
        save(database, 1_000)
        shutil.rmtree(room)
        room.write_text("no folder can be here")
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match=r"cannot be saved .* do not end this program before"):
                save(database, 100, sensor=NEW)
        room.unlink()
        with pytest.raises(StoreUnusable, match="saved in its place"):
            save(database, 100, sensor=NEW)
    with Database(path) as database:
        assert counted(database) == 1_100


def test_a_file_that_was_cut_short_is_told_with_what_to_do(path):
    with Database(path) as database:
        save(database, 20_000)
        database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        save(database, 1, sensor=NEW)
        os.truncate(path, path.stat().st_size // 2)
        with pytest.raises(StoreUnusable, match=r"was cut short while it was in use; stop the monitor, keep a copy"):
            save(database, 1, sensor=NEW, begin=5)


@pytest.mark.parametrize("emptied", [False, True])
def test_a_write_ahead_file_without_its_database_is_not_thrown_away(path, emptied):
    with Database(path) as database:
        save(database, 100)
        copy = ahead(path).read_bytes()
    path.unlink()
    if emptied:
        path.touch()
    ahead(path).write_bytes(copy)
    with pytest.raises(
        StoreUnusable, match=r"is empty or gone, but its write-ahead file .* put the database or a backup"
    ):
        Database(path)
    assert ahead(path).read_bytes() == copy


def test_r12_the_write_ahead_file_stays_under_16_mb_in_a_flood(path, longest):
    with Database(path, sync="normal") as database:
        save(database, 300_000)
    assert 0 < longest() < WAL_MOST_BYTES


@pytest.mark.slow
def test_r12_the_write_ahead_file_stays_under_16_mb_while_a_sensor_with_a_million_readings_is_forgotten(path, longest):
    with Database(path, sync="normal") as database:
        save(database, 1_000_000)
        assert SqliteSensors(database, SeriesNumbers()).forget(OLD) == 1_000_000
        assert (counted(database), database.rows("SELECT count(*) FROM series")) == (0, [(0,)])
    assert 0 < longest() < WAL_MOST_BYTES


def test_r12_the_write_ahead_file_stays_under_16_mb_when_a_sensor_with_a_million_readings_is_renamed(path, longest):
    with Database(path, sync="normal") as database:
        save(database, 1_000_000)
        save(database, 10, sensor=NEW, value=30.0)
        renamed = Batch(seen=[Seen(NEW, formerly=OLD)])
        SqliteReadings(database, SeriesNumbers()).save(renamed)
        values = database.rows("SELECT value FROM reading ORDER BY ts_ms LIMIT 11")
        assert [value for (value,) in values[:10]] == [one.value for one in some_readings(10, value=30.0)]
        assert (values[10], counted(database)) == ((21.0,), 1_000_000)
        assert database.rows("SELECT sensor FROM series") == [(NEW,)]
    assert 0 < longest() < WAL_MOST_BYTES


def test_while_somebody_reads_an_old_state_nothing_is_lost_and_it_is_told_once_and_once_that_it_is_over(path, caplog):
    caplog.set_level(logging.INFO)
    with Database(path, sync="normal") as database, closing(sqlite3.connect(path, isolation_level=None)) as reader:
        save(database, 10)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM reading").fetchone()
        save(database, 500_000, sensor=NEW)
        grown = ahead(path).stat().st_size
        database._write_ahead._next_s = 0.0  # the pause between two attempts has passed
        save(database, 10, begin=500_000)
        reader.execute("COMMIT")
        database._write_ahead._next_s = 0.0
        save(database, 10, begin=600_000)
        assert (grown > TELL_BYTES, ahead(path).stat().st_size, counted(database)) == (True, 0, 500_030)
    told = [record.getMessage() for record in caplog.records if "-wal" in record.getMessage()]
    assert len(told) == 2
    assert "another program reads an old state of the database; end it" in told[0]
    assert told[1].endswith("is short again")


def test_a_sensor_whose_forgetting_was_broken_off_is_still_there_and_is_forgotten_the_next_time(path):
    with Database(path, sync="normal") as database:
        save(database, 3 * ROWS_AT_ONCE)
        SqliteReadings(database, SeriesNumbers()).save(Batch(seen=[Seen(OLD, topic="z/old")]))
        database._connection.set_authorizer(no_delete_of_a_sensor)
        with pytest.raises(Exception, match="not authorized"):
            SqliteSensors(database, SeriesNumbers()).forget(OLD)
        database._connection.set_authorizer(None)
        left = (len(SqliteReadings(database, SeriesNumbers()).sensors()), counted(database))
        SqliteSensors(database, SeriesNumbers()).forget(OLD)
        assert (left, SqliteReadings(database, SeriesNumbers()).sensors()) == ((1, 0), [])


def no_delete_of_a_sensor(action: int, table: str | None, *_rest: object) -> int:
    denied = action == sqlite3.SQLITE_DELETE and table == "sensor"
    return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK


def test_while_a_sensor_is_forgotten_others_write_between_two_slices(path):
    with Database(path, sync="normal") as database:
        save(database, 100_000)
    stored: list[int] = []
    ended = threading.Event()

    def speak() -> None:
        with Database(path, sync="normal") as beside:
            number = 0
            while not ended.wait(0.01):
                save(beside, 1, sensor=NEW, begin=number)
                number += 1
            stored.append(number)

    speaker = threading.Thread(target=speak)
    speaker.start()
    with Database(path, sync="normal") as database:
        SqliteSensors(database, SeriesNumbers()).forget(OLD)
        ended.set()
        speaker.join()
        assert (counted(database), stored[0] > 3) == (stored[0], True)


def a_week(database: Database, sensors: int, *, number: int = 0) -> int:
    """Each minute two quantities of each sensor, as the daemon stores them; bytes in use afterwards."""
    store, week = SqliteReadings(database, SeriesNumbers()), 7 * 24 * 60
    for minute in range(number * week, (number + 1) * week):
        store.save(Batch(readings=a_minute(minute, sensors), deliveries=bytes(14 * sensors)))
    pages, free, page_bytes = (
        int(str(pragma(database, name))) for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * page_bytes


def a_minute(minute: int, sensors: int) -> list[Reading]:
    return [
        Reading(f"z:{number}", quantity, NOW_MS + minute * MINUTE_MS + number * 7_919 % 5_000, 20 + minute % 97 / 10)
        for number in range(sensors)
        for quantity in ("temperature", "humidity")
    ]


@pytest.mark.slow
def test_r12_a_sensor_with_two_quantities_a_minute_takes_at_most_30_mb_a_year(path):
    with Database(path, sync="normal") as database:
        first, second = (a_week(database, 1, number=number) for number in (0, 1))
    assert (second - first) * 365 / 7 <= 30_000_000


@pytest.mark.slow
def test_r12_a_commit_of_three_messages_writes_at_most_12_kb_to_the_write_ahead_file(path):
    with Database(path, sync="normal") as database:
        a_week(database, 5)
        database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        store = SqliteReadings(database, SeriesNumbers())
        for minute in range(90):
            for some in (slice(0, 6), slice(6, 10)):
                store.save(Batch(readings=a_minute(20_000 + minute, 5)[some], deliveries=bytes(42)))
        assert ahead(path).stat().st_size / 180 <= 12_000
