"""Real parts for the tests: a mosquitto on loopback, and the reference data beside the project."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
PLAIN = "listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 1000\n"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the project; skips where there is none."""
    if not SHARED.is_dir():
        pytest.skip("the reference data beside the project are not here")
    return SHARED


def free_port() -> int:
    """A loopback port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Mosquitto:
    """A real mosquitto; it can be stopped and started again on the same port, keeping its memory or losing it."""

    folder: Path
    config: str = PLAIN
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        file = self.folder / "mosquitto.conf"
        file.write_text(self.config.format(port=self.port, folder=self.folder) + "user root\n")
        self.process = subprocess.Popen(
            [program, "-c", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("mosquitto did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


@pytest.fixture
def start_mosquitto(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Start a mosquitto with a configuration of one's own; it ends with the test."""
    started: list[Mosquitto] = []

    def start(config: str = PLAIN) -> Mosquitto:
        folder = tmp_path / f"mosquitto-{len(started)}"
        folder.mkdir()
        broker = Mosquitto(folder, config)
        started.append(broker)
        broker.start()
        return broker

    yield start
    for broker in started:
        broker.stop()


@pytest.fixture
def mosquitto(start_mosquitto: Callable[..., Mosquitto]) -> Mosquitto:
    """A mosquitto that lets everybody in."""
    return start_mosquitto()


@pytest.fixture(name="free_port")
def _free_port() -> int:
    """A loopback port that nothing listens on."""
    return free_port()
