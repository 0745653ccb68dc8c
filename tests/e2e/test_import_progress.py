"""The bar of an import: on standard error, where that is a terminal, and nowhere else."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adapters.recorder_files import RecorderBuilder, State

T_S = 1_706_738_400


def typed(folder: Path, *words: object) -> tuple[int, str, str]:
    """Exit code, standard output, and what the terminal showed of standard error."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "import", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ
        | {"BEDROOM_MONITOR_STORE__PATH": str(folder / "monitor.db"), "HOME": str(folder), "TERM": "xterm"},
        cwd=folder,
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # the other end is closed
        pass
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    return process.returncode, out.decode(), shown.decode()


@pytest.fixture
def past(tmp_path: Path) -> dict[str, list[object]]:
    """What can be imported, by kind."""
    states = [
        State("sensor.bedroom_temperature", f"{20 + number % 5 / 10}", T_S + number * 60) for number in range(300)
    ]
    csv = tmp_path / "climate.csv"
    lines = (f"2024-02-01T{number // 60:02}:{number % 60:02}:00Z,{20 + number % 5 / 10}" for number in range(300))
    csv.write_text("time,temperature\n" + "\n".join(lines) + "\n")
    recorder = RecorderBuilder(tmp_path / "home-assistant_v2.db", 51).add(states, []).close()
    return {"items": ["home-assistant", recorder], "rows": ["readings", csv]}


@pytest.mark.parametrize("kind", ["items", "rows"])
def test_in_a_terminal_a_bar_reaches_its_end(past, tmp_path, kind):
    code, out, shown = typed(tmp_path, *past[kind])
    assert (code, "300 readings" in out) == (0, True)
    assert "100%" in shown


@pytest.mark.parametrize("kind", ["items", "rows"])
def test_with_json_there_is_no_bar(past, tmp_path, kind):
    code, out, shown = typed(tmp_path, *past[kind], "--json")
    assert (code, out.startswith("{"), shown) == (0, True, "")
