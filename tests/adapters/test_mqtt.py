"""Messages from a real mosquitto: what arrives, what is acknowledged, what comes again."""

import pytest

from monitor.adapters.clock import SimulatedClock, SystemClock
from monitor.adapters.mqtt import MqttSource
from monitor.adapters.mqtt_subscriptions import Subscriptions
from tests.adapters.mqtt_rig import (
    TOPIC,
    Hasty,
    a_broker_that,
    a_connection,
    numbers,
    payloads,
    say,
    take_over,
    taken,
    until,
    welcomes,
)

pytestmark = pytest.mark.broker

VERSIONS = pytest.mark.parametrize("version", ["3.1.1", "5"])
WINDOW = "listener {{port}} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages {window}\n"


def subscribed(start_source, port: int, *topics: str, **changes):
    """A source that the broker knows and sends to."""
    source = start_source(a_connection(port, **changes), *topics)
    assert source.wait_subscribed(10), source.trouble
    return source


@VERSIONS
def test_a_message_arrives_with_its_topic_its_payload_and_the_time_of_arrival(mosquitto, start_source, version):
    source = start_source(a_connection(mosquitto.port, version=version), clock=SimulatedClock(1_790_812_800_123))
    assert source.wait_subscribed(10)
    say(mosquitto.port, TOPIC, b'{"temperature": 21.5}')
    assert taken(source, 1)[0].message == (TOPIC, b'{"temperature": 21.5}', False, 1_790_812_800_123)


def test_bytes_that_are_no_text_pass_through(mosquitto, start_source):
    source = subscribed(start_source, mosquitto.port)
    say(mosquitto.port, TOPIC, b"\xff\x00\xfe", b"")
    assert payloads(taken(source, 2)) == [b"\xff\x00\xfe", b""]


def test_a_retained_message_is_marked_and_a_live_one_is_not(mosquitto, start_source):
    say(mosquitto.port, TOPIC, b"old", retain=True)
    source = subscribed(start_source, mosquitto.port)
    say(mosquitto.port, TOPIC, b"live")
    assert [(one.message.payload, one.message.retain) for one in taken(source, 2)] == [(b"old", True), (b"live", False)]


def test_a_message_published_without_assurance_has_no_number_to_acknowledge(mosquitto, start_source):
    source = subscribed(start_source, mosquitto.port)
    say(mosquitto.port, TOPIC, b"", qos=0)
    assert [(one.mid, one.qos) for one in taken(source, 1)] == [(0, 0)]


def test_take_answers_at_once_where_nothing_is_there(mosquitto, start_source):
    source = subscribed(start_source, mosquitto.port)
    assert source.take(0) == []


@VERSIONS
def test_what_was_not_acknowledged_comes_again_with_its_number_and_marked(mosquitto, start_source, version):
    first = subscribed(start_source, mosquitto.port, version=version)
    say(mosquitto.port, TOPIC, *numbers(5))
    seen = [(one.mid, one.message.payload, False) for one in taken(first, 5)]
    first.stop()
    again = taken(subscribed(start_source, mosquitto.port, version=version), 5)
    assert [(one.mid, one.message.payload, not one.redelivered) for one in again] == seen


@VERSIONS
def test_what_was_acknowledged_does_not_come_again(mosquitto, start_source, version):
    first = subscribed(start_source, mosquitto.port, version=version)
    say(mosquitto.port, TOPIC, *numbers(5))
    first.acknowledge(taken(first, 5))
    first.stop()
    say(mosquitto.port, TOPIC, b"next")
    assert payloads(taken(subscribed(start_source, mosquitto.port, version=version), 1)) == [b"next"]


def test_only_what_was_acknowledged_is_done_with(mosquitto, start_source):
    first = subscribed(start_source, mosquitto.port)
    say(mosquitto.port, TOPIC, *numbers(5))
    first.acknowledge(one for one in taken(first, 5) if one.message.payload != b"2")
    first.stop()
    say(mosquitto.port, TOPIC, b"next")
    assert payloads(taken(subscribed(start_source, mosquitto.port), 2)) == [b"2", b"next"]


@VERSIONS
def test_what_was_published_while_away_arrives_on_return(mosquitto, start_source, version):
    subscribed(start_source, mosquitto.port, version=version).stop()
    say(mosquitto.port, TOPIC, *numbers(50))
    source = subscribed(start_source, mosquitto.port, version=version)
    assert payloads(taken(source, 50)) == numbers(50)


def test_with_mqtt_5_a_session_expires_after_the_hours_that_are_set(mosquitto, start_source):
    subscribed(start_source, mosquitto.port, version="5", session_expiry_h=0).stop()
    say(mosquitto.port, TOPIC, b"while away")
    source = subscribed(start_source, mosquitto.port, version="5", session_expiry_h=0)
    say(mosquitto.port, TOPIC, b"next")
    assert payloads(taken(source, 1)) == [b"next"]


