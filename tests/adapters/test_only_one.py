"""One daemon for one database."""

import fcntl
import os
import re
import subprocess
import sys

import pytest

from monitor.adapters.only_one import only_one
from monitor.errors import StoreUnusable

NOW_MS = 1_790_812_800_000


def test_a_second_daemon_is_refused_with_who_has_it_since_when_and_what_to_do(tmp_path):
    who = re.escape(
        f"another daemon (process {os.getpid()}, since 2026-10-01 00:00 UTC) uses this database; end it first"
    )
    with (
        only_one(tmp_path / "monitor.db", NOW_MS),
        pytest.raises(StoreUnusable, match=who),
        only_one(tmp_path / "monitor.db", NOW_MS),
    ):
        raise AssertionError("two at once")


def test_what_is_no_daemon_is_told_that_one_runs(tmp_path):
    with (
        only_one(tmp_path / "monitor.db", NOW_MS),
        pytest.raises(StoreUnusable, match=r": a daemon \(process \d+, since .+\) uses this database; end it first$"),
        only_one(tmp_path / "monitor.db", NOW_MS, daemon=False),
    ):
        raise AssertionError("two at once")


def test_the_holder_of_a_lock_that_does_not_say_who_it_is_is_told_too(tmp_path):
    with (tmp_path / "monitor.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with (
            pytest.raises(StoreUnusable, match=r"another daemon \(it does not say which\) uses this database"),
            only_one(tmp_path / "monitor.db", NOW_MS),
        ):
            raise AssertionError("two at once")


def test_after_the_first_has_ended_the_next_may_start(tmp_path):
    for _ in range(2):
        with only_one(tmp_path / "monitor.db", NOW_MS):
            assert (tmp_path / "monitor.db.lock").stat().st_mode & 0o777 == 0o600


def test_a_daemon_that_was_killed_leaves_no_lock(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; from monitor.adapters.only_one import only_one\n"
        "with only_one(Path(sys.argv[1]), 0): os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "monitor.db")], check=False)
    assert killed.returncode == -9
    with only_one(tmp_path / "monitor.db", NOW_MS):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnusable, match=r"set store\.path"), only_one(tmp_path / "file" / "monitor.db", NOW_MS):
        raise AssertionError("no such folder")
