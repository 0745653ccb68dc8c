"""Where readings of the past come from, and how far an import of them is."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from monitor.core.readings import Reading


class Silent(NamedTuple):
    """From `time_ms` (UTC Unix ms) on the series had no value, for all that is known."""

    sensor: str
    quantity: str
    time_ms: int


class Faulty(NamedTuple):
    """A record that cannot be used: where it stands, and why."""

    where: str
    why: str


class Span(NamedTuple):
    """What another program made of the values of a span `start_ms <= t < end_ms`, in the canonical unit."""

    sensor: str
    quantity: str
    start_ms: int
    end_ms: int
    mean: float
    low: float
    high: float


Record = Reading | Silent | Faulty


class Item(NamedTuple):
    """One series of a source: `name` as the source calls it, `title` as people do.

    `records` and `spans` count what there is (records None: not counted), the times are those of the first and the
    last. `known` says that the person named the sensor: what is known of it stays. `calibrated` values were corrected
    before the source got them. `on_change`: the source keeps a value only where it differs from the one before.
    """

    name: str
    sensor: str
    quantity: str
    unit: str | None = None
    title: str | None = None
    records: int | None = 0
    spans: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    known: bool = False
    calibrated: bool = False
    on_change: bool = False


class LeftOut(NamedTuple):
    """What a source holds that is not imported, and why; `faulty`: because it cannot be read."""

    name: str
    why: str
    faulty: bool = False


class Origin(Protocol):
    """A source of the past; `name` stays the same from one run to the next."""

    name: str

    def items(self) -> tuple[list[Item], list[LeftOut]]:
        """What can be imported, and what is left out. Raises InputError, HistoryError."""
        ...

    def records(self, item: Item, from_ms: int, to_ms: int) -> Iterator[Record]:
        """The records of a series, `from_ms <= t < to_ms`, by time; a bad one is Faulty, and the next one follows.

        Raises HistoryError where the source cannot be reached any more.
        """
        ...

    def spans(self, item: Item, from_ms: int, to_ms: int) -> Iterator[Span | Faulty]:
        """What the source made of times whose records it does not keep, finer ones first."""
        ...


class PastStore(Protocol):
    """How far imports are, and five-minute rows that stand for readings which are gone."""

    def marks(self, source: str) -> dict[str, int]:
        """Up to where the parts of an unfinished import of this source are stored."""
        ...

    def keep(self, source: str, item: str, done_to: int, spans: Sequence[Span]) -> int:
        """Store rows for the spans and how far the import is, in one transaction; how many rows are new.

        A span gets a row for each of its five minutes where its series has no reading in the whole of it, but none
        where a row is already. Where rows are new, the nights they touch are due.
        """
        ...

    def finish(self, source: str) -> None:
        """Forget the marks of a source."""
        ...

    def count(self, series: Iterable[tuple[str, str]], start_ms: int, end_ms: int) -> int:
        """How many readings of these series there are, `start <= t < end`."""
        ...
