"""`backup`, `backups` and `restore`, rehearsed: on a fresh machine, from every older version, killed, refused."""

import gzip
import json
import sqlite3
import stat
import subprocess
import sys
import time
import zipfile
from datetime import date
from pathlib import Path

import pytest

from monitor import bootstrap
from monitor.adapters.only_one import only_one
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.schema import MIGRATIONS
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.core.readings import Reading
from monitor.ports import Batch
from monitor.settings import Settings
from monitor.settings.sections import Store
from tests.e2e.daemon_process import Speaker, subscribed, wait_for
from tests.e2e.shell import DONE, FAULT, USAGE, Say
from tests.samples.fill import CLIMATE, DAY_MS, FIRST_MS, GARDEN, NOW_MS, diary, readings

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
EVERY_SCHEMA = range(1, len(MIGRATIONS) + 1)
COUNTS = dict.fromkeys(("set_aside", "calibrations", "exclusions", "diary_edits", "analyses"), 1) | {
    "sensors": 2,
    "readings": 936,
    "thinned": 0,
    "nights": 2,
    "diary": 2,
}
LATE_WRITER = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("PRAGMA wal_autocheckpoint = 0")
connection.execute("UPDATE sensor SET name = 'late'")
connection.commit()
os._exit(0)
"""
"""Leaves what it wrote in the write-ahead file."""


def sample(schema: int, folder: Path) -> Path:
    """The database that a program of that schema wrote."""
    path = folder / f"schema-{schema}.db"
    path.write_bytes(gzip.decompress((SAMPLES / f"schema-{schema}.db.gz").read_bytes()))
    return path


def query(database: Path, sql: str) -> list[tuple]:
    connection = sqlite3.connect(database)
    try:
        with connection:
            return connection.execute(sql).fetchall()
    finally:
        connection.close()


def stores_of(path: Path) -> object:
    return bootstrap.open_stores(Settings.model_construct(store=Store(path=path)))


def beside(database: Path) -> list[str]:
    """What stands in the database's folder, without what tests put there."""
    return sorted(file.name for file in database.parent.iterdir() if file.name.startswith("monitor.db"))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the settings of `say` have it."""
    return tmp_path / "monitor.db"


@pytest.fixture
def backup(say: Say, database: Path, tmp_path: Path) -> Path:
    """A backup of the present sample; its database is in use."""
    assert say("restore", sample(EVERY_SCHEMA[-1], tmp_path)).code == DONE
    assert say("backup", tmp_path / "kept.zip").code == DONE
    return tmp_path / "kept.zip"


def test_there_is_a_sample_of_every_schema():
    assert {path.name for path in SAMPLES.glob("*.gz")} == {f"schema-{schema}.db.gz" for schema in EVERY_SCHEMA}


@pytest.mark.parametrize("schema", EVERY_SCHEMA)
def test_a_sample_is_what_its_program_wrote_and_small(schema, tmp_path):
    assert query(sample(schema, tmp_path), "PRAGMA user_version") == [(schema,)]
    assert (SAMPLES / f"schema-{schema}.db.gz").stat().st_size < 30_000


@pytest.mark.parametrize("schema", EVERY_SCHEMA)
def test_r32_of_every_schema_everything_is_there_after_a_restore(say, schema, tmp_path, database):
    answer = say("restore", sample(schema, tmp_path), "--json")
    assert (answer.code, answer.document["counts"]["restored"]) == (DONE, COUNTS)
    first, second = date(2026, 2, 2), date(2026, 2, 3)
    with stores_of(database) as stores:
        assert database.read_bytes()[60:64] == len(MIGRATIONS).to_bytes(4, "big")
        stored = [
            Reading(
                sensor, quantity, time_ms, value + 0.5 * (quantity == "temperature" and time_ms >= FIRST_MS + DAY_MS)
            )
            if sensor == CLIMATE
            else Reading(sensor, quantity, time_ms, value)
            for sensor, quantity in ((CLIMATE, "temperature"), (CLIMATE, "humidity"), (GARDEN, "temperature"))
            for time_ms, value in stores.readings.readings(sensor, quantity, 0, NOW_MS)
        ]
        assert sorted(stored) == sorted(readings())
        assert [(one.key, one.name, one.place, one.placed_by) for one in stores.readings.sensors()] == [
            (CLIMATE, "Bedroom climate", "bedroom", "person"),
            (GARDEN, "Garden", "outdoor", "person"),
        ]
        assert [one[1:] for one in stores.sensors.calibrations(CLIMATE)] == [
            ("temperature", FIRST_MS + DAY_MS, -0.5, 1.0)
        ]
        assert [one.value for one in stores.readings.set_aside(CLIMATE, 9)] == [85.0]
        assert [(one.topic, one.times) for one in stores.readings.problems()] == [("attic/x", 3)]
        nights = stores.nights.nights()
        assert [(one.window.wake_date, one.window.known_by) for one in nights] == [(first, "usual"), (second, "diary")]
        assert all(any(one.name == "T_mean" and one.value for one in night.exposures) for night in nights)
        assert stores.nights.excluded() == {second: "travel"}
        original, plain, amended = diary()
        assert stores.diary.entries() == [amended, plain]
        assert [(by, old) for _, by, old in stores.diary.history(first)] == [("command line", original)]
        assert stores.analyses.latest().ran_ms == NOW_MS


def test_r32_a_backup_brings_everything_back_on_a_fresh_machine(say, backup, tmp_path, monkeypatch):
    fresh = tmp_path / "another machine" / "data" / "monitor.db"
    monkeypatch.setenv("BEDROOM_MONITOR_STORE__PATH", str(fresh))
    answer = say("restore", backup)
    assert answer.code == DONE
    assert f"Restored: {fresh}" in answer.out
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o600
    assert stat.S_IMODE(fresh.parent.stat().st_mode) == 0o700
    assert beside(fresh) == ["monitor.db", "monitor.db.lock"]
    assert say("nights", "list").out.count("2026-02-0") == 2
    assert say("backup", tmp_path / "again.zip", "--json").document["counts"] == COUNTS


def test_the_database_from_before_is_kept_with_what_its_write_ahead_file_held(say, backup, database, tmp_path):
    subprocess.run([sys.executable, "-c", LATE_WRITER, str(database)], check=True)
    assert (tmp_path / "monitor.db-wal").stat().st_size > 0
    answer = say("restore", backup, "--yes")
    assert f"is kept: {database}.before-restore-1" in answer.out
    assert beside(database) == ["monitor.db", "monitor.db.before-restore-1", "monitor.db.lock"]
    assert query(tmp_path / "monitor.db.before-restore-1", "SELECT DISTINCT name FROM sensor") == [("late",)]
    assert len(query(database, "SELECT DISTINCT name FROM sensor")) == 2
    assert say("restore", tmp_path / "monitor.db.before-restore-1", "--yes").code == DONE
    assert query(database, "SELECT DISTINCT name FROM sensor") == [("late",)]
    assert "monitor.db.before-restore-2" in beside(database)


def test_a_dry_run_looks_through_the_backup_and_changes_nothing(say, backup, database):
    before = database.read_bytes()
    answer = say("restore", backup, "--dry-run")
    assert (answer.code, database.read_bytes()) == (DONE, before)
    assert "The backup is sound. Nothing was changed." in answer.out
    assert beside(database) == ["monitor.db", "monitor.db.lock"]


def test_a_damaged_database_is_replaced_and_kept(say, backup, database, tmp_path):
    database.write_bytes(b"\xa5" * 8192)
    answer = say("restore", backup, "--yes")
    assert answer.code == DONE
    assert "The database there cannot be read." in answer.out
    assert (tmp_path / "monitor.db.before-restore-1").read_bytes() == b"\xa5" * 8192
    assert query(database, "SELECT count(*) FROM reading") == [(936,)]


def test_a_write_ahead_file_without_its_database_does_not_spoil_what_is_restored(say, backup, database, tmp_path):
    database.unlink()
    (tmp_path / "monitor.db-wal").write_bytes(b"of another database")
    assert say("restore", backup).code == DONE
    assert (tmp_path / "monitor.db.before-restore-1-wal").read_bytes() == b"of another database"
    assert query(database, "SELECT count(*) FROM reading") == [(936,)]


def newer_backup(backup: Path, to: Path) -> Path:
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(to, "w") as new:
        manifest = json.loads(old.read("manifest.json")) | {"version": "9.1.0", "schema": 99}
        new.writestr("manifest.json", json.dumps(manifest))
        new.writestr("monitor.db", old.read("monitor.db"))
    return to


def newer_file(tmp_path: Path) -> Path:
    path = sample(1, tmp_path)
    query(path, "PRAGMA user_version = 99")
    return path


def of_another_program(tmp_path: Path) -> Path:
    query(tmp_path / "photos.db", "CREATE TABLE photos (name TEXT)")
    return tmp_path / "photos.db"


def torn(tmp_path: Path) -> Path:
    path = sample(1, tmp_path)
    path.write_bytes(path.read_bytes()[:40_960])
    return path


def text(tmp_path: Path) -> Path:
    (tmp_path / "diary.txt").write_text("Dear diary")
    return tmp_path / "diary.txt"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (newer_file, "written by a newer bedroom-monitor (schema 99, known here: "),
        (of_another_program, "photos.db: not a database of bedroom-monitor"),
        (torn, "schema-1.db: the database "),
        (text, "diary.txt: neither a backup (zip) nor a database (SQLite)"),
        (lambda folder: folder / "gone.zip", "gone.zip: no such file; name a backup"),
        (lambda folder: folder, "not a file; name a backup"),
        (lambda folder: folder / "monitor.db", "monitor.db: the database in use itself; name a backup"),
        (
            lambda folder: newer_backup(folder / "kept.zip", folder / "new.zip"),
            "by bedroom-monitor 9.1.0, which is newer",
        ),
    ],
    ids=["newer file", "another program", "torn", "text", "missing", "folder", "itself", "newer backup"],
)
def test_what_is_no_sound_backup_is_refused_and_the_database_stays(say, backup, database, tmp_path, make, said):
    before = database.read_bytes()
    answer = say("restore", make(tmp_path), "--yes")
    assert (answer.code, answer.out, database.read_bytes()) == (USAGE, "", before)
    assert said in answer.err
    assert beside(database) == ["monitor.db", "monitor.db.lock"]


def test_a_backup_whose_manifest_counts_otherwise_is_refused(say, backup, database, tmp_path):
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(tmp_path / "odd.zip", "w") as new:
        manifest = json.loads(old.read("manifest.json"))
        manifest["counts"]["readings"] += 1
        new.writestr("manifest.json", json.dumps(manifest))
        new.writestr("monitor.db", old.read("monitor.db"))
    answer = say("restore", tmp_path / "odd.zip", "--yes")
    assert (answer.code, "what it holds is not what its manifest says" in answer.err) == (USAGE, True)


def test_while_a_daemon_runs_nothing_is_restored(say, backup, database):
    with only_one(database, NOW_MS):
        answer = say("restore", backup, "--yes")
    assert answer.code == FAULT
    assert ": a daemon (process " in answer.err
    assert "uses this database; end it first" in answer.err


def test_while_another_program_uses_the_database_nothing_is_restored(say, backup, database):
    with Database(database):
        answer = say("restore", backup, "--yes")
    assert (answer.code, "locked; end the other program that uses it" in answer.err) == (FAULT, True)
    assert beside(database) == ["monitor.db", "monitor.db.lock"]


def test_a_database_of_another_program_in_the_place_is_not_replaced(say, backup, database):
    database.unlink()
    query(database, "CREATE TABLE photos (name TEXT)")
    answer = say("restore", backup, "--yes")
    assert (answer.code, "a database of another program" in answer.err) == (FAULT, True)
    assert query(database, "SELECT count(*) FROM photos") == [(0,)]


def test_a_backup_goes_to_a_folder_or_to_a_new_file_and_overwrites_none(say, backup, tmp_path):
    assert say("backup", tmp_path).code == DONE
    assert len(list(tmp_path.glob("bedroom-monitor-*Z.zip"))) == 1
    answer = say("backup", backup)
    assert (answer.code, "kept.zip is there already" in answer.err) == (USAGE, True)


def test_backups_are_listed_and_one_that_is_damaged_is_said_to_be(say, backup, tmp_path):
    assert "No backup yet" in say("backups").out
    assert say("backup").code == DONE
    (tmp_path / "backups" / "bedroom-monitor-2026-01-01T000000Z.zip").write_bytes(b"torn")
    first, second = say("backups", "--json").document
    assert (first["manifest"]["counts"], second["manifest"]) == (COUNTS, None)
    assert "damaged" in say("backups").out


def test_without_a_database_there_is_nothing_to_back_up(say):
    answer = say("backup")
    assert (answer.code, "nothing to back up" in answer.err) == (FAULT, True)


def many_readings(path: Path, count: int) -> None:
    with Database(path, sync="normal") as database:
        rows = [Reading(CLIMATE, "temperature", FIRST_MS + number, number % 997 / 50) for number in range(count)]
        SqliteReadings(database, SeriesNumbers()).save(Batch(readings=rows))


def killed_at(command: list[str], folder: Path, step: int) -> None:
    """Kill it some time after the first part of a file stands in the folder: at once, later, or when it has ended."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not any(folder.glob("*.part")):
        time.sleep(0.002)
    time.sleep(0.05 * step)
    process.kill()
    process.wait(10)


