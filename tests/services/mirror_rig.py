"""A home with a real database, the real sender and a server like InfluxDB 2, under a clock of the test's own."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from monitor.adapters.mirror import InfluxServer
from monitor.adapters.sqlite.analysis import SqliteAnalysis
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.diary import SqliteDiary
from monitor.adapters.sqlite.mirror_queue import SqliteMirrorQueue
from monitor.adapters.sqlite.nights import SqliteNights
from monitor.adapters.sqlite.outbox import Outbox
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.sensors import SqliteSensors
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.core.mirrored import Health
from monitor.core.readings import DAY_MS, Reading
from monitor.ports import Batch
from monitor.services.advising import Advising
from monitor.services.mirror_loading import Loading, Records
from monitor.services.mirroring import Mirroring, MirrorRules
from monitor.settings.keeping import Mirror
from tests.influx_like import BUCKET, ORG, TOKEN, InfluxLike
from tests.services.fakes import FakeClock

NOW_MS = 1_790_812_800_000
"""2026-10-01 00:00 UTC."""
REQUEST_S = 0.05
"""Seconds of the simulated clock between two requests that follow one another at once."""
QUANTITIES = ("temperature", "humidity")


def rules(**changes: object) -> MirrorRules:
    known = {"name": "influx", "batch_lines": 5_000, "flush_s": 10.0, "keep_ms": 30 * DAY_MS, "keep_rows": 1_000_000}
    return MirrorRules(**{**known, **changes})  # type: ignore[arg-type]


@dataclass
class MirrorRig:
    """Stores, clock, server and sender; `restart` is a new process over the same file."""

    folder: Path
    influx: InfluxLike
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW_MS, 1_000.0))
    rules: MirrorRules = field(default_factory=rules)
    timeout_s: float = 5.0
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def __post_init__(self) -> None:
        self.expected: dict[tuple[str, str], dict[int, float]] = {}
        self.waits: list[float] = []
        self._count = 0
        self._begin()

    def _begin(self) -> None:
        self.database = Database(self.folder / "monitor.db", sync="normal")
        numbers, outbox = SeriesNumbers(), Outbox(on=True)
        self.readings = SqliteReadings(self.database, numbers, outbox)
        self.sensors = SqliteSensors(self.database, numbers, outbox)
        self.nights = SqliteNights(self.database, outbox)
        self.diary = SqliteDiary(self.database, outbox)
        self.analyses = SqliteAnalysis(self.database, outbox)
        self.queue = SqliteMirrorQueue(self.database, self.readings)
        self.server = InfluxServer(
            Mirror.model_construct(
                url=self.influx.url,
                token=SecretStr(TOKEN),
                org=ORG,
                bucket=BUCKET,
                gzip=False,
                timeout_s=self.timeout_s,
                ca_file=None,
            )
        )
        advise = Advising(self.nights).advise
        records = Records(self.nights, self.diary, self.analyses, advise, "Europe/Brussels")
        loading = Loading(self.queue, records, self._sensors, self.clock)
        self.mirroring = Mirroring(
            loading, self.server, self.rules, self.clock, lambda call: call(), self.chance.random
        )
        self._step_s = self.clock.elapsed

    def restart(self) -> None:
        self.end()
        self._begin()

    def end(self) -> None:
        self.server.close()
        self.database.close()

    def _sensors(self, now_ms: int) -> Sequence[Health]:
        return [Health("g:0", "Window", None, 5.0, silent=False)]

    def measure(self, sensors: int = 1, *, at_ms: int | None = None) -> None:
        """Every sensor speaks: its quantities, in one transaction."""
        time_ms = self.clock.now if at_ms is None else at_ms
        self._count += 1
        readings = [
            Reading(f"g:{number}", quantity, time_ms, 20 + self._count % 100 / 10)
            for number in range(sensors)
            for quantity in QUANTITIES
        ]
        self.keep(readings)

    def keep(self, readings: Sequence[Reading]) -> None:
        self.readings.save(Batch(readings=readings, stored_ms=self.clock.now))
        for one in readings:
            self.expected.setdefault((one.sensor, one.quantity), {})[one.time_ms] = one.value

    def backlog(self, count: int, *, sensor: str = "g:0", quantity: str = "temperature") -> None:
        """So many readings of one series, a second apart, up to now."""
        first_ms = self.clock.now - count * 1_000
        for start in range(0, count, 500):
            many = range(start, min(start + 500, count))
            self.keep([Reading(sensor, quantity, first_ms + each * 1_000, each / 16) for each in many])

    def live(self, seconds: float, *, sensors: int = 0, every_s: float = 10.0) -> None:
        """Let the time pass, with sensors that speak; the sender steps when it wants to."""
        until_s = self.clock.elapsed + seconds
        speak_s = self.clock.elapsed
        while self.clock.elapsed < until_s:
            due_s = min(self._step_s, until_s, speak_s if sensors else until_s)
            if due_s > self.clock.elapsed:
                self.clock.pass_by(due_s - self.clock.elapsed)
            if sensors and self.clock.elapsed >= speak_s:
                self.measure(sensors)
                speak_s += every_s
            if self.clock.elapsed >= self._step_s:
                wait_s = self.mirroring.step()
                self.waits.append(wait_s)
                self._step_s = self.clock.elapsed + max(wait_s, REQUEST_S)

    @property
    def everything_is_there(self) -> bool:
        """Whether the server has what was stored, and nothing else."""
        there = {(sensor, quantity): self.influx.series(quantity, sensor=sensor) for sensor, quantity in self.expected}
        return there == self.expected

    @property
    def nothing_waits(self) -> bool:
        return self.queue.oldest(1).empty
