"""How the connection to a real mosquitto comes about, is refused, is lost and comes back, and what is said of it."""

import logging
import os
import signal
import socket
import subprocess
import sys

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.mqtt import MqttSource
from monitor.adapters.mqtt_subscriptions import Subscriptions
from monitor.errors import ConfigurationError
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
)

pytestmark = pytest.mark.broker

VERSIONS = pytest.mark.parametrize("version", ["3.1.1", "5"])
PAHO_LEAVES_IT_OPEN = pytest.mark.filterwarnings("ignore:unclosed <:ResourceWarning")
"""paho leaves the socket of a failed handshake to the garbage collector."""
GUARDED = "listener {{port}} 127.0.0.1\nallow_anonymous false\npassword_file {file}\n"
WITH_TLS = (
    "listener {{port}} 127.0.0.1\nallow_anonymous true\n"
    "cafile {folder}/ca.crt\ncertfile {folder}/server.crt\nkeyfile {folder}/server.key\n"
)
WITH_CLIENT_CERTIFICATE = WITH_TLS + "require_certificate true\n"
SECRET = {"username": "monitor", "password": "night owl"}


def warnings_in(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def works(source: MqttSource, port: int) -> bool:
    """Whether messages come through."""
    assert source.wait_subscribed(10), source.trouble
    say(port, TOPIC, b"21.5")
    return payloads(taken(source, 1)) == [b"21.5"]


@pytest.fixture
def guarded(start_mosquitto, tmp_path):
    """A mosquitto that asks for a password."""
    file = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(file), *SECRET.values()], check=True, capture_output=True)
    return start_mosquitto(GUARDED.format(file=file))


@VERSIONS
def test_user_and_password_let_us_in(guarded, start_source, version):
    source = start_source(a_connection(guarded.port, version=version, **SECRET))
    assert source.wait_subscribed(10), source.trouble


@VERSIONS
@pytest.mark.parametrize("login", [{}, SECRET | {"password": "guess"}], ids=["none", "wrong"])
def test_a_refused_login_is_told_with_the_settings_to_check(guarded, start_source, version, login):
    source = start_source(a_connection(guarded.port, version=version, **login))
    until(lambda: source.trouble)
    assert source.trouble.startswith("the broker refuses: Not authorized; check mqtt.username, mqtt.password_file")


def test_a_refused_login_is_tried_again_and_told_once(guarded, start_source, caplog):
    source = start_source(a_connection(guarded.port))
    until(lambda: source._failures >= 3)
    assert warnings_in(caplog) == [
        f"no connection to MQTT broker 127.0.0.1:{guarded.port}: {source.trouble} (trying again for ever)"
    ]


def test_once_the_broker_lets_us_in_messages_flow_by_themselves(guarded, start_source):
    source = start_source(a_connection(guarded.port))
    until(lambda: source.trouble)
    guarded.stop()
    guarded.config = "listener {port} 127.0.0.1\nallow_anonymous true\n"
    guarded.start()
    assert works(source, guarded.port)
    assert source.trouble is None


@VERSIONS
def test_tls_with_an_authority_of_our_own(start_mosquitto, start_source, certificates, version):
    broker = start_mosquitto(WITH_TLS.format(folder=certificates))
    source = start_source(a_connection(broker.port, tls=True, ca_file=certificates / "ca.crt", version=version))
    assert source.wait_subscribed(10), source.trouble


def test_a_broker_that_asks_for_a_client_certificate_gets_it(start_mosquitto, start_source, certificates):
    broker = start_mosquitto(WITH_CLIENT_CERTIFICATE.format(folder=certificates))
    files = {"cert_file": certificates / "client.crt", "key_file": certificates / "client.key"}
    source = start_source(a_connection(broker.port, tls=True, ca_file=certificates / "ca.crt", **files))
    assert source.wait_subscribed(10), source.trouble


def test_without_the_client_certificate_asked_for_there_is_trouble(start_mosquitto, start_source, certificates):
    broker = start_mosquitto(WITH_CLIENT_CERTIFICATE.format(folder=certificates))
    source = start_source(a_connection(broker.port, tls=True, ca_file=certificates / "ca.crt"))
    until(lambda: source.trouble)
    assert "does it ask for a certificate (mqtt.cert_file)?" in source.trouble


