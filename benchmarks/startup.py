"""Start of the daemon beside a broker full of retained topics: time, memory, and what is understood and stored.

The real daemon and a mosquitto with its default queue, empty and with 5,000 topics retained at QoS 0 and at QoS 1.
Limits: 3 s to its status online, 20 MB more than beside the empty broker, all announced topics understood.
"""

import argparse
import json
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import paho.mqtt.client as mqtt
from footprint import rss_mb, start
from paho.mqtt.enums import CallbackAPIVersion

MOST_ONLINE_S, MOST_GROWN_MB = 3.0, 20.0
ANNOUNCED = 2_000
STATES = 2_000
AVAILABILITIES = 500
OTHERS = 500
DEVICES = 200
GIVE_UP_S = 60.0
SETTLED_S = 8.0  # by then a daemon that nobody speaks to has learned all and given memory back
BROKER = "listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n"
STATUS = "bedroom-monitor/status"
ROOM = "zigbee2mqtt/Bedroom window"
LIVE, EVERY_S = 40, 0.05
"""Live readings said on the two topics from the moment on that the daemon says online."""
AT_ONCE = 100
"""Announced topics that speak at once, then a pause: what the broker drops of our own burst is not the question."""

Kept = tuple[str, bytes]


def config(number: int, state_topic: str, *, kind: str) -> tuple[str, bytes]:
    """Topic and payload of a Home Assistant discovery config of 300 to 700 bytes.

    `long` names as Zigbee2MQTT writes them (a value in JSON), or `short` as ESPHome does (a plain value).
    """
    told: dict[str, object]
    if kind == "short":
        mac = _mac(number)
        told = {
            "dev_cla": "temperature", "unit_of_meas": "°C", "stat_cla": "measurement",
            "name": f"Temperature {number % 4}", "stat_t": state_topic, "avty_t": f"node{number // 4}/status",
            "uniq_id": f"{mac}-sensor-temperature_{number % 4}",
            "dev": {
                "ids": mac, "name": f"Node {number // 4}", "sw": "2024.6.4 (ESPHome 2024.6.4)",
                "mdl": "esp32dev", "mf": "Espressif", "cns": [["mac", mac]],
            },
        }  # fmt: skip
        return f"homeassistant/sensor/node{number // 4}/temperature_{number % 4}/config", _packed(told)
    told = {
        "availability": [{"topic": "acme/bridge/state", "value_template": "{{ value_json.state }}"}],
        "device": {
            "hw_version": 1, "identifiers": [f"acme_{number:06d}"], "manufacturer": "Acme",
            "model": "Temperature and humidity sensor", "name": f"Acme {number}", "sw_version": "3000-0001",
            "via_device": "acme_bridge_0x00124b0024c1a2b3",
        },
        "device_class": "temperature", "enabled_by_default": True, "object_id": f"acme_{number}_temperature",
        "origin": {"name": "Acme2MQTT", "sw": "1.40.1", "url": "https://acme.example"},
        "state_class": "measurement", "state_topic": state_topic, "unique_id": f"acme_{number:06d}_temperature",
        "unit_of_measurement": "°C", "value_template": "{{ value_json.t }}",
    }  # fmt: skip
    return f"homeassistant/sensor/acme_{number:06d}/temperature/config", _packed(told)


def _mac(number: int) -> str:
    return f"{number // 4 + 0xA0B1C2000000:012x}"


def bridge_devices(count: int) -> bytes:
    """The device list of Zigbee2MQTT, over 5 kB a device: exposes, options, endpoints and clusters."""
    return _packed([_device(number) for number in range(count)])


