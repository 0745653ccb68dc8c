"""A server of the tests' own in the mirror's place."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import SecretStr

from monitor.adapters.mirror_erasing import HttpMirrorEraser
from monitor.settings.keeping import Mirror

INFLUX = {"X-Influxdb-Build": "OSS", "X-Influxdb-Version": "v2.7.6"}


@dataclass
class Server:
    """An HTTP server that answers a path as it was told, and remembers what it was asked."""

    answers: dict[str, tuple[int, dict[str, str], str]]
    asked: list[tuple[str, str, str, str]] = field(default_factory=list)
    port: int = 0

    def of(self, path: str) -> list[tuple[str, str, str, str]]:
        return [one for one in self.asked if one[1].startswith(path)]

    def eraser(self, **settings: object) -> HttpMirrorEraser:
        told = {"token": SecretStr("t"), "org": "home", "bucket": "bedroom"} | settings
        return HttpMirrorEraser(Mirror(url=f"http://127.0.0.1:{self.port}", **told))


@contextmanager
def serving() -> Iterator[Callable[..., Server]]:
    """Start such servers; they end with the block."""
    running: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(context: ssl.SSLContext | None = None, **answers: tuple[int, dict[str, str], str]) -> Server:
        told = Server({path.replace("_", "/"): answer for path, answer in answers.items()})

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                told.asked.append((self.command, self.path, body, self.headers.get("Authorization", "")))
                path = self.path.partition("?")[0].lstrip("/")
                status, headers, text = told.answers.get(path, (404, {}, "no such page"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = _answer  # noqa: N815 - the library finds them by these names

            def log_message(self, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        told.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((server, thread))
        return told

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()
