"""How fast the daemon brings a real server up to date after an outage: ten sensors, one message in 10 s, 24 hours.

The queue of an outage is made as the daemon makes it, a commit a second; then the real `bedroom-monitor run` is
started against a real VictoriaMetrics (Debian's), or the InfluxDB 2 that INFLUX_URL, INFLUX_TOKEN, INFLUX_ORG and
INFLUX_BUCKET name, while the sensors go on speaking. Limit: 2 minutes for the 24 hours. Beside it, in the same run,
influxdb-client writes the same lines with nothing behind it.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from ingest import Broker
from paho.mqtt.enums import CallbackAPIVersion

from monitor.bootstrap import open_stores
from monitor.core.mirrored import reading_lines
from monitor.core.readings import Reading
from monitor.ports import Batch
from monitor.settings.sections import Home, Settings
from monitor.settings.sections import Mirror as MirrorSettings
from monitor.settings.sections import Store as StoreSettings

MOST_S = 120.0
SENSORS, EVERY_S = 10, 10
BATCH = 5_000


@dataclass(frozen=True)
class Server:
    """Where to write, and with what."""

    name: str
    url: str
    token: str = "none"  # noqa: S105 - VictoriaMetrics asks for none
    org: str = "-"
    bucket: str = "bedroom"


def victoria(folder: Path) -> tuple[Server, subprocess.Popen[bytes]]:
    """A VictoriaMetrics of our own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = shutil.which("victoria-metrics")
    if program is None:
        raise SystemExit("victoria-metrics is needed: apt install victoria-metrics")
    command = [program, f"-storageDataPath={folder}", f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{url}/health", timeout=1).close()  # noqa: S310 - our own address
        except OSError:
            time.sleep(0.1)
        else:
            break
    return Server("VictoriaMetrics", url), process


def settings_of(folder: Path, server: Server) -> Settings:
    """Settings for the store with the mirror on."""
    return Settings.model_construct(
        home=Home(zone="Europe/Brussels"),
        store=StoreSettings(path=folder / "monitor.db", sync="normal"),
        mirror=MirrorSettings(url=server.url),
    )


def fill(folder: Path, server: Server, hours: float, until_ms: int) -> list[str]:
    """An outage of so many hours in the queue; its lines."""
    lines, first_ms = [], until_ms - int(hours * 3_600_000)
    with open_stores(settings_of(folder, server)) as stores:
        for second in range(int(hours * 3600)):
            sensor, time_ms = f"zigbee2mqtt:Sensor {second % SENSORS}", first_ms + second * 1000
            readings = [
                Reading(sensor, "temperature", time_ms, 18 + second % 700 / 100),
                Reading(sensor, "humidity", time_ms, 40 + second % 2000 / 100),
            ]
            stores.readings.save(Batch(readings=readings, stored_ms=time_ms))
            lines += [one for row in readings for one in reading_lines(sensor, row.quantity, [(time_ms, row.value)])]
    return lines


def bare(server: Server, lines: list[str]) -> float:
    """Lines a second of the client library alone, into the same server."""
    with InfluxDBClient(server.url, server.token, org=server.org, enable_gzip=True) as client:
        api = client.write_api(write_options=SYNCHRONOUS)
        began = time.perf_counter()
        for start in range(0, len(lines), BATCH):
            bare_lines = "\n".join(lines[start : start + BATCH]).replace("sensor=", "bare=")
            api.write(server.bucket, server.org, bare_lines.encode(), write_precision="ms")  # type: ignore[arg-type]
        return len(lines) / (time.perf_counter() - began)


def waiting(folder: Path, before_ms: int) -> int:
    """Rows of the outage that still wait."""
    connection = sqlite3.connect(f"file:{folder / 'monitor.db'}?mode=ro", uri=True)
    try:
        query = "SELECT count(*) FROM mirror_queue WHERE queued_ms < ?"
        return int(connection.execute(query, (before_ms,)).fetchone()[0])
    finally:
        connection.close()


def cpu_s(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    """Resident memory of a process in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def drain(folder: Path, server: Server, broker: Broker, until_ms: int) -> dict[str, float]:
    """Start the daemon and wait until the outage is made up for; the sensors go on speaking."""
    token = folder / "token"
    token.write_text(server.token)
    token.chmod(0o600)
    config = folder / "monitor.toml"
    config.write_text(
        f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n[store]\npath = "{folder / "monitor.db"}"\n'
        f'[mirror]\nurl = "{server.url}"\ntoken_file = "{token}"\norg = "{server.org}"\nbucket = "{server.bucket}"\n'
    )
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="speaker")
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "run", "--config", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    began = time.perf_counter()
    largest, spoken = 0.0, 0
    try:
        while waiting(folder, until_ms) and time.perf_counter() - began < 10 * MOST_S:
            time.sleep(0.25)
            largest = max(largest, rss_mb(process.pid))
            if time.perf_counter() - began > spoken:
                client.publish(f"zigbee2mqtt/Sensor {spoken % SENSORS}", json.dumps({"temperature": 20.5}), qos=1)
                spoken += 1
        return {"seconds": time.perf_counter() - began, "cpu_s": cpu_s(process.pid), "rss_mb": largest}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        client.disconnect()
        client.loop_stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    arguments = parser.parse_args()
    named = [os.environ.get(f"INFLUX_{name}", "") for name in ("URL", "TOKEN", "ORG", "BUCKET")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Broker(folder)
        process = None
        if all(named):
            server = Server("InfluxDB", *named)
        else:
            server, process = victoria(folder / "victoria")
        try:
            until_ms = int(time.time() * 1000) - 1000
            lines = fill(folder, server, arguments.hours, until_ms)
            size_mb = (folder / "monitor.db").stat().st_size / 1e6
            figures = drain(folder, server, broker, until_ms)
            alone = bare(server, lines)
        finally:
            broker.stop()
            if process is not None:
                process.terminate()
                process.wait()
    rate, limit = len(lines) / figures["seconds"], MOST_S * arguments.hours / 24
    seconds = figures["seconds"]
    print(f"{server.name}: {len(lines):,} readings of {SENSORS} sensors, {arguments.hours:g} h out, {size_mb:.0f} MB")
    print(f"drained in {seconds:.1f} s with the start, {seconds / limit:.2f} of the limit {limit:g} s")
    print(f"{rate:,.0f} readings/s; the client library alone {alone:,.0f}: {rate / alone:.2f} of it")
    print(f"{figures['cpu_s']:.1f} s of processor, at most {figures['rss_mb']:.0f} MB resident")


if __name__ == "__main__":
    main()