def _device(number: int) -> dict[str, object]:
    clusters = ["genBasic", "genIdentify", "genPowerCfg", "msTemperatureMeasurement", "msRelativeHumidity", "genOta"]
    target = {"endpoint": 1, "ieee_address": "0x00124b0024c1a2b3", "type": "endpoint"}
    how = {"maximum_report_interval": 3600, "minimum_report_interval": 10, "reportable_change": 100}
    return {
        "date_code": "20230316", "disabled": False, "friendly_name": f"Room {number} climate",
        "definition": {
            "description": "Temperature, humidity, pressure and air quality sensor", "model": "ACME-AIR01",
            "exposes": [_expose(*row) for row in EXPOSED], "options": [_option(key) for key, *_ in EXPOSED[:8]],
            "supports_ota": True, "vendor": "Acme", "source": "native",
        },
        "endpoints": {
            "1": {
                "bindings": [{"cluster": cluster, "target": target} for cluster in clusters[1:5]],
                "clusters": {"input": clusters, "output": clusters[-2:]}, "scenes": [],
                "configured_reportings": [
                    how | {"attribute": "measuredValue", "cluster": cluster} for cluster in clusters[2:5]
                ],
            }
        },
        "ieee_address": f"0x00158d{number:010x}", "interview_completed": True, "interviewing": False,
        "manufacturer": "Acme", "model_id": "acme.air.01", "network_address": 1000 + number,
        "power_source": "Battery", "software_build_id": "3000-0001", "supported": True, "type": "EndDevice",
    }  # fmt: skip


EXPOSED = (
    ("temperature", "°C", None), ("humidity", "%", None), ("pressure", "hPa", None), ("co2", "ppm", None),
    ("pm25", "µg/m³", None), ("voc", "ppb", None), ("battery", "%", "diagnostic"), ("voltage", "mV", "diagnostic"),
    ("linkquality", "lqi", "diagnostic"), ("temperature_calibration", "°C", "config"),
    ("humidity_calibration", "%", "config"),
)  # fmt: skip


def _expose(key: str, unit: str, category: str | None) -> dict[str, object]:
    told = {
        "access": 1, "description": f"Measured {key} value as the device reports it", "label": key.capitalize(),
        "name": key, "property": key, "type": "numeric", "unit": unit,
    }  # fmt: skip
    return told if category is None else told | {"category": category}


def _option(key: str) -> dict[str, object]:
    return {
        "access": 2, "label": f"{key.capitalize()} precision", "name": f"{key}_precision",
        "property": f"{key}_precision", "type": "numeric", "value_max": 3, "value_min": 0,
        "description": f"Number of digits after decimal point for {key}, takes into effect on next report of device.",
    }  # fmt: skip


