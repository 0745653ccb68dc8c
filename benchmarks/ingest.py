"""Messages per second and processor time of the daemon, beside an empty paho callback and mqtt-exporter.

Zigbee2MQTT messages of two quantities wait in a real mosquitto for a persistent QoS 1 session, then each
subscriber drains them, all in the same run. Limits: at least 0.6 of the empty callback's messages per second, at
most 3 times its processor seconds per 100,000.
"""

import argparse
import json
import os
import random
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

ROOT = Path(__file__).resolve().parents[1]
TOPIC = "zigbee2mqtt/Bedroom climate"
CONFIG = (
    "listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 1000\nuser root\n"
)
LEAST_RATE, MOST_CPU = 0.6, 3.0


def payload(number: int) -> bytes:
    """128 bytes, as a battery sensor sends them; each with a time of its own."""
    at_ms = 1_790_000_000_000 + number * 1000
    return json.dumps(
        {
            "humidity": round(40 + number % 200 / 10, 2), "last_seen": at_ms,
            "linkquality": 120, "power_outage_count": 3,
            "temperature": round(18 + number % 70 / 10, 2), "voltage": 3005,
        }
    ).encode()  # fmt: skip


class Broker:
    """A mosquitto on a free loopback port."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        file = folder / "mosquitto.conf"
        file.write_text(CONFIG.format(port=self.port))
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self.process = subprocess.Popen(
            [program, "-c", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(0.5)

    def fill(self, client_id: str, topics: list[str], messages: list[bytes]) -> None:
        """Leave the messages waiting for a persistent session of that name."""
        away = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False)
        taken = threading.Event()
        away.on_connect = lambda client, *_: client.subscribe([(topic, 1) for topic in topics])
        away.on_subscribe = lambda *_: taken.set()
        away.connect("127.0.0.1", self.port)
        away.loop_start()
        taken.wait(10)
        away.disconnect()
        away.loop_stop()
        self.publish(messages)

    def publish(self, messages: list[bytes]) -> None:
        """Publish at QoS 1 and wait until the broker has all."""
        speaker = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="speaker")
        speaker.max_inflight_messages_set(1000)
        speaker.connect("127.0.0.1", self.port)
        speaker.loop_start()
        last = None
        for number, message in enumerate(messages, start=1):
            last = speaker.publish(TOPIC, message, qos=1)
            if number % 20_000 == 0:
                last.wait_for_publish(120)
        if last is not None:
            last.wait_for_publish(120)
        speaker.disconnect()
        speaker.loop_stop()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def cpu_s() -> float:
    """Processor seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def report(count: int, began: float, cpu: float) -> None:
    """One line for the parent process."""
    seconds = time.perf_counter() - began
    rss_mb = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    print(json.dumps({"rate": count / seconds, "cpu": (cpu_s() - cpu) / count * 100_000, "rss_mb": rss_mb}))


def empty(port: int, count: int) -> None:
    """Drain with paho and a callback that only counts."""
    done = threading.Event()
    state = {"seen": 0, "began": 0.0, "cpu": 0.0}

    def on_message(_client: mqtt.Client, _data: object, _message: mqtt.MQTTMessage) -> None:
        if state["seen"] == 0:
            state["began"], state["cpu"] = time.perf_counter(), cpu_s()
        state["seen"] += 1
        if state["seen"] == count:
            done.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="empty", clean_session=False)
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_start()
    done.wait(300)
    report(count, state["began"], state["cpu"])
    client.disconnect()
    client.loop_stop()


def monitor(port: int, count: int, data: str) -> None:
    """Drain with the daemon as `run` wires it: decode, store, acknowledge after the commit."""
    from monitor import bootstrap
    from monitor.adapters.clock import SystemClock
    from monitor.settings.sections import Home, Mqtt, Settings, Store

    settings = Settings.model_construct(
        home=Home(zone="Europe/Brussels"),
        mqtt=Mqtt(host="127.0.0.1", port=port, client_id="monitor"),
        store=Store(path=Path(data) / "monitor.db", batch_age_s=1.0),  # so that the last few need not wait
    )
    stop = threading.Event()
    with bootstrap.wired(settings, SystemClock()) as running:
        worker = threading.Thread(target=running.daemon.run, args=(stop,))
        worker.start()
        while running.ingest.messages == 0:
            time.sleep(0.001)
        began, cpu = time.perf_counter(), cpu_s()
        while running.ingest.stored < 2 * count:
            time.sleep(0.01)
        report(count, began, cpu)
        stop.set()
        worker.join()


