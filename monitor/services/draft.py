"""What the next transaction will store, while messages are taken."""

from dataclasses import dataclass, field

from monitor.core.jumps import COPY, Verdict
from monitor.core.readings import Reading, SetAside
from monitor.ports import Batch, Problem, Reach, Seen


@dataclass(slots=True)
class Draft:
    """A batch that grows."""

    readings: list[Reading] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    released: list[tuple[str, str, int]] = field(default_factory=list)
    problems: dict[tuple[str, str], Problem] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    reach: list[Reach] = field(default_factory=list)
    late: tuple[int, int] | None = None

    def judged(self, reading: Reading, verdict: Verdict) -> None:
        """A reading with the verdict on it and on the value before it that was waiting."""
        sensor, quantity, time_ms, value, _word = reading
        if verdict.accepted:
            self.readings.append(reading)
        elif verdict is not COPY:
            self.set_aside.append(SetAside(sensor, quantity, time_ms, value, str(verdict.reason), awaiting=True))
        if verdict.released is not None:
            self.readings.append(Reading(sensor, quantity, *verdict.released))
            self.released.append((sensor, quantity, verdict.released.time_ms))
        if verdict.spike is not None:
            self.set_aside.append(SetAside(sensor, quantity, *verdict.spike))

    def is_late(self, time_ms: int) -> None:
        """The night of that instant may be closed already."""
        since, until = self.late or (time_ms, time_ms + 1)
        self.late = (min(since, time_ms), max(until, time_ms + 1))

    def count(self, topic: str, reason: str, at_ms: int) -> None:
        """One more message of the topic that could not be used."""
        known = self.problems.get((topic, reason))
        times, first_ms = (known.times, known.first_ms) if known else (0, at_ms)
        self.problems[topic, reason] = Problem(topic, reason, times + 1, first_ms, at_ms)

    def batch(self, deliveries: bytes, now_ms: int, *, live: bool = True) -> Batch:
        """All of it, with the journal of deliveries, to be stored at `now_ms`."""
        return Batch(
            readings=self.readings,
            set_aside=self.set_aside,
            released=self.released,
            problems=list(self.problems.values()),
            seen=self.seen,
            reach=self.reach,
            deliveries=deliveries,
            late=self.late,
            stored_ms=now_ms,
            live=live,
        )
