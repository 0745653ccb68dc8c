"""The real daemon against a real mosquitto: killed at random moments, stopped, with a full disk."""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Mosquitto
from tests.e2e.daemon_process import Speaker, subscribed, wait_for

pytestmark = [pytest.mark.broker, pytest.mark.slow]

KILLS = 12
TOPICS = 5
VALUES = "SELECT value FROM reading JOIN series ON series.id = series WHERE quantity = 'temperature'"


def temperature(number: int) -> float:
    """Another value for each number, within what a room can have."""
    return round(-39 + number * 0.004, 3)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("window", [20, 1000])
def test_killed_at_random_moments_nothing_is_lost_and_nothing_doubled(start_mosquitto, start_daemon, window):
    broker: Mosquitto = start_mosquitto(
        f"listener {{port}} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages {window}\n"
    )
    daemon = start_daemon(broker.port)
    assert subscribed(daemon)
    chance = random.Random(window)
    speaker = Speaker(broker.port)
    count = 0
    for _ in range(KILLS):
        until = time.monotonic() + chance.uniform(0.1, 1.6)
        while time.monotonic() < until:
            speaker.say(f"zigbee2mqtt/Bedroom {count % TOPICS}", f'{{"temperature": {temperature(count)}}}')
            count += 1
            time.sleep(0.002 if chance.random() < 0.9 else 0.0)
        daemon.kill()
        daemon.start()
    expected = [temperature(number) for number in range(count)]
    wait_for(lambda: len(daemon.query(VALUES)) >= count, 60)
    time.sleep(1.5)
    speaker.stop()
    assert daemon.stop() < 5
    assert sorted(row[0] for row in daemon.query(VALUES)) == expected


def test_a_stop_takes_less_than_5_s_and_keeps_everything_for_the_next_start(mosquitto, start_daemon):
    daemon = start_daemon(mosquitto.port)
    assert subscribed(daemon)
    speaker = Speaker(mosquitto.port)
    for number in range(3000):
        speaker.say("zigbee2mqtt/Bedroom", f'{{"temperature": {temperature(number)}}}')
    took = daemon.stop()
    for number in range(3000, 6000):
        speaker.say("zigbee2mqtt/Bedroom", f'{{"temperature": {temperature(number)}}}').wait_for_publish(30)
    daemon.start()
    wait_for(lambda: len(daemon.query(VALUES)) >= 6000)
    speaker.stop()
    daemon.stop()
    assert took < 5
    assert sorted(row[0] for row in daemon.query(VALUES)) == [temperature(number) for number in range(6000)]


def test_without_a_broker_the_daemon_starts_says_so_once_and_stops_in_time(start_daemon, free_port):
    daemon = start_daemon(free_port)
    assert wait_for(lambda: "nothing listens there" in daemon.log)
    time.sleep(3)
    assert daemon.stop() < 5
    assert daemon.log.count("no connection to MQTT broker") == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB; where none may be mounted, the test cannot be made and says so."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)], check=False, capture_output=True
        ).returncode
        == 0
    )
    if not mounted:
        pytest.skip("only root may mount a small disk; adapters/test_sqlite.py tests the same on a limited file")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_on_a_full_disk_nothing_is_acknowledged_and_with_room_all_is_stored(mosquitto, start_daemon, small_disk):
    daemon = start_daemon(mosquitto.port, data=small_disk)
    assert subscribed(daemon)
    ballast = small_disk / "ballast"
    room = shutil.disk_usage(small_disk).free
    ballast.write_bytes(b"0" * (room - 200_000))
    speaker = Speaker(mosquitto.port)
    for number in range(20_000):
        speaker.say("zigbee2mqtt/Bedroom", f'{{"temperature": {temperature(number)}}}')
    assert wait_for(lambda: "readings cannot be stored" in daemon.log)
    ballast.unlink()
    stored = wait_for(lambda: len(daemon.query(VALUES)) == 20_000, 60)
    speaker.stop()
    daemon.stop()
    assert stored, daemon.log[-2000:]
    assert daemon.log.count("readings cannot be stored") == 1
