"""The MQTT connection: a thin callback that queues, acknowledgement only when told, reconnection for ever."""

import contextlib
import logging
import queue
import random
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from monitor.adapters.mqtt_client import CONNECT_S, new_client
from monitor.adapters.mqtt_subscriptions import Subscriptions
from monitor.adapters.mqtt_survey import survey
from monitor.adapters.mqtt_troubles import ADVICE, explained, refused, unanswered
from monitor.core.readings import Message
from monitor.errors import BrokerError
from monitor.ports import Clock, Delivery
from monitor.settings.sections import Mqtt

log = logging.getLogger(__name__)

TAKE_AT_MOST = 500
"""Deliveries handed over at once: enough to fill a batch, few enough to stop soon."""

READ_AT_ONCE = 64
"""Messages read before the worker gets them and acknowledgements get their turn."""

TURN_S = 0.5
"""Longest wait in seconds for the network: keepalive and room in the queue are looked at that often."""

SHORT_S = 10.0
"""Seconds: a connection that ends sooner counts as a failure, and the pauses before the next grow on."""

LEARN_S = 3.0
"""Longest wait in seconds until the worker has learned what is announced, so that it is listened to from the start."""

SAID_AT_MOST = 1_000
"""Messages of our own that wait for a connection; the oldest make room for more."""

STOP_S = 1.5
"""Seconds that the last words to the broker may take; stopping takes 5 s at the most in all."""

_Arrived = tuple[int, int, mqtt.MQTTMessage]
"""UTC Unix ms of arrival, the number of the connection, the message."""


