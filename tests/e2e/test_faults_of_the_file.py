"""The real daemon while its file is removed, replaced, cut short, locked, read-only, or its disk is full."""

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.cli.exits import FAULT
from tests.e2e.daemon_process import DaemonProcess, Speaker, subscribed, temperature, wait_for

pytestmark = [pytest.mark.broker, pytest.mark.slow]

HALF = 300
ALL = 600
LOCKED_S = 12
"""Seconds: several times as long as a transaction waits for another."""
MB = 1_000_000


@pytest.fixture
def speaker(mosquitto) -> Iterator[Speaker]:
    told = Speaker(mosquitto.port)
    yield told
    told.stop()


@pytest.fixture
def daemon(mosquitto, start_daemon, speaker) -> DaemonProcess:
    """One that has stored half of the messages."""
    started: DaemonProcess = start_daemon(mosquitto.port)
    assert subscribed(started)
    speaker.say_temperatures(0, HALF)
    assert stored(started, HALF)
    return started


def stored(daemon: DaemonProcess, count: int, seconds: float = 30) -> bool:
    return wait_for(lambda: daemon.accounted() >= count, seconds)


def expected(count: int = ALL) -> list[float]:
    return [temperature(number) for number in range(count)]


def files(daemon: DaemonProcess) -> set[str]:
    return {file.name for file in daemon.database.parent.iterdir()}


