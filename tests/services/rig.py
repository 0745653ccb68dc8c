"""An ingest with real decoders over fakes, which can crash and come back."""

from dataclasses import dataclass, field
from itertools import count
from zoneinfo import ZoneInfo

import orjson

from monitor import bootstrap
from monitor.core.decoding import Decoders, Dialect
from monitor.core.readings import Message
from monitor.errors import StoreUnavailable
from monitor.ports import Delivery
from monitor.services.ingest import Ingest
from monitor.settings.sections import Home, Settings
from tests.services.fakes import FakeClock, FakeSource, FakeStore

ZONE = ZoneInfo("Europe/Brussels")
NOW_MS = 1_790_812_800_000
"""2026-10-01 00:00 UTC."""
BEDROOM = "zigbee2mqtt/bedroom"
SENSOR = "zigbee2mqtt:bedroom"
FULL_DISK = StoreUnavailable("monitor.db: database or disk is full")

_mids = count(1)


def dialects() -> tuple[Dialect, ...]:
    """The real ones, as bootstrap joins them."""
    return bootstrap.dialects(Settings.model_construct(home=Home(zone=ZONE.key)))


def a_delivery(
    payload: object = None,
    *,
    topic: str = BEDROOM,
    at_ms: int = NOW_MS,
    mid: int | None = None,
    qos: int = 1,
    retain: bool = False,
    again: bool = False,
    connection: int = 1,
) -> Delivery:
    """A message as it comes from the broker; `payload` is bytes, or a value to be written as JSON."""
    content = {"temperature": 21.5} if payload is None else payload
    raw = content if isinstance(content, bytes) else orjson.dumps(content)
    return Delivery(Message(topic, raw, retain, at_ms), mid or next(_mids), qos, again, connection)


@dataclass
class Rig:
    """An ingest with all it needs; `restart` is a crash: what is not in the store is gone."""

    store: FakeStore = field(default_factory=FakeStore)
    source: FakeSource = field(default_factory=FakeSource)
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW_MS))
    dialects: tuple[Dialect, ...] = field(default_factory=dialects)
    rows: int = 500
    age_s: float = 1.0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.ingest = Ingest(Decoders(self.dialects), self.store, self.clock, rows=self.rows, age_s=self.age_s)

    def hear(self, *deliveries: Delivery) -> bool:
        """Take and commit; whether that worked."""
        self.ingest.take(deliveries)
        return self.ingest.commit(self.source)

    @property
    def readings(self) -> list[tuple[str, int, float]]:
        """Quantity, time and value of what is stored, by time."""
        stored = [(quantity, time_ms, value) for (_, quantity, time_ms), value in self.store.rows.items()]
        return sorted(stored, key=lambda row: (row[1], row[0]))

    @property
    def times(self) -> list[int]:
        return [time_ms for _, time_ms, _ in self.readings]