def typed(*words: object) -> list[str]:
    return [sys.executable, "-m", "monitor", *map(str, words)]


@pytest.mark.slow
def test_r32_killed_at_any_moment_a_backup_leaves_no_half_file_under_its_name(say, database, tmp_path):
    many_readings(database, 400_000)
    target = tmp_path / "out" / "copy.zip"
    target.parent.mkdir()
    left = 0
    for step in range(10):
        killed_at(typed("backup", target), target.parent, step)
        left += any(target.parent.glob("*.part"))
        if target.exists():
            assert say("restore", target, "--dry-run").code == DONE
            target.unlink()
    assert left > 0
    assert say("backup", target).code == DONE
    assert [file.name for file in target.parent.iterdir()] == ["copy.zip"]


@pytest.mark.slow
def test_r32_killed_at_any_moment_a_restore_leaves_the_old_or_the_new_database(say, database, tmp_path):
    many_readings(database, 400_000)
    new = tmp_path / "new.zip"
    assert say("backup", new).code == DONE
    old = tmp_path / "old.zip"
    database.unlink()
    many_readings(database, 1_000)
    assert say("backup", old).code == DONE
    for step in range(10):
        assert say("restore", old, "--yes").code == DONE
        killed_at(typed("restore", new, "--yes"), tmp_path, step)
        with Database(database) as opened:
            assert opened.fault() is None
            assert opened.rows("SELECT count(*) FROM reading")[0][0] in (1_000, 400_000)
    assert say("restore", old, "--yes").code == DONE
    assert not any(".part" in name for name in beside(database))


@pytest.mark.broker
@pytest.mark.slow
def test_r32_the_daemon_makes_the_backup_that_was_missed_and_stores_meanwhile(mosquitto, start_daemon, tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "monitor.db").write_bytes(sample(1, tmp_path).read_bytes())
    daemon = start_daemon(mosquitto.port)
    assert subscribed(daemon)
    speaker = Speaker(mosquitto.port)
    for number in range(200):
        speaker.say("zigbee2mqtt/Bedroom climate", f'{{"temperature": {20 + number / 100}}}')
    assert wait_for(lambda: "backup written: " in daemon.log)
    assert wait_for(lambda: daemon.query("SELECT count(*) FROM reading") == [(936 + 200,)])
    speaker.stop()
    assert daemon.stop() < 5
    (made,) = (data / "backups").iterdir()
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    with zipfile.ZipFile(made) as archive:
        assert archive.testzip() is None
    daemon.start()
    time.sleep(2)
    assert daemon.stop() < 5
    assert list((data / "backups").iterdir()) == [made]
