"""MQTT over websockets: Debian's mosquitto may be built without them, so a bridge stands before a plain one."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.adapters.mqtt_rig import TOPIC, a_connection, numbers, payloads, pour, say, taken

server = pytest.importorskip("websockets.sync.server", reason="websockets, which comes with amqtt, is not installed")
ConnectionClosed = pytest.importorskip("websockets.exceptions").ConnectionClosed
pytestmark = pytest.mark.broker


@contextmanager
def bridged(port: int, *, frame: int = 65_536) -> Iterator[int]:
    """The port of a websockets server before the broker at `port`, which sends frames of at most so many bytes."""

    def carry(web) -> None:
        with socket.create_connection(("127.0.0.1", port)) as line:
            back = threading.Thread(target=bring, args=(line, web))
            back.start()
            with suppress(ConnectionClosed, OSError):
                for words in web:
                    line.sendall(words)
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            back.join()

    def bring(line: socket.socket, web) -> None:
        with suppress(ConnectionClosed, OSError):
            while words := line.recv(frame):
                web.send(words)
        web.close()

    with server.serve(carry, "127.0.0.1", 0, subprotocols=["mqtt"]) as bridge:
        serving = threading.Thread(target=bridge.serve_forever)
        serving.start()
        try:
            yield bridge.socket.getsockname()[1]
        finally:
            bridge.shutdown()
            serving.join()


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_message_arrives_over_websockets(mosquitto, start_source, version):
    with bridged(mosquitto.port) as port:
        source = start_source(a_connection(port, transport="websockets", version=version))
        assert source.wait_subscribed(10), source.trouble
        say(mosquitto.port, TOPIC, b"21.5")
        found = taken(source, 1)
        source.stop()
    assert payloads(found) == [b"21.5"]


@pytest.mark.parametrize("frame", [3, 65_536])
def test_messages_and_frames_need_not_end_together(mosquitto, start_source, frame):
    with bridged(mosquitto.port, frame=frame) as port:
        source = start_source(a_connection(port, transport="websockets"))
        source.wait_subscribed(10)
        pour(mosquitto.port, TOPIC, numbers(500))
        found = taken(source, 500)
        source.stop()
    assert payloads(found) == numbers(500)
