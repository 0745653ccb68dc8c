"""A short visit to a broker: what it keeps for everybody, and what is said on it for a while."""

import contextlib
import select
import threading
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.reasoncodes import ReasonCode

from monitor.adapters.mqtt_client import CONNECT_S, new_client
from monitor.adapters.mqtt_subscriptions import AT_ONCE
from monitor.adapters.mqtt_troubles import explained, refused, unanswered
from monitor.core.readings import Message
from monitor.errors import BrokerError
from monitor.settings.sections import Mqtt

QUIET_S = 2.0
"""Seconds of silence after which everything that the broker keeps has come, where it does not let us mark the end."""

LONGEST_S = 20.0
"""Seconds that the broker may take to tell all it keeps."""

TURN_S = 0.1
"""Longest wait in seconds for the network: a stop is seen that soon."""


class Visitor:
    """A guest at the broker: leaves no session and says no status. `with Visitor(settings, "init") as visitor`.

    Everything happens in the thread of the caller. Raises BrokerError where the broker does not let us in.
    """

    def __init__(self, settings: Mqtt, name: str, stopping: threading.Event | None = None) -> None:
        self._settings = settings
        self._stopping = stopping or threading.Event()
        self._client = new_client(settings, f"{settings.client_id}-{name}", visitor=True)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._marker = f"{settings.status_topic}/{settings.client_id}-{name}"
        self._came: list[mqtt.MQTTMessage] = []
        self._marked = False
        self._unanswered: set[int] = set()
        self._refusal: str | None = None
        self._connected = False

    def __enter__(self) -> Self:
        try:
            self._client.connect(self._settings.host, self._settings.port, self._settings.keepalive_s)
        except (OSError, ValueError) as exc:
            raise BrokerError(explained(exc, self._settings)) from exc
        try:
            self._wait_for_the_answer()
        except BrokerError:
            self._leave()
            raise
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _exc: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._leave()

    def kept(self, filters: Sequence[str]) -> list[mqtt.MQTTMessage]:
        """What the broker keeps on these topics, and what is said on them meanwhile.

        The end is marked by a message of our own, which comes after all that is kept.
        """
        self._marked = False
        self._subscribe((*filters, self._marker))
        until_s = time.monotonic() + LONGEST_S
        quiet_s = time.monotonic() + QUIET_S
        marked = False
        while not self._marked and time.monotonic() < min(until_s, quiet_s) and not self._stopping.is_set():
            if not self._unanswered and not marked:
                self._client.publish(self._marker, b"end", qos=0)
                marked = True
            if self._turn() or not marked:
                quiet_s = time.monotonic() + QUIET_S
        return self._taken()

    def listen(self, filters: Sequence[str], for_s: float) -> Iterator[list[mqtt.MQTTMessage]]:
        """What is said on these topics, turn by turn, until the time is over."""
        self._subscribe(tuple(filters))
        until_s = time.monotonic() + for_s
        while time.monotonic() < until_s and not self._stopping.is_set():
            self._turn()
            yield self._taken()

    def say(self, topic: str, payload: bytes) -> None:
        """Publish one message, such as a question to all devices of a kind."""
        self._client.publish(topic, payload, qos=0)

    def _subscribe(self, filters: Sequence[str]) -> None:
        for start in range(0, len(filters), AT_ONCE):
            _, mid = self._client.subscribe([(topic, 0) for topic in filters[start : start + AT_ONCE]])
            if mid is not None:
                self._unanswered.add(mid)

    def _wait_for_the_answer(self) -> None:
        until_s = time.monotonic() + CONNECT_S
        while not self._connected and time.monotonic() < until_s and not self._stopping.is_set():
            self._turn()
        if not self._connected:
            raise BrokerError(unanswered(self._settings))

    def _leave(self) -> None:
        self._client.disconnect()
        with contextlib.suppress(OSError, ValueError):
            self._client.loop(0.0)

    def _taken(self) -> list[mqtt.MQTTMessage]:
        came, self._came = self._came, []
        return came

    def _turn(self) -> bool:
        """Let the network move; whether any bytes came: a message may be long, and the way to us slow."""
        came = self._await_bytes()
        code = self._client.loop(0.0)
        if self._refusal is not None:
            raise BrokerError(self._refusal)
        if code != mqtt.MQTT_ERR_SUCCESS:
            raise BrokerError(
                f"the connection ended ({mqtt.error_string(code)})" if self._connected else unanswered(self._settings)
            )
        return came

    def _await_bytes(self) -> bool:
        sock: Any = self._client.socket()
        if sock is None:
            return False
        held_back = bool(getattr(sock, "pending", lambda: 0)())
        return held_back or bool(select.select([sock], [], [], TURN_S)[0])

    def _on_connect(
        self, _client: mqtt.Client, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self._refusal = refused(str(reason))
        self._connected = not reason.is_failure

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:  # some brokers let it pass; no announcement has such a topic
            return
        if topic == self._marker:
            self._marked = True
        else:
            self._came.append(message)

    def _on_subscribe(
        self, _client: mqtt.Client, _userdata: object, mid: int, _reasons: object, _properties: object
    ) -> None:
        self._unanswered.discard(mid)


def survey(settings: Mqtt, filters: Sequence[str], *, stopping: threading.Event) -> list[mqtt.MQTTMessage]:
    """What the broker keeps on these topics. Raises BrokerError."""
    with Visitor(settings, "look", stopping) as visitor:
        return visitor.kept(filters)


def heard(message: mqtt.MQTTMessage, received_ms: int) -> Message:
    """A message as decoders want it."""
    return Message(message.topic, bytes(message.payload), message.retain, received_ms)
