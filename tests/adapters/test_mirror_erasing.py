"""Deleting from the mirror: each server is known by its answers, asked in its own way, and never for too much."""

import json
import re
import shutil
import ssl
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitor.adapters.mirror_erasing import FIELDS, HttpMirrorEraser
from monitor.core.diary import DiaryEntry
from monitor.core.erasing import ALL_TIME_MS, OF_ANALYSES, OF_NIGHTS, OF_THE_DAEMON, Points, all_points
from monitor.core.exposure import Exposure
from monitor.core.findings import AnalysisResult, Finding
from monitor.core.mirrored import Health, diary_lines, finding_lines, health_lines, night_lines, reading_lines
from monitor.core.nights import NightWindow
from monitor.errors import MirrorError
from monitor.ports.erasing import MirrorView
from monitor.settings.keeping import Mirror
from tests.adapters.erasing_rig import INFLUX, Server, serving

FROM_MS, TO_MS = 1_770_000_000_000, 1_770_000_060_000
OLD = {"X-Influxdb-Build": "OSS", "X-Influxdb-Version": "1.8.10"}
CORE = {"X-Influxdb-Build": "Core", "X-Influxdb-Version": "3.2.0"}
GOOD = '{"results":[{"statement_id":0}]}'


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    with serving() as start:
        yield start


def influx_2(serve: Callable[..., Server], status: int = 204, said: str = "") -> Server:
    return serve(health=(200, INFLUX, "{}"), api_v2_delete=(status, {}, said))


def test_influxdb_2_is_asked_for_one_measurement_of_one_sensor_and_a_span(serve):
    server = influx_2(serve)
    eraser = server.eraser()
    assert eraser.look(everything=False) == MirrorView("InfluxDB 2")
    eraser.erase([Points("temperature", 'zig:"Bed\\room"', FROM_MS, TO_MS)])
    method, path, body, token = server.of("/api/v2/delete")[-1]
    assert (method, path, token) == ("POST", "/api/v2/delete?org=home&bucket=bedroom", "Token t")
    assert json.loads(body) == {
        "start": "2026-02-02T02:40:00.000Z",
        "stop": "2026-02-02T02:40:59.999999999Z",
        "predicate": '_measurement="temperature" AND sensor="zig:\\"Bed\\\\room\\""',
    }


def test_the_look_deletes_nothing_that_anybody_has(serve):
    server = influx_2(serve)
    server.eraser().look(everything=True)
    ((_, _, body, _),) = server.of("/api/v2/delete")
    assert json.loads(body)["predicate"] == '_measurement="bedroom_monitor_probe"'


def test_a_span_without_end_stays_within_what_servers_can_count(serve):
    server = influx_2(serve)
    server.eraser().erase([Points("night", None, 0, ALL_TIME_MS)])
    document = json.loads(server.of("/api/v2/delete")[-1][2])
    assert (document["start"], document["stop"]) == ("1970-01-01T00:00:00.000Z", "2199-12-31T23:59:59.999999999Z")


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "one that may write"), (403, "one that may write"), (404, "bucket")]
)
def test_a_refusal_is_found_before_anything_is_deleted(serve, status, hint):
    server = influx_2(serve, status, '{"message":"bucket or token"}')
    with pytest.raises(MirrorError, match=f"HTTP {status}.*{hint}"):
        server.eraser().look(everything=False)


