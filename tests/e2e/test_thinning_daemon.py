"""The real daemon thins what is old beside its work, killed in the middle or not, and loses no reading's count."""

import time
from random import Random

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.core.grid import BIN_MS
from monitor.core.readings import DAY_MS, Reading
from monitor.core.thinning import bin_of
from monitor.ports import Batch, Seen
from tests.e2e.daemon_process import DaemonProcess, Speaker, subscribed, wait_for

pytestmark = [pytest.mark.broker, pytest.mark.slow]

SENSOR = "zigbee2mqtt:Bedroom"
THINNED = '[retention]\nthin_after_days = 7\n[logging]\nlevel = "info"\n'
DAYS = 3
ALL = "SELECT (SELECT count(*) FROM reading) + (SELECT coalesce(sum(count), 0) FROM thinned)"
LEFT = "SELECT count(*) FROM reading WHERE ts_ms < {}"


def lived(daemon: DaemonProcess) -> tuple[int, int]:
    """Some days of readings every ten seconds long ago, then nights; how many, and when the old ones end."""
    today_ms = SystemClock().now_ms() // DAY_MS * DAY_MS
    first_ms, end_ms = today_ms - 40 * DAY_MS, today_ms - (40 - DAYS) * DAY_MS
    times = [*range(first_ms, end_ms, 10_000), *range(today_ms - 12 * DAY_MS, today_ms, 1_800_000)]
    rows = [Reading(SENSOR, name, ms, 20.0 + ms % 7) for ms in times for name in ("temperature", "humidity")]
    with Database(daemon.database, sync="normal") as database:
        SqliteReadings(database, SeriesNumbers()).save(
            Batch(readings=rows, seen=[Seen(SENSOR, place="bedroom", topic="zigbee2mqtt/Bedroom")])
        )
    return len(rows), end_ms


def test_r11_a_daemon_killed_again_and_again_thins_everything_once(mosquitto, start_daemon, tmp_path):
    daemon = DaemonProcess(tmp_path, mosquitto.port, settings=THINNED)
    count, end_ms = lived(daemon)
    chance = Random(11)
    for _ in range(4):
        daemon.start()
        time.sleep(1.0 + chance.random() * 2)
        daemon.kill()
        assert daemon.query(ALL) == [(count,)]
    daemon = start_daemon(mosquitto.port, settings=THINNED)
    assert wait_for(lambda: subscribed(daemon))
    speaker = Speaker(mosquitto.port)
    speaker.say("zigbee2mqtt/Bedroom", '{"temperature": 21.5, "humidity": 48}')
    assert wait_for(lambda: daemon.query(LEFT.format(end_ms)) == [(0,)], 90)
    speaker.stop()
    assert wait_for(lambda: daemon.query(ALL) == [(count + 2,)])
    daemon.stop()
    rows = daemon.query("SELECT count(*), min(count), max(count) FROM thinned")
    assert rows == [(2 * DAYS * DAY_MS // BIN_MS, 30, 30)]
    assert bin_of(end_ms) == end_ms
    assert "readings older than 7 days are thinned to five minutes" in daemon.log