def _packed(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def announced_topic(number: int) -> str:
    """Where the value of an announcement stands: half on topics that nothing else tells of, half ESPHome's."""
    return f"node{number // 4}/sensor/temperature_{number % 4}/state" if number % 2 else f"acme/{number}/state"


def announced_key(number: int) -> str:
    """The sensor that the announcement speaks of."""
    own = f"esphome:{_mac(number)}/temperature_{number % 4}"
    return own if number % 2 else f"homeassistant:acme_{number:06d}_temperature"


def spoken(number: int, value: float) -> bytes:
    """What the announced sensor says."""
    return f"{value:.2f}".encode() if number % 2 else _packed({"t": value, "battery_low": False, "rssi": -61})


def retained() -> Iterator[Kept]:
    """All that the broker keeps."""
    for number in range(ANNOUNCED):
        yield config(number, announced_topic(number), kind="short" if number % 2 else "long")
    for number in range(1, ANNOUNCED, 2):
        yield announced_topic(number), b"20.10"
    for number in range(STATES - ANNOUNCED // 2):
        name = ("wifi_signal", "uptime", "illuminance", "supply_voltage")[number % 4]
        yield f"node{number // 4}/sensor/{name}/state", f"{number % 60 + 40}".encode()
    for number in range(AVAILABILITIES):
        yield f"zigbee2mqtt/Room {number} climate/availability", b'{"state":"online"}'
    for number in range(OTHERS):
        yield _other(number)
    yield "zigbee2mqtt/bridge/devices", bridge_devices(DEVICES)


def _other(number: int) -> Kept:
    return (
        (f"tele/plug{number}/LWT", b"Online"),
        (f"homeassistant/switch/plug{number}/config", _packed({"name": "Plug", "cmd_t": f"cmnd/plug{number}/POWER"})),
        (f"octoprint/{number}/temperature/tool0", b'{"_timestamp":1790000000,"actual":21.3,"target":0.0}'),
        (f"frigate/camera{number}/detect/state", b"ON"),
    )[number % 4]


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """A mosquitto as it comes, on a free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    file = folder / "mosquitto.conf"
    file.write_text(BROKER.format(port=port))
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    process = subprocess.Popen([program, "-c", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with socket.socket() as trial:
            _await(lambda: trial.connect_ex(("127.0.0.1", port)) == 0, 10)
        yield port
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await(claim: Callable[[], bool], seconds: float) -> float | None:
    """When it became true on the clock of perf_counter, None if it did not in time."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        if claim():
            return time.perf_counter()
        time.sleep(0.02)
    return None


class Speaker:
    """Publishes at will, and hears when the daemon says that it is online."""

    def __init__(self, port: int) -> None:
        self.online_s = 0.0
        self._online = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="speaker")
        self._client.max_inflight_messages_set(500)
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe(STATUS, qos=1)

    def await_online(self) -> bool:
        return self._online.wait(GIVE_UP_S)

    def say(self, messages: Iterable[Kept], qos: int, *, retain: bool = False) -> None:
        """Publish and wait until the broker has all; it takes them in their order."""
        for topic, payload in messages:
            self._client.publish(topic, payload, qos=qos, retain=retain)
        self._client.publish("speaker/done", b"", qos=1).wait_for_publish(GIVE_UP_S)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.payload == b"online" and not self._online.is_set():
            self.online_s = time.perf_counter()
            self._online.set()


@contextmanager
def started(qos: int | None, *, within: Path) -> Iterator[tuple[Speaker, subprocess.Popen[bytes], Path, float]]:
    """A daemon that is online beside a broker with all retained at that QoS (None: empty); when it was started."""
    with tempfile.TemporaryDirectory(dir=within) as name, broker(Path(name)) as port:
        folder = Path(name)
        speaker = Speaker(port)
        if qos is not None:
            speaker.say(retained(), qos, retain=True)
        began = time.perf_counter()
        process = start(folder, port)
        try:
            if not speaker.await_online():
                sys.exit("the daemon did not come online")
            yield speaker, process, folder / "data" / "monitor.db", began
        finally:
            _end(process)
            speaker.stop()


class Spoken(NamedTuple):
    """What became of what was said after the start; times in seconds from the start of the process, None: never.

    `room` and `custom`: for each live reading on a usual and on an announced topic, whether it is stored.
    """

    online_s: float
    room: tuple[bool, ...]
    custom: tuple[bool, ...]
    all_s: float | None
    understood: int
    rss_mb: float


def speak(qos: int, within: Path) -> Spoken:
    """Start, speak from the moment it says online, then until all announced topics are stored."""
    with started(qos, within=within) as (speaker, process, database, began):
        values = [19 + number / 100 for number in range(LIVE)]
        for value in values:
            speaker.say([(ROOM, _packed({"temperature": value})), (announced_topic(0), spoken(0, value))], 1)
            time.sleep(EVERY_S)
        keys = {announced_key(number) for number in range(ANNOUNCED)}
        last, turn = None, 0
        while last is None and time.perf_counter() - began < GIVE_UP_S:
            turn += 1
            for first in range(0, ANNOUNCED, AT_ONCE):
                speaker.say(
                    [(announced_topic(n), spoken(n, 20 + turn / 100)) for n in range(first, first + AT_ONCE)], 1
                )
                time.sleep(EVERY_S)
            last = _await(lambda: _count(database, keys) == ANNOUNCED, 1.0)
        time.sleep(2)
        room = "zigbee2mqtt:" + ROOM.partition("/")[2]
        return Spoken(
            online_s=speaker.online_s - began,
            room=tuple(value in _values(database, room) for value in values),
            custom=tuple(value in _values(database, announced_key(0)) for value in values),
            all_s=None if last is None else last - began,
            understood=_count(database, keys),
            rss_mb=rss_mb(process.pid),
        )


class Silent(NamedTuple):
    """A daemon that nobody speaks to."""

    online_s: float
    rss_mb: float
    peak_mb: float


def keep_silent(qos: int | None, within: Path) -> Silent:
    """Start, and leave it alone until it has settled."""
    with started(qos, within=within) as (speaker, process, _database, began):
        time.sleep(SETTLED_S)
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        peak = next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))
        return Silent(speaker.online_s - began, rss_mb(process.pid), peak)


