"""The past of another program: series by series, in short transactions, resumable; twice changes nothing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, TypeVar

from monitor.core.announced import BINARY
from monitor.core.grid import BIN_MS
from monitor.core.places import place_by_name
from monitor.core.readings import DAY_MS, YEAR_2015_MS, Reading, implausible
from monitor.core.zones import ALL_TIME_MS
from monitor.errors import HistoryError
from monitor.ports import Faulty, Item, Origin, PastStore, ReadingStore, Seen, Silent, Span
from monitor.services.draft import Draft
from monitor.services.importing import AT_ONCE, Sorting

WARM_UP_MS = DAY_MS
"""ms before the mark of an interrupted import that are read again, so that a jump is judged as it was before."""

SPANS_AT_ONCE = 500
"""Spans in one transaction; an hour makes twelve rows."""

T = TypeVar("T")

FAULTS_KEPT = 100
"""Faults that are told one by one; the others are counted."""

SPANS = "statistics of "
"""Begins the mark of an item's spans."""


class PastStores(NamedTuple):
    """Where an import writes."""

    readings: ReadingStore
    past: PastStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What of a source is imported, and how.

    `start <= t < end` in UTC Unix ms. A value counts until the next one, for `hold_ms` at most, where the source keeps
    changes only: it says by silence that nothing changed. `anew` forgets where an earlier import broke off.
    """

    now_ms: int
    start_ms: int = YEAR_2015_MS
    end_ms: int = ALL_TIME_MS
    hold_ms: int = 0
    spans: bool = True
    anew: bool = False


@dataclass(slots=True)
class Outcome:
    """What an import made of one item.

    `good` were stored, `new` of them not there before; `silent` said that there was no value; `rows` are five-minute
    rows that were not there before. `resumed` says that an earlier run had done a part.
    """

    item: Item
    good: int = 0
    new: int = 0
    set_aside: int = 0
    silent: int = 0
    faulty: int = 0
    rows: int = 0
    resumed: bool = False


@dataclass(slots=True)
class PastImported:
    """What an import did, item by item, with the first faults one by one."""

    outcomes: list[Outcome] = field(default_factory=list)
    faults: list[Faulty] = field(default_factory=list)


Progress = Callable[[Item, int], None]
"""Told up to which time (UTC Unix ms) an item is done."""


class PastImport:
    """One run over a source."""

    def __init__(
        self, origin: Origin, stores: PastStores, rules: Rules, progress: Progress = lambda _item, _ms: None
    ) -> None:
        self._origin = origin
        self._readings, self._past = stores
        self._rules = rules
        self._progress = progress
        self._done = PastImported()

    def run(self, items: Sequence[Item]) -> PastImported:
        """Import these items; what an interrupted run has stored is not stored again. Raises HistoryError."""
        if self._rules.anew:
            self._past.finish(self._origin.name)
        marks, known = self._past.marks(self._origin.name), self._readings.series_names()
        for item in items:
            if (item.sensor, item.quantity) not in known:
                marks = {name: done for name, done in marks.items() if not name.endswith(self._mark(item))}
            outcome = Outcome(item)
            self._done.outcomes.append(outcome)
            self._take_readings(outcome, marks.get(self._mark(item)))
            if self._rules.spans and SPANS + self._mark(item) not in marks:
                self._take_spans(outcome)
        self._past.finish(self._origin.name)
        return self._done

    def _mark(self, item: Item) -> str:
        return f"{item.name} as {item.sensor}:{item.quantity} from {self._rules.start_ms}"

    def _take_readings(self, outcome: Outcome, mark: int | None) -> None:
        item, rules = outcome.item, self._rules
        outcome.resumed = mark is not None
        known_ms = -1 if mark is None else mark
        from_ms = max(rules.start_ms, known_ms - WARM_UP_MS)
        records: Iterator[Reading | Silent] = self._sound(outcome, self._origin.records(item, from_ms, rules.end_ms))
        passage = _Passage(Sorting(rules.now_ms), rules.hold_ms if _is_held(item) else 0)
        for chunk in _chunks(records):
            draft = passage.through(chunk, known_ms)
            self._store(outcome, draft, passage.held())
            outcome.silent += sum(isinstance(record, Silent) for record in chunk)
            self._progress(item, chunk[-1].time_ms)

    def _store(self, outcome: Outcome, draft: Draft, held: list[Span]) -> None:
        """The draft, then how far the import is: a kill between the two has the same stored again."""
        item = outcome.item
        apart = [reading.time_ms for reading in draft.set_aside]
        times = [reading.time_ms for reading in draft.readings]
        done_ms = max(times + apart, default=None)
        if done_ms is None:
            outcome.rows += self._past.keep(self._origin.name, f"part of {item.name}", 0, held) if held else 0
            return
        span = (min(times + apart), done_ms + 1)
        series = [(item.sensor, item.quantity)]
        before = self._past.count(series, *span)
        if not item.known:
            place = place_by_name(f"{item.sensor} {item.title or ''}")
            draft.seen = [Seen(item.sensor, name=item.title, place=place)]
        draft.late = span
        self._readings.save(draft.batch(b"", self._rules.now_ms, live=False))
        outcome.new += self._past.count(series, *span) - before
        outcome.good += len(times)
        outcome.set_aside += len(apart) - len(draft.released)
        outcome.rows += self._past.keep(self._origin.name, self._mark(item), done_ms, held)

    def _take_spans(self, outcome: Outcome) -> None:
        item, rules = outcome.item, self._rules
        spans = self._sound(outcome, self._origin.spans(item, rules.start_ms, min(rules.end_ms, rules.now_ms)))
        while chunk := list(islice(spans, SPANS_AT_ONCE)):
            good = [span for span in chunk if _plausible(span)]
            outcome.set_aside += len(chunk) - len(good)
            outcome.rows += self._past.keep(self._origin.name, f"part of {item.name}", 0, good)
            self._progress(item, chunk[-1].end_ms)
        self._past.keep(self._origin.name, SPANS + self._mark(item), 1, ())

    def _sound(self, outcome: Outcome, records: Iterable[T | Faulty]) -> Iterator[T]:
        """All but the faulty ones, which are counted and told."""
        for record in records:
            if isinstance(record, Faulty):
                outcome.faulty += 1
                if len(self._done.faults) < FAULTS_KEPT:
                    self._done.faults.append(record)
            else:
                yield record


class _Passage:
    """One series on its way, by time: sorted, and held until the next value where nothing came between."""

    def __init__(self, sorting: Sorting, hold_ms: int) -> None:
        self._sorting = sorting
        self._hold_ms = hold_ms
        self._last: Reading | None = None
        self._held: list[Span] = []

    def through(self, records: Iterable[Reading | Silent], known_ms: int) -> Draft:
        """What of these records is to be stored; those up to `known_ms` are judged, but stored already."""
        draft, stored = Draft(), Draft()
        for record in records:
            known = record.time_ms <= known_ms
            if not known:
                self._hold(record.time_ms)
            if isinstance(record, Silent):
                self._last = None
                continue
            target = stored if known else draft
            self._sorting.sort(record, target)
            if target.readings and target.readings[-1] is record:
                self._last = record
        return draft

    def held(self) -> list[Span]:
        """The five minutes since the last question in which a value stood without being sent again."""
        held, self._held = self._held, []
        return held

    def _hold(self, until_ms: int) -> None:
        if self._last is None or not self._hold_ms:
            return
        sensor, quantity, since_ms, value, _word = self._last
        end_ms = min(until_ms, since_ms + self._hold_ms)
        for start_ms in range(since_ms - since_ms % BIN_MS + BIN_MS, end_ms - BIN_MS + 1, BIN_MS):
            self._held.append(Span(sensor, quantity, start_ms, start_ms + BIN_MS, value, value, value))


def _chunks(records: Iterator[T]) -> Iterator[list[T]]:
    """As many as one transaction stores; what came before a source went away is not lost."""
    chunk: list[T] = []
    try:
        for record in records:
            chunk.append(record)
            if len(chunk) == AT_ONCE:
                yield chunk
                chunk = []
    except HistoryError:
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk


def _is_held(item: Item) -> bool:
    """A yes or no is an event, and repeated it would be several."""
    return item.on_change and item.quantity not in BINARY


def _plausible(span: Span) -> bool:
    return not any(implausible(span.quantity, value) for value in (span.mean, span.low, span.high))
