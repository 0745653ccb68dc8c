"""Many messages at once, a full queue, and a stop in every state."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from monitor.adapters.mqtt import READ_AT_ONCE, MqttSource
from tests.adapters.mqtt_rig import TOPIC, a_broker_that, a_connection, numbers, payloads, pour, taken, until, welcomes
from tests.conftest import PLAIN, free_port

pytestmark = pytest.mark.broker

MANY = 20_000
SMALL_QUEUE = 100
STOP_AT_MOST_S = 5.0
WITH_TLS_BESIDE = (
    "listener {{port}} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
    "certfile {folder}/server.crt\nkeyfile {folder}/server.key\nlistener {beside} 127.0.0.1\n"
)


def poured(port: int, topic: str, words: list[bytes], qos: int = 1) -> threading.Thread:
    """Publishes in the background."""
    thread = threading.Thread(target=pour, args=(port, topic, words), kwargs={"qos": qos})
    thread.start()
    return thread


def all_taken(source: MqttSource, count: int) -> list[bytes]:
    """Every payload, acknowledged as it comes."""
    found: list[bytes] = []
    while len(found) < count and (deliveries := taken(source, 1, 5)):
        source.acknowledge(deliveries)
        found += payloads(deliveries)
    return found


def test_20_000_messages_come_once_and_in_order(mosquitto, start_source):
    source = start_source(a_connection(mosquitto.port))
    source.wait_subscribed(10)
    pouring = poured(mosquitto.port, TOPIC, numbers(MANY))
    found = all_taken(source, MANY)
    pouring.join()
    assert found == numbers(MANY)
    assert taken(source, 1, 0.1) == []


def test_messages_that_tls_holds_back_are_read_without_waiting(start_mosquitto, start_source, certificates):
    beside = free_port()
    broker = start_mosquitto(WITH_TLS_BESIDE.format(folder=certificates, beside=beside))
    source = start_source(a_connection(broker.port, tls=True, ca_file=certificates / "ca.crt"))
    source.wait_subscribed(10)
    pouring = poured(beside, TOPIC, numbers(2_000))
    found = all_taken(source, 2_000)
    pouring.join()
    assert found == numbers(2_000)


def test_while_the_worker_has_no_time_the_queue_stays_bounded_and_nothing_assured_is_lost(mosquitto, start_source):
    source = start_source(a_connection(mosquitto.port, queue_size=SMALL_QUEUE))
    source.wait_subscribed(10)
    pour(mosquitto.port, TOPIC, numbers(MANY), qos=0)
    pour(mosquitto.port, "home/assured", numbers(2_000))
    time.sleep(0.2)
    waiting = source._received - source._taken
    found: list[bytes] = []
    while len(found) < 2_000 and (deliveries := taken(source, 1, 5)):
        source.acknowledge(deliveries)
        found += [one.message.payload for one in deliveries if one.qos]
    assert SMALL_QUEUE <= waiting < SMALL_QUEUE + READ_AT_ONCE
    assert found == numbers(2_000)


def seconds_to_stop(source: MqttSource) -> float:
    began = time.monotonic()
    source.stop()
    assert not source._thread.is_alive()
    return time.monotonic() - began


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield int(door.getsockname()[1])


@pytest.mark.parametrize("how", [{}, {"tls": True}, {"transport": "websockets"}], ids=["plain", "tls", "websockets"])
@pytest.mark.filterwarnings("ignore:unclosed <:ResourceWarning")
def test_a_stop_does_not_wait_for_a_broker_that_is_silent(silent_port, start_source, how):
    source = start_source(a_connection(silent_port, **how))
    time.sleep(0.3)
    assert seconds_to_stop(source) < STOP_AT_MOST_S


def test_a_stop_between_two_attempts_is_immediate(free_port, start_source):
    source = start_source(a_connection(free_port))
    until(lambda: source.trouble)
    assert seconds_to_stop(source) < 0.5


def test_a_stop_while_connected_takes_a_moment(mosquitto, start_source):
    source = start_source(a_connection(mosquitto.port))
    source.wait_subscribed(10)
    assert seconds_to_stop(source) < 0.5


def test_a_stop_under_a_flood_that_nobody_takes_is_in_time(mosquitto, start_source):
    source = start_source(a_connection(mosquitto.port, queue_size=SMALL_QUEUE))
    source.wait_subscribed(10)
    pouring = poured(mosquitto.port, TOPIC, numbers(MANY))
    until(lambda: source._received >= SMALL_QUEUE)
    took = seconds_to_stop(source)
    pouring.join()
    assert took < STOP_AT_MOST_S


def test_a_stop_does_not_wait_for_a_broker_that_has_fallen_silent(start_source):
    with a_broker_that(welcomes()) as port:
        source = start_source(a_connection(port))
        source.wait_subscribed(10)
        took = seconds_to_stop(source)
    assert took < STOP_AT_MOST_S


def test_what_was_in_the_queue_at_a_stop_comes_again(start_mosquitto, start_source):
    broker = start_mosquitto(PLAIN)
    source = start_source(a_connection(broker.port))
    source.wait_subscribed(10)
    pour(broker.port, TOPIC, numbers(300))
    until(lambda: source._received == 300)
    source.stop()
    source = start_source(a_connection(broker.port))
    assert all_taken(source, 300) == numbers(300)


def test_a_broker_that_does_not_answer_any_more_is_noticed(start_source):
    settings = a_connection(1).model_copy(update={"keepalive_s": 1})
    with a_broker_that(welcomes()) as port:
        source = start_source(settings.model_copy(update={"port": port}))
        source.wait_subscribed(10)
        until(lambda: source.trouble)
        source.stop()
    assert source.trouble.startswith("the connection ended (Keep alive timeout)")
