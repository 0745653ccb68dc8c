"""What a visitor learns from a real mosquitto in a moment, and what it is for: announcements before messages."""

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import orjson
import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.mqtt import MqttSource
from monitor.adapters.mqtt_subscriptions import Subscriptions
from monitor.adapters.mqtt_survey import QUIET_S, Visitor, heard, survey
from monitor.errors import BrokerError
from tests.adapters.mqtt_rig import (
    STATUS,
    TOPIC,
    Guest,
    Hasty,
    a_broker_that,
    a_connection,
    packet,
    payloads,
    say,
    take_over,
    taken,
    until,
    welcomes,
)
from tests.services.rig import NOW_MS, Rig

pytestmark = pytest.mark.broker

VERSIONS = pytest.mark.parametrize("version", ["3.1.1", "5"])
USUAL = "listener {port} 127.0.0.1\nallow_anonymous true\n"
"""As people have it: no more than 1,000 messages wait for a client."""
RULED = "listener {{port}} 127.0.0.1\nallow_anonymous true\nacl_file {file}\n"
GUARDED = "listener {{port}} 127.0.0.1\nallow_anonymous false\npassword_file {file}\n"
WRITER = "user writer\ntopic readwrite #\n"
AS_WRITER = {"username": "writer", "password": "any"}
MANY = 5_000
LONG = b"x" * 1_500_000
DISCOVERY = "homeassistant/+/+/config"
ANNOUNCED = "homeassistant/sensor/node/config"
FAHRENHEIT = {
    "name": "Bedroom temperature",
    "state_topic": "node/sensor/bedroom/state",
    "device_class": "temperature",
    "unit_of_measurement": "°F",
    "unique_id": "node-1",
}


def look(port: int, *filters: str, stopping: threading.Event | None = None, **changes: object):
    """A survey, and the seconds it took."""
    began = time.monotonic()
    found = survey(a_connection(port, **changes), filters or ("#",), stopping=stopping or threading.Event())
    return found, time.monotonic() - began


def keep(port: int, *topics: str, payload: bytes = b"kept", **login: str) -> None:
    """Have the broker keep a message on each of the topics."""
    guest = Guest(port, name="keeper", **login)
    sent = [guest._client.publish(topic, payload, qos=1, retain=True) for topic in topics]
    for each in sent:
        each.wait_for_publish(30)
    guest.leave()


def discovery_topics(count: int) -> list[str]:
    return [f"homeassistant/sensor/{number}/config" for number in range(count)]


@VERSIONS
@pytest.mark.parametrize("long_one_first", [True, False])
def test_everything_that_the_broker_keeps_comes_in_one_go(start_mosquitto, version, long_one_first):
    broker = start_mosquitto(USUAL)
    keep(broker.port, *discovery_topics(MANY), payload=b"x" * 200)
    keep(broker.port, "zigbee2mqtt/bridge/devices", payload=LONG)
    filters = [DISCOVERY, "zigbee2mqtt/bridge/devices"]
    found, _ = look(broker.port, *(reversed(filters) if long_one_first else filters), version=version)
    assert {one.topic for one in found} == {*discovery_topics(MANY), "zigbee2mqtt/bridge/devices"}
    assert max(len(one.payload) for one in found) == len(LONG)


def test_the_end_is_marked_rather_than_waited_for(mosquitto):
    keep(mosquitto.port, *discovery_topics(MANY))
    found, seconds = look(mosquitto.port, DISCOVERY)
    assert len(found) == MANY
    assert seconds < QUIET_S / 2


def test_a_broker_that_keeps_nothing_is_done_with_at_once(mosquitto):
    found, seconds = look(mosquitto.port)
    assert found == []
    assert seconds < QUIET_S / 2


def test_more_filters_than_fit_in_one_packet_are_looked_at(mosquitto):
    topics = [f"home/{number}" for number in range(1_000)]
    keep(mosquitto.port, *topics)
    assert {one.topic for one in look(mosquitto.port, *topics)[0]} == set(topics)


def test_the_marker_is_not_among_what_is_found_and_the_broker_keeps_none_of_it(mosquitto):
    keep(mosquitto.port, TOPIC)
    look(mosquitto.port)
    assert [one.topic for one in look(mosquitto.port)[0]] == [TOPIC]


@pytest.mark.parametrize(
    "rules",
    ["topic read #\n", "topic readwrite #\ntopic deny bedroom-monitor/status/#\n"],
    ids=["may not publish", "may neither publish nor read it"],
)
def test_where_the_marker_is_forbidden_silence_is_the_end(start_mosquitto, tmp_path, rules):
    rulebook = tmp_path / "rules"
    rulebook.write_text(rules + WRITER)
    broker = start_mosquitto(RULED.format(file=rulebook))
    keep(broker.port, *discovery_topics(MANY), **AS_WRITER)
    found, seconds = look(broker.port, DISCOVERY)
    assert len(found) == MANY
    assert QUIET_S <= seconds < QUIET_S + 2


