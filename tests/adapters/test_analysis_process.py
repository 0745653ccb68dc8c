"""The real analysis process: the same numbers as in this process, and clear words when it fails."""

import subprocess
import sys

import numpy as np
import pytest

from monitor.adapters.analysis_process import AnalysisProcess
from monitor.core.analysis import analyse
from monitor.core.findings import AnalysisTask, ExposureRow, NightRow
from monitor.errors import AnalysisError

WARMTH = ExposureRow(name="T_mean", domain="thermal", unit="1 °C", per=1.0, primary=True)


def a_task(nights: int = 40) -> AnalysisTask:
    chance = np.random.default_rng(1)
    rows = tuple(
        NightRow(
            t=t,
            wake_date=f"2026-{1 + t // 28:02}-{1 + t % 28:02}",
            severity=int(chance.integers(0, 11)),
            exposures={"T_mean": float(chance.normal(21, 2))},
        )
        for t in range(nights)
    )
    return AnalysisTask(nights=rows, exposures=(WARMTH,), adjust_for=())


def test_the_process_finds_what_the_function_finds():
    assert AnalysisProcess(timeout_s=60, memory_mb=1024)(a_task()) == analyse(a_task())


def test_a_process_that_takes_too_long_is_ended_and_told():
    with pytest.raises(AnalysisError, match=r"took longer than 0\.01 s.*raise analysis\.timeout_s"):
        AnalysisProcess(timeout_s=0.01, memory_mb=1024)(a_task())


@pytest.mark.parametrize("memory_mb", [60, 100])
def test_a_process_with_too_little_memory_is_told(memory_mb):
    with pytest.raises(AnalysisError, match=rf"needed more than {memory_mb} MB; raise analysis\.memory_mb"):
        AnalysisProcess(timeout_s=60, memory_mb=memory_mb)(a_task())


def test_a_process_that_fails_tells_its_last_words():
    broken = a_task()
    object.__setattr__(broken, "adjust_for", 3)  # as a defect would
    with pytest.raises(AnalysisError, match="the analysis process ended with code 1"):
        AnalysisProcess(timeout_s=60, memory_mb=1024)(broken)


def test_a_process_that_the_system_kills_is_told_with_the_likely_reason(tmp_path, monkeypatch):
    (tmp_path / "python").write_text("#!/bin/sh\nkill -9 $$\n")
    (tmp_path / "python").chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(AnalysisError, match="was killed, most likely because this machine ran out of memory"):
        AnalysisProcess(timeout_s=60, memory_mb=1024)(a_task())


def test_a_process_that_cannot_be_started_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-such-python"))
    with pytest.raises(AnalysisError, match=r"cannot be started \(No such file or directory\)"):
        AnalysisProcess(timeout_s=60, memory_mb=1024)(a_task())


def test_the_daemon_s_parts_do_not_import_numpy():
    code = (
        "import sys, threading; from monitor import bootstrap; from monitor.settings import Settings\n"
        "from monitor.adapters.clock import SystemClock; from pathlib import Path\n"
        "from monitor.settings.sections import Mqtt, Store\n"
        "import tempfile; folder = Path(tempfile.mkdtemp())\n"
        "settings = Settings.model_construct(mqtt=Mqtt(port=1), store=Store(path=folder / 'm.db'))\n"
        "stop = threading.Event(); threading.Timer(0.5, stop.set).start()\n"
        "with bootstrap.wired(settings, SystemClock()) as running: running.daemon.run(stop)\n"
        "print([name for name in ('numpy', 'scipy', 'matplotlib', 'amqtt') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "[]"
