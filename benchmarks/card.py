"""Bytes that the daemon writes to its disk in a day: five sensors, one message a minute each, two quantities.

The real `bedroom-monitor run` against a real mosquitto, in real time, on a file that holds a week already; the figure
is the kernel's own count of bytes sent to the disk (write_bytes of /proc/PID/io), so the database must lie on a real
disk and not in memory. The sensors speak 12 s apart, which is the dearest: the fewest share a commit. Limits: 100 MB
a day at the defaults, 16 MB for the write-ahead file.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import paho.mqtt.client as mqtt
from ingest import Broker
from paho.mqtt.enums import CallbackAPIVersion

MOST_MB_A_DAY, MOST_WAL_MB = 100.0, 16.0
SENSORS, EVERY_S = 5, 60.0
DAY_S = 86_400.0
WEEK_MIN = 7 * 24 * 60
WARM_UP_S = 150.0
ROOT = Path(__file__).resolve().parents[1]


def written_bytes(pid: int) -> int:
    """Bytes that the process has sent to the disk so far."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def fill(database: Path) -> None:
    """A week of readings up to now, stored minute by minute as far as the pages go."""
    from monitor.adapters.sqlite.database import Database
    from monitor.adapters.sqlite.readings import SqliteReadings
    from monitor.adapters.sqlite.series import SeriesNumbers
    from monitor.core.readings import Reading
    from monitor.ports import Batch

    now_ms = int(time.time() * 1000)
    with Database(database, sync="normal") as opened:
        store = SqliteReadings(opened, SeriesNumbers())
        for minute in range(WEEK_MIN):
            time_ms = now_ms - (WEEK_MIN - minute) * 60_000
            readings = [
                Reading(f"zigbee2mqtt:Bedroom {number}", quantity, time_ms + number, value)
                for number in range(SENSORS)
                for quantity, value in (("temperature", 20.0), ("humidity", 50.0))
            ]
            store.save(Batch(readings=readings, deliveries=bytes(14 * SENSORS)))


def speak(client: mqtt.Client, number: int) -> None:
    """One message of one sensor."""
    payload = {"temperature": round(20 + number % 70 / 100, 2), "humidity": round(50 + number % 200 / 100, 2)}
    client.publish(f"zigbee2mqtt/Bedroom {number % SENSORS}", json.dumps(payload), qos=1).wait_for_publish(10)


class Mirror(BaseHTTPRequestHandler):
    """A server that takes everything."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def mirror() -> str:
    """Settings for a mirror that answers on this machine until this process ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f'[mirror]\nurl = "http://127.0.0.1:{server.server_port}"\n'


def measured(folder: Path, minutes: float, store: str) -> tuple[float, float, float]:
    """MB a day, the largest write-ahead file in MB, commits a day; with these settings of the store."""
    broker = Broker(folder)
    database = folder / "data" / "monitor.db"
    fill(database)
    config = folder / "monitor.toml"
    config.write_text(f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n[store]\npath = "{database}"\n{store}')
    command = [sys.executable, "-m", "monitor", "run", "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="speaker")
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    wal = database.with_name("monitor.db-wal")
    largest, commits, before_wal, number = 0, 0, 0.0, 0
    begins = before = 0.0
    while not wal.exists():
        time.sleep(0.1)
    start = time.monotonic()
    try:
        while not begins or time.monotonic() - begins < minutes * 60:
            if not begins and time.monotonic() - start > WARM_UP_S:
                begins, before, commits = time.monotonic(), written_bytes(process.pid), 0
            speak(client, number)
            number += 1
            while time.monotonic() < start + number * EVERY_S / SENSORS:
                time.sleep(0.25)
                found = wal.stat()
                largest = max(largest, found.st_size)
                commits += found.st_mtime != before_wal
                before_wal = found.st_mtime
        days = (time.monotonic() - begins) / DAY_S
        return (written_bytes(process.pid) - before) / days / 1e6, largest / 1e6, commits / days
    finally:
        client.disconnect()
        client.loop_stop()
        process.send_signal(signal.SIGTERM)
        process.wait()
        broker.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--age", type=float, default=None, help="store.batch_age_s; without it the default")
    parser.add_argument("--sync", default="full", help="store.sync")
    parser.add_argument("--mirror", action="store_true", help="with a mirror on another machine")
    arguments = parser.parse_args()
    store = f'sync = "{arguments.sync}"\n' + (f"batch_age_s = {arguments.age}\n" if arguments.age else "")
    store += mirror() if arguments.mirror else ""
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build", ignore_cleanup_errors=True) as folder:
        mb, wal_mb, commits = measured(Path(folder), arguments.minutes, store)
    age = "the default" if arguments.age is None else f"{arguments.age:g} s"
    print(f"{SENSORS} sensors, a message each {EVERY_S:g} s, two quantities, {arguments.minutes:g} min of real time")
    print(f"store.batch_age_s: {age}; {commits:,.0f} commits a day")
    print(f"written: {mb:.0f} MB a day, {mb / MOST_MB_A_DAY:.2f} of the limit {MOST_MB_A_DAY:g} MB")
    print(f"write-ahead file at most {wal_mb:.1f} MB, {wal_mb / MOST_WAL_MB:.2f} of the limit {MOST_WAL_MB:g} MB")


if __name__ == "__main__":
    main()
