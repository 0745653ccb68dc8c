"""The real daemon while the clock of its machine is set, back and ahead, by whoever sets clocks."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.daemon_process import DaemonProcess, Speaker, subscribed, temperature, wait_for

pytestmark = [pytest.mark.broker, pytest.mark.slow]

EACH = 400
HOUR_S, DAY_S = 3_600, 86_400


@pytest.fixture
def library() -> Path:
    """What fakes the time for another program."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found or shutil.which("faketime") is None:
        pytest.skip("libfaketime is not here (Debian: faketime)")
    return found[0]


@pytest.fixture
def clocked(mosquitto, start_daemon, tmp_path, library) -> tuple[DaemonProcess, Path]:
    """A daemon that listens, and the file that says how far its wall clock stands from ours."""
    clock = tmp_path / "clock"
    clock.write_text("+0")
    daemon = start_daemon(
        mosquitto.port,
        extra={
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        },
    )
    assert subscribed(daemon)
    return daemon, clock


@pytest.mark.parametrize("steps", [(-HOUR_S,), (DAY_S,), (DAY_S, 0), (-HOUR_S, 0)])
def test_whatever_the_clock_does_every_message_is_one_reading_at_the_time_it_had(mosquitto, clocked, steps):
    daemon, clock = clocked
    speaker = Speaker(mosquitto.port)
    began_ms = int(time.time() * 1000)
    speaker.say_temperatures(0, EACH)
    arrived = [wait_for(lambda: daemon.accounted() == EACH)]
    for number, step in enumerate(steps, start=1):
        clock.write_text(f"{step:+d}")
        speaker.say_temperatures(number * EACH, (number + 1) * EACH)
        arrived.append(wait_for(lambda number=number: daemon.accounted() == (number + 1) * EACH))
    speaker.stop()
    took = daemon.stop()
    ended_ms = int(time.time() * 1000)
    assert (arrived, took < 5) == ([True] * (len(steps) + 1), True), daemon.log[-2000:]
    assert daemon.temperatures() == [temperature(number) for number in range((len(steps) + 1) * EACH)]
    for number, step in enumerate((0, *steps)):
        low, high = (temperature(at) - 0.001 for at in (number * EACH, (number + 1) * EACH))
        first, last = daemon.query(
            f"SELECT min(ts_ms), max(ts_ms) FROM reading WHERE value >= {low} AND value < {high}"
        )[0]
        assert began_ms <= first - step * 1000 <= last - step * 1000 <= ended_ms + EACH


def test_a_sensor_placed_after_the_clock_was_set_back_is_listened_to_at_once(mosquitto, clocked):
    """What the daemon does now and then goes by the time that passes, not by the clock on the wall."""
    daemon, clock = clocked
    speaker = Speaker(mosquitto.port)
    speaker.say_temperatures(0, 10, topics=2)
    assert wait_for(lambda: daemon.accounted() == 10)
    clock.write_text(f"{-HOUR_S:+d}")
    before = daemon.query("SELECT value FROM meta WHERE key = 'topics'")
    place = [*daemon.command, "sensors", "place", "zigbee2mqtt:Bedroom 0", "bedroom", "--config", str(daemon.config)]
    subprocess.run(place, check=True, capture_output=True)
    changed = wait_for(lambda: daemon.query("SELECT value FROM meta WHERE key = 'topics'") != before, 20)
    speaker.stop()
    daemon.stop()
    assert changed
