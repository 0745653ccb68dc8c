"""The command line in this process: typed, with its exit code and what it printed."""

import io
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.cli import main
from tests.e2e.daemon_process import DaemonProcess
from tests.e2e.shell import DONE, Answer, Say


@pytest.fixture
def undisturbed() -> Iterator[None]:
    """Signal handlers and log handlers are afterwards what they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for number, handler in signals.items():
        signal.signal(number, handler)


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], undisturbed: None) -> Say:
    """Type a command in a home of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BEDROOM_MONITOR_STORE__PATH", str(tmp_path / "monitor.db"))
    monkeypatch.setenv("BEDROOM_MONITOR_HOME__ZONE", "Europe/Brussels")

    def typed(*words: object, answer: str = "") -> Answer:
        monkeypatch.setattr(sys, "argv", ["bedroom-monitor", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
        capsys.readouterr()
        try:
            main()
        except SystemExit as exc:
            code = exc.code if isinstance(exc.code, int) else DONE
        else:
            code = DONE
        return Answer(code, *capsys.readouterr())

    return typed


@pytest.fixture
def start_daemon(tmp_path: Path) -> Iterator[Callable[..., DaemonProcess]]:
    """Start a daemon in a process of its own; it is ended afterwards."""
    started: list[DaemonProcess] = []

    def start(port: int, *, folder: Path = tmp_path, **options: object) -> DaemonProcess:
        daemon = DaemonProcess(folder, port, **options)  # type: ignore[arg-type]
        started.append(daemon)
        daemon.start()
        return daemon

    yield start
    for daemon in started:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.kill()
