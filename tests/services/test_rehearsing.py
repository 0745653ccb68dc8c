"""The demo plays each night through the daemon: stored, logged and closed before the next one begins."""

import queue
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from datetime import time as wall_time
from itertools import count

import pytest

from monitor.core.decoding import Decoders
from monitor.core.diary import DiaryEntry
from monitor.core.simulation.nights import SimulatedNight
from monitor.core.simulation.publication import Publication
from monitor.core.simulation.sleeper import NightTruth, SimulatedEntry
from monitor.decoders import zigbee2mqtt
from monitor.errors import BrokerError
from monitor.ports import Delivery
from monitor.services.daemon import Daemon
from monitor.services.ingest import Ingest
from monitor.services.rehearsing import ARRIVAL_S, CLOCK_TOPIC, TICK_MS, Stage, await_messages, rehearse
from tests.services.fakes import FakeClock, FakeSource
from tests.services.home import DAY, FIRST, Home, night_of
from tests.services.rig import a_delivery

TOPIC = "zigbee2mqtt/bedroom"
EVERY_MS = 300_000


class Wire(FakeSource):
    """Publisher and source in one: what is published arrives, at the time that the clock's topic told last."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock
        self.ticks: list[int] = []
        self.flushed = 0
        self._arrived: queue.SimpleQueue[Delivery] = queue.SimpleQueue()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if topic == CLOCK_TOPIC:
            self.clock.now = int(payload)
            self.ticks.append(self.clock.now)
        else:
            self._arrived.put(a_delivery(payload, topic=topic, retain=retain, at_ms=self.clock.now))

    def flush(self, timeout_s: float) -> None:
        self.flushed += 1

    def take(self, wait_s: float) -> list[Delivery]:
        try:
            return [self._arrived.get(timeout=min(wait_s, 0.005))]
        except queue.Empty:
            return []


class Theatre:
    """A stage with a daemon that runs in a thread of its own."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.clock = FakeClock(night_of(FIRST)[0])
        self.wire = Wire(self.clock)
        ingest = Ingest(Decoders((zigbee2mqtt.dialect(),)), home.readings, self.clock, rows=500, age_s=60)
        daemon = Daemon(self.wire, ingest)
        self.stage = Stage(self.wire, daemon, self.wire, ingest, home.closing, home.diary, self._set_clock)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=daemon.run, args=(self.stop,))

    def _set_clock(self, now_ms: int) -> None:
        self.clock.now = now_ms

    def play(self, *nights: SimulatedNight) -> list[date]:
        return [night.wake_date for night in rehearse(nights, self.stage)]


@pytest.fixture
def theatre(home: Home) -> Iterator[Theatre]:
    theatre = Theatre(home)
    theatre.thread.start()
    yield theatre
    theatre.stop.set()
    theatre.thread.join(10)


def an_entry(**changes: object) -> SimulatedEntry:
    fields = {"wake_date": FIRST, "severity": 4, "bed": None, "rise": None, "factors": {"alcohol": 2.0}}
    return SimulatedEntry(**(fields | changes))  # type: ignore[arg-type]


def a_night(
    wake_date: date = FIRST, entry: SimulatedEntry | None = None, *, every_ms: int = EVERY_MS
) -> SimulatedNight:
    payloads = (
        (time_ms, b'{"temperature": %d}' % (20 + time_ms // every_ms % 2)) for time_ms in times(wake_date, every_ms)
    )
    return SimulatedNight(
        wake_date=wake_date,
        publications=tuple(Publication(TOPIC, payload, False, time_ms) for time_ms, payload in payloads),
        entry=entry,
        truth=NightTruth.__new__(NightTruth),
    )


def times(wake_date: date, every_ms: int) -> range:
    return range(*night_of(wake_date), every_ms)


def test_each_night_is_handed_out_in_its_order(theatre: Theatre) -> None:
    assert theatre.play(a_night(FIRST), a_night(FIRST + DAY)) == [FIRST, FIRST + DAY]


def test_every_message_is_stored_at_its_simulated_time(theatre: Theatre) -> None:
    theatre.play(a_night())
    stored = theatre.home.readings.readings("zigbee2mqtt:bedroom", "temperature", *night_of(FIRST))
    assert [time_ms for time_ms, _ in stored] == list(times(FIRST, EVERY_MS))


def test_the_last_messages_of_a_night_are_stored_before_it_is_closed(theatre: Theatre) -> None:
    theatre.play(a_night(every_ms=3 * 3_600_000))
    assert (theatre.home.readings.count(), theatre.home.coverage()) == (3, 3 / 96)


def test_a_night_is_closed_before_the_next_begins(theatre: Theatre) -> None:
    played = rehearse([a_night(FIRST), a_night(FIRST + DAY)], theatre.stage)
    next(played)
    assert [night.window.wake_date for night in theatre.home.nights.nights()] == [FIRST]


def test_the_diary_of_a_night_is_logged(theatre: Theatre) -> None:
    theatre.play(a_night(entry=an_entry(bed=wall_time(23, 10), rise=wall_time(6, 50))))
    assert theatre.home.diary.entry(FIRST) == DiaryEntry(
        wake_date=FIRST, severity=4, bed="23:10", rise="06:50", factors={"alcohol": 2.0}
    )


def test_times_that_the_diary_leaves_out_stay_out(theatre: Theatre) -> None:
    theatre.play(a_night(entry=an_entry()))
    entry = theatre.home.diary.entry(FIRST)
    assert entry is not None
    assert (entry.bed, entry.rise) == (None, None)


def test_a_night_without_an_entry_is_closed_all_the_same(theatre: Theatre) -> None:
    theatre.play(a_night())
    assert (theatre.home.diary.entries(), theatre.home.exposure("T_mean")) == ([], 20.5)


def test_the_time_is_told_once_a_simulated_minute(theatre: Theatre) -> None:
    theatre.play(a_night(every_ms=TICK_MS // 4))
    assert len(theatre.wire.ticks) == timedelta(hours=8) // timedelta(minutes=1)


def test_the_broker_has_everything_before_a_night_ends(theatre: Theatre) -> None:
    theatre.play(a_night(FIRST), a_night(FIRST + DAY))
    assert theatre.wire.flushed == 2


def test_messages_that_do_not_arrive_are_a_fault_of_the_broker(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest = Theatre(home).stage.ingest
    monkeypatch.setattr(time, "monotonic", count(0.0, ARRIVAL_S / 2).__next__)
    with pytest.raises(BrokerError, match="3 messages of the demo did not arrive within 30 s"):
        await_messages(ingest, 3)