def test_a_lost_connection_brings_the_same_messages_again_under_another_connection(mosquitto, start_source):
    source = subscribed(start_source, mosquitto.port)
    say(mosquitto.port, TOPIC, *numbers(3))
    before = taken(source, 3)
    take_over(mosquitto.port)
    assert [(one.mid, one.redelivered, one.connection) for one in taken(source, 3)] == [
        (one.mid, True, one.connection + 1) for one in before
    ]


def test_an_acknowledgement_for_an_earlier_connection_is_not_sent_on_a_later_one(mosquitto, start_source):
    source = subscribed(start_source, mosquitto.port)
    say(mosquitto.port, TOPIC, *numbers(3))
    before = taken(source, 3)
    take_over(mosquitto.port)
    taken(source, 3)
    source.acknowledge(before)
    source.stop()
    again = taken(subscribed(start_source, mosquitto.port), 3)
    assert [delivery.mid for delivery in again] == [delivery.mid for delivery in before]


def test_a_topic_that_is_not_wanted_any_more_is_unsubscribed(mosquitto, start_source):
    subscribed(start_source, mosquitto.port, "home/#", "garden/#").stop()
    source = start_source(a_connection(mosquitto.port), "home/#", unwanted=("garden/#",))
    assert source.wait_subscribed(10)
    say(mosquitto.port, "garden/pond", b"unwanted")
    say(mosquitto.port, TOPIC, b"wanted")
    assert payloads(taken(source, 1)) == [b"wanted"]


def test_the_topics_that_the_broker_has_taken_can_be_asked_for(mosquitto, start_source):
    source = subscribed(start_source, mosquitto.port, "home/#", "garden/#")
    assert source.subscribed == ("home/#", "garden/#")


def test_a_subscription_that_the_broker_refuses_is_warned_about(start_source, caplog):
    with a_broker_that(welcomes(granted=b"\x01\x80")) as port:
        subscribed(start_source, port, "home/#", "office/#").stop()
    assert "does not let us subscribe to office/#" in caplog.text
    assert "home/#" not in caplog.text


def test_a_topic_that_is_no_text_does_not_stop_the_next_message(start_source):
    nonsense, message = b"\x32\x07\x00\x02\xff\xfe\x00\x01x", b"\x32\x09\x00\x04home\x00\x02y"
    with a_broker_that(welcomes(nonsense, message)) as port:
        source = subscribed(start_source, port)
        found = taken(source, 2)
        source.stop()
    assert [one.message[:2] for one in found] == [("(topic that is not UTF-8)", b"x"), ("home", b"y")]


@pytest.mark.parametrize("window", [1, 20])
def test_a_broker_that_sends_few_at_once_does_not_stall(start_mosquitto, start_source, window):
    broker = start_mosquitto(WINDOW.format(window=window))
    source = subscribed(start_source, broker.port)
    say(broker.port, TOPIC, *numbers(200))
    found = []
    while len(found) < 200 and (deliveries := taken(source, 1)):
        source.acknowledge(deliveries)
        found += payloads(deliveries)
    assert found == numbers(200)


@pytest.fixture
def tapped(start_source):
    """A source one of whose topics goes to a list."""

    def start(port: int, topic: str):
        heard: list[bytes] = []
        source = MqttSource(a_connection(port), Subscriptions(("home/#",)), SystemClock(), Hasty())
        source.tap(topic, heard.append)
        return started(source), heard

    def started(source):
        sources.append(source)
        source.start()
        assert source.wait_subscribed(10)
        return source

    sources = []
    yield start
    for source in sources:
        source.stop()


def test_a_tapped_topic_goes_to_its_handler_and_nowhere_else(mosquitto, start_source, tapped):
    source, heard = tapped(mosquitto.port, "clock")
    say(mosquitto.port, "clock", *numbers(30))
    say(mosquitto.port, TOPIC, b"21.5")
    assert payloads(taken(source, 1)) == [b"21.5"]
    assert heard == numbers(30)


def test_a_tapped_message_is_acknowledged_at_once(mosquitto, tapped):
    source, heard = tapped(mosquitto.port, "clock")
    say(mosquitto.port, "clock", b"1")
    until(lambda: heard)
    source.stop()
    source, heard_later = tapped(mosquitto.port, "clock")
    say(mosquitto.port, "clock", b"2")
    until(lambda: heard_later)
    assert (heard, heard_later) == ([b"1"], [b"2"])


def test_a_defect_in_the_network_thread_is_logged_and_the_connection_made_anew(mosquitto, caplog):
    heard: list[bytes] = []

    def stumbles_once(payload: bytes) -> None:
        heard.append(payload)
        if len(heard) == 1:
            raise ValueError("a defect")

    source = MqttSource(a_connection(mosquitto.port), Subscriptions(("home/#",)), SystemClock(), Hasty())
    source.tap("clock", stumbles_once)
    source.start()
    assert source.wait_subscribed(10)
    say(mosquitto.port, "clock", b"1")
    assert until(lambda: heard == [b"1", b"1"])
    say(mosquitto.port, TOPIC, b"21.5")
    found = payloads(taken(source, 1))
    source.stop()
    assert found == [b"21.5"]
    assert "met a defect; it connects anew" in caplog.text
