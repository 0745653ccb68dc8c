"""Imports of what the monitor itself exported: its readings were judged when they came, and stay as they are."""

from collections.abc import Iterable
from itertools import islice

from monitor.core.grid import BIN_MS
from monitor.core.places import place_by_name
from monitor.core.reading_table import ThinnedReading
from monitor.core.readings import FUTURE_TOLERANCE_MS, Reading, SetAside, implausible
from monitor.core.thinning import bin_of
from monitor.ports import Batch, ReadingStore, Seen
from monitor.ports.past import PastStore, Span
from monitor.services.importing import AT_ONCE, Imported

SOURCE = "thinned rows of an export"


def import_exported(
    readings: Iterable[Reading], thinned: Iterable[ThinnedReading], store: ReadingStore, past: PastStore, now_ms: int
) -> Imported:
    """Store the readings, and have their nights closed anew; five minutes are kept as such.

    Only what is out of all range, by an odd calibration or another hand, is set aside. Twice changes nothing.
    """
    good = aside = rows = 0
    before = store.count()
    each = iter(readings)
    while chunk := list(islice(each, AT_ONCE)):
        whys = [_why(reading, now_ms) for reading in chunk]
        batch = Batch(
            readings=[reading for reading, why in zip(chunk, whys, strict=True) if why is None],
            set_aside=[
                SetAside(*reading[:4], why) for reading, why in zip(chunk, whys, strict=True) if why is not None
            ],
            seen=[Seen(key, place=place_by_name(key)) for key in {reading.sensor for reading in chunk}],
            late=(min(reading.time_ms for reading in chunk), max(reading.time_ms for reading in chunk) + 1),
            stored_ms=now_ms,
            live=False,
        )
        store.save(batch)
        good += len(batch.readings)
        aside += len(batch.set_aside)
    spans = map(_span, thinned)
    while some := list(islice(spans, AT_ONCE)):
        rows += past.keep(SOURCE, "rows", 0, some)
        good += len(some)
    past.finish(SOURCE)
    return Imported(good, store.count() - before + rows, aside)


def _why(reading: Reading, now_ms: int) -> str | None:
    to_come = reading.time_ms > now_ms + FUTURE_TOLERANCE_MS
    return "its time has not come" if to_come else implausible(reading.quantity, reading.value)


def _span(row: ThinnedReading) -> Span:
    start_ms = bin_of(row.time_ms)
    return Span(row.sensor, row.quantity, start_ms, start_ms + BIN_MS, row.value, row.low, row.high)