def child(name: str, port: int, count: int, folder: str) -> dict[str, float]:
    """Run one subscriber in a process of its own."""
    command = [
        sys.executable,
        __file__,
        "--child",
        name,
        "--port",
        str(port),
        "--messages",
        str(count),
        "--data",
        folder,
    ]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout)


def exporter(broker: Broker, messages: list[bytes]) -> dict[str, float] | None:
    """mqtt-exporter from the package registry, in an environment of its own; nothing is stored. None: not to be had."""
    venv = ROOT / "build" / "peer"
    program = venv / "bin" / "mqtt-exporter"
    if not program.exists():
        made = subprocess.run([sys.executable, "-m", "venv", str(venv)], check=False).returncode == 0
        got = (
            made
            and subprocess.run([venv / "bin" / "pip", "-q", "install", "mqtt-exporter"], check=False).returncode == 0
        )
        if not got:
            return None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | {
        "MQTT_ADDRESS": "127.0.0.1", "MQTT_PORT": str(broker.port), "MQTT_TOPIC": "zigbee2mqtt/#",
        "PROMETHEUS_PORT": str(port), "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    command = [str(program)] if program.exists() else [str(venv / "bin" / "python"), "-m", "mqtt_exporter.main"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(3)
        before = _cpu_of(process.pid)
        began = time.perf_counter()
        broker.publish(messages)
        while time.perf_counter() - began < 120 and _counted(port) < len(messages):
            time.sleep(0.2)
        seconds = time.perf_counter() - began
        seen = _counted(port)
        if not seen:
            return None
        return {
            "rate": seen / seconds,
            "cpu": (_cpu_of(process.pid) - before) / seen * 100_000,
            "rss_mb": _rss_of(process.pid),
        }
    finally:
        process.terminate()
        process.wait()


def _counted(port: int) -> float:
    try:
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5).read().decode()
    except OSError:
        return 0
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("mqtt_message_total"))


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_of(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", choices=["empty", "monitor"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--data")
    arguments = parser.parse_args()
    if arguments.child == "empty":
        return empty(arguments.port, arguments.messages)
    if arguments.child == "monitor":
        return monitor(arguments.port, arguments.messages, arguments.data)
    messages = [payload(number) for number in range(arguments.messages)]
    figures: dict[str, list[dict[str, float]]] = {"empty": [], "monitor": []}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(arguments.rounds):
            for name in random.Random(turn).sample(sorted(figures), k=2):
                broker = Broker(Path(folder))
                broker.fill(name, ["zigbee2mqtt/#"], messages)
                data = Path(folder) / f"{name}-{turn}"
                data.mkdir()
                figures[name].append(child(name, broker.port, len(messages), str(data)))
                broker.stop()
        broker = Broker(Path(folder))
        peer = exporter(broker, messages)
        broker.stop()
    _print(figures, peer, arguments.messages)
    return None


def _print(figures: dict[str, list[dict[str, float]]], peer: dict[str, float] | None, count: int) -> None:
    print(f"{count} Zigbee2MQTT messages with two quantities each, QoS 1, median of {len(figures['empty'])} rounds")
    medians = {
        name: {key: statistics.median(row[key] for row in rows) for key in rows[0]} for name, rows in figures.items()
    }
    for name, row in [*medians.items(), *([("mqtt-exporter", peer)] if peer else [])]:
        print(f"  {name:<14} {row['rate']:>9,.0f} messages/s  {row['cpu']:>6.2f} CPU s/100k  {row['rss_mb']:>5.1f} MB")
    if not peer:
        print("  mqtt-exporter  could not be installed")
    rate = medians["monitor"]["rate"] / medians["empty"]["rate"]
    cpu = medians["monitor"]["cpu"] / medians["empty"]["cpu"]
    print(f"  rate: {rate:.2f} of the empty callback (limit: at least {LEAST_RATE})")
    print(f"  CPU:  {cpu:.2f} times the empty callback (limit: at most {MOST_CPU})")


if __name__ == "__main__":
    main()
