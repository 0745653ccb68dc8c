"""The demo: simulated nights through a real broker into a real daemon, on a clock that the messages carry."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol

from monitor.core.diary import DiaryEntry
from monitor.core.simulation.nights import SimulatedNight
from monitor.core.simulation.sleeper import SimulatedEntry
from monitor.errors import BrokerError
from monitor.ports import DiaryStore, MessageSource
from monitor.services.closing import Closing
from monitor.services.daemon import Daemon
from monitor.services.ingest import Ingest

CLOCK_TOPIC = "bedroom-monitor-demo/clock"
"""The simulated time travels among the messages, so that each arrives at its own time however fast they go."""

TICK_MS = 60_000
"""ms of simulated time between two messages after which the time is said anew."""

ARRIVAL_S = 30.0
"""Seconds that a night's messages may take from publisher to store."""

LOOK_S = 0.002
"""Seconds between two looks whether all has arrived."""

CLOSING_TIME_MS = 3 * 3_600_000
"""ms after a night's last message at which it is closed."""


class Publisher(Protocol):
    """Who speaks for the simulated sensors."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish one message after those before it."""
        ...

    def flush(self, timeout_s: float) -> None:
        """Wait until the broker has taken everything."""
        ...


class Stage(NamedTuple):
    """The real parts that the demo plays on."""

    publisher: Publisher
    daemon: Daemon
    source: MessageSource
    ingest: Ingest
    closing: Closing
    diary: DiaryStore
    set_clock: Callable[[int], None]


def rehearse(nights: Iterable[SimulatedNight], stage: Stage) -> Iterator[SimulatedNight]:
    """Play the nights one by one; each is yielded when its messages are stored and it is closed.

    Raises BrokerError where messages do not arrive.
    """
    expected = stage.ingest.messages
    told_ms = 0
    for night in nights:
        for publication in night.publications:
            if abs(publication.time_ms - told_ms) >= TICK_MS:
                told_ms = publication.time_ms
                stage.publisher.publish(CLOCK_TOPIC, str(told_ms).encode())
            stage.publisher.publish(publication.topic, publication.payload, retain=publication.retain)
        expected += len(night.publications)
        stage.publisher.flush(ARRIVAL_S)
        await_messages(stage.ingest, expected)
        ends_ms = max(publication.time_ms for publication in night.publications) + CLOSING_TIME_MS
        stage.daemon.submit(lambda night=night, ends_ms=ends_ms: _end_of_night(stage, night, ends_ms)).result()  # type: ignore[misc]
        yield night


def await_messages(ingest: Ingest, expected: int) -> None:
    """Wait until the daemon has seen that many messages; raises BrokerError where it does not in time."""
    until_s = time.monotonic() + ARRIVAL_S
    while ingest.messages < expected:
        if time.monotonic() > until_s:
            raise BrokerError(
                f"{expected - ingest.messages} messages of the demo did not arrive within {ARRIVAL_S:g} s"
            )
        time.sleep(LOOK_S)


def _end_of_night(stage: Stage, night: SimulatedNight, now_ms: int) -> None:
    if stage.ingest.pending:
        stage.ingest.commit(stage.source)
    stage.set_clock(now_ms)
    if night.entry is not None:
        stage.diary.log(_entry(night.entry), now_ms, "demo")
    stage.closing.close_due(now_ms)


def _entry(entry: SimulatedEntry) -> DiaryEntry:
    return DiaryEntry(
        wake_date=entry.wake_date,
        severity=entry.severity,
        bed=None if entry.bed is None else entry.bed.isoformat("minutes"),
        rise=None if entry.rise is None else entry.rise.isoformat("minutes"),
        factors=entry.factors,
    )
