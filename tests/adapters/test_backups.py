"""Backups of real files: whole or not there, of one moment, private, and refused where they are not what they say."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from monitor.adapters.backups import BackupFolder, manifest_in, unpacked
from monitor.adapters.sqlite.copying import DatabaseCopier, taken_out
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.core.readings import Reading
from monitor.errors import BackupError, InputError, StoreError, StoreUnavailable, StoreUnusable
from monitor.ports import Batch, Seen

NOW_MS = 1_790_812_800_000
NAME = "bedroom-monitor-2026-10-01T000000Z.zip"
BEDROOM = "z:bedroom"


def readings(count: int, begin: int = 0) -> list[Reading]:
    return [
        Reading(BEDROOM, "temperature", NOW_MS + number, 20 + number % 50 / 10)
        for number in range(begin, begin + count)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "monitor.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteReadings]:
    with Database(path, sync="normal") as database:
        store = SqliteReadings(database, SeriesNumbers())
        store.save(Batch(readings=readings(1000), seen=[Seen(BEDROOM, name="Bedroom", seen_ms=NOW_MS)]))
        yield store


def folder_of(path: Path, folder: Path | None = None, **options: object) -> BackupFolder:
    return BackupFolder(
        folder=folder or path.parent / "backups", copier=DatabaseCopier(path), version="0.1.0", **options
    )


@pytest.fixture
def folder(path: Path, store: SqliteReadings) -> BackupFolder:
    return folder_of(path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def rows(database: Path, sql: str) -> list[tuple]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def repacked(backup: Path, to: Path, **changed: bytes | None) -> Path:
    """The backup with other members, given by name without ending."""
    members = {"manifest.json": changed.get("manifest", b""), "monitor.db": changed.get("monitor", b"")}
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(to, "w") as new:
        for name, content in members.items():
            if content is not None:
                new.writestr(name, content or old.read(name))
    return to


def test_a_backup_is_one_private_file_in_a_private_folder_and_nothing_else_stays(folder):
    made = folder.make(NOW_MS)
    assert made == (NAME, NOW_MS, (folder.folder / NAME).stat().st_size)
    assert [file.name for file in folder.folder.iterdir()] == [NAME]
    assert (mode(folder.folder / NAME), mode(folder.folder)) == (0o600, 0o700)


def test_the_manifest_says_what_is_in_it(folder, tmp_path):
    folder.make(NOW_MS)
    with zipfile.ZipFile(folder.folder / NAME) as archive:
        archive.extractall(tmp_path)
    said = json.loads((tmp_path / "manifest.json").read_text())
    database = (tmp_path / "monitor.db").read_bytes()
    assert (said["size"], said["sha256"]) == (len(database), sha256(database).hexdigest())
    assert (said["counts"]["readings"], said["counts"]["sensors"], said["counts"]["nights"]) == (1000, 1, 0)
    assert (said["created"], said["first_reading"]) == ("2026-10-01T00:00:00.000Z", "2026-10-01T00:00:00.000Z")
    assert manifest_in(folder.folder / NAME).contents.last_ms == NOW_MS + 999


def test_the_database_in_it_stands_alone_as_any_sqlite_reads_it(folder, tmp_path):
    folder.make(NOW_MS)
    unpacked(folder.folder / NAME, tmp_path / "copy.db")
    assert rows(tmp_path / "copy.db", "PRAGMA journal_mode") == [("delete",)]
    assert rows(tmp_path / "copy.db", "SELECT count(*) FROM reading") == [(1000,)]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "data"]


def test_r32_while_another_thread_writes_at_full_speed_each_backup_is_of_one_moment(folder, store, tmp_path):
    stop, stored = threading.Event(), [1000]

    def write() -> None:
        while not stop.is_set():
            store.save(Batch(readings=readings(50, stored[0])))
            stored[0] += 50

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counted = []
        for number in range(5):
            least = stored[0]
            manifest, _ = folder.write(tmp_path / f"{number}.zip", NOW_MS)
            counted.append((least, manifest.contents.counts["readings"], stored[0] + 50))
    finally:
        stop.set()
        writer.join()
    for number, (least, found, most) in enumerate(counted):
        unpacked(tmp_path / f"{number}.zip", tmp_path / f"{number}.db")
        assert least <= found <= most
        assert found % 50 == 0
        assert rows(tmp_path / f"{number}.db", "SELECT max(ts_ms) FROM reading") == [(NOW_MS + found - 1,)]
        assert rows(tmp_path / f"{number}.db", "PRAGMA quick_check") == [("ok",)]
    assert store.count() == stored[0]


def test_what_a_killed_backup_left_is_cleared_away_and_what_is_not_ours_stays(folder):
    folder.folder.mkdir(mode=0o700)
    left = ["bedroom-monitor-2026-09-29T160000Z.zip.part", "bedroom-monitor-2026-09-29T160000Z.zip.db.part-journal"]
    others = ["holiday.zip", "thesis.part", "bedroom-monitor-notes.part"]
    for name in (*left, *others):
        (folder.folder / name).touch()
    folder.make(NOW_MS)
    assert sorted(file.name for file in folder.folder.iterdir()) == sorted((NAME, *others))


def test_only_what_bears_the_name_of_a_backup_is_seen(folder):
    folder.make(NOW_MS)
    (folder.folder / "holiday.zip").touch()
    assert [one.name for one in folder.made()] == [NAME]


def test_backups_come_newest_first_and_one_removed_twice_is_no_error(folder):
    for moment in (NOW_MS, NOW_MS + 60_000, NOW_MS - 60_000):
        folder.make(moment)
    made = folder.made()
    folder.remove(made[0])
    folder.remove(made[0])
    assert [one.created_ms for one in folder.made()] == [NOW_MS, NOW_MS - 60_000]


def test_a_folder_whose_parent_is_not_there_is_told_since_its_disk_may_not_be_mounted(path, store, tmp_path):
    with pytest.raises(BackupError, match=r"usb/backups: its parent folder is not there; is its disk mounted\?"):
        folder_of(path, tmp_path / "usb" / "backups").make(NOW_MS)


def test_a_folder_that_cannot_be_read_is_told(path, store, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BackupError, match=r"cannot be read \(Not a directory\)"):
        folder_of(path, tmp_path / "file").made()


def test_before_the_first_backup_there_is_none_and_no_folder(folder):
    assert folder.made() == []
    assert not folder.folder.exists()


def test_without_a_database_no_folder_is_made(path):
    with pytest.raises(BackupError, match=r"no database there, so there is nothing to back up"):
        folder_of(path, path.parent.parent / "backups").make(NOW_MS)
    assert not (path.parent.parent / "backups").exists()


def test_too_little_room_is_told_with_numbers_before_anything_is_written(path, store, tmp_path):
    with pytest.raises(BackupError, match=r"a backup needs [\d,]+ MB for a moment, [\d,]+ MB are free; make room"):
        folder_of(path, spare_bytes=10**15).make(NOW_MS)
    assert list((path.parent / "backups").iterdir()) == []


def test_two_backups_in_one_folder_at_once_do_not_disturb_one_another(path, store):
    started, go = threading.Event(), threading.Event()

    class Waiting(DatabaseCopier):
        def copy_to(self, part):
            started.set()
            go.wait(10)
            return super().copy_to(part)

    slow = BackupFolder(folder=path.parent / "backups", copier=Waiting(path), version="0.1.0")
    thread = threading.Thread(target=slow.make, args=(NOW_MS,))
    thread.start()
    started.wait(10)
    try:
        with pytest.raises(BackupError, match="another backup is being written there"):
            folder_of(path).make(NOW_MS + 60_000)
    finally:
        go.set()
        thread.join()
    assert [one.name for one in slow.made()] == [NAME]


def test_a_database_of_another_program_is_not_backed_up(path):
    path.parent.mkdir()
    rows(path, "CREATE TABLE photos (name TEXT)")
    with pytest.raises(StoreUnusable, match="a database of another program"):
        folder_of(path).make(NOW_MS)


def test_a_damaged_database_makes_no_backup_that_would_push_out_a_sound_one(path):
    with Database(path) as database:
        SqliteReadings(database, SeriesNumbers()).save(Batch(readings=readings(5000)))
    with path.open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xa5" * 4096 * 3)
    with pytest.raises(StoreError, match=r"damaged|cannot be read"):
        folder_of(path).make(NOW_MS)
    assert list((path.parent / "backups").iterdir()) == []


def test_a_database_that_another_program_holds_for_itself_is_told_as_passing(path):
    Database(path).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(StoreUnavailable, match="locked"):
            folder_of(path).make(NOW_MS)
    finally:
        holder.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB; where none may be mounted, the test cannot be made and says so."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("share", [0.3, 1.1], ids=["for part of the copy", "for the copy, not the zip"])
def test_r32_a_disk_that_fills_up_during_a_backup_leaves_no_debris_and_readings_are_stored(small_disk, share):
    path = small_disk / "monitor.db"
    noise = [reading._replace(value=float(number**5 % 99_991)) for number, reading in enumerate(readings(120_000))]
    with Database(path, sync="normal") as database:
        SqliteReadings(database, SeriesNumbers()).save(Batch(readings=noise))
    with Database(path, sync="normal") as database:
        store = SqliteReadings(database, SeriesNumbers())
        ballast = small_disk / "ballast"
        ballast.write_bytes(b"0" * (shutil.disk_usage(small_disk).free - int(path.stat().st_size * share)))
        with pytest.raises(BackupError, match=r"no room for the (copy|backup); make room"):
            folder_of(path, spare_bytes=-(10**9)).make(NOW_MS)
        assert list((small_disk / "backups").iterdir()) == []
        store.save(Batch(readings=readings(10, 200_000)))
        assert store.count() == 120_010


def test_a_bare_database_is_taken_out_with_what_stands_in_its_write_ahead_file(path, store, tmp_path):
    assert path.with_name("monitor.db-wal").stat().st_size > 0
    taken_out(path, tmp_path / "copy.db")
    assert rows(tmp_path / "copy.db", "SELECT count(*) FROM reading") == [(1000,)]
    assert store.count() == 1000


def test_a_bare_database_on_a_disk_that_may_only_be_read_is_taken_out_and_left_as_it_was(path, tmp_path):
    with Database(path) as database:
        SqliteReadings(database, SeriesNumbers()).save(Batch(readings=readings(10)))
    before = path.read_bytes()
    path.parent.chmod(0o500)
    path.chmod(0o400)
    try:
        taken_out(path, tmp_path / "copy.db")
    finally:
        path.parent.chmod(0o700)
    assert ([file.name for file in path.parent.iterdir()], path.read_bytes()) == (["monitor.db"], before)
    assert rows(tmp_path / "copy.db", "SELECT count(*) FROM reading") == [(10,)]


def test_a_backup_of_which_a_byte_changed_is_refused(folder, tmp_path):
    folder.make(NOW_MS)
    backup = folder.folder / NAME
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 0xFF
    backup.write_bytes(content)
    with pytest.raises(InputError, match=r"the backup is damaged"):
        unpacked(backup, tmp_path / "copy.db")


def test_a_backup_that_was_cut_off_is_refused(folder, tmp_path):
    folder.make(NOW_MS)
    backup = folder.folder / NAME
    backup.write_bytes(backup.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"the backup is damaged \(.*\); take another one"):
        unpacked(backup, tmp_path / "copy.db")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"manifest": None}, "expected manifest.json and monitor.db, found monitor.db"),
        ({"monitor": None}, "expected manifest.json and monitor.db, found manifest.json"),
        ({"monitor": b"short"}, r"its database has 5 instead of [\d,]+ bytes"),
        ({"manifest": b"{"}, "manifest.json in it is not JSON"),
        ({"manifest": b"\xff\xfe"}, "manifest.json in it is not JSON"),
        ({"manifest": b"[" * 90_000}, "manifest.json in it is not JSON"),
        ({"manifest": b"[]"}, "manifest.json in it: not a manifest of bedroom-monitor"),
    ],
)
def test_a_zip_that_does_not_hold_what_a_backup_holds_is_refused(folder, tmp_path, members, said):
    folder.make(NOW_MS)
    odd = repacked(folder.folder / NAME, tmp_path / "odd.zip", **members)
    with pytest.raises(InputError, match=said):
        unpacked(odd, tmp_path / "copy.db")


def test_a_database_other_than_the_manifest_says_is_refused_by_its_checksum(folder, tmp_path):
    folder.make(NOW_MS)
    with zipfile.ZipFile(folder.folder / NAME) as archive:
        database = archive.read("monitor.db")
    odd = repacked(folder.folder / NAME, tmp_path / "odd.zip", monitor=database[:-1] + b"x")
    with pytest.raises(InputError, match=r"the backup is damaged \(checksum [0-9a-f]{12}\.\.\., expected [0-9a-f]{12}"):
        unpacked(odd, tmp_path / "copy.db")


def test_a_member_that_unpacks_without_end_is_broken_off(folder, tmp_path):
    folder.make(NOW_MS)
    odd = tmp_path / "odd.zip"
    with zipfile.ZipFile(folder.folder / NAME) as old, zipfile.ZipFile(odd, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("manifest.json", old.read("manifest.json"))
        new.writestr("monitor.db", bytes(50_000_000))
    with pytest.raises(InputError, match=r"its database has more than [\d,]+ bytes"):
        unpacked(odd, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_size < 3_000_000


def test_a_symbolic_link_in_place_of_the_database_is_refused(folder, tmp_path):
    folder.make(NOW_MS)
    odd = tmp_path / "odd.zip"
    link = zipfile.ZipInfo("monitor.db")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(folder.folder / NAME) as old, zipfile.ZipFile(odd, "w") as new:
        new.writestr("manifest.json", old.read("manifest.json"))
        new.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match=r"monitor\.db in it is not a plain file"):
        unpacked(odd, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def test_a_member_beside_the_two_is_refused(folder, tmp_path):
    folder.make(NOW_MS)
    odd = repacked(folder.folder / NAME, tmp_path / "odd.zip")
    with zipfile.ZipFile(odd, "a") as archive:
        archive.writestr("../../etc/cron.d/x", "x")
    with pytest.raises(InputError, match=r"found \.\./\.\./etc/cron\.d/x, manifest\.json, monitor\.db"):
        unpacked(odd, tmp_path / "copy.db")