@PAHO_LEAVES_IT_OPEN
def test_the_certificate_of_another_authority_is_told_with_the_setting(start_mosquitto, start_source, certificates):
    broker = start_mosquitto(WITH_TLS.format(folder=certificates))
    source = start_source(a_connection(broker.port, tls=True, ca_file=certificates / "stranger.crt"))
    until(lambda: source.trouble)
    assert source.trouble.startswith("its certificate is not accepted (")
    assert source.trouble.endswith("); set mqtt.ca_file to its authority")


@PAHO_LEAVES_IT_OPEN
def test_tls_spoken_to_a_plain_port_is_told_with_the_usual_ports(mosquitto, start_source):
    source = start_source(a_connection(mosquitto.port, tls=True))
    until(lambda: source.trouble)
    assert f"TLS on port {mosquitto.port}" in source.trouble


def test_a_plain_connection_to_a_tls_port_is_told(start_mosquitto, start_source, certificates):
    broker = start_mosquitto(WITH_TLS.format(folder=certificates))
    source = start_source(a_connection(broker.port))
    until(lambda: source.trouble)
    assert f"does it speak plain MQTT on port {broker.port}?" in source.trouble


def test_files_that_hold_no_certificate_are_a_fault_of_the_settings(tmp_path):
    (tmp_path / "ca.crt").write_text("nothing")
    with pytest.raises(ConfigurationError, match=r"mqtt\.ca_file, mqtt\.cert_file, mqtt\.key_file: not usable for TLS"):
        MqttSource(a_connection(1, tls=True, ca_file=tmp_path / "ca.crt"), Subscriptions(()), SystemClock(), Hasty())


@PAHO_LEAVES_IT_OPEN
def test_websockets_to_a_plain_port_are_told(mosquitto, start_source):
    source = start_source(a_connection(mosquitto.port, transport="websockets"))
    until(lambda: source.trouble)
    assert f"does it speak MQTT over websockets on port {mosquitto.port}?" in source.trouble


def test_where_nothing_listens_the_trouble_names_host_and_port(free_port, start_source):
    source = start_source(a_connection(free_port))
    until(lambda: source.trouble)
    assert source.trouble == (
        f"nothing listens there; is the broker running, are mqtt.host and mqtt.port = {free_port} right?"
    )


def test_a_computer_that_nobody_knows_is_told_with_the_setting(start_source):
    source = start_source(a_connection(1883, host="no-such-computer.invalid"))
    until(lambda: source.trouble)
    assert source.trouble == "no computer of that name; check mqtt.host"


def test_a_broker_that_comes_up_later_is_found(start_mosquitto, start_source):
    broker = start_mosquitto()
    broker.stop()
    source = start_source(a_connection(broker.port))
    until(lambda: source.trouble)
    broker.start()
    assert works(source, broker.port)


def test_lost_and_back_are_told_once_each(mosquitto, start_source, caplog):
    caplog.set_level(logging.INFO, "monitor")
    source = start_source(a_connection(mosquitto.port))
    source.wait_subscribed(10)
    mosquitto.stop()
    until(lambda: source._failures >= 3)
    mosquitto.start()
    source.wait_connected(10)
    told = [record.getMessage().replace(f"127.0.0.1:{mosquitto.port}", "X") for record in caplog.records]
    assert [words.partition(":")[0] for words in told] == [
        "connected to MQTT broker X",
        "no connection to MQTT broker X",
        "back at MQTT broker X",
    ]


def test_messages_flow_again_after_the_broker_restarted_and_forgot_us(mosquitto, start_source):
    source = start_source(a_connection(mosquitto.port))
    assert works(source, mosquitto.port)
    mosquitto.stop()
    until(lambda: not source.connected)
    mosquitto.start()
    source._subscribed.clear()
    assert works(source, mosquitto.port)


def test_another_program_with_the_same_client_id_is_hinted_at(mosquitto, start_source, caplog):
    source = start_source(a_connection(mosquitto.port, version="5"))
    source.wait_subscribed(10)
    take_over(mosquitto.port)
    until(lambda: warnings_in(caplog))
    assert "another program uses the same mqtt.client_id" in caplog.text


class JumpingClock(SystemClock):
    """The machine's clock, which can be put forward."""

    ahead_s = 0.0

    def elapsed_s(self) -> float:
        return super().elapsed_s() + self.ahead_s