class MqttSource:
    """A message source on a real broker; see the port. One network thread, which alone touches the socket.

    The thread runs paho's external loop: messages are handed over and acknowledgements sent by the handful, and
    while the worker has no room nothing more is read. A `visitor` only looks whether the broker lets us in: no
    session is kept and no status is said.
    """

    def __init__(
        self,
        settings: Mqtt,
        topics: Subscriptions,
        clock: Clock,
        jitter: random.Random,
        *,
        announcements: tuple[str, ...] = (),
        visitor: bool = False,
    ) -> None:
        self._visitor = visitor
        self._settings = settings
        self._topics = topics
        self._tapped: tuple[str, ...] = ()
        self._announcements = announcements
        self._has_looked = not announcements
        self._clock = clock
        self._jitter = jitter
        self._queue: queue.SimpleQueue[list[_Arrived]] = queue.SimpleQueue()
        self._burst: list[_Arrived] = []
        self._received = 0
        self._taken = 0
        self._acknowledged: deque[tuple[int, int, int]] = deque()
        self._to_say: deque[tuple[str, bytes]] = deque(maxlen=SAID_AT_MOST)
        self._stopping = threading.Event()
        self._caught_up = threading.Event()
        self._connected = threading.Event()
        self._subscribed = threading.Event()
        self._connection = 0
        self._failures = 0
        self._connected_s = 0.0
        self._answered = False
        self._trouble: str | None = None
        self._client = self._new_client()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.settimeout(0)
        self._wake_writer.settimeout(0)
        self._thread = threading.Thread(target=self._network, name="mqtt", daemon=True)

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and the connection stands."""
        return self._connected.is_set()

    @property
    def subscribed(self) -> tuple[str, ...] | None:
        """The topic filters that the broker has taken last, None before the first time."""
        return self._topics.answered

    @property
    def trouble(self) -> str | None:
        """Why there is no connection, and what to do; None while there is one."""
        return self._trouble

    def start(self) -> None:
        """Begin to connect, in the background and for ever."""
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye and end the network thread; what is queued and not acknowledged comes again next time."""
        self._stopping.set()
        self._caught_up.set()
        self._wake()
        self._thread.join(CONNECT_S + STOP_S)
        self._wake_reader.close()
        self._wake_writer.close()

    def want(self, topics: tuple[str, ...]) -> None:
        """Listen to these topics from now on; takes effect at once, or as soon as there is a connection."""
        self._topics.wanted = (*self._tapped, *topics)
        self._wake()

    def say(self, topic: str, payload: bytes) -> None:
        """Publish one message, such as a question to a device, as soon as there is a connection."""
        self._to_say.append((topic, payload))
        self._wake()

    def tap(self, topic: str, handler: Callable[[bytes], None]) -> None:
        """Hand the messages of one topic to `handler`, in the network thread and in their order, and store none."""

        def receive(client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
            handler(bytes(message.payload))
            client.ack(message.mid, message.qos)

        self._client.message_callback_add(topic, receive)
        self._tapped = (*self._tapped, topic)
        self._topics.wanted = (topic, *self._topics.wanted)

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait for the broker's answer; whether it came in time."""
        return self._connected.wait(timeout_s)

    def wait_subscribed(self, timeout_s: float) -> bool:
        """Wait until the broker has taken the subscriptions; whether it came in time."""
        return self._subscribed.wait(timeout_s)

    def take(self, wait_s: float) -> list[Delivery]:
        """The messages that are there; waits at most `wait_s` for the first."""
        if self._taken == self._received:
            self._caught_up.set()
        try:
            taken = self._queue.get(timeout=wait_s) if wait_s > 0 else self._queue.get_nowait()
        except queue.Empty:
            return []
        with contextlib.suppress(queue.Empty):
            while len(taken) < TAKE_AT_MOST:
                taken += self._queue.get_nowait()
        self._taken += len(taken)
        return [_delivery(*one) for one in taken]

    def poke(self) -> None:
        """Have `take` return at once."""
        self._queue.put([])

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Acknowledge on the connection that brought them; on a later one the broker sends them again."""
        self._acknowledged.extend((one.connection, one.mid, one.qos) for one in deliveries if one.qos)
        self._wake()

    def _network(self) -> None:
        while not self._stopping.is_set():
            try:
                if (self._has_looked or self._look()) and self._connect():
                    self._serve()
            except Exception:  # a defect here must not leave the daemon deaf
                log.exception("the network thread met a defect; it connects anew")
                self._connected.clear()
            if not self._stopping.is_set():
                self._stopping.wait(self._pause_s())

    def _look(self) -> bool:
        """Hand over what is announced before anything else: it says what the messages that wait for us mean."""
        try:
            for message in survey(self._settings, self._announcements, stopping=self._stopping):
                self._received += 1
                self._burst.append((self._clock.now_ms(), 0, message))
        except BrokerError as exc:
            if not self._stopping.is_set():
                self._lost(str(exc))
            return False
        self._caught_up.clear()
        self._hand_over()
        if not self._stopping.is_set():
            self._caught_up.wait(LEARN_S)
        self._has_looked = not self._stopping.is_set()
        return self._has_looked

    def _connect(self) -> bool:
        settings = self._settings
        self._answered = False
        options: dict[str, Any] = {}
        if settings.version == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = 0 if self._visitor else int(settings.session_expiry_h * 3600)
            options = {"clean_start": self._visitor, "properties": properties}
        try:
            self._client.connect(settings.host, settings.port, settings.keepalive_s, **options)
        except (OSError, ValueError) as exc:
            self._lost(explained(exc, settings))
            return False
        return True

    def _serve(self) -> None:
        """Move bytes until the connection ends or we have said goodbye."""
        until_s: float | None = None
        while (sock := self._client.socket()) is not None:
            if self._stopping.is_set():
                until_s = until_s or self._goodbye()
                if time.monotonic() > until_s:
                    return
            self._turn(sock)
        self._hand_over()

    def _turn(self, sock: Any) -> None:
        client = self._client
        has_room = self._received - self._taken < self._settings.queue_size
        held_back = bool(getattr(sock, "pending", lambda: 0)())
        readers = [self._wake_reader, sock] if has_room else [self._wake_reader]
        writers = [sock] if client.want_write() else []
        try:
            readable, writable, _ = select.select(readers, writers, [], 0 if held_back and has_room else TURN_S)
        except (OSError, ValueError):
            client.loop_misc()
            return
        if self._wake_reader in readable:
            with contextlib.suppress(BlockingIOError):
                self._wake_reader.recv(4096)
        self._send_acknowledgements()
        if self.connected and not self._visitor:
            if not self._topics.settled:
                self._topics.tell(client)
            while self._to_say:
                client.publish(*self._to_say.popleft(), qos=0)
        if writable or client.want_write():
            client.loop_write()
        if sock in readable or (held_back and has_room):
            self._read()
        client.loop_misc()

    def _read(self) -> None:
        for _ in range(READ_AT_ONCE):
            before = self._received
            if self._client.loop_read() != mqtt.MQTT_ERR_SUCCESS or self._received == before:
                break
        self._hand_over()

    def _hand_over(self) -> None:
        if self._burst:
            self._queue.put(self._burst)
            self._burst = []

    def _send_acknowledgements(self) -> None:
        ack, now, waiting = self._client.ack, self._connection, self._acknowledged
        with contextlib.suppress(IndexError):
            while True:
                connection, mid, qos = waiting.popleft()
                if connection == now:
                    ack(mid, qos)

    def _goodbye(self) -> float:
        """Queue the last words; until when they may take."""
        if self.connected and not self._visitor:
            self._client.publish(self._settings.status_topic, b"offline", qos=1, retain=True)
        self._client.disconnect()
        return time.monotonic() + STOP_S

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            self._wake_writer.send(b"\0")

    def _new_client(self) -> mqtt.Client:
        client = new_client(self._settings, self._settings.client_id, visitor=self._visitor, manual_ack=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_unsubscribe
        client.on_socket_register_write = lambda *_: None  # so that only the network thread writes
        if not self._visitor:
            client.will_set(self._settings.status_topic, b"offline", qos=1, retain=True)
        return client

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        self._received += 1
        self._burst.append((self._clock.now_ms(), self._connection, message))

    def _on_connect(
        self,
        client: mqtt.Client,
        _userdata: object,
        flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _properties: object,
    ) -> None:
        self._answered = True
        if reason.is_failure:
            self._lost(refused(str(reason)))
            return
        self._connection += 1
        self._connected_s = self._clock.elapsed_s()
        if self._visitor:
            self._connected.set()
            return
        self._topics.begin(client, anew=not flags.session_present)
        client.publish(self._settings.status_topic, b"online", qos=1, retain=True)
        where = f"{self._settings.host}:{self._settings.port}"
        log.info("%s MQTT broker %s", "back at" if self._trouble else "connected to", where)
        self._trouble = None
        self._connected.set()

    def _on_subscribe(
        self,
        _client: mqtt.Client,
        _userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        _properties: object,
    ) -> None:
        if self._topics.hear(mid, reasons):
            self._subscribed.set()

    def _on_unsubscribe(
        self, _client: mqtt.Client, _userdata: object, mid: int, _reasons: object, _properties: object
    ) -> None:
        if self._topics.hear_gone(mid):
            self._subscribed.set()

    def _on_disconnect(
        self, _client: mqtt.Client, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        was_connected = self._connected.is_set()
        self._connected.clear()
        if self._stopping.is_set():
            return
        if not self._answered:
            self._lost(unanswered(self._settings))
        elif was_connected:
            name = str(reason)
            short = self._clock.elapsed_s() - self._connected_s < SHORT_S
            if not short:
                self._failures = 0
            advice = ADVICE.get(name, ADVICE["Session taken over"] if short else "")
            self._lost(f"the connection ended ({name}){'; ' if advice else ''}{advice}")

    def _lost(self, why: str) -> None:
        self._connected.clear()
        where = f"{self._settings.host}:{self._settings.port}"
        if self._trouble is None and not self._visitor:
            log.warning("no connection to MQTT broker %s: %s (trying again for ever)", where, why)
        elif why != self._trouble:
            log.debug("still no connection to MQTT broker %s: %s", where, why)
        self._trouble = why

    def _pause_s(self) -> float:
        longest = min(self._settings.reconnect_max_s, 2.0 ** min(self._failures, 20))
        self._failures += 1
        return longest * self._jitter.uniform(0.5, 1.0)


def _delivery(received_ms: int, connection: int, message: mqtt.MQTTMessage) -> Delivery:
    return Delivery(
        Message(_topic(message), bytes(message.payload), message.retain, received_ms),
        message.mid,
        message.qos,
        message.dup,
        connection,
    )


def _topic(message: mqtt.MQTTMessage) -> str:
    try:
        return message.topic
    except UnicodeDecodeError:
        return "(topic that is not UTF-8)"
