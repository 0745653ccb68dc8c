"""A server that takes InfluxDB's v2 write API: lines in, one answer out; the only door to influxdb_client."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import cached_property

import urllib3.exceptions
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS, WriteApi
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException

from monitor.ports import Answer
from monitor.settings.keeping import Mirror

LONGEST_SAID = 300
"""Characters of what a server says that are kept."""

_HTTP: Mapping[int, str] = {
    301: "it answers from another address; set mirror.url to that",
    302: "it answers from another address; set mirror.url to that",
    308: "it answers from another address; set mirror.url to that",
    401: "it does not know the token; set mirror.token_file to one that may write to the bucket",
    403: "the token may not write to the bucket; set mirror.token_file to one that may",
    404: "it knows no such bucket or organisation; see mirror.bucket and mirror.org",
}


class InfluxServer:
    """The server of the settings; connects at the first write."""

    def __init__(self, settings: Mirror) -> None:
        self._settings = settings

    def write(self, lines: Sequence[str]) -> Answer:
        """Send the lines in one request; see the port."""
        try:
            self._api.write(
                self._settings.bucket,
                self._settings.org or "-",
                "\n".join(lines).encode(),
                write_precision=WritePrecision.MS,  # type: ignore[arg-type] # a constant of that class
            )
        except ApiException as exc:
            return _answered(exc.status, _said(exc), exc.headers or {}) if exc.status else Answer("away", _trouble(exc))
        except urllib3.exceptions.NewConnectionError as exc:
            return Answer("away", _trouble(exc))
        except urllib3.exceptions.TimeoutError:
            return Answer("away", f"no answer within {self._settings.timeout_s:g} s", slow=True)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as exc:
            return Answer("away", _trouble(exc))
        return Answer("taken")

    @cached_property
    def _api(self) -> WriteApi:
        mirror = self._settings
        client = InfluxDBClient(
            url=mirror.url,
            token=mirror.token.get_secret_value() or "none",
            org=mirror.org or "-",
            timeout=int(mirror.timeout_s * 1000),
            enable_gzip=mirror.gzip,
            ssl_ca_cert=str(mirror.ca_file) if mirror.ca_file else None,
        )
        return client.write_api(write_options=SYNCHRONOUS)


def _answered(status: int, said: str, headers: Mapping[str, str]) -> Answer:
    """What an HTTP status means; the rows of docs/influxdb.md."""
    if status == 422:
        return Answer("taken", said, dropped=_dropped(said))
    if status == 400:
        return Answer("bad", said)
    if status == 413:
        return Answer("too large", said)
    if status in _HTTP:
        return Answer(
            "refused", f"HTTP {status}: {_HTTP[status]} ({said})" if said else f"HTTP {status}: {_HTTP[status]}"
        )
    if status in {429, 503}:
        return Answer("busy", f"HTTP {status}: {said}", wait_s=_retry_after(headers))
    return Answer("away", f"HTTP {status}: {said}")


def _said(exc: Exception) -> str:
    """What the server says in its answer, in one short line."""
    body = getattr(exc, "body", None) or getattr(exc, "reason", None) or ""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    with suppress(ValueError):
        found = json.loads(text)
        if isinstance(found, dict):
            text = str(found.get("message") or found.get("error") or text)
    return " ".join(text.split())[:LONGEST_SAID]


def _dropped(said: str) -> int:
    """How many lines a partial write dropped, as the servers write it: dropped=3; at least one."""
    _, _, number = said.rpartition("dropped=")
    digits = number[: len(number) - len(number.lstrip("0123456789"))]
    return int(digits) if digits else 1


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


def _trouble(exc: Exception) -> str:
    """Why there is no answer, without the library's wrapping."""
    text = str(exc)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "its certificate cannot be verified; set mirror.ca_file to that of its authority"
    for word, meaning in (
        ("refused", "nothing listens there"),
        ("Name or service", "its name is not known"),
        ("Temporary failure in name", "its name cannot be looked up just now"),
        ("No route", "there is no way to it"),
        ("unreachable", "there is no way to it"),
        ("Connection aborted", "it broke off the connection"),
        ("IncompleteRead", "it broke off its answer"),
    ):
        if word in text:
            return meaning
    return f"{type(exc).__name__}: {text}"[:LONGEST_SAID]
