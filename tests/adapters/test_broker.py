"""The embedded broker, with real paho clients: what the monitor relies on, and what was mended in amqtt."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from monitor.adapters import broker
from monitor.adapters.broker import BrokerAddress, embedded_broker
from monitor.errors import BrokerError


@pytest.fixture(scope="module")
def address() -> Iterator[BrokerAddress]:
    pytest.importorskip("amqtt", reason="the extra 'embedded' is not installed")
    with embedded_broker() as found:
        yield found


class Listener:
    """A subscriber that remembers every message, acknowledging each at once, or never."""

    def __init__(self, address: BrokerAddress, name: str, *, persistent: bool = False, acknowledges: bool = True):
        self.messages: list[MQTTMessage] = []
        self._acknowledges = acknowledges
        self._connected = threading.Event()
        self._subscribed = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=not persistent, manual_ack=True)
        self.client.max_inflight_messages_set(200)
        self.client.on_connect = lambda *_: self._connected.set()
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = self._remember
        self.client.connect(*address)
        self.client.loop_start()
        assert self._connected.wait(10)

    def _remember(self, client: Client, _data: object, message: MQTTMessage) -> None:
        self.messages.append(message)
        if self._acknowledges:
            client.ack(message.mid, message.qos)

    def subscribe(self, topic: str) -> None:
        self.client.subscribe(topic, 1)
        assert self._subscribed.wait(10)

    def payloads(self, count: int) -> list[str]:
        """The payloads so far, as soon as there are `count` of them (or after 10 s)."""
        until(lambda: len(self.messages) >= count)
        return [message.payload.decode() for message in self.messages]

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def vanish(self) -> None:
        """Go without a word, as after kill -9."""
        self.client._sock_close()
        self.client.loop_stop()


@contextmanager
def listening(address: BrokerAddress, name: str, **how: bool) -> Iterator[Listener]:
    listener = Listener(address, name, **how)
    try:
        yield listener
    finally:
        listener.leave()


def until(done: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.01)
    return done()


def publish(address: BrokerAddress, topic: str, payloads: list[str], *, retain: bool = False) -> None:
    """Publish at QoS 1 with up to 200 in flight; back when the broker has them all."""
    with listening(address, f"publisher of {topic}") as publisher:
        sent = [publisher.client.publish(topic, payload, qos=1, retain=retain) for payload in payloads]
        for one in sent:
            one.wait_for_publish(10)


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def test_messages_arrive_once_and_in_the_published_order(address: BrokerAddress) -> None:
    with listening(address, "order") as listener:
        listener.subscribe("order/#")
        publish(address, "order/x", numbers(2000))
        assert listener.payloads(2000) == numbers(2000)


def test_an_absent_persistent_session_gets_everything_later_in_order(address: BrokerAddress) -> None:
    with listening(address, "absent", persistent=True) as listener:
        listener.subscribe("absent/#")
    time.sleep(1.5)  # amqtt sweeps forgettable sessions away once a second
    publish(address, "absent/x", numbers(100))
    with listening(address, "absent", persistent=True) as listener:
        assert listener.payloads(100) == numbers(100)


def test_what_was_kept_for_an_absent_session_is_not_marked_retained(address: BrokerAddress) -> None:
    with listening(address, "age", persistent=True) as listener:
        listener.subscribe("age/#")
    publish(address, "age/x", ["21.5"])
    with listening(address, "age", persistent=True) as listener:
        listener.payloads(1)
        assert [message.retain for message in listener.messages] == [False]


def test_200_unacknowledged_messages_come_again_in_order_after_the_client_vanished(
    address: BrokerAddress,
) -> None:
    first = Listener(address, "vanish", persistent=True, acknowledges=False)
    first.subscribe("vanish/#")
    publish(address, "vanish/x", numbers(200))
    first.payloads(200)
    first.vanish()
    with listening(address, "vanish", persistent=True) as second:
        assert second.payloads(200) == numbers(200)
        assert all(message.dup for message in second.messages)


def test_what_was_acknowledged_does_not_come_again(address: BrokerAddress) -> None:
    with listening(address, "done", persistent=True) as first:
        first.subscribe("done/#")
        publish(address, "done/x", numbers(50))
        first.payloads(50)
    publish(address, "done/x", ["next"])
    with listening(address, "done", persistent=True) as second:
        assert second.payloads(1) == ["next"]


@pytest.mark.slow
def test_a_message_unacknowledged_for_6_seconds_is_still_kept(address: BrokerAddress) -> None:
    first = Listener(address, "patience", persistent=True, acknowledges=False)
    first.subscribe("patience/#")
    publish(address, "patience/x", ["21.5"])
    time.sleep(6)
    first.vanish()
    with listening(address, "patience", persistent=True) as second:
        assert second.payloads(1) == ["21.5"]


def test_a_session_taken_over_by_a_second_connection_still_receives(address: BrokerAddress) -> None:
    first = Listener(address, "twin", persistent=True)
    first.subscribe("twin/#")
    with listening(address, "twin", persistent=True) as second:
        first.client.loop_stop()
        publish(address, "twin/x", numbers(5))
        assert second.payloads(5) == numbers(5)


def test_a_retained_message_reaches_a_new_subscriber_once_and_marked(address: BrokerAddress) -> None:
    publish(address, "retained/x", ["old"], retain=True)
    with listening(address, "new") as listener:
        listener.subscribe("retained/#")
        publish(address, "retained/x", ["live"], retain=True)
        assert listener.payloads(2) == ["old", "live"]
        assert [message.retain for message in listener.messages] == [True, False]


def test_retained_messages_do_not_reach_who_did_not_subscribe(address: BrokerAddress) -> None:
    publish(address, "private/x", ["old"], retain=True)
    with listening(address, "asked") as asked, listening(address, "bystander") as bystander:
        asked.subscribe("private/#")
        asked.payloads(1)
        bystander.subscribe("elsewhere/#")
        assert bystander.messages == []


def test_a_last_will_is_published_when_the_client_vanishes(address: BrokerAddress) -> None:
    with listening(address, "heir") as heir:
        heir.subscribe("will/#")
        mortal = Client(CallbackAPIVersion.VERSION2, client_id="mortal")
        mortal.will_set("will/x", "offline", qos=1)
        connected = threading.Event()
        mortal.on_connect = lambda *_: connected.set()
        mortal.connect(*address)
        mortal.loop_start()
        assert connected.wait(10)
        mortal._sock_close()
        mortal.loop_stop()
        assert heir.payloads(1) == ["offline"]


def test_the_broker_ends_with_the_block() -> None:
    pytest.importorskip("amqtt")
    with embedded_broker() as gone:
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(gone, timeout=5)


def test_the_broker_ends_when_its_parent_is_killed() -> None:
    pytest.importorskip("amqtt")
    program = (
        "import time; from monitor.adapters.broker import embedded_broker\n"
        "with embedded_broker() as address: print(address.port, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        os.kill(parent.pid, signal.SIGKILL)
    assert until(lambda: not accepts(port))


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_a_port_in_use_is_refused_with_the_address(address: BrokerAddress) -> None:
    with pytest.raises(BrokerError, match=f"127.0.0.1:{address.port}"), embedded_broker(port=address.port):
        pass


def test_without_amqtt_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "amqtt", None)
    with pytest.raises(BrokerError, match=r"bedroom-monitor\[embedded\]") as refused, embedded_broker():
        pass
    assert refused.value.permanent


def test_a_broker_that_takes_too_long_is_given_up() -> None:
    pytest.importorskip("amqtt")
    with (
        pytest.raises(BrokerError, match="did not start within 0 s"),
        embedded_broker(start_timeout=timedelta(0)),
    ):
        pass


def test_a_child_that_ends_without_a_word_is_an_error() -> None:
    with (
        subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE, text=True) as child,
        pytest.raises(BrokerError, match="without a reason"),
    ):
        broker._announced_port(child.stdout, timedelta(seconds=30))


def test_a_child_that_does_not_end_is_killed() -> None:
    with subprocess.Popen(["sleep", "60"], stdin=subprocess.PIPE, text=True) as child:
        broker._end(child, timedelta(seconds=0.1))
        assert child.returncode == -signal.SIGKILL
