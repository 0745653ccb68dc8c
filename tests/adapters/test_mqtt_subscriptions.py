"""What a real mosquitto is told of topics: what is heard after a change, what comes twice, what a refusal does."""

import contextlib
import json
import logging
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from monitor.adapters.mqtt import MqttSource
from monitor.adapters.mqtt_subscriptions import AT_ONCE, Subscriptions
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.series import SeriesNumbers
from tests.adapters.mqtt_rig import (
    CONNECT,
    SUBSCRIBE,
    TOPIC,
    Guest,
    a_broker_that,
    a_connection,
    packet,
    payloads,
    say,
    take_over,
    taken,
    until,
)
from tests.conftest import PLAIN

pytestmark = pytest.mark.broker

VERSIONS = pytest.mark.parametrize("version", ["3.1.1", "5"])
UNSUBSCRIBE = 10
REMEMBERING = (
    "listener {port} 127.0.0.1\nallow_anonymous true\n"
    "persistence true\npersistence_location {folder}/\npersistence_file kept.db\n"
)
STRICT = "listener {{port}} 127.0.0.1\nallow_anonymous true\nplugin {plugin}\nplugin_opt_config_file {file}\n"
POND = "garden/pond"


def subscribed(start_source, port: int, *topics: str, **changes: object) -> MqttSource:
    """A source that the broker knows and sends to."""
    source = start_source(a_connection(port, **changes), *topics)
    assert source.wait_subscribed(10), source.trouble
    return source


def changed(source: MqttSource, *topics: str) -> MqttSource:
    """The same source, once the broker has taken other topics."""
    source.want(topics)
    assert until(lambda: source.subscribed == topics), source.subscribed
    return source


def heard_of(source: MqttSource, port: int, *topics: str) -> list[str]:
    """Which of these topics come through; the last must, so that nothing is waited for in vain."""
    for topic in topics:
        say(port, topic, topic.encode())
    deliveries = []
    while topics[-1].encode() not in payloads(deliveries) and (some := taken(source, 1)):
        deliveries += some
    return [one.message.topic for one in deliveries]


@VERSIONS
def test_r6_a_changed_topic_list_takes_effect_at_once_under_the_same_client_id(mosquitto, start_source, version):
    source = subscribed(start_source, mosquitto.port, "home/#", version=version)
    changed(source, "garden/#")
    assert heard_of(source, mosquitto.port, TOPIC, POND) == [POND]
    source.stop()
    assert (source._connection, take_over(mosquitto.port, "bedroom-monitor")) == (1, True)


def test_r6_after_a_changed_topic_list_what_is_said_while_away_comes_of_the_new_topics(mosquitto, start_source):
    changed(subscribed(start_source, mosquitto.port, "home/#"), "garden/#").stop()
    say(mosquitto.port, TOPIC, b"not wanted")
    say(mosquitto.port, POND, b"wanted")
    source = start_source(a_connection(mosquitto.port), "garden/#")
    assert payloads(taken(source, 1)) == [b"wanted"]


def test_a_new_topic_is_heard_beside_the_old_one(mosquitto, start_source):
    source = changed(subscribed(start_source, mosquitto.port, "home/#"), "home/#", "garden/#")
    assert heard_of(source, mosquitto.port, TOPIC, POND) == [TOPIC, POND]


def test_what_is_kept_of_a_topic_that_stays_does_not_come_twice_and_that_of_a_new_one_comes(mosquitto, start_source):
    for topic in (TOPIC, POND):
        say(mosquitto.port, topic, topic.encode(), retain=True)
    source = changed(subscribed(start_source, mosquitto.port, "home/#"), "home/#", "garden/#")
    say(mosquitto.port, TOPIC, b"last")
    assert payloads(taken(source, 3)) == [TOPIC.encode(), POND.encode(), b"last"]


def test_the_same_topics_in_another_order_are_not_subscribed_again(mosquitto, start_source):
    say(mosquitto.port, TOPIC, b"kept", retain=True)
    source = changed(subscribed(start_source, mosquitto.port, "home/#", "garden/#"), "garden/#", "home/#")
    say(mosquitto.port, TOPIC, b"last")
    assert payloads(taken(source, 2)) == [b"kept", b"last"]


