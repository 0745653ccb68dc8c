"""A real daemon in a process of its own, to be stopped or killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion


@dataclass
class DaemonProcess:
    """`bedroom-monitor run` with settings of its own in `folder`."""

    folder: Path
    port: int
    settings: str = ""
    batch_age_s: float = 1.0
    """Shorter than the default, which spares a card: tests have none, and would wait."""
    data: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return (self.data or self.folder / "data") / "monitor.db"

    @property
    def config(self) -> Path:
        return self.folder / "monitor.toml"

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "monitor"]

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def start(self) -> None:
        self.config.write_text(
            f'[home]\nzone = "Europe/Brussels"\n[mqtt]\nhost = "127.0.0.1"\nport = {self.port}\n'
            f'[store]\npath = "{self.database}"\nbatch_age_s = {self.batch_age_s}\n{self.settings}'
        )
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command, "run", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                env=os.environ | self.extra,
            )

    def kill(self) -> None:
        """As the kernel does when memory runs out."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> float:
        """Ask it to stop; seconds that took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(20)
        return time.monotonic() - began

    @property
    def exit_code(self) -> int | None:
        """Its exit code, once it has ended by itself; waits for that."""
        assert self.process is not None
        return self.process.wait(20)

    def accounted(self) -> int:
        """Messages that are stored, set aside or counted as unusable: together all that came in."""
        stored, aside, unusable = (
            int(str(self.query(f"SELECT coalesce({what}, 0) FROM {table}")[0][0]))
            for what, table in (("count(*)", "reading"), ("count(*)", "set_aside"), ("sum(count)", "problem"))
        )
        return stored + aside + unusable

    def temperatures(self) -> list[float]:
        """Every temperature that is stored, by value."""
        sql = (
            "SELECT value FROM reading JOIN series ON series.id = series WHERE quantity = 'temperature' ORDER BY value"
        )
        return [float(str(row[0])) for row in self.query(sql)]

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """What stands in its database just now."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


def wait_for(claim: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Whether it becomes true in time; a database that is not there yet is not an error."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if claim():
                return True
        except sqlite3.OperationalError:
            pass
        time.sleep(0.05)
    return False


def subscribed(daemon: DaemonProcess) -> bool:
    """Whether the broker has taken its subscriptions."""
    return wait_for(lambda: bool(daemon.query("SELECT 1 FROM meta WHERE key = 'topics'")))


def temperature(number: int) -> float:
    """Another value for each number, within what a room can have."""
    return round(-39 + number * 0.004, 3)


class Speaker:
    """A publisher at QoS 1."""

    def __init__(self, port: int) -> None:
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="speaker")
        self.client.max_inflight_messages_set(500)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def say(self, topic: str, payload: str, *, retain: bool = False) -> mqtt.MQTTMessageInfo:
        return self.client.publish(topic, payload, qos=1, retain=retain)

    def say_temperatures(self, first: int, last: int, *, topics: int = 5) -> None:
        """One message for each of these numbers, from some sensors in turn; returns when the broker has all."""
        told = [
            self.say(f"zigbee2mqtt/Bedroom {number % topics}", f'{{"temperature": {temperature(number)}}}')
            for number in range(first, last)
        ]
        for one in told[-1:]:
            one.wait_for_publish(60)

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
