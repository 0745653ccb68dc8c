"""A server that takes InfluxDB's v2 write API: lines in, one answer out; the only door to influxdb_client."""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cached_property

import urllib3.exceptions
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService
from urllib3 import BaseHTTPResponse

from monitor.adapters.unreachable import why_unreachable
from monitor.ports import Answer
from monitor.settings.keeping import Mirror

LONGEST_SAID = 300
"""Characters of what a server says that are kept."""

_ELSEWHERE = "it answers from another address; set mirror.url to that"

_REFUSED: Mapping[int, str] = {
    **dict.fromkeys((301, 302, 303, 307, 308), _ELSEWHERE),
    401: "it does not know the token; set mirror.token_file to one that may write to the bucket",
    403: "the token may not write to the bucket; set mirror.token_file to one that may",
    404: "it knows no such bucket or organisation; see mirror.bucket and mirror.org",
}

_DROPPED = re.compile(r"\bdropped[= ](\d+)")


class InfluxServer:
    """The server of the settings; connects at the first write."""

    def __init__(self, settings: Mirror) -> None:
        self._settings = settings
        self._token = settings.token.get_secret_value()

    def write(self, lines: Sequence[str]) -> Answer:
        """Send the lines in one request; see the port."""
        answer = self._written("\n".join(lines).encode())
        if answer.verdict == "refused":
            self.close()  # the next time with the token that the file holds then
        return answer._replace(said=answer.said.replace(self._token, "(token)")) if self._token else answer

    def close(self) -> None:
        """End the connection; the next write opens another."""
        if "_client" in self.__dict__:
            self._client.api_client.rest_client.pool_manager.clear()
            self._client.close()  # type: ignore[no-untyped-call]
            self.__dict__.pop("_client", None)
            self.__dict__.pop("_writes", None)

    def _written(self, body: bytes) -> Answer:
        mirror = self._settings
        try:
            response = self._writes.post_write(  # type: ignore[no-untyped-call]
                mirror.org or "-",
                mirror.bucket,
                body,
                precision=WritePrecision.MS,
                _preload_content=False,  # so that an answer in any encoding is an answer
            )
        except ApiException as exc:
            return _refused(exc.status, exc) if exc.status else Answer("away", why_unreachable(exc))
        except urllib3.exceptions.NewConnectionError as exc:
            return Answer("away", why_unreachable(exc))
        except urllib3.exceptions.TimeoutError:
            return Answer("away", f"no answer within {mirror.timeout_s:g} s", slow=True)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as exc:
            return Answer("away", why_unreachable(exc))
        return _accepted(response)

    @cached_property
    def _writes(self) -> WriteService:
        return WriteService(self._client.api_client)  # type: ignore[no-untyped-call]

    @cached_property
    def _client(self) -> InfluxDBClient:
        mirror = self._settings
        self._token = _current_token(mirror)
        return InfluxDBClient(
            url=mirror.url,
            token=self._token or "none",
            org=mirror.org or "-",
            timeout=int(mirror.timeout_s * 1000),
            enable_gzip=mirror.gzip,
            ssl_ca_cert=str(mirror.ca_file) if mirror.ca_file else None,
        )


def _current_token(mirror: Mirror) -> str:
    """What the file holds now: a person corrects it while the daemon runs."""
    with suppress(OSError, ValueError):
        if mirror.token_file is not None:
            return mirror.token_file.read_text(encoding="utf-8").rstrip("\r\n")
    return mirror.token.get_secret_value()


def _accepted(response: BaseHTTPResponse) -> Answer:
    """A 2xx; a page for people is no database, whatever its status."""
    page = "html" in response.headers.get("content-type", "")
    if response.status == 204:
        response.drain_conn()  # nothing is left to be read: the connection is used again
    else:
        response.close()
    if page:
        said = "it answers with a web page; set mirror.url to the address of the database"
        return Answer("refused", f"HTTP {response.status}: {said}")
    return Answer("taken")


def _refused(status: int, exc: ApiException) -> Answer:
    """What an HTTP status above 2xx means; the rows of docs/influxdb.md."""
    whole = _text(exc)
    said = whole[:LONGEST_SAID]
    if status == 422:
        return Answer("taken", said, dropped=max(1, _dropped(whole)))
    if status == 400:
        # InfluxDB 1.8 says so where it has stored all but some
        dropped = _dropped(whole) if "partial write" in whole else 0
        return Answer("taken", said, dropped=dropped) if dropped else Answer("bad", said or "HTTP 400")
    if status == 413:
        return Answer("too large", said or "HTTP 413")
    why = _REFUSED[404] if "retention policy not found" in said else _REFUSED.get(status)  # InfluxDB 1.8 says 500 there
    if why is not None:
        return Answer("refused", f"HTTP {status}: {why}" + (f" ({said})" if said else ""))
    told = f"HTTP {status}" + (f": {said}" if said else "")
    if status in {429, 503}:
        return Answer("busy", told, wait_s=_retry_after(exc.headers or {}))
    return Answer("away", told)


def _text(exc: ApiException) -> str:
    """What the server says in its answer, in one line."""
    body = exc.body or exc.reason or ""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    with suppress(ValueError, RecursionError):
        found = json.loads(text)
        if isinstance(found, dict):
            text = str(found.get("message") or found.get("error") or text)
    return " ".join(text.split())


def _dropped(said: str) -> int:
    """How many lines a partial write dropped, as the servers write it last: dropped=3."""
    numbers = _DROPPED.findall(said)
    return int(numbers[-1]) if numbers else 0


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks to wait, also where it names a moment by its own clock; None where it does not."""
    by_name = {name.lower(): value for name, value in headers.items()}
    asked = by_name.get("retry-after", "")
    with suppress(ValueError):
        return max(0.0, float(asked))
    with suppress(ValueError, TypeError):
        moment, now = (parsedate_to_datetime(text) for text in (asked, by_name.get("date", "")))
        return max(0.0, (moment - now).total_seconds())
    return None
