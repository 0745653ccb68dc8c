"""Deleting from the mirror's server: which one it is, and how each can; it has no part in the daemon."""

import base64
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from email.message import Message
from http.client import HTTPException
from typing import Literal, NamedTuple

from monitor.adapters.unreachable import why_unreachable
from monitor.core.erasing import Points, as_mirrored
from monitor.core.zones import EPOCH
from monitor.errors import MirrorError
from monitor.ports.erasing import MirrorView
from monitor.settings.keeping import Mirror

SLOWEST_S = 60.0
"""Seconds: a server takes longer to delete than to take a line."""
LONGEST_SAID = 300
"""Characters of what a server says that are told."""
LATEST_MS = 7_258_118_400_000
"""UTC Unix ms, the year 2200: beyond some servers' reach no point can stand."""

Kind = Literal["InfluxDB 2", "InfluxDB 1.8", "InfluxDB 3", "VictoriaMetrics"]

PROBE = "bedroom_monitor_probe"
"""A measurement that nobody has: deleting it tells whether we may."""

LABELS: Mapping[str, str] = {
    "exposure": 'name!=""',
    "finding": 'exposure!="",verdict!=""',
    "advice": 'rank!="",what!=""',
}
"""Labels that our series of a measurement have, so that another program's of a similar name stay."""


class _Heard(NamedTuple):
    status: int
    headers: Message
    body: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes to no other address than the one that was set."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


