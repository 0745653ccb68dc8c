"""Bytes that the daemon writes to its disk in a day: five sensors, one message a minute each, two quantities.

The real `bedroom-monitor run` against a real mosquitto, in real time; the figure is the kernel's own count of bytes
sent to the disk (write_bytes of /proc/PID/io), so the database must lie on a real disk and not in memory. Limits:
100 MB a day at the defaults, 16 MB for the write-ahead file.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import paho.mqtt.client as mqtt
from ingest import Broker
from paho.mqtt.enums import CallbackAPIVersion

MOST_MB_A_DAY, MOST_WAL_MB = 100.0, 16.0
SENSORS, EVERY_S = 5, 60.0
DAY_S = 86_400.0
ROOT = Path(__file__).resolve().parents[1]


def written_bytes(pid: int) -> int:
    """Bytes that the process has sent to the disk so far."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def speak(client: mqtt.Client, number: int) -> None:
    """One message of one sensor."""
    payload = {"temperature": round(18 + number % 70 / 10, 1), "humidity": round(40 + number % 200 / 10, 1)}
    client.publish(f"zigbee2mqtt/Bedroom {number % SENSORS}", json.dumps(payload), qos=1).wait_for_publish(10)


def measured(folder: Path, minutes: float, age_s: float | None) -> tuple[float, float]:
    """MB a day, and the largest write-ahead file in MB, with readings stored at most `age_s` after arrival."""
    broker = Broker(folder)
    database = folder / "data" / "monitor.db"
    age = "" if age_s is None else f"batch_age_s = {age_s}\n"
    config = folder / "monitor.toml"
    config.write_text(f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\n[store]\npath = "{database}"\n{age}')
    command = [sys.executable, "-m", "monitor", "run", "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="speaker")
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    wal = database.with_name("monitor.db-wal")
    largest = 0
    try:
        time.sleep(5)
        for number in range(SENSORS * 2):
            speak(client, number)
        time.sleep(max(5.0, 2 * (age_s or 0)))
        began, before, number = time.monotonic(), written_bytes(process.pid), 0
        while time.monotonic() - began < minutes * 60:
            speak(client, number)
            number += 1
            time.sleep(max(0.0, began + number * EVERY_S / SENSORS - time.monotonic()))
            largest = max(largest, wal.stat().st_size)
        seconds = time.monotonic() - began
        return (written_bytes(process.pid) - before) / seconds * DAY_S / 1e6, largest / 1e6
    finally:
        client.disconnect()
        client.loop_stop()
        process.send_signal(signal.SIGTERM)
        process.wait()
        broker.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--age", type=float, default=None, help="store.batch_age_s; without it the default")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=ROOT / "build", ignore_cleanup_errors=True) as folder:
        mb, wal_mb = measured(Path(folder), arguments.minutes, arguments.age)
    print(f"{SENSORS} sensors, a message each {EVERY_S:g} s, two quantities, {arguments.minutes:g} min of real time")
    print(f"written: {mb:.0f} MB a day, {mb / MOST_MB_A_DAY:.2f} of the limit {MOST_MB_A_DAY:g} MB")
    print(f"write-ahead file at most {wal_mb:.1f} MB, {wal_mb / MOST_WAL_MB:.2f} of the limit {MOST_WAL_MB:g} MB")


if __name__ == "__main__":
    main()
