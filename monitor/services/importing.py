"""Imports: what a file holds, stored beside what is there; the same file twice changes nothing."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from monitor.core.diary import DiaryEntry, amended
from monitor.core.jumps import JUDGED, Trail, judge, resumed
from monitor.core.places import place_by_name
from monitor.core.quantities import BY_NAME
from monitor.core.readings import FUTURE_TOLERANCE_MS, Reading, SetAside, implausible
from monitor.ports import DiaryStore, ReadingStore, Seen
from monitor.services.draft import Draft

AT_ONCE = 5_000
"""Readings in one transaction: short enough that the daemon beside it waits a moment only."""


class Imported(NamedTuple):
    """What an import did: `new` counts what was not there before in this form."""

    good: int
    new: int
    set_aside: int = 0


def import_readings(
    readings: Iterable[Reading], store: ReadingStore, now_ms: int, *, auto_place: bool = True
) -> Imported:
    """Store the readings, and have their nights closed anew.

    Implausible ones, single spikes and those of times to come are set aside. With `auto_place` a sensor's name may say
    where it is.
    """
    good = aside = 0
    before = store.count()
    each = iter(readings)
    trails: dict[tuple[str, str], Trail] = {}
    while chunk := list(islice(each, AT_ONCE)):
        draft = Draft()
        for reading in chunk:
            _sort(reading, now_ms, trails, draft)
        if auto_place:
            draft.seen = [Seen(key, place=place_by_name(key)) for key in {reading.sensor for reading in chunk}]
        draft.late = (min(reading.time_ms for reading in chunk), max(reading.time_ms for reading in chunk) + 1)
        store.save(draft.batch(b"", now_ms, live=False))
        good += len(draft.readings)
        aside += len(draft.set_aside)
    return Imported(good, store.count() - before, aside)


def _sort(reading: Reading, now_ms: int, trails: dict[tuple[str, str], Trail], draft: Draft) -> None:
    """A reading among those to store, or apart with the reason."""
    sensor, quantity, time_ms, value, _word = reading
    to_come = time_ms > now_ms + FUTURE_TOLERANCE_MS
    why = "its time has not come" if to_come else implausible(quantity, value)
    if why is not None:
        draft.set_aside.append(SetAside(sensor, quantity, time_ms, value, why))
    elif quantity in JUDGED:
        trail = trails.get((sensor, quantity))
        if trail is None:
            trail = trails[sensor, quantity] = resumed(BY_NAME[quantity])
        draft.judged(reading, judge(trail, time_ms, value))
    else:
        draft.readings.append(reading)


def import_nights(entries: Sequence[DiaryEntry], diary: DiaryStore, now_ms: int, source: str) -> Imported:
    """Store the entries; what a line leaves unsaid stays as it was logged, and what is known changes nothing."""
    changed = sum(diary.log(amended(entry, diary.entry(entry.wake_date)), now_ms, source) for entry in entries)
    return Imported(len(entries), changed)