@contextmanager
def disk_of(folder: Path, size: str) -> Iterator[Path]:
    """A disk of its own; where none may be mounted, the test cannot be made and says so."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_removed_file_is_saved_in_its_place_and_nothing_is_lost(daemon, speaker):
    daemon.database.unlink()
    speaker.say_temperatures(HALF, ALL)
    code = daemon.exit_code
    saved = daemon.accounted()
    daemon.start()
    assert (code, saved >= HALF, stored(daemon, ALL)) == (FAULT, True, True)
    assert "was removed while it was in use; everything stored was saved in its place" in daemon.log
    daemon.stop()
    assert files(daemon) <= {"monitor.db", "monitor.db-wal", "monitor.db-shm", "monitor.db.lock"}
    assert daemon.temperatures() == expected()


def test_with_its_whole_folder_removed_everything_is_saved_too(daemon, speaker):
    shutil.rmtree(daemon.database.parent)
    speaker.say_temperatures(HALF, ALL)
    assert daemon.exit_code == FAULT
    daemon.start()
    assert stored(daemon, ALL)
    daemon.stop()
    assert daemon.temperatures() == expected()


def test_a_file_in_place_of_ours_is_left_alone_and_ours_is_saved_beside_it(daemon, speaker):
    other = daemon.database.with_name("other.db")
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE photos (name TEXT)")
    connection.close()
    before = other.read_bytes()
    other.rename(daemon.database)
    speaker.say_temperatures(HALF, ALL)
    assert daemon.exit_code == FAULT
    rescued = daemon.database.with_name("monitor.db.rescued-1")
    assert (daemon.database.read_bytes(), rescued.stat().st_mode & 0o777) == (before, 0o600)
    assert f"was replaced by another file while it was in use; everything stored was saved as {rescued}" in daemon.log
    rescued.rename(daemon.database)
    daemon.start()
    assert stored(daemon, ALL)
    daemon.stop()
    assert daemon.temperatures() == expected()


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_file_cut_short_ends_the_daemon_before_anything_more_is_acknowledged(daemon, speaker, share):
    connection = sqlite3.connect(daemon.database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    speaker.say_temperatures(HALF, HALF + 10)
    assert stored(daemon, HALF + 10)
    kept = daemon.database.with_name("kept.db")
    connection = sqlite3.connect(daemon.database)
    connection.execute("VACUUM INTO ?", (str(kept),))
    connection.close()
    os.truncate(daemon.database, round(daemon.database.stat().st_size * share))
    speaker.say_temperatures(HALF + 10, ALL)
    assert daemon.exit_code == FAULT
    assert "was cut short while it was in use" in daemon.log or "damaged (" in daemon.log
    assert ".recover" in daemon.log
    for file in daemon.database.parent.glob("monitor.db*"):
        file.unlink()
    kept.rename(daemon.database)
    daemon.start()
    assert stored(daemon, ALL)
    daemon.stop()
    assert daemon.temperatures() == expected()


def test_while_another_program_has_the_file_locked_nothing_is_acknowledged_and_afterwards_all_is_stored(
    daemon, speaker
):
    connection = sqlite3.connect(daemon.database, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    speaker.say_temperatures(HALF, ALL)
    time.sleep(LOCKED_S)
    connection.execute("ROLLBACK")
    connection.close()
    assert stored(daemon, ALL)
    daemon.stop()
    assert daemon.temperatures() == expected()
    assert daemon.log.count("readings cannot be stored (") == daemon.log.count("readings are stored again") == 1
    assert "another program holds the database; end it" in daemon.log


def test_a_stop_while_the_file_is_locked_takes_less_than_5_s_and_loses_nothing(daemon, speaker):
    connection = sqlite3.connect(daemon.database, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    speaker.say_temperatures(HALF, ALL)
    assert wait_for(lambda: "readings cannot be stored (" in daemon.log)
    took = daemon.stop()
    connection.execute("ROLLBACK")
    connection.close()
    daemon.start()
    assert stored(daemon, ALL)
    daemon.stop()
    assert (took < 5, daemon.temperatures()) == (True, expected())


def test_a_file_that_turns_read_only_while_it_is_open_is_written_again_when_it_may_be(daemon, speaker):
    ahead = daemon.database.with_name("monitor.db-wal")
    if subprocess.run(["chattr", "+i", str(ahead)], check=False, capture_output=True).returncode:
        pytest.skip("only root may make a file immutable, on a file system that can")
    try:
        speaker.say_temperatures(HALF, ALL)
        refused = wait_for(lambda: "readings cannot be stored (" in daemon.log)
    finally:
        subprocess.run(["chattr", "-i", str(ahead)], check=True)
    assert (refused, stored(daemon, ALL)) == (True, True)
    daemon.stop()
    assert daemon.temperatures() == expected()
    assert daemon.log.count("readings cannot be stored (") == daemon.log.count("readings are stored again") == 1


def test_on_a_disk_that_is_read_only_the_daemon_refuses_to_start_and_says_what_to_do(
    mosquitto, start_daemon, speaker, tmp_path
):
    with disk_of(tmp_path / "disk", "16m") as disk:
        daemon: DaemonProcess = start_daemon(mosquitto.port, data=disk)
        assert subscribed(daemon)
        daemon.stop()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        daemon.start()
        code = daemon.exit_code
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        speaker.say_temperatures(0, HALF)
        daemon.start()
        assert stored(daemon, HALF)
        daemon.stop()
        assert (code, daemon.temperatures()) == (FAULT, expected(HALF))
    assert "cannot be opened (Read-only file system); mount its disk for writing" in daemon.log


def test_on_a_disk_that_is_full_when_the_write_ahead_file_is_folded_in_nothing_is_lost(
    mosquitto, start_daemon, speaker, tmp_path
):
    with disk_of(tmp_path / "disk", "16m") as disk:
        daemon: DaemonProcess = start_daemon(mosquitto.port, data=disk, settings="batch_rows = 10\n")
        assert subscribed(daemon)
        speaker.say_temperatures(0, 2_000)
        assert stored(daemon, 2_000)
        ballast, ahead = disk / "ballast", disk / "monitor.db-wal"
        with ballast.open("wb") as file:
            # what the write-ahead file has already is its own; the database itself cannot grow any more
            file.write(bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize))
        before = (disk / "monitor.db").stat().st_size
        speaker.say_temperatures(2_000, 12_000)
        refused = wait_for(lambda: "readings cannot be stored (" in daemon.log, 60)
        grown = (disk / "monitor.db").stat().st_size - before
        ballast.unlink()
        assert (refused, stored(daemon, 12_000, 60)) == (True, True)
        longest = ahead.stat().st_size
        daemon.stop()
        assert daemon.temperatures() == expected(12_000)
        assert (grown, longest < 16 * MB) == (0, True)
    assert "make room on the disk" in daemon.log


def test_a_second_daemon_on_the_file_is_refused_with_who_has_it_and_the_first_goes_on(daemon, speaker, tmp_path):
    folder = tmp_path / "second"
    folder.mkdir()
    second = DaemonProcess(folder, daemon.port, data=daemon.database.parent)
    second.start()
    code = second.exit_code
    speaker.say_temperatures(HALF, ALL)
    assert (code, stored(daemon, ALL)) == (FAULT, True)
    assert f"another daemon (process {daemon.process.pid}, since 20" in second.log
    daemon.stop()
    assert daemon.temperatures() == expected()
