"""The real daemon while broker and network fail, and after it was away: nothing lost, nothing doubled."""

import random
import time
from collections.abc import Iterator

import pytest

from tests.conftest import PLAIN
from tests.e2e.daemon_process import DaemonProcess, Speaker, subscribed, temperature, wait_for
from tests.e2e.proxy import Proxy

pytestmark = [pytest.mark.broker, pytest.mark.slow]

KEEPING = PLAIN + "persistence true\npersistence_location {folder}/\n"
CUTS = 20
WAITING = 10_000
HOUR_MS = 3_600_000


def expected(count: int) -> list[float]:
    return [temperature(number) for number in range(count)]


def dated(number: int, begin_ms: int) -> str:
    """A temperature with a time of its own, so that one that is published twice is one reading."""
    return f'{{"temperature": {temperature(number)}, "last_seen": {begin_ms + number * 10}}}'


@pytest.fixture
def speakers() -> Iterator[list[Speaker]]:
    told: list[Speaker] = []
    yield told
    for one in told:
        one.stop()


@pytest.fixture
def proxy_before(mosquitto) -> Iterator[Proxy]:
    made = Proxy(mosquitto.port, random.Random(4))
    yield made
    made.stop()


def test_a_network_cut_in_the_middle_of_packets_loses_and_doubles_nothing(
    mosquitto, proxy_before, start_daemon, speakers
):
    daemon: DaemonProcess = start_daemon(proxy_before.port, extra={"BEDROOM_MONITOR_MQTT__RECONNECT_MAX_S": "1"})
    assert subscribed(daemon)
    speakers.append(Speaker(mosquitto.port))
    count = 0
    for cut in range(CUTS):
        proxy_before.cut()
        speakers[0].say_temperatures(count, count + 40)
        count += 40
        assert wait_for(lambda cut=cut: proxy_before.cuts > cut)
    assert wait_for(lambda: daemon.accounted() >= count, 60)
    time.sleep(1.5)
    daemon.stop()
    assert (proxy_before.cuts, daemon.temperatures()) == (CUTS, expected(count))


def test_a_broker_that_keeps_its_memory_is_restarted_under_load_and_nothing_is_lost(
    start_mosquitto, start_daemon, speakers
):
    broker = start_mosquitto(KEEPING)
    daemon: DaemonProcess = start_daemon(broker.port)
    assert subscribed(daemon)
    speakers.append(Speaker(broker.port))
    begin_ms, count = int(time.time() * 1000) - HOUR_MS, 0
    for _ in range(4):
        for number in range(count, count + 400):
            speakers[0].say(f"zigbee2mqtt/Bedroom {number % 5}", dated(number, begin_ms))
            time.sleep(0.002)
        count += 400
        broker.stop()
        broker.start()
        assert wait_for(lambda count=count: daemon.accounted() >= count, 60)
    daemon.stop()
    assert daemon.temperatures() == expected(count)


def test_a_broker_that_forgets_at_its_restart_is_listened_to_again_and_what_was_acknowledged_stays(
    start_mosquitto, start_daemon, speakers
):
    broker = start_mosquitto(PLAIN)
    daemon: DaemonProcess = start_daemon(broker.port)
    assert subscribed(daemon)
    speakers.append(Speaker(broker.port))
    begin_ms = int(time.time() * 1000) - HOUR_MS
    for number in range(500):
        speakers[0].say(f"zigbee2mqtt/Bedroom {number % 5}", dated(number, begin_ms)).wait_for_publish(30)
    assert wait_for(lambda: daemon.accounted() == 500)
    for number in range(500, 1_000):
        speakers[0].say(f"zigbee2mqtt/Bedroom {number % 5}", dated(number, begin_ms))
    broker.stop()
    broker.start()
    # until the daemon is back, a broker without memory has nobody to keep a message for
    probe = iter(range(5_000, 6_000))
    back = wait_for(
        lambda: (
            speakers[0].say("zigbee2mqtt/Bedroom 0", dated(next(probe), begin_ms)) is not None
            and bool(daemon.query("SELECT 1 FROM reading WHERE value >= -19"))
        ),
        60,
    )
    for number in range(1_000, 1_500):
        speakers[0].say(f"zigbee2mqtt/Bedroom {number % 5}", dated(number, begin_ms)).wait_for_publish(30)
    assert wait_for(lambda: temperature(1_499) in daemon.temperatures())
    daemon.stop()
    found = [value for value in daemon.temperatures() if value < temperature(1_500)]
    certain = {temperature(number) for number in (*range(500), *range(1_000, 1_500))}
    assert back
    assert certain <= set(found) <= set(expected(1_500))
    assert len(found) == len(set(found))


def test_r6_what_waits_at_the_broker_after_an_hour_off_arrives_on_return_each_at_its_own_time(
    mosquitto, start_daemon, speakers
):
    daemon: DaemonProcess = start_daemon(mosquitto.port)
    assert subscribed(daemon)
    daemon.stop()
    speakers.append(Speaker(mosquitto.port))
    begin_ms = int(time.time() * 1000) - HOUR_MS
    step_ms = HOUR_MS // WAITING
    for number in range(WAITING):
        payload = f'{{"temperature": {temperature(number)}, "last_seen": {begin_ms + number * step_ms}}}'
        last = speakers[0].say(f"zigbee2mqtt/Bedroom {number % 5}", payload)
    last.wait_for_publish(60)
    daemon.start()
    assert wait_for(lambda: daemon.accounted() >= WAITING, 60)
    daemon.stop()
    found = daemon.query("SELECT ts_ms, value FROM reading ORDER BY ts_ms")
    assert found == [(begin_ms + number * step_ms, temperature(number)) for number in range(WAITING)]


def test_r6_ten_thousand_without_a_time_of_their_own_are_ten_thousand_readings(mosquitto, start_daemon, speakers):
    daemon: DaemonProcess = start_daemon(mosquitto.port)
    assert subscribed(daemon)
    daemon.stop()
    speakers.append(Speaker(mosquitto.port))
    speakers[0].say_temperatures(0, WAITING)
    daemon.start()
    assert wait_for(lambda: daemon.accounted() >= WAITING, 60)
    daemon.stop()
    assert daemon.temperatures() == expected(WAITING)
