"""The files that hold what is kept are found by their names, and no others."""

from pathlib import Path

import pytest

from monitor.adapters.kept_files import FilesOnDisk
from monitor.adapters.new_file import new_file
from monitor.errors import InputError, MonitorError
from monitor.ports.erasing import KeptFile

OURS = (
    "monitor.db.before-restore-1", "monitor.db.before-restore-1-wal", "monitor.db.before-schema-3",
    "monitor.db.before-schema-3.77.part", "monitor.db.part",
    "monitor.db-journal", "monitor.db-wal", "monitor.db-shm", "monitor.db", "monitor.db.lock",
)  # fmt: skip
OTHERS = ("monitor.toml", "monitor.db.mine", "xmonitor.db", "monitor.database", "monitorXdb.part")
BACKUPS = (
    "bedroom-monitor-2026-02-06T120000Z.zip", "bedroom-monitor-2026-02-05T120000Z.zip.db.part-wal",
    "bedroom-monitor-2026-02-04T120000Z.zip.part",
)  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> FilesOnDisk:
    (tmp_path / "backups").mkdir()
    for name in (*OURS, *OTHERS):
        (tmp_path / name).write_bytes(b"12")
    for name in (*BACKUPS, "bedroom-monitor-mine.zip", "bedroom-monitor-2026-13-06T120000Z.zip"):
        (tmp_path / "backups" / name).write_bytes(b"123")
    return FilesOnDisk(tmp_path / "monitor.db", tmp_path / "backups")


def test_files_beside_the_database_go_copies_first_and_the_write_ahead_file_before_the_database(files):
    assert tuple(Path(file.path).name for file in files.beside()) == OURS


def test_backups_are_those_that_bear_a_backups_name_newest_first_and_copies(files):
    found = files.backups()
    assert tuple(Path(file.path).name for file in found) == (*BACKUPS, *OURS[:5])
    assert (found[0].size, found[0].made_ms) == (3, 1_770_379_200_000)


def test_a_file_that_is_gone_already_is_no_fault(files):
    first = files.beside()[0]
    assert [files.remove(first), files.remove(first)] == [True, False]


def test_what_cannot_be_deleted_is_told(tmp_path):
    with pytest.raises(MonitorError, match="cannot be deleted"):
        FilesOnDisk(tmp_path / "monitor.db", tmp_path).remove(KeptFile(str(tmp_path), 0))


def test_folders_that_are_not_there_hold_nothing(tmp_path):
    files = FilesOnDisk(tmp_path / "away" / "monitor.db", tmp_path / "nowhere")
    assert (files.beside(), files.backups()) == ([], [])


def test_a_file_that_was_not_written_to_its_end_leaves_nothing(tmp_path):
    def half() -> None:
        with new_file(tmp_path / "out.csv") as file:
            file.write(b"half")
            raise InputError("odd")

    with pytest.raises(InputError, match="odd"):
        half()
    assert list(tmp_path.iterdir()) == []


def test_what_an_earlier_one_left_half_written_is_no_hindrance(tmp_path):
    (tmp_path / "out.csv.part").write_bytes(b"old and longer")
    with new_file(tmp_path / "out.csv") as file:
        file.write(b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out.csv", b"new")]
