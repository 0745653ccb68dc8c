"""Where readings are kept, and what is known of the sensors."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from monitor.core.readings import Reading, SetAside
from monitor.core.thinning import Thinned


class Problem(NamedTuple):
    """A topic's messages that could not be used, by reason."""

    topic: str
    reason: str
    times: int
    first_ms: int
    last_ms: int


class Seen(NamedTuple):
    """What was told of a sensor; None leaves what is known.

    `seen_ms` is when it was heard. `topic` is one that it speaks on, `availability` the topic that says whether it can
    be reached. `formerly` is the key of what was the same sensor before; one that ends in `/` means every sensor of a
    device. `place` is a guess.
    """

    sensor: str
    name: str | None = None
    place: str | None = None
    topic: str | None = None
    availability: str | None = None
    formerly: str | None = None
    expire_after_s: float | None = None
    seen_ms: int | None = None


class Reach(NamedTuple):
    """Whether a sensor can be reached, as its availability topic said at `at_ms` (UTC Unix ms)."""

    sensor: str
    online: bool
    at_ms: int


class Batch(NamedTuple):
    """What one transaction stores: all of it or nothing.

    `released` are set-aside values that turned out to be true, by sensor, quantity and time: they stand among the
    readings. `late` is the span whose nights must be closed again. `stored_ms` is the time of storing, UTC Unix ms;
    `live` is False for what comes from the past in bulk.
    """

    readings: Sequence[Reading] = ()
    set_aside: Sequence[SetAside] = ()
    released: Sequence[tuple[str, str, int]] = ()
    problems: Sequence[Problem] = ()
    seen: Sequence[Seen] = ()
    reach: Sequence[Reach] = ()
    deliveries: bytes = b""
    late: tuple[int, int] | None = None
    stored_ms: int = 0
    live: bool = True


class Sensor(NamedTuple):
    """One measuring device; `place` None means that nobody has said where it is.

    `online` is what its availability topic said last, at `online_ms`; `expire_after_s` what its announcement allows.
    """

    key: str
    name: str
    place: str | None
    placed_by: str | None
    first_seen_ms: int
    online: bool | None = None
    online_ms: int | None = None
    expire_after_s: float | None = None


class Heard(NamedTuple):
    """A topic on which a sensor speaks, and the topic that says whether it can be reached."""

    sensor: str
    topic: str
    availability: str | None


class Calibration(NamedTuple):
    """A correction of a series from a time on: `value * gain + offset`."""

    sensor: str
    quantity: str
    valid_from_ms: int
    offset: float
    gain: float


class Recent(NamedTuple):
    """The newest raw values of a series, oldest first, and the newest one that is set aside until the next decides."""

    values: list[tuple[int, float]]
    awaiting: tuple[int, float] | None


class SeriesSummary(NamedTuple):
    """One quantity of one sensor, with how much of it is stored; `set_aside` counts what was kept apart.

    `thinned` counts those of the readings that only rows of five minutes stand for.
    """

    sensor: str
    quantity: str
    readings: int
    first_ms: int | None
    last_ms: int | None
    last_value: float | None
    set_aside: int
    thinned: int = 0


class Latest(NamedTuple):
    """When a series was last heard, and when a value of it was last set aside (UTC Unix ms, None for never)."""

    sensor: str
    quantity: str
    last_ms: int | None
    aside_ms: int | None


class ReadingStore(Protocol):
    """Readings, for good."""

    def save(self, batch: Batch) -> None:
        """All of the batch or nothing. The same reading twice is one reading; a new value for it wins.

        Raises StoreUnavailable where trying again is right, StoreUnusable where it is not.
        """
        ...

    def deliveries(self) -> bytes:
        """The remembered deliveries, oldest first."""
        ...

    def readings(self, sensor: str, quantity: str, start_ms: int, end_ms: int) -> list[tuple[int, float]]:
        """`start <= t < end`, by time, with calibration applied; empty where there are none.

        Readings that were thinned are one in the middle of their five minutes, with their median.
        """
        ...

    def thinned(self, sensor: str, quantity: str, start_ms: int, end_ms: int) -> list[Thinned]:
        """The rows whose middle lies in `start <= t < end`, by time, with calibration applied."""
        ...

    def recent(self, sensor: str, quantity: str, count: int) -> Recent:
        """At most `count` of the newest raw values, as they were sent."""
        ...

    def was_set_aside(self, sensor: str, quantity: str, time_ms: int) -> bool:
        """Whether the value of that instant was kept apart."""
        ...

    def words(self, sensor: str, quantity: str, start_ms: int, end_ms: int) -> list[tuple[int, str]]:
        """What the events of a series are called, `start <= t < end`, by time."""
        ...

    def set_aside(self, sensor: str, count: int) -> list[SetAside]:
        """The newest values of a sensor that were kept apart, newest first."""
        ...

    def next_reading_ms(self, after_ms: int) -> int | None:
        """The time of the first reading at or after `after_ms`, of any series; None where there is none."""
        ...

    def sensors(self) -> list[Sensor]:
        """Every sensor, by the time it was first seen, then by key."""
        ...

    def heard(self) -> list[Heard]:
        """Every topic on which a sensor was heard."""
        ...

    def count(self) -> int:
        """How many readings there are, those among them that were thinned."""
        ...

    def series_names(self) -> set[tuple[str, str]]:
        """Sensor and quantity of every series."""
        ...

    def series(self) -> list[SeriesSummary]:
        """Every series with its counts."""
        ...

    def latest(self) -> list[Latest]:
        """When every series was last heard; costs the same however much is stored."""
        ...

    def problems(self) -> list[Problem]:
        """What could not be used, most frequent first."""
        ...


class SensorStore(Protocol):
    """What the person says of the sensors."""

    def introduce(self, key: str, name: str, topics: Sequence[tuple[str, str | None]], now_ms: int) -> None:
        """Make a sensor known before it has spoken, with the topics it speaks on and those of its availability."""
        ...

    def place(self, key: str, place: str | None, by: str) -> None:
        """Put a sensor somewhere. Raises InputError for a sensor nobody has seen."""
        ...

    def calibrate(self, key: str, quantity: str, valid_from_ms: int, offset: float, gain: float) -> None:
        """Correct a series from a time on: `value * gain + offset`. Raises InputError for an unknown series."""
        ...

    def calibrations(self, key: str) -> list[Calibration]:
        """The corrections of a sensor in force, by quantity and time."""
        ...

    def forget(self, key: str) -> int:
        """Delete a sensor with all its readings; how many readings that were."""
        ...
