"""The MQTT connection: a thin callback that queues, acknowledgement only when told, reconnection for ever."""

import contextlib
import logging
import queue
import random
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice, repeat

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from monitor.core.readings import Message
from monitor.errors import ConfigurationError
from monitor.ports import Clock, Delivery
from monitor.settings.sections import Mqtt

log = logging.getLogger(__name__)

TAKE_AT_MOST = 500
"""Deliveries handed over at once: enough to fill a batch, few enough to stop soon."""

FULL_PAUSE_S = 0.005
"""Seconds the network thread waits before it looks again whether the worker has made room."""

CONNECT_S = 3.0
"""Seconds that one attempt to connect may take; a stop has to wait for it."""

STOP_S = 1.5
"""Seconds that the last words to the broker may take; stopping takes 5 s at the most in all."""

_ADVICE = {
    "Bad user name or password": "check mqtt.username and mqtt.password_file",
    "Not authorized": "check mqtt.username, mqtt.password_file and the broker's access rules for this user",
    "Client identifier not valid": "set another mqtt.client_id",
    "Unsupported protocol version": 'set mqtt.version to the other of "3.1.1" and "5"',
    "Server unavailable": "the broker is overloaded or starting",
    "Session taken over": "another program uses the same mqtt.client_id; give each its own",
}


@dataclass(frozen=True, slots=True)
class Topics:
    """What to subscribe to, announcements first, and what an earlier run subscribed to and this one does not want."""

    wanted: tuple[str, ...]
    unwanted: tuple[str, ...] = ()