def test_after_a_connection_that_lasted_the_pauses_begin_anew(start_mosquitto, start_source):
    broker, clock = start_mosquitto(), JumpingClock()
    broker.stop()
    source = start_source(a_connection(broker.port), clock=clock)
    until(lambda: source._failures >= 4)
    broker.start()
    source.wait_connected(10)
    clock.ahead_s = 60.0
    broker.stop()
    assert until(lambda: source._failures < 4)


def test_after_a_connection_that_ended_at_once_the_pauses_grow_on(mosquitto, start_source):
    source = start_source(a_connection(mosquitto.port))
    for connections in (2, 3):
        source.wait_connected(10)
        take_over(mosquitto.port)
        until(lambda reached=connections: source._connection == reached)
    assert source._failures == 2


def refuses(code: int):
    def answers(line: socket.socket) -> None:
        packet(line)
        line.sendall(bytes([0x20, 2, 0, code]))

    return answers


@pytest.mark.parametrize(
    ("code", "version", "advice"),
    [
        (2, "3.1.1", "Client identifier not valid; set another mqtt.client_id"),
        (3, "3.1.1", "Server unavailable; the broker is overloaded or starting"),
        (1, "5", 'set mqtt.version to the other of "3.1.1" and "5"'),
    ],
)
def test_a_refusal_is_told_with_what_to_do(start_source, code, version, advice):
    with a_broker_that(refuses(code)) as port:
        source = start_source(a_connection(port, version=version))
        until(lambda: source.trouble)
        source.stop()
    assert advice in source.trouble


def test_a_broker_that_hangs_up_without_an_answer_is_told(start_source):
    with a_broker_that(packet) as port:
        source = start_source(a_connection(port))
        until(lambda: source.trouble)
        source.stop()
    assert f"does it speak plain MQTT on port {port}?" in source.trouble


@VERSIONS
def test_the_status_topic_says_online_and_after_a_stop_offline(mosquitto, start_source, version):
    guest = Guest(mosquitto.port, STATUS)
    source = start_source(a_connection(mosquitto.port, version=version))
    source.wait_subscribed(10)
    source.stop()
    until(lambda: len(guest.heard) == 2)
    guest.leave()
    assert [word.payload for word in guest.heard] == [b"online", b"offline"]


def test_the_status_is_retained(mosquitto, start_source):
    start_source(a_connection(mosquitto.port)).wait_subscribed(10)
    guest = Guest(mosquitto.port, STATUS)
    until(lambda: guest.heard)
    guest.leave()
    assert guest.heard == [(STATUS, b"online", True)]


def test_after_a_kill_the_broker_says_offline_for_us(mosquitto):
    guest = Guest(mosquitto.port, STATUS)
    program = (
        "from tests.adapters.mqtt_rig import *; from monitor.adapters.clock import SystemClock\n"
        "from monitor.adapters.mqtt_subscriptions import Subscriptions\n"
        f"source = MqttSource(a_connection({mosquitto.port}), Subscriptions(('home/#',)), SystemClock(), Hasty())\n"
        "source.start(); source._thread.join()"
    )
    with subprocess.Popen([sys.executable, "-c", program]) as child:
        assert until(lambda: guest.heard)
        os.kill(child.pid, signal.SIGKILL)
    until(lambda: len(guest.heard) == 2)
    guest.leave()
    assert [word.payload for word in guest.heard] == [b"online", b"offline"]


def test_a_visitor_is_let_in_and_leaves_nothing(mosquitto, start_source):
    guest = Guest(mosquitto.port, STATUS)
    visitor = start_source(a_connection(mosquitto.port), visitor=True)
    came = visitor.wait_connected(10)
    visitor.stop()
    say(mosquitto.port, STATUS, b"last")
    until(lambda: guest.heard)
    guest.leave()
    assert came
    assert [word.payload for word in guest.heard] == [b"last"]


@VERSIONS
def test_a_visitor_leaves_no_session(mosquitto, start_source, version):
    visitor = start_source(a_connection(mosquitto.port, version=version), visitor=True)
    visitor.wait_connected(10)
    visitor.stop()
    assert not take_over(mosquitto.port)


def test_a_source_leaves_a_session(mosquitto, start_source):
    source = start_source(a_connection(mosquitto.port))
    source.wait_connected(10)
    source.stop()
    assert take_over(mosquitto.port)
