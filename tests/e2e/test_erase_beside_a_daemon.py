"""A running daemon loses nothing while old nights are deleted beside it, and does not bring them back."""

import os
import subprocess
import sys
import time

import pytest

from monitor.adapters.sqlite.database import Database
from tests.e2e.daemon_process import DaemonProcess, Speaker, subscribed, temperature, wait_for

pytestmark = [pytest.mark.broker, pytest.mark.slow]

TOPICS = 5
OLD_MS = 1_735_689_600_000
"""2025-01-01; two months of two series at 10 s follow."""
OLD_ROWS = 60 * 8_640
SPAN = f"ts_ms < {OLD_MS + 100 * 86_400_000}"


def fill(daemon: DaemonProcess) -> None:
    with Database(daemon.database, sync="normal") as database, database.writing() as cursor:
        cursor.execute("INSERT INTO sensor VALUES ('zigbee2mqtt:Old', 'Old', 'bedroom', 'person', 0, NULL, NULL, NULL)")
        for quantity, unit in (("temperature", "degC"), ("humidity", "%")):
            cursor.execute(
                "INSERT INTO series (sensor, quantity, unit) VALUES ('zigbee2mqtt:Old', ?, ?)", (quantity, unit)
            )
        cursor.execute(
            "WITH RECURSIVE at (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM at WHERE n < ?) "
            "INSERT INTO reading SELECT series.id, ? + n * 10000, 20 + n % 10 FROM at, series ORDER BY series.id, n",
            (OLD_ROWS - 1, OLD_MS),
        )


def test_no_new_reading_is_lost_while_old_nights_are_deleted(mosquitto, start_daemon, tmp_path):
    daemon = DaemonProcess(tmp_path, mosquitto.port)
    daemon.database.parent.mkdir()
    fill(daemon)
    daemon = start_daemon(mosquitto.port)
    assert subscribed(daemon)
    assert wait_for(lambda: bool(daemon.query("SELECT 1 FROM night")), 60)
    speaker = Speaker(mosquitto.port)
    words = ["erase", "--from", "2025-01-01", "--to", "2025-03-31", "--yes"]
    said = 0
    with subprocess.Popen(
        [sys.executable, "-m", "monitor", *words, "--config", str(tmp_path / "monitor.toml")],
        env=os.environ | daemon.extra, stdout=subprocess.DEVNULL,
    ) as erasing:  # fmt: skip
        while erasing.poll() is None:
            speaker.say(f"zigbee2mqtt/Bedroom {said % TOPICS}", f'{{"temperature": {temperature(said)}}}')
            said += 1
            time.sleep(0.004)
    assert erasing.returncode == 0
    new = "SELECT count(*) FROM reading JOIN series ON series.id = series WHERE sensor <> 'zigbee2mqtt:Old'"
    assert wait_for(lambda: daemon.query(new) == [(said,)]), (daemon.query(new), said)
    speaker.stop()
    assert daemon.query(f"SELECT count(*) FROM reading WHERE {SPAN}") == [(0,)]
    assert "cannot be stored" not in daemon.log
    assert daemon.stop() < 5
    daemon.start()
    assert subscribed(daemon)
    time.sleep(2)
    assert daemon.query("SELECT count(*) FROM night WHERE wake_date < '2025-04-01'") == [(0,)]
    assert said > 100
