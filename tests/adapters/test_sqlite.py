"""What SQLite's stores promise beyond the contract: the file, its safety, damage, a full disk, its size."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.journal import KEPT_BYTES, ROW_BYTES
from monitor.adapters.sqlite.layout import PAGE_BYTES
from monitor.adapters.sqlite.readings import PROBLEMS_KEPT, SqliteReadings
from monitor.adapters.sqlite.schema import MIGRATIONS
from monitor.adapters.sqlite.sensors import SqliteSensors
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.core.readings import Reading
from monitor.errors import StoreError, StoreUnavailable, StoreUnusable
from monitor.ports import Batch, Problem, Seen

MINUTE_MS = 60_000
NOW_MS = 1_790_812_800_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "monitor.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with Database(path) as opened:
        yield opened


@pytest.fixture
def store(database: Database) -> SqliteReadings:
    return SqliteReadings(database, SeriesNumbers())


def some_readings(count: int, *, sensor: str = "z:bedroom", begin: int = 0) -> list[Reading]:
    """One a minute, not quite on the minute."""
    times = (NOW_MS + (begin + number) * MINUTE_MS + number * 7_919 % 5_000 for number in range(count))
    return [Reading(sensor, "temperature", time_ms, 18 + number % 97 / 10) for number, time_ms in enumerate(times)]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def pragma(database: Database, name: str) -> object:
    return database.rows(f"PRAGMA {name}")[0][0]


def a_file_of(path: Path, sql: str) -> bytes:
    path.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(sql)
    connection.close()
    return path.read_bytes()


def test_the_file_and_its_folder_are_for_their_owner_only(path, store):
    store.save(Batch(readings=some_readings(1)))
    assert {mode(file) for file in path.parent.iterdir()} == {0o600}
    assert mode(path.parent) == 0o700


def test_beside_the_file_stand_the_two_of_the_write_ahead_log_while_it_is_open(path, database):
    with database:
        beside = sorted(file.name for file in path.parent.iterdir())
    assert beside == ["monitor.db", "monitor.db-shm", "monitor.db-wal"]
    assert [file.name for file in path.parent.iterdir()] == ["monitor.db"]


@pytest.mark.parametrize(("sync", "synchronous"), [("full", 2), ("normal", 1)])
def test_the_setting_says_what_a_commit_survives(path, sync, synchronous):
    with Database(path, sync=sync) as database:
        assert (pragma(database, "synchronous"), pragma(database, "journal_mode")) == (synchronous, "wal")


def test_a_place_where_no_file_can_be_is_told_with_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnusable, match=r"monitor\.db: cannot be opened \(.*\); give its folder to the user"):
        Database(tmp_path / "file" / "monitor.db")


def test_a_folder_in_place_of_the_file_is_told(tmp_path):
    with pytest.raises(StoreUnusable, match=r"cannot be opened \(Is a directory\)"):
        Database(tmp_path)


def test_a_file_of_another_user_is_told(path, monkeypatch):
    Database(path).close()
    monkeypatch.setattr(os, "access", lambda *_: False)  # root, who may run this, has access to everything
    with pytest.raises(StoreUnusable, match=r"cannot be opened \(Permission denied\)"):
        Database(path)


def test_a_file_of_a_newer_program_is_refused_with_what_to_do(path):
    Database(path).close()
    a_file_of(path, "PRAGMA user_version = 99")
    known = len(MIGRATIONS)
    with pytest.raises(StoreUnusable, match=rf"newer bedroom-monitor \(schema 99, known here: {known}\); upgrade"):
        Database(path)


def test_a_database_of_another_program_is_refused_and_left_as_it_was(path):
    before = a_file_of(path, "CREATE TABLE photos (name TEXT)")
    with pytest.raises(StoreUnusable, match=r"a database of another program; set store\.path to a file of its own"):
        Database(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_told_with_what_to_do(path):
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 1_000)
    with pytest.raises(StoreUnusable, match=r"damaged \(file is not a database\).*keep a copy.*\.recover"):
        Database(path)


def test_a_damaged_file_is_told_with_what_to_do_when_it_is_read(path):
    with Database(path) as database:
        SqliteReadings(database, SeriesNumbers()).save(Batch(readings=some_readings(20_000)))
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(40 * PAGE_BYTES)
        file.write(b"\xa5" * (size - 40 * PAGE_BYTES))
    with Database(path) as database, pytest.raises(StoreUnusable, match=r"damaged .*restore a backup"):
        SqliteReadings(database, SeriesNumbers()).readings("z:bedroom", "temperature", 0, 2**62)


def test_a_sound_file_has_no_fault(database):
    assert database.fault() is None


def test_a_fault_that_the_check_of_the_whole_file_finds_is_told(database):
    beyond = "INSERT INTO diary VALUES ('2026-02-02', 11, '', '', 0)"
    for sql in ("PRAGMA ignore_check_constraints = ON", beyond, "PRAGMA ignore_check_constraints = OFF"):
        database.rows(sql)
    assert "diary" in database.fault()


def test_programs_that_open_a_new_file_at_once_all_find_it_ready(path):
    program = (
        "import sys; from pathlib import Path; from monitor.adapters.sqlite.database import Database\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "with Database(Path(sys.argv[1])) as database: print(database.rows('PRAGMA user_version'))"
    )
    command = [sys.executable, "-c", program, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    programs = [subprocess.Popen(command, **pipes) for _ in range(8)]
    for one in programs:
        one.stdout.readline()
    for one in programs:
        one.stdin.write("go\n")
        one.stdin.flush()
    assert [one.communicate()[0] for one in programs] == [f"[({len(MIGRATIONS)},)]\n"] * 8


def test_a_program_that_is_just_writing_to_a_file_without_a_write_ahead_log_is_waited_for(path):
    Database(path).close()
    a_file_of(path, "PRAGMA journal_mode = DELETE")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    done = threading.Timer(0.1, other.close)
    done.start()
    with Database(path) as database:
        assert pragma(database, "journal_mode") == "wal"
    done.join()


def test_a_second_opening_does_not_end_the_locks_of_the_first(path, database):
    Database(path).close()
    command = f"import sqlite3; sqlite3.connect({str(path)!r}, timeout=0).execute('PRAGMA journal_mode = DELETE')"
    told = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=False)
    assert "database is locked" in told.stderr


def test_while_another_program_writes_the_store_is_unavailable_and_then_again_there(path, database, store):
    pragma(database, "busy_timeout = 50")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="database is locked"):
        store.save(Batch(readings=some_readings(1)))
    other.execute("COMMIT")
    other.close()
    store.save(Batch(readings=some_readings(1)))
    assert store.count() == 1


def test_on_a_full_disk_nothing_is_half_stored_and_with_room_all_is(database, store):
    store.save(Batch(readings=some_readings(10)))
    batch = Batch(
        readings=some_readings(50_000, sensor="z:new"),
        deliveries=b"journal",
        seen=[Seen("z:new", name="New", topic="z/new")],
    )
    pragma(database, f"max_page_count = {pragma(database, 'page_count') + 4}")
    with pytest.raises(StoreUnavailable, match="full"):
        store.save(batch)
    kept = (store.count(), store.deliveries(), len(store.sensors()))
    pragma(database, "max_page_count = 1000000")
    store.save(batch)
    assert kept == (10, b"", 1)
    assert (store.count(), store.deliveries(), store.sensors()[1].name) == (50_010, b"journal", "New")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk; the test on a limited file says the same")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_on_a_really_full_disk_nothing_is_half_stored_and_with_room_all_is(small_disk):
    ballast = small_disk / "ballast"
    with Database(small_disk / "monitor.db") as database:
        store = SqliteReadings(database, SeriesNumbers())
        store.save(Batch(readings=some_readings(10)))
        room = os.statvfs(small_disk)
        ballast.write_bytes(bytes((room.f_bavail - 10) * room.f_frsize))
        with pytest.raises(StoreUnavailable):
            store.save(Batch(readings=some_readings(20_000, sensor="z:new")))
        kept = store.count()
        ballast.unlink()
        store.save(Batch(readings=some_readings(20_000, sensor="z:new")))
        assert (kept, store.count()) == (10, 20_010)


def test_after_another_program_forgot_a_sensor_a_batch_that_fails_leaves_no_wrong_number(path, store):
    store.save(Batch(readings=some_readings(1)))
    with Database(path) as other:
        SqliteSensors(other, SeriesNumbers()).forget("z:bedroom")
    with pytest.raises(StoreError):
        store.save(Batch(readings=[*some_readings(1), Reading("z:bedroom", "temperature", 1, float("nan"))]))
    store.save(Batch(readings=some_readings(1)))
    assert store.count() == 1


def test_a_calibration_leaves_what_is_stored_as_it_came(database, store):
    store.save(Batch(readings=[Reading("z:bedroom", "temperature", NOW_MS, 20.0)]))
    SqliteSensors(database, SeriesNumbers()).calibrate("z:bedroom", "temperature", 0, 1.5, 2.0)
    assert database.rows("SELECT value FROM reading") == [(20.0,)]


def test_only_the_latest_deliveries_are_remembered_and_they_in_order(store):
    told = [b"%0140d" % number for number in range(KEPT_BYTES // 140 + 100)]
    for one in told:
        store.save(Batch(deliveries=one))
    remembered = store.deliveries()
    assert remembered == b"".join(told)[-len(remembered) :]
    assert KEPT_BYTES <= len(remembered) < KEPT_BYTES + 2 * ROW_BYTES


def test_a_broker_full_of_foreign_topics_does_not_fill_the_file(store):
    for begin in (0, PROBLEMS_KEPT // 2, PROBLEMS_KEPT):
        topics = range(begin, begin + PROBLEMS_KEPT // 2)
        store.save(Batch(problems=[Problem(f"t/{number}", "not JSON", 1, number, number) for number in topics]))
    kept = {problem.first_ms for problem in store.problems()}
    assert kept == set(range(PROBLEMS_KEPT // 2, PROBLEMS_KEPT * 3 // 2))


def test_the_topics_that_the_broker_was_told_are_remembered(path, store):
    before = store.remembered_topics()
    for topics in (("a/#",), ("a/#", "b/#"), ("a/#", "b/#")):
        store.remember_topics(topics)
    with Database(path) as again:
        assert (before, SqliteReadings(again, SeriesNumbers()).remembered_topics()) == ((), ("a/#", "b/#"))


NEXT = (*MIGRATIONS, "CREATE TABLE later (a ANY) STRICT;")
BROKEN = (*MIGRATIONS, "CREATE TABLE later (a ANY) STRICT; CREATE TABLE meta (a ANY) STRICT;")


def test_a_file_of_an_older_program_is_brought_up_to_date_and_its_readings_stay(path):
    with Database(path) as database:
        SqliteReadings(database, SeriesNumbers()).save(Batch(readings=some_readings(3)))
    with Database(path, migrations=NEXT) as database:
        assert pragma(database, "user_version") == len(NEXT)
        assert (database.rows("SELECT * FROM later"), SqliteReadings(database, SeriesNumbers()).count()) == ([], 3)


def test_before_a_file_is_brought_up_to_date_it_is_copied_aside(path):
    with Database(path) as database:
        SqliteReadings(database, SeriesNumbers()).save(Batch(readings=some_readings(3)))
    Database(path, migrations=NEXT).close()
    aside = path.with_name(f"monitor.db.before-schema-{len(NEXT)}")
    assert (mode(aside), sorted(file.name for file in path.parent.iterdir())) == (0o600, ["monitor.db", aside.name])
    with Database(aside) as database:
        assert SqliteReadings(database, SeriesNumbers()).count() == 3


def test_a_copy_that_was_broken_off_is_made_anew(path):
    Database(path).close()
    aside = path.with_name(f"monitor.db.before-schema-{len(NEXT)}")
    aside.with_name(f"{aside.name}.part").write_bytes(b"half")
    Database(path, migrations=NEXT).close()
    with Database(aside) as database:
        assert database.fault() is None


def test_a_migration_that_fails_leaves_the_file_as_it_was_and_the_copy_is_kept(path):
    Database(path).close()
    for _attempt in range(2):
        with pytest.raises(StoreError, match="meta already exists"):
            Database(path, migrations=BROKEN)
    with Database(path) as database:
        assert pragma(database, "user_version") == len(MIGRATIONS)
    assert path.with_name(f"monitor.db.before-schema-{len(NEXT)}").exists()


def test_a_database_that_was_closed_says_so(database):
    database.close()
    with pytest.raises(StoreError, match="closed database"):
        database.rows("SELECT 1")
