"""Imports: what a file holds, stored beside what is there; the same file twice changes nothing."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from monitor.core.diary import DiaryEntry, amended
from monitor.core.jumps import JUDGED, Trail, judge, resumed
from monitor.core.places import place_by_name
from monitor.core.quantities import BY_NAME
from monitor.core.readings import FUTURE_TOLERANCE_MS, Reading, SetAside, implausible
from monitor.ports import DiaryStore, PastStore, ReadingStore, Seen
from monitor.services.draft import Draft

AT_ONCE = 5_000
"""Readings in one transaction: short enough that the daemon beside it waits a moment only."""

ROWS = "rows"
"""What of a file the mark of an unfinished import counts."""


class Imported(NamedTuple):
    """What an import did: `new` counts what was not there before in this form, `resumed` what an earlier one did."""

    good: int
    new: int
    set_aside: int = 0
    resumed: int = 0


class Resumable(NamedTuple):
    """Where the progress of an import is kept, under the name of its source; `anew` forgets an earlier one."""

    past: PastStore
    source: str
    anew: bool = False


class Sorting:
    """Tells readings to store from what is set aside: the implausible, single spikes, and what is yet to come."""

    def __init__(self, now_ms: int) -> None:
        self._latest_ms = now_ms + FUTURE_TOLERANCE_MS
        self._trails: dict[tuple[str, str], Trail] = {}

    def sort(self, reading: Reading, draft: Draft) -> None:
        """The reading among those to store, or apart with the reason."""
        sensor, quantity, time_ms, value, _word = reading
        why = "its time has not come" if time_ms > self._latest_ms else implausible(quantity, value)
        if why is not None:
            draft.set_aside.append(SetAside(sensor, quantity, time_ms, value, why))
        elif quantity in JUDGED:
            trail = self._trails.get((sensor, quantity))
            if trail is None:
                trail = self._trails[sensor, quantity] = resumed(BY_NAME[quantity])
            draft.judged(reading, judge(trail, time_ms, value))
        else:
            draft.readings.append(reading)


def import_readings(
    readings: Iterable[Reading],
    store: ReadingStore,
    now_ms: int,
    *,
    auto_place: bool = True,
    resumable: Resumable | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> Imported:
    """Store the readings, and have their nights closed anew.

    Implausible ones, single spikes and those of times to come are set aside. With `auto_place` a sensor's name may say
    where it is. What an interrupted import of the same source has stored is judged once more, but not stored again.
    """
    good = aside = rows = 0
    before = store.count()
    each = iter(readings)
    sorting = Sorting(now_ms)
    done = _done(resumable)
    while chunk := list(islice(each, AT_ONCE)):
        draft = Draft()
        for reading in chunk:
            sorting.sort(reading, draft)
        rows += len(chunk)
        good += len(draft.readings)
        aside += len(draft.set_aside) - len(draft.released)
        if rows > done:
            if auto_place:
                draft.seen = [Seen(key, place=place_by_name(key)) for key in {reading.sensor for reading in chunk}]
            draft.late = (min(reading.time_ms for reading in chunk), max(reading.time_ms for reading in chunk) + 1)
            store.save(draft.batch(b"", now_ms, live=False))
            if resumable is not None:
                resumable.past.keep(resumable.source, ROWS, rows, ())
        progress(rows)
    if resumable is not None:
        resumable.past.finish(resumable.source)
    return Imported(good, store.count() - before, aside, min(done, rows))


def _done(resumable: Resumable | None) -> int:
    """How many readings an interrupted import has stored."""
    if resumable is None:
        return 0
    if resumable.anew:
        resumable.past.finish(resumable.source)
    return resumable.past.marks(resumable.source).get(ROWS, 0)


def import_nights(entries: Sequence[DiaryEntry], diary: DiaryStore, now_ms: int, source: str) -> Imported:
    """Store the entries; what a line leaves unsaid stays as it was logged, and what is known changes nothing."""
    changed = sum(diary.log(amended(entry, diary.entry(entry.wake_date)), now_ms, source) for entry in entries)
    return Imported(len(entries), changed)
