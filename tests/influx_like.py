"""A server that behaves like InfluxDB 2 where it is written to, and misbehaves where a test says so."""

import gzip
import json
import socket
import ssl
import struct
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.line_reader import BadLine, Point, read

TOKEN, ORG, BUCKET = "a-token-of-the-tests", "home", "bedroom"


class Reply(NamedTuple):
    """What the server says."""

    status: int = 204
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class Misbehaviour(NamedTuple):
    """What the server does instead: `bytes_sent`, and then it hangs up, resets the connection or keeps silent."""

    sends: bytes = b""
    then: str = "hang up"


RESET = Misbehaviour(then="reset")
HANG = Misbehaviour(then="hang")
HALF = Misbehaviour(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5000\r\n\r\nhalf of an ans")
HALF_A_HEADER = Misbehaviour(b"HTTP/1.1 2")
GARBAGE = Misbehaviour(bytes(range(256)))

Script = Reply | Misbehaviour


class Request(NamedTuple):
    """What was asked."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes
    lines: list[str]


def refusal(status: int, message: str, **headers: str) -> Reply:
    """An error as InfluxDB 2 writes it."""
    body = json.dumps({"code": "said", "message": message}).encode()
    return Reply(status, body, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


class InfluxLike:
    """Keeps points by measurement, tags and time; `written` counts how often each was sent.

    `next` are the answers to the next requests, `always` is that to all, `script` may give one; else it does as
    InfluxDB 2 does.
    `bad` says which lines cannot be read, `oldest_ms` where its retention begins, `most_bytes` what is too large.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.points: dict[tuple[Any, ...], dict[str, float]] = {}
        self.written: Counter[tuple[Any, ...]] = Counter()
        self.requests: list[Request] = []
        self.next: deque[Script] = deque()
        self.always: Script | None = None
        self.script: Callable[[Request], Script | None] = lambda request: None
        self.bad: Callable[[str], bool] = lambda line: False
        self.oldest_ms = 0
        self.most_bytes = 50_000_000
        self.port = 0
        self.connections = 0
        self.closing = threading.Event()
        self._lines: set[socket.socket] = set()
        self._tls = tls
        self._server: ThreadingHTTPServer | None = None
        self._lock = threading.RLock()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the port of before if there was one."""
        self.closing.clear()
        self._server = _Server(self)
        if self._tls is not None:
            self._server.socket = self._tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def stop(self) -> None:
        """Nothing listens any more, and every connection is broken."""
        if self._server is None:
            return
        self.closing.set()
        self._server.shutdown()
        with self._lock:
            for line in self._lines:
                with _whatever():
                    line.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join()
        self._server = None

    def of(self, measurement: str) -> dict[tuple[Any, ...], dict[str, float]]:
        """The points of a measurement."""
        with self._lock:
            return {key: dict(fields) for key, fields in self.points.items() if key[0] == measurement}

    def series(self, measurement: str, **tags: str) -> dict[int, float]:
        """Values by time."""
        wanted = tuple(sorted(tags.items()))
        return {key[2]: fields["value"] for key, fields in self.of(measurement).items() if key[1] == wanted}

    def answer(self, request: Request) -> Script:
        """What this request gets; points of it are kept."""
        with self._lock:
            self.requests.append(request)
            scripted = self.next.popleft() if self.next else self.always or self.script(request)
            return self._as_influx_does(request) if scripted is None else scripted

    def _as_influx_does(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Token {TOKEN}":
            return refusal(401, "unauthorized access")
        if request.query.get("bucket") != BUCKET or request.query.get("org") != ORG:
            return refusal(404, f'bucket "{request.query.get("bucket")}" not found')
        if len(b"\n".join(line.encode() for line in request.lines)) > self.most_bytes:
            return refusal(413, "unable to read data: points batch is too large")
        try:
            points = [self._read(line) for line in request.lines]
        except BadLine as exc:
            return refusal(400, f"unable to parse '{exc}': invalid field format")
        kept = [point for point in points if point.time_ms >= self.oldest_ms]
        for point in kept:
            self.written[point.identity] += 1
            self.points.setdefault(point.identity, {}).update(point.fields)
        dropped = len(points) - len(kept)
        if dropped:
            long = "x" * 400
            return refusal(422, f"partial write: dropped {dropped} points outside retention {long} dropped={dropped}")
        return Reply()

    def _read(self, line: str) -> Point:
        if self.bad(line):
            raise BadLine(line)
        return read(line)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 50

    def __init__(self, like: InfluxLike) -> None:
        self.like = like
        super().__init__(("127.0.0.1", like.port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is nothing to talk about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30

    def setup(self) -> None:
        super().setup()
        with self.server.like._lock:
            self.server.like._lines.add(self.connection)
            self.server.like.connections += 1

    def finish(self) -> None:
        with self.server.like._lock:
            self.server.like._lines.discard(self.connection)
        with _whatever():
            super().finish()

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        body = gzip.decompress(raw) if self.headers.get("content-encoding") == "gzip" else raw
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        said = self.server.like.answer(Request(address.path, query, headers, raw, body.decode().split("\n")))
        if isinstance(said, Misbehaviour):
            self._misbehave(said)
        else:
            self._say(said)

    def _say(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def _misbehave(self, how: Misbehaviour) -> None:
        self.close_connection = True
        self.wfile.write(how.sends)
        if how.then == "hang":
            self.server.like.closing.wait(60)
        elif how.then == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, *args: object) -> None:
        """Quietly."""


@contextmanager
def _whatever() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError):
        return


@contextmanager
def an_influx(tls: ssl.SSLContext | None = None) -> Iterator[InfluxLike]:
    """One that listens until the end."""
    like = InfluxLike(tls)
    like.start()
    try:
        yield like
    finally:
        like.stop()
