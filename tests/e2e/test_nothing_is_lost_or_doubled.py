"""The real daemon against a real mosquitto: killed at random moments, stopped, with a full disk."""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.conftest import PLAIN, Mosquitto
from tests.e2e.daemon_process import Speaker, subscribed, temperature, wait_for

pytestmark = [pytest.mark.broker, pytest.mark.slow]

KILLS = 100
"""Of each of two daemons."""
TOPICS = 5
ODD = 25
"""Of so many messages one cannot be used, and one is out of range."""
VALUES = "SELECT value FROM reading JOIN series ON series.id = series WHERE quantity = 'temperature'"


def message(number: int) -> str:
    """What the message of that number says: mostly a temperature, now and then nonsense."""
    if number % ODD == 7:
        return f'{{"broken": {number}'
    value = 1_000 + number if number % ODD == 13 else temperature(number)
    return f'{{"temperature": {value}}}'


def speak(speaker: Speaker, numbers: Iterator[int], seconds: float, chance: random.Random) -> int:
    """Messages for some time; the last number."""
    until = time.monotonic() + seconds
    number = -1
    while time.monotonic() < until:
        number = next(numbers)
        speaker.say(f"zigbee2mqtt/Bedroom {number % TOPICS}", message(number))
        time.sleep(0.004 if chance.random() < 0.9 else 0.0)
    return number


@pytest.mark.timeout(400)
def test_killed_at_200_random_moments_nothing_is_lost_and_nothing_doubled(start_mosquitto, start_daemon, tmp_path):
    chance = random.Random(200)
    homes = []
    for window in (20, 1000):
        broker: Mosquitto = start_mosquitto(PLAIN.replace("messages 1000", f"messages {window}"))
        folder = tmp_path / str(window)
        folder.mkdir()
        daemon = start_daemon(broker.port, folder=folder)
        assert subscribed(daemon)
        homes.append((daemon, Speaker(broker.port), count()))
    said = [0, 0]
    for _ in range(KILLS):
        for at, (daemon, speaker, numbers) in enumerate(homes):
            said[at] = max(said[at], speak(speaker, numbers, chance.uniform(0.0, 0.7), chance) + 1)
            daemon.kill()
            daemon.start()
    for (daemon, speaker, _), all_said in zip(homes, said, strict=True):
        wait_for(lambda daemon=daemon, all_said=all_said: daemon.accounted() >= all_said, 60)
        time.sleep(1.5)
        speaker.stop()
        assert daemon.stop() < 5
        odd = sum(number % ODD == 7 for number in range(all_said))
        usual = [temperature(number) for number in range(all_said) if number % ODD not in {7, 13}]
        aside = [1_000 + number for number in range(all_said) if number % ODD == 13]
        assert daemon.temperatures() == usual
        assert [row[0] for row in daemon.query("SELECT value FROM set_aside ORDER BY value")] == aside
        assert daemon.query("SELECT sum(count) FROM problem") == [(odd,)]


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
