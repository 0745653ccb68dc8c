"""What the MQTT tests speak with: settings, guests of a broker, a fast publisher, a broker that misbehaves."""

import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from monitor.adapters.mqtt import MqttSource
from monitor.ports import Delivery
from monitor.settings.sections import Mqtt

TOPIC = "home/bedroom"
STATUS = "bedroom-monitor/status"
CONNECT, SUBSCRIBE = 1, 8


class Hasty(random.Random):
    """Makes the pauses between two attempts to connect short."""

    def uniform(self, a: float, b: float) -> float:
        return 0.05


class Heard(NamedTuple):
    """A message as a guest heard it."""

    topic: str
    payload: bytes
    retain: bool


def a_connection(port: int, **changes: object) -> Mqtt:
    """Settings for a broker on loopback."""
    return Mqtt.model_validate({"host": "127.0.0.1", "port": port, "reconnect_max_s": 1, **changes})


def until(claim: Callable[[], object], seconds: float = 10.0) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while not claim() and time.monotonic() < deadline:
        time.sleep(0.005)
    return bool(claim())


def taken(source: MqttSource, count: int, seconds: float = 10.0) -> list[Delivery]:
    """What the source brings, as soon as there are `count` (or after some seconds)."""
    deadline = time.monotonic() + seconds
    found: list[Delivery] = []
    while len(found) < count and time.monotonic() < deadline:
        found += source.take(0.05)
    return found


def payloads(deliveries: list[Delivery]) -> list[bytes]:
    return [delivery.message.payload for delivery in deliveries]


def numbers(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


class Guest:
    """Another client of the broker, which hears `topics`."""

    def __init__(self, port: int, *topics: str, name: str = "guest", clean: bool = True, **login: str) -> None:
        self.heard: list[Heard] = []
        self._present, self._subscribed = threading.Event(), threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean)
        if login:
            self._client.username_pw_set(login["username"], login["password"])
        self._client.on_connect = lambda *_: self._present.set()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _client, _data, it: self.heard.append(Heard(it.topic, it.payload, it.retain))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._present.wait(10)
        for topic in topics:
            self._client.subscribe(topic, 1)
            assert self._subscribed.wait(10)

    def say(self, topic: str, payload: bytes = b"21.5", *, qos: int = 1, retain: bool = False) -> None:
        """Publish; the broker has it when this returns (QoS 1)."""
        self._client.publish(topic, payload, qos=qos, retain=retain).wait_for_publish(10)

    def leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def say(port: int, topic: str, *words: bytes, qos: int = 1, retain: bool = False) -> None:
    """Publish as somebody who comes and goes."""
    guest = Guest(port, name="passer-by")
    for word in words:
        guest.say(topic, word, qos=qos, retain=retain)
    guest.leave()


def pour(port: int, topic: str, words: list[bytes], *, qos: int = 1) -> None:
    """Publish as fast as the broker takes it, in order; the broker has them all when this returns (QoS 1)."""
    line, _ = _introduced(port, "pour", clean=True)
    with line:
        line.sendall(b"".join(_publish(topic, word, qos, number) for number, word in enumerate(words)))
        _received(line, 4 * len(words) * qos)
        line.sendall(b"\xe0\x00")


def take_over(port: int, name: str = "bedroom-monitor") -> bool:
    """Be the client of that name for a moment, which throws the other one out; whether the broker knew a session."""
    line, known = _introduced(port, name, clean=False)
    line.close()
    return known


def _introduced(port: int, name: str, *, clean: bool) -> tuple[socket.socket, bool]:
    words = b"\x00\x04MQTT\x04" + bytes([2 * clean]) + b"\x00\x3c" + struct.pack("!H", len(name)) + name.encode()
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    line.sendall(bytes([0x10, len(words)]) + words)
    return line, bool(_exactly(line, 4)[2])


def _publish(topic: str, payload: bytes, qos: int, number: int) -> bytes:
    mid = struct.pack("!H", number % 65_535 + 1) if qos else b""
    body = struct.pack("!H", len(topic)) + topic.encode() + mid + payload
    assert len(body) < 128
    return bytes([0x30 | qos << 1, len(body)]) + body


def _received(line: socket.socket, count: int) -> None:
    while count > 0:
        got = len(line.recv(min(count, 65_536)))
        assert got, "the broker hung up"
        count -= got


@contextmanager
def a_broker_that(answers: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of something that accepts one connection after another and lets `answers` deal with each."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.05)

        def serve() -> None:
            while not over.is_set():
                try:
                    line, _ = door.accept()
                except TimeoutError:
                    continue
                with line:
                    line.settimeout(5)
                    answers(line)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(door.getsockname()[1])
        finally:
            over.set()
            thread.join()


def packet(line: socket.socket) -> tuple[int, bytes]:
    """The next packet of a client (shorter than 128 bytes): its kind, and what follows the length."""
    kind, length = _exactly(line, 2)
    return kind >> 4, _exactly(line, length)


def _exactly(line: socket.socket, count: int) -> bytes:
    got = line.recv(count, socket.MSG_WAITALL)
    if len(got) < count:
        raise EOFError
    return got


def welcomes(*then: bytes, granted: bytes = b"\x01") -> Callable[[socket.socket], None]:
    """A broker that lets everybody in, answers a subscription with `granted` and sends what is in `then`."""

    def answers(line: socket.socket) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                kind, words = packet(line)
                if kind == CONNECT:
                    line.sendall(b"\x20\x02\x00\x00")
                elif kind == SUBSCRIBE:
                    line.sendall(bytes([0x90, 2 + len(granted)]) + words[:2] + granted + b"".join(then))

    return answers