def test_influxdb_1_is_asked_in_its_own_language_with_user_and_password(serve):
    server = serve(health=(200, OLD, "{}"), query=(200, OLD, GOOD))
    eraser = server.eraser(token=SecretStr("user:pass"), bucket="home/autogen")
    assert eraser.look(everything=False) == MirrorView("InfluxDB 1.8")
    eraser.erase([Points("temperature", "it's \\", FROM_MS, TO_MS), Points("night", None, FROM_MS, TO_MS)])
    asked = [urllib.parse.parse_qs(body) for _, _, body, _ in server.of("/query")]
    assert [one["q"][0] for one in asked[1:]] == [
        """DELETE FROM "temperature" WHERE "sensor" = 'it\\'s \\\\ ' AND """  # noqa: ISC004
        "time >= 1770000000000ms AND time < 1770000060000ms",
        'DELETE FROM "night" WHERE time >= 1770000000000ms AND time < 1770000060000ms',
    ]
    assert {one["db"][0] for one in asked} == {"home"}
    assert server.asked[-1][3] == "Basic dXNlcjpwYXNz"


@pytest.mark.parametrize(("setup", "server"), [(200, "InfluxDB 2"), (404, "InfluxDB 1.8")])
def test_an_influxdb_that_does_not_tell_its_version_is_known_by_its_set_up(serve, setup, server):
    unnumbered = {"X-Influxdb-Version": "unknown"}
    told = serve(
        health=(200, unnumbered, "{}"), query=(200, {}, GOOD), api_v2_delete=(204, {}, ""), api_v2_setup=(setup, {}, "")
    )
    assert told.eraser().look(everything=False) == MirrorView(server)


def test_an_error_within_an_answer_of_influxdb_1_is_one(serve):
    server = serve(health=(200, OLD, "{}"), query=(200, OLD, '{"results":[{"error":"not authorized"}]}'))
    with pytest.raises(MirrorError, match="not authorized"):
        server.eraser().look(everything=False)


def test_an_answer_of_influxdb_1_that_is_none_is_told(serve):
    server = serve(health=(200, OLD, "{}"), query=(200, OLD, "<html>"))
    with pytest.raises(MirrorError, match="cannot be read"):
        server.eraser().look(everything=False)


def test_a_measurement_that_influxdb_1_does_not_have_is_deleted_already(serve):
    server = serve(health=(200, OLD, "{}"), query=(200, OLD, '{"results":[{"error":"measurement not found: x"}]}'))
    server.eraser().erase([Points("night", None, FROM_MS, TO_MS)])
    assert len(server.of("/query")) == 1


@pytest.mark.parametrize("everything", [True, False])
def test_influxdb_3_cannot_and_says_so(serve, everything):
    server = serve(health=(200, {}, "OK"), ping=(200, CORE, "{}"))
    eraser = server.eraser()
    view = eraser.look(everything=everything)
    assert (view.server, "by hand" in (view.unable or "")) == ("InfluxDB 3", True)
    with pytest.raises(MirrorError, match="cannot delete"):
        eraser.erase([Points("night", None, FROM_MS, TO_MS)])


def test_a_server_of_another_kind_is_not_touched(serve):
    server = serve(health=(200, {}, "fine"))
    with pytest.raises(MirrorError, match="expected InfluxDB or VictoriaMetrics, got a server of an unknown kind"):
        server.eraser().look(everything=True)


def test_the_token_goes_to_no_other_address(serve):
    other = influx_2(serve)
    server = serve(health=(307, {"Location": f"http://127.0.0.1:{other.port}/health"}, ""))
    with pytest.raises(MirrorError, match="HTTP 307"):
        server.eraser().look(everything=True)
    assert other.asked == []


@pytest.mark.parametrize(("authority", "known"), [("ca", True), ("stranger", False)])
def test_over_tls_only_a_server_of_the_authority_that_was_set_gets_the_token(serve, certificates, authority, known):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
    server = serve(context, health=(200, INFLUX, "{}"), api_v2_delete=(204, {}, ""))
    eraser = HttpMirrorEraser(
        Mirror(url=f"https://127.0.0.1:{server.port}", ca_file=certificates / f"{authority}.crt", token=SecretStr("t"))
    )
    with nullcontext() if known else pytest.raises(MirrorError, match="certificate"):
        eraser.look(everything=True)
    assert bool(server.asked) is known


