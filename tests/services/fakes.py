"""Fakes behind the ports: a store in memory that can fail, a source that remembers, a clock that stands still."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from monitor.core.readings import SetAside
from monitor.core.thinning import Thinned
from monitor.errors import MonitorError
from monitor.ports import Batch, Delivery, Heard, Latest, Problem, Recent, Seen, Sensor, SeriesSummary


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
    aside: dict[tuple[str, str, int], tuple[float, str, bool]] = field(default_factory=dict)
    word: dict[tuple[str, str, int], str] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    reach: dict[str, bool] = field(default_factory=dict)
    late: list[tuple[int, int]] = field(default_factory=list)
    _problems: dict[tuple[str, str], Problem] = field(default_factory=dict)
    _deliveries: bytes = b""

    def save(self, batch: Batch) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.saved += 1
        self.seen.extend(batch.seen)
        self.reach.update({one.sensor: one.online for one in batch.reach})
        self.rows.update({(one.sensor, one.quantity, one.time_ms): one.value for one in batch.readings})
        self.aside.update({one[:3]: one[3:] for one in batch.set_aside})
        for key in batch.released:
            del self.aside[key]
        self.word.update({one[:3]: one.word for one in batch.readings if one.word is not None})
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

    def thinned(self, sensor: str, quantity: str, start_ms: int, end_ms: int) -> list[Thinned]:
        return []

    def recent(self, sensor: str, quantity: str, count: int) -> Recent:
        waiting = sorted(
            (key[2], value)
            for key, (value, _, awaiting) in self.aside.items()
            if awaiting and key[:2] == (sensor, quantity)
        )
        return Recent(self.readings(sensor, quantity, 0, 2**62)[-count:], waiting[-1] if waiting else None)

    def was_set_aside(self, sensor: str, quantity: str, time_ms: int) -> bool:
        return (sensor, quantity, time_ms) in self.aside

    def words(self, sensor: str, quantity: str, start_ms: int, end_ms: int) -> list[tuple[int, str]]:
        return sorted(
            (time_ms, word)
            for (key, name, time_ms), word in self.word.items()
            if (key, name) == (sensor, quantity) and start_ms <= time_ms < end_ms
        )

    def set_aside(self, sensor: str, count: int) -> list[SetAside]:
        apart = (SetAside(*key, *rest) for key, rest in self.aside.items() if key[0] == sensor)
        return sorted(apart, key=lambda one: -one.time_ms)[:count]

    def heard(self) -> list[Heard]:
        return [Heard(one.sensor, one.topic, one.availability) for one in self.seen if one.topic is not None]

    def next_reading_ms(self, after_ms: int) -> int | None:
        return min((time_ms for _, _, time_ms in self.rows if time_ms >= after_ms), default=None)

    def sensors(self) -> list[Sensor]:
        first: dict[str, int] = {}
        for sensor, _, time_ms in (*self.rows, *self.aside):
            first[sensor] = min(time_ms, first.get(sensor, time_ms))
        names = {one.sensor: one.name for one in self.seen if one.name}
        places = {one.sensor: one.place for one in self.seen if one.place}
        found = [Sensor(key, names.get(key, key), places.get(key), "name", at_ms) for key, at_ms in first.items()]
        return sorted(found, key=lambda sensor: (sensor.first_seen_ms, sensor.key))

    def count(self) -> int:
        return len(self.rows)

    def series_names(self) -> set[tuple[str, str]]:
        return {(sensor, quantity) for sensor, quantity, _ in (*self.rows, *self.aside)}

    def series(self) -> list[SeriesSummary]:
        return [self._summary(sensor, quantity) for sensor, quantity in sorted(self.series_names())]

    def latest(self) -> list[Latest]:
        return [
            Latest(
                *series,
                max((key[2] for key in self.rows if key[:2] == series), default=None),
                max((key[2] for key in self.aside if key[:2] == series), default=None),
            )
            for series in sorted(self.series_names())
        ]

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

    def poke(self) -> None:
        pass

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        self.acknowledged.extend(deliveries)
        self.events.append("acknowledge")
