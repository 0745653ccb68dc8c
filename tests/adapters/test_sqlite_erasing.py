"""What becomes of every table when nights are deleted, in slices, and that the file forgets them."""

from datetime import date
from pathlib import Path

import pytest

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.erasing import ERASED, KEPT, SqliteErasing
from monitor.core.erasing import ErasedNights

NIGHTS = ErasedNights(date(2026, 2, 3), date(2026, 2, 4), 1_770_000_000_000, 1_770_100_000_000)
LINE = f"temperature,sensor=a value=1.0 {NIGHTS.from_ms}"


@pytest.fixture
def database(tmp_path: Path):
    with Database(tmp_path / "monitor.db") as opened:
        with opened.writing() as cursor:
            cursor.execute("INSERT INTO sensor (key, name, first_seen_ms) VALUES ('a', 'a', 0)")
            cursor.execute("INSERT INTO series (sensor, quantity, unit) VALUES ('a', 'temperature', 'degC')")
        yield opened


def fill(database: Database, count: int, step_ms: int = 1_000) -> None:
    with database.writing() as cursor:
        rows = [(1, NIGHTS.from_ms - 5_000 + at * step_ms, 20.0 + at / 7) for at in range(count)]
        cursor.executemany("INSERT INTO reading VALUES (?, ?, ?)", rows)


def erase(eraser: SqliteErasing, at_most: int = 100) -> list[tuple[str, int]]:
    return list(iter(lambda: eraser.erase_some(NIGHTS, at_most), None))


def test_it_is_said_of_every_table_what_becomes_of_it(database):
    tables = {row[0] for row in database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    told = {*ERASED, *KEPT}
    assert {table for table in tables if not table.startswith("sqlite_")} == told


def test_readings_go_in_slices_and_those_beside_stay(database):
    fill(database, 1_000)
    steps = erase(SqliteErasing(database))
    assert [step.rows for step in steps] == [100] * 9 + [95]
    assert database.rows("SELECT max(ts_ms) FROM reading") == [(NIGHTS.from_ms - 1_000,)]


def test_what_comes_while_others_are_deleted_is_found_by_the_last_look(database):
    fill(database, 200)
    eraser = SqliteErasing(database)
    while (step := eraser.erase_some(NIGHTS, 100)) is not None and step.rows == 100:
        pass
    with database.writing() as cursor:
        cursor.execute("INSERT INTO exclusion VALUES ('2026-02-03', 'why')")
        cursor.execute("INSERT INTO reading VALUES (1, ?, 1.0)", (NIGHTS.from_ms,))
    erase(eraser)
    assert database.rows("SELECT (SELECT count(*) FROM exclusion), (SELECT count(*) FROM reading)") == [(0, 5)]


def test_five_minutes_of_which_a_part_is_deleted_go_as_a_whole(database):
    starts = [NIGHTS.from_ms - 300_000, NIGHTS.from_ms - 299_999, NIGHTS.to_ms - 1, NIGHTS.to_ms]
    with database.writing() as cursor:
        cursor.executemany(
            "INSERT INTO thinned (series, start_ms, mean, median, low, high, covered_s, count) "
            "VALUES (1, ?, 1, 1, 1, 1, 300, 3)",
            [(start,) for start in starts],
        )
    erase(SqliteErasing(database))
    assert database.rows("SELECT start_ms FROM thinned ORDER BY 1") == [(starts[0],), (starts[3],)]


def test_the_last_value_before_thinning_is_forgotten_where_it_is_of_the_nights(database):
    with database.writing() as cursor:
        cursor.execute("INSERT INTO thinning VALUES (1, ?, ?, 21.5)", (NIGHTS.to_ms, NIGHTS.from_ms))
    erase(SqliteErasing(database))
    assert database.rows("SELECT * FROM thinning") == [(1, NIGHTS.to_ms, None, None)]


@pytest.mark.parametrize(
    ("line", "left"),
    [
        (LINE, 0),
        (f"temperature,sensor=a value=1.0 {NIGHTS.to_ms}", 1),
        (f"finding,exposure=T_mean p=0.1 {NIGHTS.to_ms * 2}", 0),
        (f"night hours=8.0 {NIGHTS.from_ms}", 1),
        (f"night hours=8.0 {NIGHTS.to_ms}", 0),
        ("no line at all", 0),
    ],
)
def test_of_the_lines_that_the_mirror_refused_those_of_the_nights_go(database, line, left):
    with database.writing() as cursor:
        cursor.execute("INSERT INTO mirror_aside (line, reason, at_ms) VALUES (?, 'no', 0)", (line,))
    erase(SqliteErasing(database))
    assert database.rows("SELECT count(*) FROM mirror_aside") == [(left,)]


def test_records_of_the_queue_that_name_no_night_stay(database):
    with database.writing() as cursor:
        cursor.executemany(
            "INSERT INTO mirror_queue (record, from_ms, to_ms, count, live, queued_ms) VALUES (?, 0, 1, 1, 1, 0)",
            [("night/2026-02-03",), ("diary/2026-02-05",), ("health/now",)],
        )
    erase(SqliteErasing(database))
    assert database.rows("SELECT record FROM mirror_queue ORDER BY 1") == [("diary/2026-02-05",), ("health/now",)]


def test_the_file_gets_smaller_and_its_write_ahead_file_is_emptied(database):
    fill(database, 60_000)
    database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    before = database.path.stat().st_size
    eraser = SqliteErasing(database)
    erase(eraser, 20_000)
    tidied = [eraser.tidy(500)]
    while tidied[-1].free:
        tidied.append(eraser.tidy(500))
    assert tidied[-1].log_emptied
    assert database.path.with_name("monitor.db-wal").stat().st_size == 0
    assert before - database.path.stat().st_size >= sum(one.released for one in tidied) > 500_000
