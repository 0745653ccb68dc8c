"""A server that answers GET /query as InfluxDB does, from points of the test's own, and with its kinds of trouble."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_TIME = re.compile(r"time (>=|<) (\d+)ms")
_FROM = re.compile(r'SELECT (?:(first|last|count)\()?"([^"]+)"\)? FROM "([^"]+)"(?: WHERE (.*?))?(?: GROUP BY \*)?$')
_TAG = re.compile(r"\"([^\"]+)\" = '((?:[^'\\]|\\.)*)'")

Reply = tuple[int, Any, dict[str, str]]
"""Status, document (bytes as they are) and headers."""


@dataclass
class Point:
    measurement: str
    tags: dict[str, str]
    time_ms: int
    fields: dict[str, Any]


@dataclass
class Influx:
    """The server's memory. `troubles` are given out first, one for each request; `limit` of rows makes answers partial.

    Shapes recorded from InfluxDB 2.9.1 (`/query` with epoch=ms) and from the documentation of 1.8.
    """

    points: list[Point] = field(default_factory=list)
    databases: tuple[str, ...] = ("home_assistant",)
    token: str = ""
    limit: int = 10**9
    troubles: list[Reply] = field(default_factory=list)
    refuses: Callable[[str], Reply | None] = lambda _query: None
    queries: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def add(self, measurement: str, tags: dict[str, str], start_ms: int, *values: object, **more: object) -> None:
        """A value a minute, with more fields beside it."""
        for number, value in enumerate(values):
            self.points.append(Point(measurement, tags, start_ms + number * 60_000, {"value": value, **more}))

    def reply(self, path: str, headers: dict[str, str]) -> Reply:
        asked = {key: word[0] for key, word in parse_qs(urlsplit(path).query).items()}
        self.queries.append(asked.get("q", ""))
        self.headers.append(headers)
        if self.troubles:
            return self.troubles.pop(0)
        if self.token and headers.get("Authorization") != f"Token {self.token}":
            return 401, {"code": "unauthorized", "message": "Unauthorized"}, {}
        refused = self.refuses(asked["q"])
        return refused or (200, {"results": [{"statement_id": 0, **self._answer(asked["q"])}]}, {})

    def _answer(self, query: str) -> dict[str, Any]:
        if query == "SHOW DATABASES":
            return _one("databases", ["name"], [[name] for name in self.databases])
        if query == "SHOW MEASUREMENTS":
            return _one("measurements", ["name"], [[name] for name in sorted({one.measurement for one in self.points})])
        found = _FROM.match(query)
        assert found is not None, query
        end, name, measurement, where = found.groups()
        points = [one for one in self.points if one.measurement == measurement and name in one.fields]
        points = sorted((one for one in points if _matches(one, where or "")), key=lambda one: one.time_ms)
        groups: dict[tuple[tuple[str, str], ...], list[Point]] = {}
        for point in points:
            groups.setdefault(tuple(sorted(point.tags.items())) if "GROUP BY" in query else (), []).append(point)
        series = [self._series(measurement, dict(tags), of, end, name) for tags, of in sorted(groups.items())]
        return {"series": series} if series else {}

    def _series(self, measurement: str, tags: dict[str, str], points: list[Point], end: str | None, name: str) -> Any:
        if end == "count":
            return {"name": measurement, "columns": ["time", "count"], "values": [[0, len(points)]]}
        if end is not None:
            points = points[:1] if end == "first" else points[-1:]
        rows = [[one.time_ms, one.fields[name]] for one in points]
        shown = {"name": measurement, "columns": ["time", end or name], "values": rows[: self.limit]}
        shown |= {"tags": tags} if tags else {}
        return shown | ({"partial": True} if len(rows) > self.limit else {})


def _one(name: str, columns: list[str], values: list[list[str]]) -> dict[str, Any]:
    return {"series": [{"name": name, "columns": columns, "values": values}]} if values else {}


def _matches(point: Point, where: str) -> bool:
    for sign, bound in _TIME.findall(where):
        if not (point.time_ms >= int(bound) if sign == ">=" else point.time_ms < int(bound)):
            return False
    return all(
        point.tags.get(key) == word.replace("\\'", "'").replace("\\\\", "\\") for key, word in _TAG.findall(where)
    )


@contextmanager
def serving(influx: Influx) -> Iterator[Influx]:
    """The server on loopback, while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, document, headers = influx.reply(self.path, dict(self.headers))
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            for key, word in headers.items():
                self.send_header(key, word)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    influx.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield influx
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
