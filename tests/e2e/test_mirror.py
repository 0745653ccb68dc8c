"""The real daemon with a mirror that is not there, misbehaves, comes back, or is being caught up with at a kill."""

import time
from collections.abc import Iterator

import pytest

from tests.e2e.daemon_process import subscribed, wait_for
from tests.e2e.mirror_rig import backlog, mirror_settings, speak
from tests.influx_like import GARBAGE, HALF, HANG, RESET, InfluxLike, Reply, Request, Script, an_influx, refusal

pytestmark = [pytest.mark.broker, pytest.mark.slow]

TEMPERATURES = "SELECT ts_ms, value FROM reading JOIN series ON series.id = series WHERE quantity = 'temperature'"
WAITING = "SELECT count(*) FROM mirror_queue"
HUSH = "a-word-nobody-may-see"
SENSOR = "zigbee2mqtt:Bedroom"


@pytest.fixture
def influx() -> Iterator[InfluxLike]:
    with an_influx() as server:
        yield server


def test_r2_a_mirror_that_is_not_there_at_the_start_is_connected_to_by_itself(
    mosquitto, start_daemon, tmp_path, influx
):
    influx.stop()
    daemon = start_daemon(mosquitto.port, settings=mirror_settings(tmp_path, influx.url))
    assert subscribed(daemon)
    speak(mosquitto.port, 50)
    assert wait_for(lambda: len(daemon.query(TEMPERATURES)) == 50)
    assert wait_for(lambda: "nothing listens there" in daemon.log)
    influx.start()
    assert wait_for(lambda: len(influx.of("temperature")) == 50, 60)
    assert daemon.stop() < 5
    assert influx.series("temperature", sensor=SENSOR) == dict(daemon.query(TEMPERATURES))
    assert daemon.log.count("nothing listens there") == 1
    assert daemon.log.count(": back") == 1


STATES: tuple[Script | None, ...] = (
    None,
    HANG,
    RESET,
    HALF,
    GARBAGE,
    Reply(500),
    refusal(400, "odd"),
    refusal(401, "who are you"),
    refusal(503, "starting", Retry_After="60"),
)


def test_it_starts_works_and_stops_in_5_s_whatever_state_the_mirror_is_in(mosquitto, start_daemon, tmp_path, influx):
    daemon = start_daemon(mosquitto.port, settings=mirror_settings(tmp_path, influx.url, timeout_s=30))
    assert subscribed(daemon)
    took_s, stored = {}, []
    for number, state in enumerate(STATES, start=1):
        influx.always = state
        if state is None:
            influx.stop()
        speak(mosquitto.port, 20)
        stored.append(wait_for(lambda number=number: len(daemon.query(TEMPERATURES)) == 20 * number))
        took_s[state] = daemon.stop()
        daemon.start()
        if state is None:
            influx.start()
    daemon.stop()
    assert all(stored)
    assert {state: took for state, took in took_s.items() if took >= 5} == {}
    assert "Traceback" not in daemon.log
    assert daemon.query(WAITING)[0][0] > 0


def test_killed_again_and_again_while_it_catches_up_nothing_is_lost_and_nothing_doubled(
    mosquitto, start_daemon, tmp_path, influx
):
    influx.script = lambda request: time.sleep(0.02)
    settings = mirror_settings(tmp_path, influx.url, batch_rows=100, gzip="false")
    expected = backlog(tmp_path / "data/monitor.db", 10_000, "zigbee2mqtt:Backlog")
    daemon = start_daemon(mosquitto.port, settings=settings)
    for goal in (1_000, 3_000, 5_000, 7_000):
        assert wait_for(lambda goal=goal: len(influx.of("temperature")) >= goal, 60)
        speak(mosquitto.port, 5)
        daemon.kill()
        daemon.start()
    assert wait_for(lambda: daemon.query(WAITING) == [(0,)], 60)
    wait_for(lambda: len(daemon.query(TEMPERATURES)) == len(expected) + 20)
    wait_for(lambda: daemon.query(WAITING) == [(0,)])
    daemon.stop()
    assert influx.series("temperature", sensor="zigbee2mqtt:Backlog") == expected
    spoken = [row for row in daemon.query(TEMPERATURES) if row[0] not in expected]
    assert influx.series("temperature", sensor=SENSOR) == dict(spoken)
    assert len(spoken) == 20


def test_while_a_backlog_is_sent_new_readings_are_stored_without_delay(mosquitto, start_daemon, tmp_path, influx):
    influx.script = lambda request: time.sleep(0.05)
    backlog(tmp_path / "data/monitor.db", 20_000, "zigbee2mqtt:Backlog")
    daemon = start_daemon(mosquitto.port, settings=mirror_settings(tmp_path, influx.url, batch_rows=100))
    assert wait_for(lambda: len(influx.of("temperature")) > 500)
    speak(mosquitto.port, 20)
    began = time.monotonic()
    assert wait_for(lambda: len(daemon.query(TEMPERATURES)) == 20_020)
    assert time.monotonic() - began < 5
    assert daemon.query(WAITING)[0][0] > 0
    assert daemon.stop() < 5


def test_a_mirror_that_is_switched_off_leaves_nothing_waiting_and_says_so(mosquitto, start_daemon, tmp_path, influx):
    influx.stop()
    backlog(tmp_path / "data/monitor.db", 1_000, "zigbee2mqtt:Backlog")
    daemon = start_daemon(mosquitto.port)
    assert subscribed(daemon)
    daemon.stop()
    assert daemon.query(WAITING) == [(0,)]
    assert "1,000 readings that waited left its queue" in daemon.log


def test_the_token_is_not_in_the_log_at_any_level(mosquitto, start_daemon, tmp_path, influx):
    def refuse(request: Request) -> Script:
        return refusal(401, f"unknown {request.headers['authorization']}")

    influx.script = refuse
    settings = mirror_settings(tmp_path, influx.url, token=HUSH) + '[logging]\nlevel = "debug"\n'
    daemon = start_daemon(mosquitto.port, settings=settings)
    assert subscribed(daemon)
    assert wait_for(lambda: "HTTP 401" in daemon.log)
    daemon.stop()
    assert HUSH not in daemon.log
