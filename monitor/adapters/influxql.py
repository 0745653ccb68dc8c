"""InfluxQL over GET /query, as InfluxDB 1.x, 2.x and 3 answer it."""

import base64
import ssl
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from monitor.adapters.unreachable import why_unreachable
from monitor.core.payload import document
from monitor.errors import DecodeError, HistoryError, InputError

TRIES = 6
"""Attempts at one question: with the pauses between them about half a minute."""

LONGEST_PAUSE_S = 60.0
"""Seconds between two attempts at most, also where the server asks for more."""

LARGEST_BYTES = 512 * 1024 * 1024
"""Bytes of one answer; a day of one series is far less."""

_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_REFUSED = frozenset({401, 403})


class Access(NamedTuple):
    """Where the server is and how it lets us in; `database` is `name` or `name/retention-policy`."""

    url: str
    database: str
    token: str = ""
    username: str = ""
    password: str = ""
    ca_file: Path | None = None
    timeout_s: float = 60.0


class Series(NamedTuple):
    """One series of an answer; `partial` says that the server stopped in the middle of it."""

    name: str
    tags: dict[str, str]
    columns: list[str]
    rows: list[list[object]]
    partial: bool = False


class InfluxQl:
    """Asks a server. `pause` waits between two attempts."""

    def __init__(self, access: Access, pause: Callable[[float], None] = time.sleep) -> None:
        self.access = access
        self._pause = pause
        handlers: list[object] = [_NoRedirect()]
        if access.url.startswith("https:"):
            handlers.append(HTTPSHandler(context=_context(access)))
        self._opener = build_opener(*handlers)  # type: ignore[arg-type]

    def ask(self, query: str) -> list[Series]:
        """The series of the answer. Raises HistoryError, or InputError where the server cannot do what is asked."""
        return list(_series(self._documents(query), query))

    def _documents(self, query: str) -> list[object]:
        database, _, policy = self.access.database.partition("/")
        asked = {"db": database, "q": query, "epoch": "ms"} | ({"rp": policy} if policy else {})
        request = Request(f"{self.access.url}/query?{urlencode(asked)}", headers=self._headers())  # noqa: S310 - checked
        trouble, wait_s = "", 0.0
        for attempt in range(TRIES):
            if attempt:
                self._pause(wait_s)
            wait_s = float(min(2**attempt, LONGEST_PAUSE_S))
            try:
                with self._opener.open(request, timeout=self.access.timeout_s) as answer:
                    return _documents_in(answer.read(LARGEST_BYTES))
            except HTTPError as exc:
                said = _said(exc)
                if exc.code not in _BUSY:
                    raise self._refusal(exc.code, said) from exc
                trouble = f"it answers {exc.code} {said}".rstrip()
                wait_s = _asked_for(exc.headers.get("Retry-After"), wait_s)
            except (OSError, HTTPException) as exc:
                trouble = _reason(exc)
            except DecodeError:
                trouble = "its answer is no JSON (is this an InfluxDB?)"
        raise HistoryError(
            f"{self.access.url}: {trouble}; start the import again when that is mended, it goes on from here"
        )

    def _refusal(self, code: int, said: str) -> HistoryError | InputError:
        url, database = self.access.url, self.access.database
        if code in _REFUSED:
            return HistoryError(
                f"{url}: it does not let us in ({code} {said}); check --token-file, or --username and --password-file, "
                f"and that they may read {database}"
            )
        if 300 <= code < 400:
            return InputError(f"{url}: it sends us elsewhere ({code}); give --url as it is behind that")
        return InputError(f"{url}: expected an InfluxDB with a database {database}, got {code} {said}".rstrip())

    def _headers(self) -> dict[str, str]:
        access = self.access
        if access.username:
            pair = base64.b64encode(f"{access.username}:{access.password}".encode()).decode()
            return {"Authorization": f"Basic {pair}", "Accept": "application/json"}
        if access.token:
            return {"Authorization": f"Token {access.token}", "Accept": "application/json"}
        return {"Accept": "application/json"}


class _NoRedirect(HTTPRedirectHandler):
    """A token goes to the server that was named and to no other."""

    def redirect_request(self, *_args: object, **_more: object) -> None:
        """Follow nothing."""


def name(text: str) -> str:
    """A measurement, tag or field as InfluxQL writes it."""
    return '"' + _escaped(text).replace('"', '\\"') + '"'


def literal(text: str) -> str:
    """A text as InfluxQL writes it."""
    return "'" + _escaped(text).replace("'", "\\'") + "'"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _context(access: Access) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=access.ca_file)
    except (OSError, ssl.SSLError) as exc:
        raise InputError(f"--ca-file: expected a certificate in PEM form, got {access.ca_file}: {exc}") from exc


def _documents_in(body: bytes) -> list[object]:
    """A server may answer in several documents, one a line. Raises DecodeError."""
    try:
        return [document(line) for line in body.splitlines() if line.strip()]
    except DecodeError:
        return [document(body)]


def _series(documents: list[object], query: str) -> Iterator[Series]:
    """Every series of an answer."""
    for answer in documents:
        for result in _results(answer, query):
            for series in _listed(result.get("series")):
                yield Series(
                    str(series.get("name", "")),
                    _tags(series.get("tags")),
                    [str(column) for column in _list(series.get("columns"))],
                    [row for row in _list(series.get("values")) if isinstance(row, list)],
                    series.get("partial") is True,
                )


def _results(answer: object, query: str) -> Iterator[dict[str, object]]:
    if not isinstance(answer, dict) or not {"results", "error"} & answer.keys():
        raise HistoryError("expected the results of a query, got another document; is this an InfluxDB?")
    for result in (answer, *_listed(answer.get("results"))):
        if isinstance(result.get("error"), str):
            raise InputError(f"the server cannot answer {query!r}: {result['error']}")
        yield result


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _listed(value: object) -> list[dict[str, object]]:
    return [one for one in _list(value) if isinstance(one, dict)]


def _tags(value: object) -> dict[str, str]:
    return {str(key): str(word) for key, word in value.items()} if isinstance(value, dict) else {}


def _said(exc: HTTPError) -> str:
    """What the body of an error says, shortly."""
    try:
        raw = exc.read(10_000)
    except (OSError, HTTPException):
        return ""
    try:
        told = document(raw)
    except DecodeError:
        return ""
    if not isinstance(told, dict):
        return ""
    return str(told.get("error") or told.get("message") or "")[:200]


def _asked_for(header: str | None, otherwise_s: float) -> float:
    """The pause that the server asks for, within reason."""
    try:
        return min(max(float(header or ""), 0.0), LONGEST_PAUSE_S)
    except ValueError:
        return otherwise_s


def _reason(exc: Exception) -> str:
    inner = exc.reason if isinstance(exc, URLError) and isinstance(exc.reason, Exception) else exc
    if isinstance(inner, TimeoutError):
        return "it does not answer in time"
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({inner.verify_message}); see --ca-file"
    return f"it cannot be reached ({why_unreachable(inner)})"