@contextmanager
def a_slow_way(port: int, bytes_a_second: int) -> Iterator[int]:
    """The port of a line to the broker on which its words come slowly."""
    over = threading.Event()

    def up(near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while words := near.recv(4_096):
                far.sendall(words)
            far.shutdown(socket.SHUT_RDWR)

    def down() -> None:
        near, _ = door.accept()
        with near, socket.create_connection(("127.0.0.1", port)) as far:
            rising = threading.Thread(target=up, args=(near, far))
            rising.start()
            with suppress(OSError):
                while words := far.recv(8_192):
                    over.wait(len(words) / bytes_a_second)
                    near.sendall(words)
                near.shutdown(socket.SHUT_RDWR)
            rising.join()

    with socket.create_server(("127.0.0.1", 0)) as door:
        falling = threading.Thread(target=down)
        falling.start()
        yield int(door.getsockname()[1])
        over.set()
        falling.join()


@pytest.mark.slow
def test_a_long_message_on_a_slow_way_is_no_silence(mosquitto):
    keep(mosquitto.port, "zigbee2mqtt/bridge/devices", payload=LONG)
    with a_slow_way(mosquitto.port, len(LONG) // 3) as port:
        found, seconds = look(port, "zigbee2mqtt/bridge/devices")
    assert [len(one.payload) for one in found] == [len(LONG)]
    assert seconds > QUIET_S


def test_an_absent_broker_is_told_with_the_settings_to_check(free_port):
    with pytest.raises(BrokerError, match=f"are mqtt.host and mqtt.port = {free_port} right?"):
        look(free_port)


def test_an_unknown_host_is_told_with_the_setting_to_check():
    with pytest.raises(BrokerError, match=r"no computer of that name; check mqtt\.host"):
        look(1883, host="no-such-computer.invalid")


@VERSIONS
def test_a_refusal_is_told_with_the_settings_to_check(start_mosquitto, tmp_path, version):
    file = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(file), "monitor", "owl"], check=True, capture_output=True)
    broker = start_mosquitto(GUARDED.format(file=file))
    with pytest.raises(BrokerError, match=r"the broker refuses: Not authorized; check mqtt\.username"):
        look(broker.port, version=version)


def test_a_broker_that_hangs_up_at_once_is_told_with_what_to_check():
    with (
        a_broker_that(packet) as port,
        pytest.raises(BrokerError, match=f"does it speak plain MQTT on port {port}?"),
    ):
        look(port)


def test_a_broker_that_takes_the_connection_and_says_nothing_is_not_waited_for_long():
    with (
        socket.create_server(("127.0.0.1", 0)) as door,
        pytest.raises(BrokerError, match="it hangs up without an answer"),
    ):
        look(int(door.getsockname()[1]))


def test_a_connection_that_ends_in_between_is_told():
    def lets_in_and_leaves(line: socket.socket) -> None:
        packet(line)
        line.sendall(b"\x20\x02\x00\x00")
        packet(line)

    with a_broker_that(lets_in_and_leaves) as port, pytest.raises(BrokerError, match="the connection ended"):
        look(port)


def test_a_visitor_that_was_thrown_out_is_told(mosquitto):
    with Visitor(a_connection(mosquitto.port), "init") as visitor:
        visitor._client.disconnect()
        with pytest.raises(BrokerError, match="the connection ended"):
            visitor.kept(("#",))


def test_a_topic_that_is_no_text_does_not_hide_the_next_message():
    nonsense, message = b"\x30\x05\x00\x02\xff\xfex", b"\x30\x07\x00\x04homey"
    with a_broker_that(welcomes(nonsense, message)) as port:
        found, _ = look(port)
    assert [(one.topic, one.payload) for one in found] == [("home", b"y")]


@VERSIONS
def test_a_survey_leaves_no_session(mosquitto, version):
    look(mosquitto.port, version=version)
    assert not any(take_over(mosquitto.port, name) for name in ("bedroom-monitor", "bedroom-monitor-look"))


def test_a_survey_says_no_status(mosquitto):
    guest = Guest(mosquitto.port, STATUS)
    look(mosquitto.port)
    say(mosquitto.port, STATUS, b"last")
    until(lambda: guest.heard)
    guest.leave()
    assert [word.payload for word in guest.heard] == [b"last"]


def test_a_survey_does_not_disturb_the_running_daemon(mosquitto, start_source):
    source = start_source(a_connection(mosquitto.port))
    source.wait_subscribed(10)
    look(mosquitto.port)
    assert (source.connected, source.trouble) == (True, None)


def stopped_soon(stopping: threading.Event) -> None:
    threading.Timer(0.2, stopping.set).start()


def test_a_stop_while_the_broker_tells_ends_it_soon():
    stopping = threading.Event()
    stopped_soon(stopping)
    with a_broker_that(welcomes()) as port:
        _, seconds = look(port, stopping=stopping)
    assert seconds < 0.2 + 0.5


