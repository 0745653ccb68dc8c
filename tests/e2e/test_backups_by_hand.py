"""What a person sees of backups: the question before a restore, a dry run beside a daemon, and what `check` finds."""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

from monitor.adapters.only_one import only_one
from tests.e2e.shell import DONE, FAULT, USAGE, Say

NOW_MS = 1_790_812_800_000


@pytest.fixture
def database(say: Say, tmp_path: Path) -> Path:
    """A database into which a year-old reading was imported a moment ago."""
    (tmp_path / "old.csv").write_text("time,temperature\n2025-02-01 23:00,20.5\n")
    assert say("import", "readings", tmp_path / "old.csv").code == DONE
    return tmp_path / "monitor.db"


@pytest.fixture
def backup(say: Say, database: Path, tmp_path: Path) -> Path:
    """A backup of it."""
    assert say("backup", tmp_path / "kept.zip").code == DONE
    return tmp_path / "kept.zip"


def beside(database: Path) -> list[str]:
    """The database with what stands beside it."""
    return sorted(file.name for file in database.parent.iterdir() if file.name.startswith("monitor.db"))


def at_a_terminal(answer: bytes, *words: object) -> tuple[int, str]:
    """Type the command at a terminal and answer what it asks; its exit code and what it printed."""
    command = [sys.executable, "-m", "monitor", *map(str, words)]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        os.write(ours, answer)
        out, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    return process.returncode, out.decode()


@pytest.mark.parametrize(("answer", "code", "kept"), [(b"n\n", FAULT, False), (b"y\n", DONE, True)])
def test_before_something_is_replaced_it_is_asked_and_no_means_no(say, backup, database, answer, code, kept):
    before = database.read_bytes()
    ended, said = at_a_terminal(answer, "restore", backup)
    assert (ended, "readings" in said) == (code, True)
    assert (beside(database), kept or database.read_bytes() == before) == (
        ["monitor.db", *(["monitor.db.before-restore-1"] if kept else []), "monitor.db.lock"],
        True,
    )


def test_where_nobody_can_be_asked_what_to_do_is_told_and_nothing_changes(say, backup, database):
    before = database.read_bytes()
    answer = say("restore", backup, answer="y\n")
    assert (answer.code, database.read_bytes()) == (USAGE, before)
    assert "expected --yes, since nobody can be asked here; nothing was changed" in answer.err


def test_beside_a_daemon_a_dry_run_looks_through_the_backup(say, backup, database):
    with only_one(database, NOW_MS):
        answer = say("restore", backup, "--dry-run")
    assert (answer.code, "The backup is sound. Nothing was changed." in answer.out) == (DONE, True)
    assert beside(database) == ["monitor.db", "monitor.db.lock"]


def test_what_a_killed_dry_run_left_the_next_restore_clears_away(say, backup, database):
    (left := database.with_name("monitor.db.restore.part.1.part")).write_bytes(b"half")
    assert say("restore", backup, "--dry-run").code == DONE
    assert left.exists(), "another dry run may be at it"
    assert say("restore", backup, "--yes").code == DONE
    assert not left.exists()


def test_a_dry_run_on_a_fresh_machine_makes_no_folder(say, backup, tmp_path, monkeypatch):
    monkeypatch.setenv("BEDROOM_MONITOR_STORE__PATH", str(tmp_path / "new" / "deep" / "monitor.db"))
    assert say("restore", backup, "--dry-run").code == DONE
    assert not (tmp_path / "new").exists()


def state_of(say: Say, subject: str) -> tuple[bool, str]:
    found = {one["subject"]: one for one in say("check", "--json").document}[subject]
    return found["ok"], found["says"]


def test_check_finds_a_daily_backup_that_is_not_made(say, backup, database, tmp_path, monkeypatch):
    ok, says = state_of(say, "backups")
    assert (ok, says.startswith("none yet in")) == (True, True), "imported readings are older than the database"
    long_ago_s = time.time() - 4 * 86_400
    os.utime(database, (long_ago_s, long_ago_s))
    ok, says = state_of(say, "backups")
    assert (ok, "Does the daemon run?" in says) == (False, True)
    assert say("backup").code == DONE
    ok, says = state_of(say, "backups")
    assert ok
    assert ", less than an hour ago, " in says
    assert " kB: " in says
    assert "on the same disk as the database" in says
    monkeypatch.setenv("BEDROOM_MONITOR_BACKUP__DAILY", "false")
    assert "no daily one" in state_of(say, "backups")[1]


@pytest.mark.parametrize(
    ("folder", "said"),
    [("usb/backups", "is its disk mounted?"), ("file", "cannot be read (Not a directory); set backup.folder")],
)
def test_check_finds_a_folder_of_backups_that_cannot_be(say, backup, database, tmp_path, monkeypatch, folder, said):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("BEDROOM_MONITOR_BACKUP__FOLDER", str(tmp_path / folder))
    ok, says = state_of(say, "backups")
    assert (ok, said in says) == (False, True)