def test_a_server_that_is_away_is_told(free_port):
    with pytest.raises(MirrorError, match="cannot be reached"):
        HttpMirrorEraser(Mirror(url=f"http://127.0.0.1:{free_port}")).look(everything=True)


@pytest.fixture
def victoria(tmp_path: Path, free_port: int) -> Iterator[int]:
    """A real VictoriaMetrics; its port."""
    program = shutil.which("victoria-metrics")
    assert program is not None
    words = [program, f"-storageDataPath={tmp_path / 'vm'}", f"-httpListenAddr=127.0.0.1:{free_port}"]
    with subprocess.Popen(
        [*words, "-retentionPeriod=100y"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as one:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                visit(free_port, "/health")
                break
            except OSError:
                time.sleep(0.05)
        yield free_port
        one.terminate()


def visit(port: int, path: str, body: bytes | None = None) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", data=body, timeout=10) as answer:
        return str(answer.read().decode())


def names(port: int) -> set[str]:
    """The series that VictoriaMetrics knows, as name and sensor."""
    visit(port, "/internal/force_flush")
    query = urllib.parse.urlencode({"match[]": '{__name__!=""}'})
    found = [json.loads(line)["metric"] for line in visit(port, f"/api/v1/export?{query}").splitlines()]
    return {f"{one['__name__']} {one.get('sensor', one.get('name', ''))}".strip() for one in found}


def test_every_field_that_is_mirrored_is_among_those_that_victoriametrics_is_asked_for():
    window = NightWindow(wake_date=date(2026, 2, 2), zone="UTC", start_ms=FROM_MS, end_ms=TO_MS, known_by="usual")
    finding = Finding(
        exposure="T_mean", domain="thermal", primary=True, unit="1", verdict="cleared", grade="weak", nights=9, bad=1
    )
    result = AnalysisResult(nights=9, bad=1, good=8, tried=1, findings=(finding,))
    lines = [
        *night_lines(window, [Exposure("T_mean", 20.0, 1.0)], excluded=False, home_zone="UTC"),
        *diary_lines(DiaryEntry(wake_date=date(2026, 2, 2), severity=1, factors={"alcohol": 1.0}), "UTC"),
        *finding_lines(result, (), TO_MS),
        *health_lines([Health("a", "a", "bedroom", 1.0, silent=False)], {"waiting": 1.0}, TO_MS),
    ]
    written = {
        (line.partition(" ")[0].partition(",")[0], one.partition("=")[0])
        for line in lines
        for one in line.split(" ")[1].split(",")
    }
    assert {measurement for measurement, _ in written} == {*OF_NIGHTS, *OF_ANALYSES, *OF_THE_DAEMON} - {"advice"}
    assert [pair for pair in written if not re.fullmatch(FIELDS[pair[0]], pair[1])] == []


def test_a_real_victoriametrics_loses_our_series_and_keeps_those_of_others(victoria):
    lines = [
        *reading_lines("zig:Bed room", "temperature", [(FROM_MS, 20.0)]),
        *reading_lines("other:Kitchen", "temperature", [(FROM_MS, 20.0)]),
        f"night hours=8.0 {FROM_MS}",
        f"night price=8.0 {FROM_MS}",
        f"exposure,name=T_mean value=1.0,coverage=1.0 {FROM_MS}",
        f"exposure,camera=a value=1.0 {FROM_MS}",
    ]
    visit(victoria, "/api/v2/write?precision=ms&bucket=bedroom", "\n".join(lines).encode())
    assert len(names(victoria)) == 7
    eraser = HttpMirrorEraser(Mirror(url=f"http://127.0.0.1:{victoria}"))
    assert "no range of time" in (eraser.look(everything=False).unable or "")
    assert eraser.look(everything=True) == MirrorView("VictoriaMetrics")
    eraser.erase(all_points([("zig:Bed room", "temperature")]))
    assert names(victoria) == {"temperature_value other:Kitchen", "night_price", "exposure_value"}
