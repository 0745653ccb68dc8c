"""Deleting nights for good: in short steps beside a running daemon, to be begun again after a crash."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple, TypeVar

from monitor.core.erasing import Edges, ErasedNights, erased_nights
from monitor.core.nights import NightWindow, window_from_usual
from monitor.errors import StoreUnavailable
from monitor.ports import NightStore
from monitor.ports.erasing import KeptFile, KeptFiles, NightEraser, Tidied
from monitor.services.closing import Closing, NightRules

DAY = timedelta(days=1)
T = TypeVar("T")

ROWS_AT_FIRST, FEWEST_ROWS, MOST_ROWS = 500, 50, 20_000
"""Rows of one transaction: at first, and the bounds between which the machine's speed moves them."""
LONGEST_S = 0.05
"""Seconds that a transaction is to hold the writer at the most."""
LEAST_PAUSE_S = 0.01
"""Seconds between two transactions; as long as the last one took where that is longer, so that a daemon gets in."""
TRIES = 20
"""Attempts while another program holds the database, some seconds each."""
PAGES_AT_ONCE = 500
"""Pages given back at once, some ms of work."""


class Done(NamedTuple):
    """What was deleted, by kind, and how the database file is afterwards."""

    rows: Mapping[str, int]
    file: Tidied


def nights_between(first: date, last: date, closing: Closing, nights: NightStore, rules: NightRules) -> ErasedNights:
    """The nights of a range with the span of their readings, as the diary, the closed nights and usual times tell."""

    def windows(wake_date: date, *, usual: bool) -> list[NightWindow]:
        known = nights.night(wake_date)
        every = [closing.window(wake_date)]
        every += [known.window] if known is not None else []
        return [*every, window_from_usual(wake_date, rules.zone, rules.usual)] if usual else every

    edges = Edges(
        before_ms=max(window.end_ms for window in windows(first - DAY, usual=False)),
        start_ms=min(window.start_ms for window in windows(first, usual=True)),
        end_ms=max(window.end_ms for window in windows(last, usual=True)),
        after_ms=min(window.start_ms for window in windows(last + DAY, usual=False)),
    )
    return erased_nights(first, last, rules.zone, edges)


@dataclass(frozen=True, kw_only=True, slots=True)
class Erasing:
    """Deletes nights from the database; `elapsed_s` never goes back, `pause` waits so many seconds."""

    store: NightEraser
    elapsed_s: Callable[[], float]
    pause: Callable[[float], None]
    progress: Callable[[int], None] = field(default=lambda _rows: None)

    def erase(self, nights: ErasedNights) -> Done:
        """Delete all there is of them. Raises StoreUnavailable where another program does not let us."""
        counts: Counter[str] = Counter()
        size = ROWS_AT_FIRST
        while True:
            began_s = self.elapsed_s()
            step = self._patiently(lambda: self.store.erase_some(nights, size))  # noqa: B023 - called at once
            took_s = self.elapsed_s() - began_s
            if step is None:
                return Done(dict(counts), self._tidied())
            counts[step.kind] += step.rows
            self.progress(counts.total())
            size = _fitting(size, took_s)
            self.pause(max(took_s, LEAST_PAUSE_S))

    def _patiently(self, step: Callable[[], T]) -> T:
        for _ in range(TRIES - 1):
            try:
                return step()
            except StoreUnavailable:
                self.pause(LEAST_PAUSE_S)
        return step()

    def _tidied(self) -> Tidied:
        released = 0
        while True:
            began_s = self.elapsed_s()
            tidied = self._patiently(lambda: self.store.tidy(PAGES_AT_ONCE))
            released += tidied.released
            if not tidied.released or not tidied.free:
                return tidied._replace(released=released)
            self.pause(max(self.elapsed_s() - began_s, LEAST_PAUSE_S))


def backups_that_hold(files: KeptFiles, nights: ErasedNights | None) -> list[KeptFile]:
    """The backups that can hold these nights: those made since the first of them began; None: all."""
    return [
        file for file in files.backups() if nights is None or file.made_ms is None or file.made_ms >= nights.from_ms
    ]


def remove_files(files: KeptFiles, which: Sequence[KeptFile]) -> list[KeptFile]:
    """Delete the files in this order; those that were there. Raises MonitorError."""
    return [file for file in which if files.remove(file)]


def _fitting(size: int, took_s: float) -> int:
    """The size of the next transaction, from how long the last one took."""
    if took_s > LONGEST_S:
        return max(FEWEST_ROWS, int(size * LONGEST_S / took_s / 2))
    return min(MOST_ROWS, size * 2) if took_s < LONGEST_S / 4 else size
