"""Imports: what a file holds, stored beside what is there; the same file twice changes nothing."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from monitor.core.diary import DiaryEntry, amended
from monitor.core.readings import FUTURE_TOLERANCE_MS, Reading, SetAside, implausible
from monitor.ports import Batch, DiaryStore, ReadingStore

AT_ONCE = 5_000
"""Readings in one transaction: short enough that the daemon beside it waits a moment only."""


class Imported(NamedTuple):
    """What an import did: `new` counts what was not there before in this form."""

    good: int
    new: int
    set_aside: int = 0


def import_readings(readings: Iterable[Reading], store: ReadingStore, now_ms: int) -> Imported:
    """Store the readings; implausible ones and those of times to come are set aside, and their nights closed anew."""
    good = aside = 0
    before = store.count()
    each = iter(readings)
    while chunk := list(islice(each, AT_ONCE)):
        kept, apart = sorted_out(chunk, now_ms)
        span = (min(reading.time_ms for reading in chunk), max(reading.time_ms for reading in chunk) + 1)
        store.save(Batch(readings=kept, set_aside=apart, late=span))
        good += len(kept)
        aside += len(apart)
    return Imported(good, store.count() - before, aside)


def sorted_out(readings: Sequence[Reading], now_ms: int) -> tuple[list[Reading], list[SetAside]]:
    """The plausible readings, and the others with the reason."""
    kept, apart = [], []
    for reading in readings:
        to_come = reading.time_ms > now_ms + FUTURE_TOLERANCE_MS
        why = "its time has not come" if to_come else implausible(reading.quantity, reading.value)
        if why is None:
            kept.append(reading)
        else:
            apart.append(SetAside(*reading[:4], why))
    return kept, apart


def import_nights(entries: Sequence[DiaryEntry], diary: DiaryStore, now_ms: int, source: str) -> Imported:
    """Store the entries; what a line leaves unsaid stays as it was logged, and what is known changes nothing."""
    changed = sum(diary.log(amended(entry, diary.entry(entry.wake_date)), now_ms, source) for entry in entries)
    return Imported(len(entries), changed)
