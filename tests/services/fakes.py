"""Fakes behind the ports: a store in memory that can fail, a source that remembers, a clock that stands still."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from monitor.core.places import place_by_name
from monitor.errors import MonitorError
from monitor.ports import Batch, Delivery, Problem, Sensor, SeriesSummary


@dataclass
class FakeClock:
    """A clock that moves only when told to."""

    now: int = 0
    elapsed: float = 0.0

    def now_ms(self) -> int:
        return self.now

    def elapsed_s(self) -> float:
        return self.elapsed

    def pass_by(self, seconds: float) -> None:
        self.now += round(seconds * 1000)
        self.elapsed += seconds


@dataclass
class FakeStore:
    """A reading store in memory: all of a batch or nothing. While `trouble` is set, saving raises it.

    `late` holds the spans that were marked, `saved` counts the batches.
    """

    trouble: MonitorError | None = None
    saved: int = 0
    rows: dict[tuple[str, str, int], float] = field(default_factory=dict)
    aside: dict[tuple[str, str, int], tuple[float, str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    late: list[tuple[int, int]] = field(default_factory=list)
    _problems: dict[tuple[str, str], Problem] = field(default_factory=dict)
    _deliveries: bytes = b""

    def save(self, batch: Batch) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.saved += 1
        self.names.update(batch.names)
        self.rows.update({(one.sensor, one.quantity, one.time_ms): one.value for one in batch.readings})
        self.aside.update({(one.sensor, one.quantity, one.time_ms): (one.value, one.reason) for one in batch.set_aside})
        for problem in batch.problems:
            known = self._problems.get(problem[:2])
            merged = known and problem._replace(times=known.times + problem.times, first_ms=known.first_ms)
            self._problems[problem[:2]] = merged or problem
        self._deliveries += batch.deliveries
        if batch.late is not None:
            self.late.append(batch.late)

    def deliveries(self) -> bytes:
        return self._deliveries

    def readings(self, sensor: str, quantity: str, start_ms: int, end_ms: int) -> list[tuple[int, float]]:
        return sorted(
            (time_ms, value)
            for (key, name, time_ms), value in self.rows.items()
            if (key, name) == (sensor, quantity) and start_ms <= time_ms < end_ms
        )

    def next_reading_ms(self, after_ms: int) -> int | None:
        return min((time_ms for _, _, time_ms in self.rows if time_ms >= after_ms), default=None)

    def sensors(self) -> list[Sensor]:
        first: dict[str, int] = {}
        for sensor, _, time_ms in (*self.rows, *self.aside):
            first[sensor] = min(time_ms, first.get(sensor, time_ms))
        named = ((key, self.names.get(key, key), first_ms) for key, first_ms in first.items())
        found = [Sensor(key, name, place_by_name(name), "name", first_ms) for key, name, first_ms in named]
        return sorted(found, key=lambda sensor: (sensor.first_seen_ms, sensor.key))

    def count(self) -> int:
        return len(self.rows)

    def series_names(self) -> set[tuple[str, str]]:
        return {(sensor, quantity) for sensor, quantity, _ in (*self.rows, *self.aside)}

    def series(self) -> list[SeriesSummary]:
        return [self._summary(sensor, quantity) for sensor, quantity in sorted(self.series_names())]

    def problems(self) -> list[Problem]:
        return sorted(self._problems.values(), key=lambda problem: -problem.times)

    def _summary(self, sensor: str, quantity: str) -> SeriesSummary:
        times = sorted(time_ms for key, name, time_ms in self.rows if (key, name) == (sensor, quantity))
        first, last = (times[0], times[-1]) if times else (None, None)
        aside = sum((key, name) == (sensor, quantity) for key, name, _ in self.aside)
        value = None if last is None else self.rows[sensor, quantity, last]
        return SeriesSummary(sensor, quantity, len(times), first, last, value, aside)


@dataclass
class FakeSource:
    """A source that hands out what it was given, one list at a time, and remembers what it was told."""

    brings: list[list[Delivery]] = field(default_factory=list)
    acknowledged: list[Delivery] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.events.append("start")

    def stop(self) -> None:
        self.events.append("stop")

    def take(self, wait_s: float) -> list[Delivery]:
        self.events.append("take")
        return self.brings.pop(0) if self.brings else []

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        self.acknowledged.extend(deliveries)
        self.events.append("acknowledge")
