"""The embedded broker's own process: amqtt, with the faults mended that would lose or misdate a reading.

Measured with amqtt 0.12.1 and paho 2.2, and mended here (tests/adapters/test_broker.py holds each):
- its anonymous plugin makes persistent sessions forget: another plugin lets everybody in;
- an unacknowledged message was dropped after 5 s, and when the client left: it is kept until acknowledged;
- what was kept for an absent client came with the retain flag, so that its age seemed unknown;
- every client got, on connecting, the retained messages of everybody's subscriptions;
- a session taken over by a second connection counted as absent.
"""

import argparse
import asyncio
import logging
import sys
from functools import partial
from typing import Any

import amqtt.broker
from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.session import OutgoingApplicationMessage, Session

LISTENER = "default"

CONFIGURATION = {
    "listeners": {LISTENER: {"type": "external"}},
    "plugins": {"amqtt.plugins.base.BaseAuthPlugin": {}},
}
"""External: this module listens, so that port 0 works. One plugin: no $SYS topics, no packet log."""


class KeepingHandler(BrokerProtocolHandler):  # type: ignore[misc]
    """One client's connection; what it has not acknowledged stays in its session."""

    ended = False

    async def start(self) -> None:
        """Begin reading; a session that was taken over is present again."""
        if self.session.transitions.state != "connected":
            self.session.transitions.connect()
        await super().start()

    async def stop(self) -> None:
        """End the connection; from here on messages are only kept."""
        self.ended = True
        await super().stop()

    async def handle_puback(self, puback: Any) -> None:
        """The client is done with this message."""
        self.session.inflight_out.pop(puback.variable_header.packet_id, None)
        await super().handle_puback(puback)

    async def _retry_deliveries(self) -> None:
        """Send again, in the old order, what the client had not acknowledged; do not wait for the answers."""
        self._retries = [
            asyncio.create_task(self._handle_message_flow(message))
            for message in list(self.session.inflight_out.values())
        ]

    async def _handle_qos1_message_flow(self, app_message: Any) -> None:
        """Send and wait for the acknowledgement as long as it takes."""
        if not isinstance(app_message, OutgoingApplicationMessage):
            await super()._handle_qos1_message_flow(app_message)
            return
        self.session.inflight_out[app_message.packet_id] = app_message
        if self.ended:
            return
        packet = app_message.build_publish_packet(dup=app_message.publish_packet is not None)
        app_message.publish_packet = packet
        waiter: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._puback_waiters[app_message.packet_id] = waiter
        await self._send_packet(packet)
        try:
            await waiter
        finally:
            self._puback_waiters.pop(app_message.packet_id, None)


class KeepingBroker(Broker):  # type: ignore[misc]
    """amqtt's broker with sessions that keep what they were sent."""

    async def _publish_session_retained_messages(self, session: Session) -> None:
        """Send what was kept while the client was away, as the live messages they were."""
        handler = self._get_handler(session)
        while not session.retained_messages.empty():
            kept = session.retained_messages.get_nowait()
            sending = handler.mqtt_publish(kept.topic, kept.data, kept.qos, retain=False)
            self._tasks_queue.append(asyncio.ensure_future(sending))

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """Send retained messages for a client's own subscriptions only."""
        own = self._subscriptions.get(subscription[0], [])
        if any(subscriber is session for subscriber, _ in own):
            await super()._publish_retained_messages_for_subscription(subscription, session)

    async def _handle_disconnect(self, client_session: Session, handler: Any, disconnect_waiter: Any) -> None:
        """End a connection; a session that another connection has taken over meanwhile stays present."""
        await super()._handle_disconnect(client_session, handler, disconnect_waiter)
        if self._get_handler(client_session) is not handler:
            client_session.transitions.connect()


async def serve(host: str, port: int) -> None:
    """Serve until standard input closes; the first line of output is `ready PORT` or `failed WHY`."""
    amqtt.broker.BrokerProtocolHandler = KeepingHandler
    broker = KeepingBroker(CONFIGURATION)
    await broker.start()
    try:
        server = await asyncio.start_server(partial(_connected, broker), host, port)
    except OSError as exc:
        _say(f"failed {host}:{port}: {exc.strerror}")
        return
    _say(f"ready {server.sockets[0].getsockname()[1]}")
    await _end_of_input()
    server.close()


async def _connected(broker: Broker, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await broker.external_connected(StreamReaderAdapter(reader), StreamWriterAdapter(writer), LISTENER)


async def _end_of_input() -> None:
    """Return when whoever started this process closes our standard input, or dies."""
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    await stdin.read()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """The entry of the child process."""
    parser = argparse.ArgumentParser(description="MQTT broker on the loopback, until standard input closes")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    asked = parser.parse_args()
    logging.disable()
    asyncio.run(serve(asked.host, asked.port))


if __name__ == "__main__":
    main()
