"""A plain MQTT publisher: what the demo's sensors speak through."""

import threading
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from monitor.errors import BrokerError

INFLIGHT = 100
"""Messages on their way at once: enough to keep a broker busy."""

CONNECT_S = 10.0
"""Seconds to wait for the broker's answer."""


class MqttPublisher:
    """Publishes at QoS 1 in order; `with MqttPublisher(host, port) as publisher`."""

    def __init__(self, host: str, port: int, client_id: str, *, patience_s: float = CONNECT_S) -> None:
        self._where = f"{host}:{port}"
        self._answered = threading.Event()
        self._last: mqtt.MQTTMessageInfo | None = None
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        self._client.max_inflight_messages_set(INFLIGHT)
        self._client.on_connect = lambda *_: self._answered.set()
        try:
            self._client.connect(host, port)
        except OSError as exc:
            raise BrokerError(f"no MQTT broker at {self._where}: {exc}") from exc
        self._client.loop_start()
        if not self._answered.wait(patience_s):
            self._client.disconnect()
            self._client.loop_stop()
            raise BrokerError(f"the MQTT broker at {self._where} does not answer")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _exc: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish one message after those before it."""
        self._last = self._client.publish(topic, payload, qos=1, retain=retain)

    def flush(self, timeout_s: float) -> None:
        """Wait until the broker has taken everything; raises BrokerError where it does not in time."""
        if self._last is None:
            return
        self._last.wait_for_publish(timeout_s)
        if not self._last.is_published():
            raise BrokerError(f"the MQTT broker at {self._where} does not take messages")
