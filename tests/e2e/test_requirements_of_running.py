"""What users of such systems ask for, as far as running goes; each test bears the number of its requirement."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.e2e.daemon_process import DaemonProcess, Speaker, subscribed, wait_for
from tests.services.home import DAY, FIRST, Home, an_entry, at

SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
MOST_MB = 100
"""With a mirror, whose library takes 26 MB; 60 MB are usual without."""
MOST_DESCRIPTORS = 40
MOST_THREADS = 8
WAL_MOST_BYTES = 16_000_000


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a home with three nights from 23:10 to 07:05, two of them with a change of clocks; not closed."""
    home = Home(tmp_path_factory.mktemp("home"))
    for wake_date in (SPRING, FIRST, AUTUMN):
        home.measure((at(wake_date - DAY, "20:00"), at(wake_date, "09:00")))
        home.diary.log(an_entry(wake_date, bed="23:10", rise="07:05"), 0, "test")
    home.sensors.place("zigbee2mqtt:bedroom", "bedroom", "person")
    home.database.close()
    return home.folder / "monitor.db"


@pytest.fixture
def ask_in(lived_in: Path, tmp_path: Path) -> Callable[..., object]:
    """Type a command that answers in JSON on a machine whose own zone is another."""

    def typed(machine_zone: str, *words: object) -> object:
        environment = os.environ | {
            "TZ": machine_zone,
            "BEDROOM_MONITOR_STORE__PATH": str(lived_in),
            "BEDROOM_MONITOR_HOME__ZONE": "Europe/Brussels",
        }
        command = [sys.executable, "-m", "monitor", *map(str, words)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=tmp_path)
        return json.loads(answer.stdout) if "--json" in words else answer.stdout

    return typed


@pytest.mark.slow
def test_r10_whatever_the_zone_of_the_machine_a_night_from_2310_to_0705_is_the_same_one_night(ask_in):
    ask_in("UTC", "nights", "close")
    zones = ("UTC", "America/New_York", "Pacific/Auckland")
    listed = [ask_in(zone, "nights", "list", "--json") for zone in zones]
    shown = [ask_in(zone, "nights", "show", AUTUMN, "--json") for zone in zones]
    assert listed[0] == listed[1] == listed[2]
    assert shown[0] == shown[1] == shown[2]
    text = json.dumps(listed[0])
    assert [text.count(day.isoformat()) > 0 for day in (SPRING, FIRST, AUTUMN)] == [True] * 3


@pytest.mark.broker
@pytest.mark.slow
def test_r40_with_everything_on_after_50_000_readings_memory_descriptors_and_threads_are_few(
    mosquitto, start_daemon, free_port
):
    daemon: DaemonProcess = start_daemon(
        mosquitto.port,
        extra={
            "BEDROOM_MONITOR_MIRROR__URL": f"http://127.0.0.1:{free_port}",
            "BEDROOM_MONITOR_RETENTION__THIN_AFTER_DAYS": "30",
        },
    )
    assert subscribed(daemon)
    speaker = Speaker(mosquitto.port)
    for number in range(25_000):
        payload = {"temperature": 18 + number % 70 / 10, "humidity": 40 + number % 200 / 10}
        payload["last_seen"] = 1_790_000_000_000 + number * 6_000
        told = speaker.say(f"zigbee2mqtt/Sensor {number % 10}", json.dumps(payload))
    told.wait_for_publish(60)
    assert wait_for(lambda: daemon.query("SELECT count(*) FROM reading") == [(50_000,)], 120)
    process = Path(f"/proc/{daemon.process.pid}")
    memory_mb = int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    descriptors, threads = (len(list((process / name).iterdir())) for name in ("fd", "task"))
    ahead = daemon.database.with_name("monitor.db-wal").stat().st_size
    speaker.stop()
    daemon.stop()
    assert (memory_mb < MOST_MB, descriptors < MOST_DESCRIPTORS, threads < MOST_THREADS, ahead < WAL_MOST_BYTES) == (
        (True,) * 4
    ), (memory_mb, descriptors, threads, ahead)