class HttpMirrorEraser:
    """The server of the settings; see the port."""

    def __init__(self, settings: Mirror) -> None:
        self._settings = settings
        self._kind: Kind | None = None
        context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirect()
        )

    def look(self, *, everything: bool) -> MirrorView:
        """What the server is, and whether it deletes; a trial that deletes nothing shows whether it lets us."""
        kind = self._kind = self._which()
        if kind == "InfluxDB 3":
            return MirrorView(kind, "InfluxDB 3 cannot delete a part of a table; drop the database there by hand")
        if kind == "VictoriaMetrics" and not everything:
            return MirrorView(kind, "VictoriaMetrics deletes whole series only, no range of time")
        if kind == "InfluxDB 2":
            self._erase_influx_2(Points(PROBE, None, 0, 1))
        if kind == "InfluxDB 1.8":
            self._influxql("SHOW MEASUREMENTS LIMIT 1")
        return MirrorView(kind)

    def erase(self, points: Sequence[Points]) -> None:
        """Delete the points, one request each."""
        kind = self._kind or self._which()
        ways: dict[Kind, Callable[[Points], object]] = {
            "InfluxDB 2": self._erase_influx_2,
            "InfluxDB 1.8": self._erase_influx_1,
            "VictoriaMetrics": self._erase_victoria,
        }
        if kind not in ways:
            raise MirrorError(f"{self._settings.url}: {kind} cannot delete")
        for one in points:
            ways[kind](one)

    def _which(self) -> Kind:
        """The server by its answers; VictoriaMetrics is the one that says it is no InfluxDB."""
        health = self._ask("GET", "/health")
        heard = health if health.headers.get("X-Influxdb-Version") else self._ask("GET", "/ping")
        version = (heard.headers.get("X-Influxdb-Version") or "").lstrip("v")
        if version and "X-Server-Hostname" not in heard.headers:
            kinds: dict[str, Kind] = {"1": "InfluxDB 1.8", "2": "InfluxDB 2", "3": "InfluxDB 3"}
            return kinds.get(version.partition(".")[0]) or self._unnumbered()
        build = self._ask("GET", "/api/v1/status/buildinfo")
        if health.status == 200 and build.status == 200 and '"success"' in build.body:
            return "VictoriaMetrics"
        said = f"HTTP {health.status}" if health.status != 200 else "a server of an unknown kind"
        raise MirrorError(f"{self._settings.url}: expected InfluxDB or VictoriaMetrics, got {said}; see mirror.url")

    def _unnumbered(self) -> Kind:
        """An InfluxDB of some distributions and home builds does not tell its version; only 2 has a set-up."""
        return "InfluxDB 2" if self._ask("GET", "/api/v2/setup").status == 200 else "InfluxDB 1.8"

    def _erase_influx_2(self, one: Points) -> None:
        sensor = "" if one.sensor is None else f" AND sensor={_double(as_mirrored(one.sensor))}"
        mirror = self._settings
        query = urllib.parse.urlencode({"org": mirror.org or "-", "bucket": mirror.bucket})
        document = {
            "start": _rfc3339(one.from_ms),
            "stop": _rfc3339(one.to_ms, before=True),
            "predicate": f"_measurement={_double(one.measurement)}{sensor}",
        }
        self._do("POST", f"/api/v2/delete?{query}", json.dumps(document).encode(), "application/json")

    def _erase_influx_1(self, one: Points) -> None:
        sensor = "" if one.sensor is None else f'"sensor" = {_single(as_mirrored(one.sensor))} AND '
        until_ms = min(one.to_ms, LATEST_MS)
        self._influxql(
            f"DELETE FROM {_double(one.measurement)} WHERE {sensor}time >= {one.from_ms}ms AND time < {until_ms}ms"
        )

    def _influxql(self, statement: str) -> None:
        database = self._settings.bucket.partition("/")[0]
        body = urllib.parse.urlencode({"db": database, "q": statement}).encode()
        heard = self._do("POST", "/query", body, "application/x-www-form-urlencoded")
        try:
            results = json.loads(heard.body).get("results", [])
        except (ValueError, AttributeError) as exc:
            raise MirrorError(f"{self._settings.url}: its answer cannot be read: {heard.body[:LONGEST_SAID]}") from exc
        for result in results:
            if "error" in result and "measurement not found" not in result["error"]:
                raise MirrorError(f"{self._settings.url}: {result['error']}")

    def _erase_victoria(self, one: Points) -> None:
        """All there is of these series, whatever the time."""
        labels = [LABELS[one.measurement]] if one.measurement in LABELS else []
        if one.sensor is not None:
            labels.append(f"sensor={_double(as_mirrored(one.sensor))}")
        names = f"{one.measurement}_({FIELDS.get(one.measurement, 'value')})"
        match = "{" + ",".join([f'__name__=~"{names}"', *labels]) + "}"
        body = urllib.parse.urlencode({"match[]": match}).encode()
        self._do("POST", "/api/v1/admin/tsdb/delete_series", body, "application/x-www-form-urlencoded")

    def _do(self, method: str, path: str, body: bytes, content: str) -> _Heard:
        heard = self._ask(method, path, body, content)
        if heard.status not in {200, 204}:
            said = " ".join(heard.body.split())[:LONGEST_SAID]
            hint = "; the token must be one that may write" if heard.status in {401, 403} else ""
            raise MirrorError(f"{self._settings.url}: does not delete: HTTP {heard.status} {said}{hint}")
        return heard

    def _ask(self, method: str, path: str, body: bytes | None = None, content: str | None = None) -> _Heard:
        request = urllib.request.Request(  # noqa: S310 - the settings allow http and https only
            self._settings.url.rstrip("/") + path, data=body, method=method, headers=self._headers(content)
        )
        timeout_s = self._settings.timeout_s if body is None else max(self._settings.timeout_s, SLOWEST_S)
        try:
            with self._opener.open(request, timeout=timeout_s) as answer:
                return _Heard(answer.status, answer.headers, answer.read().decode(errors="replace"))
        except urllib.error.HTTPError as exc:
            with exc:
                return _Heard(exc.code, exc.headers, exc.read().decode(errors="replace"))
        except (OSError, HTTPException, ValueError) as exc:
            raise MirrorError(f"{self._settings.url}: the mirror cannot be reached ({why_unreachable(exc)})") from exc

    def _headers(self, content: str | None) -> dict[str, str]:
        headers = {} if content is None else {"Content-Type": content}
        token = self._settings.token.get_secret_value()
        if not token:
            return headers
        if self._kind == "InfluxDB 1.8" and ":" in token:
            return headers | {"Authorization": f"Basic {base64.b64encode(token.encode()).decode()}"}
        return headers | {"Authorization": f"Token {token}"}


FIELDS: Mapping[str, str] = {
    "night": "bed_h|rise_h|hours|excluded",
    "exposure": "value|coverage",
    "diary": ".+",
    "analysis": "nights|bad|tried",
    "finding": ".+",
    "advice": "given",
    "sensor": "age_s|silent",
    "monitor": ".+",
}
"""The fields of our measurements, as a pattern; a reading has one, `value`."""


def _rfc3339(time_ms: int, *, before: bool = False) -> str:
    """The instant in UTC; `before`: the last nanosecond before it, for servers that include the end."""
    time_ms = min(time_ms, LATEST_MS)
    seconds, ms = divmod(time_ms - before, 1000)
    text = (EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
    return f"{text}.{ms:03}{'999999' if before else ''}Z"


def _double(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _single(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
