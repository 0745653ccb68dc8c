"""Thinning of old readings: how long a slice holds the writer, time for a year, bytes before and after.

A year of ten series with a reading a minute (5.3 million), or as told, in a file of its own; thinned by the step that
the daemon runs, slice after slice. Meanwhile another process writes a row every few milliseconds and measures how
long it waits. Limit: 100 ms for the longest hold. Put the file on a real disk: build/ is taken.
"""

import argparse
import multiprocessing
import multiprocessing.connection
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from monitor.adapters.clock import SystemClock
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.thinned import SqliteThinning
from monitor.bootstrap.daemon import THIN_EVERY_S as TURN_EVERY_S
from monitor.core.readings import DAY_MS
from monitor.core.thinning import OFFSET_BYTES, READING_BYTES, ROW_BYTES
from monitor.services.thinning import Thinning

MOST_HELD_MS = 100.0
NOW_MS = 1_790_812_800_000
PAUSE_S = 0.2
"""Seconds between two turns; the daemon's are two apart."""

QUANTITIES = ("temperature", "humidity", "co2", "pm25", "pressure")
ROOT = Path(__file__).resolve().parents[1]


def filled(path: Path, series: int, days: int, every_s: int) -> int:
    """Fill the file as it would have come, day by day; how many readings."""
    chance = random.Random(1)
    with Database(path, sync="normal") as database:
        with database.writing() as cursor:
            for number in range(series):
                sensor = f"z:{number // len(QUANTITIES)}"
                cursor.execute("INSERT OR IGNORE INTO sensor VALUES (?, ?, 'bedroom', 'name', 0, NULL, NULL, NULL)",
                               (sensor, sensor))  # fmt: skip
                cursor.execute("INSERT INTO series VALUES (?, ?, ?, '')",
                               (number + 1, sensor, QUANTITIES[number % len(QUANTITIES)]))  # fmt: skip
            for number in range(10):
                end_ms = NOW_MS - number * DAY_MS
                day = date(2026, 10, 1) - timedelta(days=number)
                cursor.execute("INSERT INTO night VALUES (?, 'UTC', ?, ?, 'usual', '{}', 0)",
                               (day.isoformat(), end_ms - DAY_MS // 3, end_ms))  # fmt: skip
        for day in range(days):
            start_ms = NOW_MS - (days + 40 - day) * DAY_MS
            with database.writing() as cursor:
                for number in range(series):
                    rows = [
                        (number + 1, ms + chance.randrange(every_s * 1000), round(20 + chance.gauss(0, 3), 2))
                        for ms in range(start_ms, start_ms + DAY_MS, every_s * 1000)
                    ]
                    cursor.executemany("INSERT OR IGNORE INTO reading VALUES (?, ?, ?)", rows)
        with database.writing() as cursor:
            cursor.execute("INSERT INTO reading SELECT id, ?, 20.0 FROM series", (NOW_MS,))
        return int(database.rows("SELECT count(*) FROM reading")[0][0])


def beside(path: Path, pipe: multiprocessing.connection.Connection) -> None:
    """Another process that writes; sends its longest waits when told to end."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    connection.execute("PRAGMA synchronous = NORMAL")
    waits = []
    while not pipe.poll(0.005):
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        waits.append((time.perf_counter() - began) * 1000)
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('benchmark', ?)", (len(waits),))
        connection.execute("COMMIT")
    connection.close()
    pipe.send(sorted(waits))


class TimedDatabase(Database):
    """Knows how long each transaction held the writer, its commit among it, and the processor for it, in ms."""

    held: list[float]
    worked: list[float]

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Cursor]:
        with super().writing() as cursor:
            began, cpu = time.perf_counter(), time.process_time()
            yield cursor
        self.held.append((time.perf_counter() - began) * 1000)
        self.worked.append((time.process_time() - cpu) * 1000)


class AtTheEnd(SystemClock):
    """The time at which the readings are old."""

    def now_ms(self) -> int:
        return NOW_MS


def turns(thinning: Thinning, database: TimedDatabase) -> Iterator[float]:
    """Seconds of each turn until there is nothing left to do."""
    before = -1
    while len(database.held) != before:
        before = len(database.held)
        began = time.perf_counter()
        thinning.step()
        yield time.perf_counter() - began
        time.sleep(PAUSE_S)


def measured(path: Path) -> None:
    """Thin everything, with another process writing beside, and print."""
    size = path.stat().st_size
    ours, theirs = multiprocessing.Pipe()
    other = multiprocessing.Process(target=beside, args=(path, theirs))
    other.start()
    with TimedDatabase(path) as database:
        database.held, database.worked = [], []
        took = list(turns(Thinning(SqliteThinning(database), AtTheEnd(), 30), database))
        held = sorted(database.held)
        ours.send("end")
        waits = ours.recv()
        other.join()
        rows, readings = database.rows("SELECT count(*), coalesce(sum(count), 0) FROM thinned")[0]
        database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        left = int(database.rows("SELECT count(*) FROM reading")[0][0])
        free, page = (int(database.rows(f"PRAGMA {name}")[0][0]) for name in ("freelist_count", "page_size"))
    after = path.stat().st_size
    in_rows = (after - free * page - left * READING_BYTES) / max(rows, 1)
    formula = ROW_BYTES + OFFSET_BYTES * readings / max(rows, 1)
    print(f"the writer was held at most {held[-1]:.1f} ms, {held[-1] / MOST_HELD_MS:.2f} of the limit "
          f"{MOST_HELD_MS:g} ms; {held[len(held) // 2]:.1f} ms by half of {len(held):,} slices")  # fmt: skip
    worked = sorted(database.worked)
    print(f"processor for a slice: {worked[len(worked) // 2]:.1f} ms by half of them, {worked[-1]:.1f} ms at most; "
          f"the rest is the disk, and who else runs here")  # fmt: skip
    print(f"another process waited at most {waits[-1]:.1f} ms, {waits[-1] / MOST_HELD_MS:.2f} of the limit; "
          f"99 % of {len(waits):,} writes at most {waits[int(len(waits) * 0.99)]:.1f} ms")  # fmt: skip
    print(f"{readings:,} readings to {rows:,} rows in {sum(took):.0f} s of work in {len(took):,} turns, "
          f"{len(took) * TURN_EVERY_S / 3600:.1f} h at a turn every {TURN_EVERY_S} s")  # fmt: skip
    print(f"file {size / 1e6:.0f} MB before, {after / 1e6:.0f} MB after ({size / after:.1f} times smaller), "
          f"{free * page / 1e6:.1f} MB of it free; {left:,} readings left as they came")  # fmt: skip
    print(f"a row takes {in_rows:.1f} bytes; the formula of `check` says {formula:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=10)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--every", type=int, default=60, help="seconds between two readings of a series")
    arguments = parser.parse_args()
    (ROOT / "build").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=ROOT / "build"))
    try:
        path = folder / "monitor.db"
        count = filled(path, arguments.series, arguments.days, arguments.every)
        print(f"{count:,} readings of {arguments.series} series, every {arguments.every} s for {arguments.days} days; "
              f"{path.stat().st_size / count:.1f} bytes a reading")  # fmt: skip
        measured(path)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
