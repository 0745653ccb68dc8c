"""Memory of the daemon, time from start to first stored reading, --help, and bytes on disk per reading.

The real `bedroom-monitor run` against a real mosquitto. Limits: 70 MB resident with everything running and after a
million readings, no growth from 100,000 on; 1.5 s from process start to the first stored reading; 0.3 s for --help;
30 bytes a reading.
"""

import argparse
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import paho.mqtt.client as mqtt
from ingest import Broker
from paho.mqtt.enums import CallbackAPIVersion

MOST_MB, MOST_START_S, MOST_HELP_S, MOST_BYTES = 70.0, 1.5, 0.3, 30.0
SENSORS = 10
STEP_MS = 60_000
FIRST_MS = 1_700_000_000_000


def rss_mb(pid: int) -> float:
    """Resident memory of a process in MB (1e6 bytes)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """The daemon."""
    config = folder / "monitor.toml"
    path = folder / "data" / "monitor.db"
    config.write_text(f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\n[store]\npath = "{path}"\n')
    return subprocess.Popen(
        [sys.executable, "-m", "monitor", "run", "--config", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def readings(folder: Path) -> int:
    """How many readings are stored; 0 before there is a file."""
    try:
        connection = sqlite3.connect(f"file:{folder / 'data' / 'monitor.db'}?mode=ro", uri=True)
    except sqlite3.OperationalError:
        return 0
    try:
        return int(connection.execute("SELECT count(*) FROM reading").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


class Speaker:
    """A publisher at QoS 1."""

    def __init__(self, port: int) -> None:
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="speaker")
        self.client.max_inflight_messages_set(1000)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def say(self, first: int, count: int) -> None:
        """Messages of two quantities from ten sensors in turn, each a minute after the one before."""
        last = None
        for number in range(first, first + count):
            turn = number // SENSORS
            payload = {
                "temperature": round(18 + turn % 700 / 100, 2),
                "humidity": round(40 + turn % 2000 / 100, 2),
                "last_seen": FIRST_MS + turn * STEP_MS,
            }
            topic = f"zigbee2mqtt/Sensor {number % SENSORS}"
            last = self.client.publish(topic, json.dumps(payload), qos=1)
            if number % 500 == 0:
                last.wait_for_publish(60)
        if last is not None:
            last.wait_for_publish(60)


def started(port: int) -> float:
    """Seconds from process start to the first stored reading, on a file of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        speaker = Speaker(port)
        began = time.perf_counter()
        process = start(folder, port)
        while readings(folder) == 0:
            value = 20 + time.perf_counter() % 1
            speaker.client.publish("zigbee2mqtt/Bedroom", f'{{"temperature": {value:.3f}}}', qos=1)
            time.sleep(0.02)
        seconds = time.perf_counter() - began
        process.send_signal(signal.SIGTERM)
        process.wait()
        speaker.client.disconnect()
        return seconds


def helped() -> float:
    """Seconds that --help takes."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "monitor", "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def grown(port: int, goal: int) -> tuple[dict[int, float], float]:
    """Memory by readings stored, and bytes per reading at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        process = start(folder, port)
        while not (folder / "data" / "monitor.db").exists() or not _subscribed(folder):
            time.sleep(0.1)
        speaker, memory, said = Speaker(port), {}, 0
        for point in sorted({0, goal // 10, goal // 2, goal}):
            speaker.say(said, point // 2 - said)
            said = point // 2
            while readings(folder) < point:
                time.sleep(0.2)
            time.sleep(1)
            memory[point] = rss_mb(process.pid)
        process.send_signal(signal.SIGTERM)
        process.wait()
        speaker.client.disconnect()
        return memory, (folder / "data" / "monitor.db").stat().st_size / goal


def _subscribed(folder: Path) -> bool:
    connection = sqlite3.connect(f"file:{folder / 'data' / 'monitor.db'}?mode=ro", uri=True)
    try:
        return bool(connection.execute("SELECT 1 FROM meta WHERE key = 'topics'").fetchone())
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readings", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        broker = Broker(Path(name))
        try:
            start_s = statistics.median(started(broker.port) for _ in range(5))
            help_s = statistics.median(helped() for _ in range(5))
            memory, size = grown(broker.port, arguments.readings)
        finally:
            broker.stop()
    print(f"start to first stored reading: {start_s:.2f} s, {start_s / MOST_START_S:.2f} of the limit {MOST_START_S} s")
    print(f"--help: {help_s:.2f} s, {help_s / MOST_HELP_S:.2f} of the limit {MOST_HELP_S} s")
    for point, mb in memory.items():
        print(f"memory after {point:>9,} readings: {mb:.1f} MB, {mb / MOST_MB:.2f} of the limit {MOST_MB:.0f} MB")
    print(f"on disk: {size:.1f} bytes a reading, {size / MOST_BYTES:.2f} of the limit {MOST_BYTES:.0f}")


if __name__ == "__main__":
    main()