def test_a_topic_that_is_dropped_and_wanted_again_is_heard(mosquitto, start_source):
    source = subscribed(start_source, mosquitto.port, "home/#")
    changed(source, "garden/#")
    changed(source, "home/#")
    assert heard_of(source, mosquitto.port, POND, TOPIC) == [TOPIC]


def test_changes_in_quick_succession_end_with_the_last(mosquitto, start_source):
    source = subscribed(start_source, mosquitto.port, "home/#")
    for _ in range(50):
        source.want(("garden/#",))
        source.want(("home/#", "attic/#"))
    assert until(lambda: source.subscribed == ("home/#", "attic/#"))
    assert heard_of(source, mosquitto.port, POND, "attic/roof", TOPIC) == ["attic/roof", TOPIC]


def test_a_thousand_topics_are_told_in_several_packets_and_all_of_them_heard(mosquitto, start_source):
    topics = tuple(f"home/{number}" for number in range(1_000))
    source = changed(subscribed(start_source, mosquitto.port, "garden/#"), *topics)
    guest = Guest(mosquitto.port, name="thousand")
    for topic in topics:
        guest._client.publish(topic, topic.encode(), qos=0)
    guest.say(topics[0], b"last")
    guest.leave()
    assert len(topics) > AT_ONCE
    assert {one.message.topic for one in taken(source, 1_001)} == set(topics)


def test_a_thousand_topics_are_dropped_again(mosquitto, start_source):
    topics = tuple(f"home/{number}" for number in range(1_000))
    source = changed(subscribed(start_source, mosquitto.port, *topics), "garden/#")
    assert heard_of(source, mosquitto.port, topics[0], topics[500], topics[999], POND) == [POND]


def test_a_list_of_no_topics_is_settled_too(mosquitto, start_source):
    source = subscribed(start_source, mosquitto.port, "home/#")
    source.want(())
    assert until(lambda: source.subscribed == ())


@pytest.mark.parametrize("config", [REMEMBERING, PLAIN], ids=["remembering", "forgetful"])
def test_a_change_while_the_broker_is_away_takes_effect_when_it_is_back(start_mosquitto, start_source, config):
    broker = start_mosquitto(config)
    source = subscribed(start_source, broker.port, "home/#")
    broker.stop()
    until(lambda: not source.connected)
    source.want(("garden/#",))
    broker.start()
    assert until(lambda: source.subscribed == ("garden/#",))
    assert heard_of(source, broker.port, TOPIC, POND) == [POND]


def test_after_the_broker_has_lost_the_session_everything_is_subscribed_anew(mosquitto, start_source):
    source = subscribed(start_source, mosquitto.port, "home/#", "garden/#")
    mosquitto.stop()
    until(lambda: not source.connected)
    mosquitto.start()
    until(lambda: source.connected)
    assert heard_of(source, mosquitto.port, TOPIC, POND) == [TOPIC, POND]


def test_a_session_that_the_broker_remembers_is_not_told_anew(mosquitto, start_source):
    source = subscribed(start_source, mosquitto.port, "home/#")
    say(mosquitto.port, TOPIC, b"kept", retain=True)
    source.acknowledge(taken(source, 1))
    take_over(mosquitto.port)
    until(lambda: source._connection == 2)
    say(mosquitto.port, TOPIC, b"last")
    deliveries = []
    while b"last" not in payloads(deliveries) and (some := taken(source, 1)):
        deliveries += some
    assert payloads([one for one in deliveries if not one.redelivered]) == [b"last"]


