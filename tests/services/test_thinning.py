"""The step that thins: little at a time, told once, and no more often than there is something to do."""

import logging
from dataclasses import dataclass, field

import pytest

from monitor.core.readings import DAY_MS
from monitor.errors import StoreUnavailable
from monitor.ports import Slice
from monitor.services.thinning import REST_S, TROUBLE_S, TURN_S, Thinning
from tests.services.fakes import FakeClock

NOW_MS = 1_790_812_800_000


@dataclass
class FakeThinning:
    """So many slices to do and pages to give back; each slice takes its time. While `trouble` is set, it raises it."""

    clock: FakeClock
    slices: int = 0
    pages: int = 0
    takes_s: float = 0.02
    trouble: StoreUnavailable | None = None
    asked: list[int] = field(default_factory=list)

    def thin_next(self, before_ms: int) -> Slice | None:
        self.asked.append(before_ms)
        if self.trouble is not None:
            raise self.trouble
        self.clock.elapsed += self.takes_s
        if not self.slices:
            return None
        self.slices -= 1
        return Slice(2_000, 1_990, 398)

    def give_back(self, at_most_pages: int) -> int:
        self.clock.elapsed += self.takes_s
        given = min(self.pages, at_most_pages)
        self.pages -= given
        return given

    def measured_since(self, from_ms: int) -> tuple[int | None, list[tuple[str, int]]]:
        return None, []


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW_MS)


def test_a_step_ends_soon_however_much_there_is_to_do(clock):
    store = FakeThinning(clock, slices=100)
    Thinning(store, clock, 30).step()
    assert clock.elapsed <= TURN_S + store.takes_s


def test_what_is_older_than_the_days_set_is_thinned(clock):
    store = FakeThinning(clock, slices=1)
    Thinning(store, clock, 30).step()
    assert store.asked[0] == NOW_MS - 30 * DAY_MS


def test_with_no_days_set_nothing_is_ever_thinned_and_free_room_is_given_back(clock):
    store = FakeThinning(clock, slices=1, pages=100)
    Thinning(store, clock, 0).step()
    assert (store.asked, store.pages) == ([], 0)


def test_step_by_step_everything_is_thinned_and_the_room_given_back(clock):
    store = FakeThinning(clock, slices=50, pages=5_000)
    thinning = Thinning(store, clock, 30)
    for _ in range(100):
        thinning.step()
    assert (store.slices, store.pages) == (0, 0)


def test_when_all_is_done_it_rests(clock):
    store = FakeThinning(clock)
    thinning = Thinning(store, clock, 30)
    thinning.step()
    clock.pass_by(REST_S / 2)
    thinning.step()
    assert len(store.asked) == 1
    clock.pass_by(REST_S)
    thinning.step()
    assert len(store.asked) == 2


def test_a_store_that_refuses_is_tried_again_later_and_not_at_once(clock):
    store = FakeThinning(clock, slices=1, trouble=StoreUnavailable("monitor.db: database or disk is full"))
    thinning = Thinning(store, clock, 30)
    with pytest.raises(StoreUnavailable):
        thinning.step()
    thinning.step()
    assert len(store.asked) == 1
    store.trouble = None
    clock.pass_by(TROUBLE_S)
    thinning.step()
    assert store.slices == 0


def test_a_backlog_is_told_when_it_begins_and_when_it_ends(clock, caplog):
    caplog.set_level(logging.INFO)
    thinning = Thinning(FakeThinning(clock, slices=20), clock, 30)
    for _ in range(40):
        thinning.step()
    assert [record.getMessage() for record in caplog.records] == [
        "readings older than 30 days are thinned to five minutes",
        "39,800 readings are thinned to 7,960 rows of five minutes",
    ]


def test_where_nothing_is_old_nothing_is_told(clock, caplog):
    caplog.set_level(logging.INFO)
    Thinning(FakeThinning(clock), clock, 30).step()
    assert caplog.records == []