def test_a_stop_while_the_broker_does_not_answer_ends_it_soon():
    stopping = threading.Event()
    stopped_soon(stopping)
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as door, pytest.raises(BrokerError):
        look(int(door.getsockname()[1]), stopping=stopping)
    assert time.monotonic() - began < 0.2 + 0.5


def test_a_visitor_hears_what_is_said_while_it_listens(mosquitto):
    with Visitor(a_connection(mosquitto.port), "init") as visitor:
        found = []
        for turn in visitor.listen(("home/#",), 1.0):
            if not found:
                visitor.say(TOPIC, b"anybody there?")
            found += turn
    assert {heard(one, NOW_MS).payload for one in found} == {b"anybody there?"}


def test_listening_ends_after_its_time(mosquitto):
    began = time.monotonic()
    with Visitor(a_connection(mosquitto.port), "init") as visitor:
        found = [one for turn in visitor.listen(("home/#",), 0.3) for one in turn]
    assert found == []
    assert 0.3 <= time.monotonic() - began < 1.0


def test_a_message_is_handed_on_as_decoders_want_it(mosquitto):
    keep(mosquitto.port, TOPIC, payload=b"\xff\x00")
    found, _ = look(mosquitto.port, TOPIC)
    assert [heard(one, NOW_MS) for one in found] == [(TOPIC, b"\xff\x00", True, NOW_MS)]


@pytest.fixture
def start_looking() -> Iterator:
    """Start a source that looks at the announcements first; it ends with the test."""
    started: list[MqttSource] = []

    def start(port: int, *topics: str, **changes: object) -> MqttSource:
        source = MqttSource(
            a_connection(port, **changes),
            Subscriptions((DISCOVERY, *topics)),
            SystemClock(),
            Hasty(),
            announcements=(DISCOVERY,),
        )
        started.append(source)
        source.start()
        return source

    yield start
    for source in started:
        source.stop()
    assert not any(source._thread.is_alive() for source in started)


def queued_while_away(port: int, start_looking, version: str = "3.1.1") -> None:
    """Temperatures of a sensor wait in the session; what they mean was told to the broker later."""
    before = start_looking(port, "node/#", version=version)
    assert before.wait_subscribed(10)
    before.stop()
    say(port, "node/sensor/bedroom/state", b"68", b"77")
    keep(port, ANNOUNCED, payload=orjson.dumps(FAHRENHEIT))


@VERSIONS
def test_announcements_come_before_the_messages_that_waited_for_us(mosquitto, start_looking, version):
    queued_while_away(mosquitto.port, start_looking, version)
    source = start_looking(mosquitto.port, "node/#", version=version)
    assert payloads(taken(source, 3))[:3] == [orjson.dumps(FAHRENHEIT), b"68", b"77"]


def test_a_value_that_waited_is_read_in_the_unit_that_is_announced(mosquitto, start_looking):
    queued_while_away(mosquitto.port, start_looking)
    rig = Rig()
    rig.hear(*taken(start_looking(mosquitto.port, "node/#"), 3))
    assert [value for _, _, value in rig.readings] == pytest.approx([20.0, 25.0])


def test_the_first_look_is_tried_again_until_the_broker_is_there(start_mosquitto, start_looking):
    broker = start_mosquitto()
    broker.stop()
    source = start_looking(broker.port)
    assert until(lambda: source._failures >= 2)
    broker.start()
    keep(broker.port, ANNOUNCED)
    assert source.wait_subscribed(10), source.trouble
    assert set(payloads(taken(source, 1))) == {b"kept"}


def test_while_the_broker_is_away_the_trouble_is_told_once(free_port, start_looking, caplog):
    source = start_looking(free_port)
    until(lambda: source._failures >= 3)
    assert caplog.text.count(f"no connection to MQTT broker 127.0.0.1:{free_port}: nothing listens there") == 1


def test_a_later_connection_does_not_look_again(mosquitto, start_looking):
    source = start_looking(mosquitto.port)
    source.wait_subscribed(10)
    guest = Guest(mosquitto.port, f"{STATUS}/#")
    take_over(mosquitto.port)
    until(lambda: source._connection == 2 and source.connected)
    say(mosquitto.port, f"{STATUS}/last", b"last")
    until(lambda: b"last" in [word.payload for word in guest.heard])
    guest.leave()
    assert b"end" not in [word.payload for word in guest.heard]


def mute(line: socket.socket) -> None:
    with suppress(OSError):
        while line.recv(4_096):
            pass


@pytest.mark.parametrize("answers", [welcomes(), mute])
def test_a_stop_during_the_look_is_quick_and_no_trouble(start_looking, answers, caplog):
    with a_broker_that(answers) as port:
        source = start_looking(port)
        time.sleep(0.3)
        began = time.monotonic()
        source.stop()
        seconds = time.monotonic() - began
    assert seconds < 0.5
    assert caplog.text == ""