def test_what_an_earlier_run_had_told_is_dropped_by_the_next(mosquitto, start_source, tmp_path):
    with Database(tmp_path / "monitor.db", sync="normal") as database:
        remembered = SqliteReadings(database, SeriesNumbers())
        first = subscribed(start_source, mosquitto.port, "home/#", "garden/#")
        remembered.remember_topics(first.subscribed or ())
        first.stop()
        source = start_source(a_connection(mosquitto.port), "home/#", unwanted=remembered.remembered_topics())
    assert until(lambda: source.subscribed == ("home/#",))
    assert heard_of(source, mosquitto.port, POND, TOPIC) == [TOPIC]


def test_a_tapped_topic_stays_when_other_topics_are_wanted(mosquitto, start_source):
    source = start_source(a_connection(mosquitto.port), "home/#")
    assert source.wait_subscribed(10)
    heard: list[bytes] = []
    source.tap("clock", heard.append)
    source.want(("garden/#",))
    assert until(lambda: source.subscribed == ("clock", "garden/#"))
    say(mosquitto.port, "clock", b"1")
    assert until(lambda: heard == [b"1"])


@pytest.fixture
def strict(start_mosquitto, tmp_path):
    """A mosquitto that refuses subscriptions below office, as its dynamic security plugin does."""
    plugin = next(Path("/usr/lib").glob("**/mosquitto_dynamic_security.so"), None)
    if plugin is None:
        pytest.skip("this mosquitto comes without its dynamic security plugin")
    allowed = ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe")
    rule = {"acltype": "subscribePattern", "topic": "office/#", "priority": 1, "allow": False}
    file = tmp_path / "rules.json"
    file.write_text(
        json.dumps(
            {
                "defaultACLAccess": dict.fromkeys(allowed, True),
                "groups": [{"groupname": "guests", "roles": [{"rolename": "guest"}]}],
                "roles": [{"rolename": "guest", "acls": [rule]}],
                "anonymousGroup": "guests",
            }
        )
    )
    return start_mosquitto(STRICT.format(plugin=plugin, file=file))


def refusals_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    told = (record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)
    return [words for words in told if "does not let us subscribe" in words]


@VERSIONS
def test_a_refused_topic_is_warned_about_and_the_others_work(strict, start_source, caplog, version):
    source = subscribed(start_source, strict.port, "office/#", "home/#", version=version)
    assert heard_of(source, strict.port, "office/desk", TOPIC) == [TOPIC]
    assert [words.split(" (")[0] for words in refusals_in(caplog)] == [
        "the broker does not let us subscribe to office/#"
    ]


def test_a_refused_topic_is_not_among_those_that_the_broker_has_taken(strict, start_source):
    assert subscribed(start_source, strict.port, "office/#", "home/#").subscribed == ("home/#",)


def test_a_refused_topic_is_asked_for_again_and_warned_about_once(strict, start_source, caplog):
    source = subscribed(start_source, strict.port, "office/#", "home/#")
    changed_to = ("office/#", "home/#", "garden/#")
    source.want(changed_to)
    assert until(lambda: source.subscribed == ("home/#", "garden/#"))
    assert len(refusals_in(caplog)) == 1


def test_once_the_broker_allows_it_a_refused_topic_is_heard(strict, start_source):
    source = subscribed(start_source, strict.port, "office/#")
    strict.stop()
    until(lambda: not source.connected)
    strict.config = "listener {port} 127.0.0.1\nallow_anonymous true\n"
    strict.start()
    assert until(lambda: source.subscribed == ("office/#",))


Told = list[tuple[int, tuple[str, ...]]]


def a_forgetful_line(told: Told, *, hangs_up_at: int | None = None) -> Callable[[socket.socket], None]:
    """A broker that remembers every session and writes down what it is told.

    At the first packet of the kind `hangs_up_at` after the first subscription it hangs up without an answer.
    """
    hung_up: list[int] = []

    def answers(line: socket.socket) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                kind, words = packet(line)
                if kind == CONNECT:
                    line.sendall(b"\x20\x02\x01\x00")
                elif kind in (SUBSCRIBE, UNSUBSCRIBE):
                    is_first = not told
                    told.append((kind, tuple(topics_in(words[2:], with_qos=kind == SUBSCRIBE))))
                    if kind == hangs_up_at and not is_first and not hung_up:
                        hung_up.append(kind)
                        return
                    count = len(told[-1][1])
                    granted = b"\x01" * count if kind == SUBSCRIBE else b""
                    line.sendall(bytes([(kind + 1) << 4, 2 + len(granted)]) + words[:2] + granted)

    return answers


