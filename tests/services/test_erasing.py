"""Deleting is done in short steps, waits for others, and takes the right nights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pytest

from monitor.core.erasing import ErasedNights
from monitor.errors import StoreUnavailable
from monitor.ports.erasing import Erased, KeptFile, Tidied
from monitor.services.erasing import LONGEST_S, TRIES, Erasing, backups_that_hold, remove_files
from tests.services.fakes import FakeClock

NIGHTS = ErasedNights(date(2026, 2, 3), date(2026, 2, 4), 1_000, 2_000)


@dataclass
class FakeEraser:
    """Holds `left` rows; deleting one takes `row_s` seconds. `busy` first attempts fail."""

    clock: FakeClock
    left: int = 0
    row_s: float = 0.0001
    busy: int = 0
    free: int = 0
    sizes: list[int] = field(default_factory=list)

    def holdings(self, nights: ErasedNights) -> Mapping[str, int]:
        return {"readings": self.left}

    def erase_some(self, nights: ErasedNights, at_most: int) -> Erased | None:
        if self.busy:
            self.busy -= 1
            raise StoreUnavailable("locked")
        rows = min(at_most, self.left)
        self.left -= rows
        self.sizes.append(rows)
        self.clock.pass_by(rows * self.row_s)
        return Erased("readings", rows) if rows else None

    def tidy(self, at_most_pages: int) -> Tidied:
        released = min(at_most_pages, self.free)
        self.free -= released
        return Tidied(released, self.free, log_emptied=not self.free)


def erasing(store: FakeEraser) -> Erasing:
    return Erasing(store=store, elapsed_s=store.clock.elapsed_s, pause=store.clock.pass_by)


def test_everything_is_deleted_and_counted():
    done = erasing(FakeEraser(FakeClock(), left=12_345, free=1_234)).erase(NIGHTS)
    assert (done.rows, done.file) == ({"readings": 12_345}, Tidied(1_234, 0, log_emptied=True))


@pytest.mark.parametrize("row_s", [0.000001, 0.0001, 0.0009])
def test_a_step_gets_as_large_as_the_machine_allows_and_no_larger(row_s):
    store = FakeEraser(FakeClock(), left=200_000, row_s=row_s)
    erasing(store).erase(NIGHTS)
    assert max(size * row_s for size in store.sizes[1:]) <= LONGEST_S
    assert len(store.sizes) < 200_000 / 20


def test_others_get_as_much_time_as_the_deleting():
    store = FakeEraser(FakeClock(), left=50_000, row_s=0.0001)
    erasing(store).erase(NIGHTS)
    assert store.clock.elapsed >= 2 * 50_000 * 0.0001


def test_a_database_that_is_held_by_another_program_is_waited_for():
    store = FakeEraser(FakeClock(), left=10, busy=TRIES - 1)
    assert erasing(store).erase(NIGHTS).rows == {"readings": 10}


def test_one_that_is_never_free_is_told():
    with pytest.raises(StoreUnavailable):
        erasing(FakeEraser(FakeClock(), left=10, busy=TRIES)).erase(NIGHTS)


@dataclass
class FakeFiles:
    """Backups by the time when they were made."""

    there: list[KeptFile]

    def beside(self) -> list[KeptFile]:
        return []

    def backups(self) -> list[KeptFile]:
        return list(self.there)

    def remove(self, file: KeptFile) -> bool:
        known = file in self.there
        self.there = [one for one in self.there if one != file]
        return known


def test_backups_that_were_made_before_the_nights_cannot_hold_them():
    before, since, unknown = (KeptFile(str(at), 1, at) for at in (999, 1_000, None))
    files = FakeFiles([before, since, unknown])
    assert backups_that_hold(files, NIGHTS) == [since, unknown]
    assert backups_that_hold(files, None) == [before, since, unknown]


def test_only_what_was_there_counts_as_deleted():
    one, gone = KeptFile("one", 1), KeptFile("gone", 1)
    assert remove_files(FakeFiles([one]), [one, gone]) == [one]