class MqttSource:
    """A message source on a real broker; see the port. One network thread, paho's own.

    A `visitor` only looks whether the broker lets us in: no session is kept and no status is said.
    """

    def __init__(
        self, settings: Mqtt, topics: Topics, clock: Clock, jitter: random.Random, *, visitor: bool = False
    ) -> None:
        self._visitor = visitor
        self._settings = settings
        self._topics = topics
        self._clock = clock
        self._jitter = jitter
        self._queue: queue.SimpleQueue[tuple[int, int, mqtt.MQTTMessage]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._connected = threading.Event()
        self._subscribed = threading.Event()
        self._connection = 0
        self._failures = 0
        self._trouble: str | None = None
        self.subscribed: tuple[str, ...] | None = None
        self._client = self._new_client()

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted us and the connection stands."""
        return self._connected.is_set()

    @property
    def trouble(self) -> str | None:
        """Why there is no connection, and what to do; None while there is one."""
        return self._trouble

    def start(self) -> None:
        """Begin to connect, in the background and for ever."""
        settings = self._settings
        if settings.version == "5":
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 0 if self._visitor else int(settings.session_expiry_h * 3600)
            self._client.connect_async(
                settings.host, settings.port, settings.keepalive_s, clean_start=self._visitor, properties=properties
            )
        else:
            self._client.connect_async(settings.host, settings.port, settings.keepalive_s)
        self._client.loop_start()

    def stop(self) -> None:
        """Say goodbye and end the network thread; what is queued and not acknowledged comes again next time."""
        self._stopping.set()
        if self.connected and not self._visitor:
            with contextlib.suppress(RuntimeError, ValueError):
                self.publish(self._settings.status_topic, b"offline", retain=True).wait_for_publish(STOP_S)
        self._client.disconnect()
        self._client.loop_stop()

    def tap(self, topic: str, handler: Callable[[bytes], None]) -> None:
        """Hand the messages of one topic to `handler`, in the network thread and in their order, and store none."""

        def receive(client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
            handler(message.payload)
            client.ack(message.mid, message.qos)

        self._client.message_callback_add(topic, receive)
        self._topics = Topics((topic, *self._topics.wanted), self._topics.unwanted)

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait for the broker's answer; whether it came in time."""
        return self._connected.wait(timeout_s)

    def wait_subscribed(self, timeout_s: float) -> bool:
        """Wait until the broker has taken the subscriptions; whether it came in time."""
        return self._subscribed.wait(timeout_s)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> mqtt.MQTTMessageInfo:
        """Publish at QoS 1."""
        return self._client.publish(topic, payload, qos=1, retain=retain)

    def take(self, wait_s: float) -> list[Delivery]:
        """The messages that are there; waits at most `wait_s` for the first."""
        try:
            first = self._queue.get(timeout=wait_s) if wait_s > 0 else self._queue.get_nowait()
        except queue.Empty:
            return []
        taken = [first]
        with contextlib.suppress(queue.Empty):
            taken.extend(get() for get in islice(repeat(self._queue.get_nowait), TAKE_AT_MOST - 1))
        return [_delivery(*one) for one in taken]

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Acknowledge on the connection that brought them; on a later one the broker sends them again."""
        ack, now = self._client.ack, self._connection
        for delivery in deliveries:
            if delivery.qos and delivery.connection == now:
                ack(delivery.mid, delivery.qos)

    def _new_client(self) -> mqtt.Client:
        settings = self._settings
        v5 = settings.version == "5"
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if v5 else self._visitor,
            protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
            transport=settings.transport,
            manual_ack=True,
        )
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.connect_timeout = CONNECT_S
        if not self._visitor:
            client.will_set(settings.status_topic, b"offline", qos=1, retain=True)
        if settings.username:
            client.username_pw_set(settings.username, settings.password.get_secret_value())
        if settings.transport == "websockets":
            client.ws_set_options(path=settings.websocket_path)
        if settings.tls:
            _set_tls(client, settings)
        return client

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        while self._queue.qsize() >= self._settings.queue_size and not self._stopping.is_set():
            time.sleep(FULL_PAUSE_S)
        self._queue.put((self._clock.now_ms(), self._connection, message))

    def _on_connect(
        self, client: mqtt.Client, _userdata: object, flags: mqtt.ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            name = str(reason)
            self._lost(f"the broker refuses: {name}; {_ADVICE.get(name, 'see the log of the broker')}")
            return
        self._connection += 1
        self._failures = 0
        if self._visitor:
            self._connected.set()
            return
        if self._topics.unwanted:
            client.unsubscribe(list(self._topics.unwanted))
        if not flags.session_present or self.subscribed is None:
            client.subscribe([(topic, 1) for topic in self._topics.wanted])
        client.publish(self._settings.status_topic, b"online", qos=1, retain=True)
        where = f"{self._settings.host}:{self._settings.port}"
        log.info("%s MQTT broker %s", "back at" if self._trouble else "connected to", where)
        self._trouble = None
        self._connected.set()

    def _on_subscribe(
        self, _client: mqtt.Client, _userdata: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        for topic, reason in zip(self._topics.wanted, reasons, strict=False):
            if reason.is_failure:
                log.warning("the broker does not let us subscribe to %s (%s); check its access rules", topic, reason)
        self.subscribed = self._topics.wanted
        self._subscribed.set()

    def _on_connect_fail(self, _client: mqtt.Client, _userdata: object) -> None:
        # paho calls this while it handles the exception and does not pass it on.
        self._lost(_explained(sys.exc_info()[1], self._settings))

    def _on_disconnect(
        self, _client: mqtt.Client, _userdata: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        was_connected = self._connected.is_set()
        self._connected.clear()
        if self._stopping.is_set():
            return
        name = str(reason)
        if was_connected:
            advice = f"; {_ADVICE[name]}" if name in _ADVICE else ""
            self._lost(f"the connection ended ({name}){advice}")
        else:
            self._pause()

    def _lost(self, why: str) -> None:
        self._connected.clear()
        where = f"{self._settings.host}:{self._settings.port}"
        if why != self._trouble and not self._visitor:
            log.warning("no connection to MQTT broker %s: %s (trying again for ever)", where, why)
        self._trouble = why
        self._pause()

    def _pause(self) -> None:
        longest = min(self._settings.reconnect_max_s, 2.0 ** min(self._failures, 20))
        self._failures += 1
        pause = longest * self._jitter.uniform(0.5, 1.0)
        self._client.reconnect_delay_set(min_delay=pause, max_delay=pause)  # type: ignore[arg-type]


def _delivery(received_ms: int, connection: int, message: mqtt.MQTTMessage) -> Delivery:
    return Delivery(
        Message(_topic(message), message.payload, message.retain, received_ms),
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


def _set_tls(client: mqtt.Client, settings: Mqtt) -> None:
    files = {
        key: str(path) if path else None
        for key, path in (("ca_certs", settings.ca_file), ("certfile", settings.cert_file), ("keyfile", settings.key_file))
    }
    try:
        client.tls_set(**files)
    except (OSError, ValueError) as exc:
        raise ConfigurationError([f"mqtt.ca_file, mqtt.cert_file, mqtt.key_file: not usable for TLS: {exc}"]) from exc


def _explained(exc: BaseException | None, settings: Mqtt) -> str:
    match exc:
        case ConnectionRefusedError():
            return f"nothing listens there; is the broker running, are mqtt.host and mqtt.port = {settings.port} right?"
        case socket.gaierror():
            return "no computer of that name; check mqtt.host"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not accepted ({exc.verify_message}); set mqtt.ca_file to the authority that signed it"
        case ssl.SSLError():
            return f"TLS failed ({exc.reason}); does it speak TLS on port {settings.port}? 8883 is usual, 1883 is without"
        case TimeoutError():
            return "it does not answer; is it on, and does a firewall stand between?"
        case _:
            return f"{type(exc).__name__}: {exc}"