def topics_in(words: bytes, *, with_qos: bool):
    """The topic filters of a packet of MQTT 3.1.1."""
    while words:
        length = int.from_bytes(words[:2], "big")
        yield words[2 : 2 + length].decode()
        words = words[2 + length + with_qos :]


def test_new_topics_are_subscribed_before_old_ones_are_dropped(start_source):
    told: Told = []
    with a_broker_that(a_forgetful_line(told)) as port:
        changed(subscribed(start_source, port, "home/#"), TOPIC).stop()
    assert told[1:] == [(SUBSCRIBE, (TOPIC,)), (UNSUBSCRIBE, ("home/#",))]


def test_a_subscription_that_was_lost_with_its_connection_is_told_again(start_source):
    told: Told = []
    with a_broker_that(a_forgetful_line(told, hangs_up_at=SUBSCRIBE)) as port:
        changed(subscribed(start_source, port, "home/#"), "home/#", "garden/#").stop()
    assert told[1:] == [(SUBSCRIBE, ("garden/#",)), (SUBSCRIBE, ("home/#", "garden/#"))]


def test_a_topic_whose_dropping_was_lost_with_its_connection_is_dropped_again(start_source):
    told: Told = []
    with a_broker_that(a_forgetful_line(told, hangs_up_at=UNSUBSCRIBE)) as port:
        changed(subscribed(start_source, port, "home/#", "garden/#"), "home/#").stop()
    assert [topics for kind, topics in told if kind == UNSUBSCRIBE] == [("garden/#",), ("garden/#",)]


class Line:
    """A line to a broker on which packets get numbers and nobody answers; `is_cut`: they get none."""

    def __init__(self) -> None:
        self.told: Told = []
        self.is_cut = False

    def subscribe(self, topics: list[tuple[str, int]]) -> tuple[int, int | None]:
        return self._tell(SUBSCRIBE, tuple(topic for topic, _ in topics))

    def unsubscribe(self, topics: list[str]) -> tuple[int, int | None]:
        return self._tell(UNSUBSCRIBE, tuple(topics))

    def _tell(self, kind: int, topics: tuple[str, ...]) -> tuple[int, int | None]:
        if self.is_cut:
            return 4, None
        self.told.append((kind, topics))
        return 0, len(self.told)


GRANTED = ReasonCode(PacketTypes.SUBACK, "Granted QoS 1")


def test_a_topic_that_was_dropped_and_wanted_again_before_an_answer_can_be_dropped_later():
    line, topics = Line(), Subscriptions(("home/#",))
    for wanted in (("home/#",), (), ("home/#",)):
        topics.wanted = wanted
        topics.tell(line)
    answered = [topics.hear(1, [GRANTED]), topics.hear_gone(2), topics.hear(3, [GRANTED])]
    topics.wanted = ()
    topics.tell(line)
    assert answered == [False, False, True]
    assert line.told[-1] == (UNSUBSCRIBE, ("home/#",))


@pytest.mark.parametrize("wanted", [("garden/#",), ()], ids=["new", "dropped"])
def test_what_could_not_be_told_is_told_on_the_next_connection(wanted):
    line, topics = Line(), Subscriptions(("home/#",))
    topics.begin(line, anew=True)
    topics.hear(1, [GRANTED])
    topics.wanted, line.is_cut = wanted, True
    topics.tell(line)
    before, line.is_cut = topics.answered, False
    topics.begin(line, anew=False)
    assert before == ("home/#",)
    assert line.told[-1] == (UNSUBSCRIBE, ("home/#",))


def test_a_list_that_could_not_be_told_is_not_settled():
    line, topics = Line(), Subscriptions(("home/#",))
    line.is_cut = True
    topics.tell(line)
    assert (topics.settled, topics.answered) == (False, None)
