"""One daemon for one database."""

import subprocess
import sys

import pytest

from monitor.adapters.only_one import only_one
from monitor.errors import StoreUnusable


def test_a_second_daemon_is_refused_with_what_to_do(tmp_path):
    with (
        only_one(tmp_path / "monitor.db"),
        pytest.raises(StoreUnusable, match="another daemon uses this database; end it first"),
        only_one(tmp_path / "monitor.db"),
    ):
        raise AssertionError("two at once")


def test_after_the_first_has_ended_the_next_may_start(tmp_path):
    for _ in range(2):
        with only_one(tmp_path / "monitor.db"):
            assert (tmp_path / "monitor.db.lock").stat().st_mode & 0o777 == 0o600


def test_a_daemon_that_was_killed_leaves_no_lock(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; from monitor.adapters.only_one import only_one\n"
        "with only_one(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "monitor.db")], check=False)
    assert killed.returncode == -9
    with only_one(tmp_path / "monitor.db"):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnusable, match=r"set store\.path"), only_one(tmp_path / "file" / "monitor.db"):
        raise AssertionError("no such folder")
