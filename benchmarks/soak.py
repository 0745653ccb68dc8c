"""Whether anything grows: nights of a home on a simulated clock, then minutes of a flood against the real process.

Nights go through a real broker and a real daemon as fast as they can. The flood is 500 messages a second at QoS 1 of
ten sensors, in real time, to the real `bedroom-monitor run`. Memory, file descriptors, threads and files are sampled
all the while; what is told is their growth from the second quarter of the samples to the last. Limits: 4 MB of memory,
no descriptor, no thread, no file; 16 MB for the write-ahead file; every message stored.
"""

import argparse
import os
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import datetime
from datetime import time as wall_time
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from footprint import Speaker, _subscribed, readings, rss_mb, start
from ingest import Broker

MOST_MB, MOST_WAL_MB = 4.0, 16.0
RATE = 500
SAMPLE_S = 5.0
NIGHTS_A_SAMPLE = 2
ROOT = Path(__file__).resolve().parents[1]


class Sample(NamedTuple):
    """How a process is at a moment."""

    at: float
    memory_mb: float
    descriptors: int
    threads: int
    files: int
    wal_mb: float


def sampled(pid: int, at: float, folder: Path) -> Sample:
    """The process, and its files in the folder, just now."""
    process = Path(f"/proc/{pid}")
    wal = folder / "monitor.db-wal"
    return Sample(
        at,
        rss_mb(pid),
        len(list((process / "fd").iterdir())),
        len(list((process / "task").iterdir())),
        len(list(folder.iterdir())),
        wal.stat().st_size / 1e6 if wal.exists() else 0.0,
    )


def nights(count: int) -> list[Sample]:
    """A sample every few nights of a simulated home; this process plays the sensors too."""
    from monitor import bootstrap
    from monitor.bootstrap.rehearsal import DEMO_EVENING, DEMO_ZONE
    from monitor.core.simulation.nights import simulate
    from monitor.core.zones import unix_ms
    from monitor.services.rehearsing import rehearse

    zone = ZoneInfo(DEMO_ZONE)
    first_ms = unix_ms(datetime.combine(DEMO_EVENING, wall_time(12), zone))
    samples = []
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as name:
        folder = Path(name)
        with bootstrap.staged(folder, first_ms) as (_, _running, stage):
            for number, _night in enumerate(rehearse(simulate(count, 1, "heat", DEMO_EVENING, zone), stage)):
                if number % NIGHTS_A_SAMPLE == 0:
                    samples.append(sampled(os.getpid(), number, folder))
    return samples


def flood(minutes: float) -> tuple[list[Sample], int, int, float]:
    """Samples of the real process; messages said, readings stored, processor seconds used."""
    with tempfile.TemporaryDirectory(dir=ROOT / "build", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        broker = Broker(folder)
        process = start(folder, broker.port)
        try:
            while not (folder / "data" / "monitor.db").exists() or not _subscribed(folder):
                time.sleep(0.1)
            speaker, samples = Speaker(broker.port), []
            began, said, next_s = time.monotonic(), 0, 0.0
            while (passed := time.monotonic() - began) < minutes * 60:
                if passed >= next_s:
                    samples.append(sampled(process.pid, passed, folder / "data"))
                    next_s += SAMPLE_S
                speaker.say(said, max(0, round(passed * RATE) - said))
                said = max(said, round(passed * RATE))
                time.sleep(0.02)
            until = time.monotonic() + 60
            while readings(folder) < 2 * said and time.monotonic() < until:
                time.sleep(0.5)
            used = _processor_s(process.pid)
            speaker.client.disconnect()
            speaker.client.loop_stop()
            return samples, said, readings(folder), used
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
            broker.stop()


def _processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def growth(samples: list[Sample], what: Callable[[Sample], float]) -> float:
    """By how much the last quarter lies above the second."""
    quarter = max(1, len(samples) // 4)
    return statistics.median(map(what, samples[-quarter:])) - statistics.median(
        map(what, samples[quarter : 2 * quarter])
    )


def slope(samples: list[Sample]) -> float:
    """MB of memory per unit of time, by least squares, after the first quarter."""
    later = samples[len(samples) // 4 :]
    return statistics.linear_regression([one.at for one in later], [one.memory_mb for one in later]).slope


def tell(samples: list[Sample], per: str, times: float) -> None:
    """The figures beside their limits."""
    memory = growth(samples, lambda one: one.memory_mb)
    longest = max(one.wal_mb for one in samples)
    print(f"  memory: {samples[0].memory_mb:.1f} MB at first, {samples[-1].memory_mb:.1f} MB at last")
    print(f"  memory grown by {memory:+.2f} MB, {memory / MOST_MB:+.2f} of the limit {MOST_MB:g} MB")
    print(f"  memory slope: {slope(samples) * times:+.3f} MB {per}")
    for name in ("descriptors", "threads", "files"):
        grown = growth(samples, lambda one, name=name: getattr(one, name))
        print(f"  {name}: {getattr(samples[-1], name)} at last, grown by {grown:+.0f} (limit: 0)")
    print(f"  write-ahead file at most {longest:.1f} MB, {longest / MOST_WAL_MB:.2f} of the limit {MOST_WAL_MB:g} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="of the flood")
    parser.add_argument("--nights", type=int, default=120)
    arguments = parser.parse_args()
    (ROOT / "build").mkdir(exist_ok=True)
    if arguments.nights:
        began = time.monotonic()
        samples = nights(arguments.nights)
        seconds = time.monotonic() - began
        print(f"{arguments.nights} nights, {arguments.nights * 24:,} hours of life, in {seconds / 60:.1f} min")
        tell(samples, "per 100 nights", 100)
    if arguments.minutes:
        samples, said, stored, used = flood(arguments.minutes)
        print(
            f"{arguments.minutes:g} min at {RATE} messages/s: {said:,} said, {stored:,} of {2 * said:,} readings stored"
        )
        tell(samples, "per hour", 3600)
        print(f"  processor: {used / said * 100_000:.1f} s per 100,000 messages")
    if left := [one.name for one in threading.enumerate() if one is not threading.main_thread()]:
        print(f"threads left over: {', '.join(left)}")


if __name__ == "__main__":
    main()
