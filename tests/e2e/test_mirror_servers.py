"""The real daemon writes to real servers, is killed and starts again; what they hold is read back and compared."""

import csv
import io
import json
import os
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.adapters.mirror import InfluxServer
from monitor.core.line_protocol import line, series_key
from monitor.settings.keeping import Mirror
from tests.e2e.daemon_process import subscribed, wait_for
from tests.e2e.mirror_rig import Values, a_victoria_metrics, backlog, get, mirror_settings, speak

pytestmark = [pytest.mark.broker, pytest.mark.slow]

WAITING = "SELECT count(*) FROM mirror_queue"
COUNT = 5_000
NAMED = ("URL", "TOKEN", "ORG", "BUCKET")


@pytest.fixture
def sensor() -> str:
    """One of a name that nobody has, with what is hard to write."""
    return f"zigbee2mqtt:Bed room, left={uuid.uuid4()}"


@pytest.fixture
def victoria(tmp_path: Path) -> Iterator[str]:
    with a_victoria_metrics(tmp_path / "victoria") as url:
        yield url


def exported(url: str, metric: str, sensor: str) -> Values:
    """Values by time, as VictoriaMetrics has them; fails where it has one twice."""
    get(f"{url}/internal/force_flush")
    match = urllib.parse.quote(f'{{__name__="{metric}",sensor={json.dumps(sensor)}}}')
    found: list[tuple[int, float]] = []
    for exported_line in get(f"{url}/api/v1/export?match[]={match}").splitlines():
        series = json.loads(exported_line)
        found += zip(series["timestamps"], series["values"], strict=True)
    assert len(found) == len(dict(found))
    return dict(found)


def test_a_real_victoriametrics_has_what_the_daemon_stored(mosquitto, start_daemon, tmp_path, victoria, sensor):
    expected = backlog(tmp_path / "data/monitor.db", COUNT, sensor)
    daemon = start_daemon(mosquitto.port, settings=mirror_settings(tmp_path, victoria))
    assert subscribed(daemon)
    speak(mosquitto.port, 20)
    assert wait_for(lambda: daemon.query("SELECT count(*) FROM reading")[0][0] >= COUNT + 20)
    assert wait_for(lambda: daemon.query(WAITING) == [(0,)])
    assert daemon.stop() < 5
    assert exported(victoria, "temperature_value", sensor) == expected
    stored = daemon.query(
        "SELECT ts_ms, value FROM reading WHERE series = (SELECT id FROM series WHERE sensor = 'zigbee2mqtt:Bedroom' "
        "AND quantity = 'temperature')"
    )
    assert exported(victoria, "temperature_value", "zigbee2mqtt:Bedroom") == dict(stored)
    assert "trouble" not in daemon.log


HARD_NAMES = ['Garden, "=\\ back\\', "two\\\\", "a\\,b", "c\\=d", "tab\tand\nline", "ü°😀", "'quoted'", "\\n"]
"""What a topic may be called, and servers read differently."""


def test_a_real_victoriametrics_reads_every_name(victoria):
    keys = [series_key("temperature", {"sensor": name}) for name in HARD_NAMES]
    lines = [line(key, {"value": number}, 1_790_812_800_000) for number, key in enumerate(keys)]
    server = InfluxServer(Mirror(url=victoria))
    answer = server.write([one for one in lines if one is not None])
    server.close()
    get(f"{victoria}/internal/force_flush")
    found = get(f"{victoria}/api/v1/export?match[]=temperature_value").splitlines()
    assert answer.verdict == "taken"
    assert len(found) == len(HARD_NAMES)


def influx_named() -> dict[str, str]:
    found = {name: os.environ.get(f"INFLUX_{name}", "") for name in NAMED}
    if not all(found.values()):
        pytest.skip("INFLUX_URL, INFLUX_TOKEN, INFLUX_ORG and INFLUX_BUCKET name no InfluxDB 2")
    return found


def queried(named: dict[str, str], measurement: str, sensor: str) -> Values:
    """Values by time, asked for in Flux."""
    flux = (
        f"from(bucket: {json.dumps(named['BUCKET'])}) |> range(start: 0) "
        f'|> filter(fn: (r) => r._measurement == "{measurement}" and r.sensor == {json.dumps(sensor)}) '
        "|> map(fn: (r) => ({at: int(v: r._time), is: r._value}))"
    )
    request = urllib.request.Request(  # noqa: S310 - named by whoever runs the test
        f"{named['URL']}/api/v2/query?{urllib.parse.urlencode({'org': named['ORG']})}",
        data=flux.encode(),
        headers={
            "Authorization": f"Token {named['TOKEN']}",
            "Content-Type": "application/vnd.flux",
            "Accept": "application/csv",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - likewise
        text = answer.read().decode()
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row.get("at")]
    assert len(rows) == len({row["at"] for row in rows})
    return {int(row["at"]) // 1_000_000: float(row["is"]) for row in rows}


@pytest.mark.influxdb
def test_a_real_influxdb_has_every_reading_once_after_kills_and_a_replay(mosquitto, start_daemon, tmp_path, sensor):
    named = influx_named()
    settings = mirror_settings(
        tmp_path, named["URL"], token=named["TOKEN"], org=named["ORG"], bucket=named["BUCKET"], batch_rows=100
    )
    expected = backlog(tmp_path / "data/monitor.db", COUNT, sensor)
    daemon = start_daemon(mosquitto.port, settings=settings)
    for left in (80, 40):
        assert wait_for(lambda left=left: daemon.query(WAITING)[0][0] < left)
        daemon.kill()
        daemon.start()
    assert wait_for(lambda: daemon.query(WAITING) == [(0,)])
    once = queried(named, "temperature", sensor)
    daemon.stop()
    backlog_again(daemon.database)
    daemon.start()
    assert wait_for(lambda: daemon.query(WAITING) == [(0,)])
    daemon.stop()
    assert once == expected
    assert queried(named, "temperature", sensor) == expected


def backlog_again(database: Path) -> None:
    """Have everything sent once more."""
    from monitor.bootstrap import open_stores
    from monitor.settings.keeping import Mirror, Store
    from monitor.settings.sections import Home, Settings

    settings = Settings.model_construct(
        home=Home(zone="Europe/Brussels"), store=Store(path=database), mirror=Mirror(url="http://127.0.0.1:9")
    )
    with open_stores(settings) as stores:
        assert stores.mirror_queue.again(0, 2**53, []) >= COUNT


@pytest.mark.influxdb
@pytest.mark.parametrize(("field", "said"), [("bucket", "HTTP 404"), ("token", "HTTP 401")])
def test_a_real_influxdb_that_refuses_us_is_told_and_everything_waits(
    mosquitto, start_daemon, tmp_path, sensor, field, said
):
    named = influx_named()
    known = {"token": named["TOKEN"], "org": named["ORG"], "bucket": named["BUCKET"], field: "nobody"}
    backlog(tmp_path / "data/monitor.db", 100, sensor)
    daemon = start_daemon(mosquitto.port, settings=mirror_settings(tmp_path, named["URL"], **known))
    assert wait_for(lambda: said in daemon.log)
    assert daemon.stop() < 5
    assert daemon.query(WAITING)[0][0] > 0
