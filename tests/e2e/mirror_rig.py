"""What the end-to-end tests of the mirror share: its settings, a backlog as the daemon leaves it, a VictoriaMetrics."""

import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.bootstrap import open_stores
from monitor.core.readings import Reading
from monitor.ports import Batch
from monitor.settings.keeping import Mirror, Store
from monitor.settings.sections import Home, Settings
from tests.conftest import free_port
from tests.e2e.daemon_process import Speaker
from tests.influx_like import BUCKET, ORG, TOKEN

Values = dict[int, float]


def mirror_settings(folder: Path, url: str, *, token: str = TOKEN, org: str = ORG, bucket: str = BUCKET, **more) -> str:
    """The section of the settings, with the token in a file."""
    file = folder / "token"
    file.write_text(token + "\n")
    file.chmod(0o600)
    known = {"url": f'"{url}"', "token_file": f'"{file}"', "org": f'"{org}"', "bucket": f'"{bucket}"', "flush_s": 0.2}
    return "[mirror]\n" + "".join(f"{key} = {value}\n" for key, value in {**known, **more}.items())


def backlog(database: Path, count: int, sensor: str) -> Values:
    """Readings of the last `count` seconds that wait for a mirror, as a daemon left them."""
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = Settings.model_construct(
        home=Home(zone="Europe/Brussels"),
        store=Store(path=database, sync="normal"),
        mirror=Mirror(url="http://127.0.0.1:9"),
    )
    first_ms = time.time_ns() // 1_000_000 - count * 1_000
    values = {first_ms + number * 1_000: 15 + number % 1_000 / 64 for number in range(count)}
    rows = [Reading(sensor, "temperature", time_ms, value) for time_ms, value in values.items()]
    with open_stores(settings) as stores:
        for start in range(0, count, 50):
            chunk = rows[start : start + 50]
            stores.readings.save(Batch(readings=chunk, stored_ms=chunk[-1].time_ms))
    return values


def speak(port: int, count: int, *, sensor: str = "Bedroom", every_s: float = 0.02) -> None:
    """A sensor says its temperature so many times, each another."""
    speaker = Speaker(port)
    for number in range(count):
        speaker.say(f"zigbee2mqtt/{sensor}", f'{{"temperature": {15 + number / 64}}}').wait_for_publish(10)
        time.sleep(every_s)
    speaker.stop()


@contextmanager
def a_victoria_metrics(folder: Path) -> Iterator[str]:
    """The address of a real one, empty."""
    program = shutil.which("victoria-metrics")
    assert program is not None, "victoria-metrics is needed: apt install victoria-metrics"
    address = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [program, f"-storageDataPath={folder}", f"-httpListenAddr={address}", "-retentionPeriod=100y",
         "-search.latencyOffset=0s"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert answers(f"http://{address}/health"), "victoria-metrics did not start"
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(20)


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 - a server of the test's own
        return bytes(answer.read())


def answers(url: str, seconds: float = 20.0) -> bool:
    """Whether something answers there in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            get(url)
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False