def _rows(database: Path, sql: str, *parameters: str) -> list[tuple[object, ...]]:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, parameters).fetchall()
    except sqlite3.OperationalError:
        return []


def _values(database: Path, sensor: str) -> set[object]:
    sql = "SELECT value FROM series JOIN reading ON series = id WHERE sensor = ?"
    return {value for (value,) in _rows(database, sql, sensor)}


def _count(database: Path, sensors: set[str]) -> int:
    sql = "SELECT sensor FROM series WHERE EXISTS (SELECT 1 FROM reading WHERE series = id)"
    return len(sensors & {str(sensor) for (sensor,) in _rows(database, sql)})


def _print(empty: list[Silent], qos: int, silent: list[Silent], said: list[Spoken]) -> None:
    kept = list(retained())
    print(f"\n{len(kept):,} topics retained at QoS {qos}, {sum(len(p) for _, p in kept) / 1e6:.1f} MB")
    online_s = statistics.median(one.online_s for one in (*silent, *said))
    _line("status online after", f"{online_s:.2f} s", f"{MOST_ONLINE_S:g} s", online_s <= MOST_ONLINE_S)
    for name, rows in {"a usual": [one.room for one in said], "an announced": [one.custom for one in said]}.items():
        first, lost = sum(row[0] for row in rows), statistics.median(row.count(False) for row in rows)
        _line(f"reading right then on {name} topic", f"{first} of {len(rows)}", "stored", first == len(rows))
        _line(f"  {LIVE} readings from then on, one every {EVERY_S * 1000:.0f} ms", f"{lost:.0f} lost")
    came = [one.all_s for one in said if one.all_s is not None]
    figure = f"{statistics.median(came):.2f} s" if len(came) == len(said) else f"{len(came)} of {len(said)}"
    _line(f"all announced topics stored (none is asked before {LIVE * EVERY_S:.0f} s)", figure)
    understood = round(statistics.median(one.understood for one in said))
    _line("announced topics understood", f"{understood:,}", f"{ANNOUNCED:,}", understood == ANNOUNCED)
    before_mb = statistics.median(one.rss_mb for one in empty)
    for name, figures, limit in (
        ("memory, all learned", [one.rss_mb for one in silent], f"+{MOST_GROWN_MB:g} MB"),
        ("memory at its peak while learning", [one.peak_mb for one in silent], ""),
        ("memory, all announced topics have spoken", [one.rss_mb for one in said], ""),
    ):
        mb = statistics.median(figures)
        grown_mb = mb - before_mb
        _line(name, f"{mb:.1f} MB (+{grown_mb:.1f})", limit, grown_mb <= MOST_GROWN_MB if limit else None)


def _line(name: str, figure: str, limit: str = "", met: bool | None = None) -> None:
    verdict = "" if met is None else "met" if met else "NOT MET"
    print(f"  {name:<58}{figure:<18}{f'(limit: {limit})' if limit else '':<18}{verdict}".rstrip(), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as name:
        within = Path(name)
        empty = [keep_silent(None, within) for _ in range(arguments.rounds)]
        online_s = statistics.median(one.online_s for one in empty)
        print(f"Start of the daemon, medians of {arguments.rounds}; mosquitto with its default queue of 1,000 messages")
        print("\nempty broker")
        _line("status online after", f"{online_s:.2f} s", f"{MOST_ONLINE_S:g} s", online_s <= MOST_ONLINE_S)
        _line("memory", f"{statistics.median(one.rss_mb for one in empty):.1f} MB")
        for qos in (0, 1):
            silent = [keep_silent(qos, within) for _ in range(arguments.rounds)]
            _print(empty, qos, silent, [speak(qos, within) for _ in range(arguments.rounds)])


if __name__ == "__main__":
    main()
