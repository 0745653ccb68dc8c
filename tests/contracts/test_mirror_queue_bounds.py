"""What becomes of what waits, over every store: counts, lines set aside, and what leaves the queue unsent."""

import pytest

from monitor.ports import MirrorStatus, Overflow, Parcel, Sent
from tests.contracts.test_mirror_queue import DAY_MS, HOUR_MS, NOW_MS, SECOND_MS, drained, save, settle, told

MANY = 1_000_000


@pytest.fixture
def stores(open_stores):
    """The stores with a mirror."""
    with open_stores(mirrored=True) as opened:
        yield opened


def test_an_empty_queue_has_nothing_to_say(stores):
    assert stores.mirror_queue.status() == MirrorStatus()
    assert stores.mirror_queue.waiting() == (0, None)
    assert stores.mirror_queue.oldest(100).empty
    assert stores.mirror_queue.newest(100).empty
    assert stores.mirror_queue.shorten(NOW_MS, 10) is None
    assert stores.mirror_queue.set_aside(5) == []


def test_what_waits_is_counted_with_the_age_of_the_oldest(stores):
    save(stores, range(3), stored_ms=NOW_MS + 5)
    save(stores, [9], quantity="humidity", stored_ms=NOW_MS + 7)
    status = stores.mirror_queue.status()
    assert (status.readings, status.records, status.oldest_ms) == (4, 0, NOW_MS + 5)
    assert stores.mirror_queue.waiting() == (2, NOW_MS + 5)


def test_what_was_asked_for_again_has_no_age(stores):
    save(stores, [0])
    drained(stores)
    stores.mirror_queue.again(0, 2**53, [])
    assert stores.mirror_queue.status().oldest_ms is None
    assert stores.mirror_queue.waiting() == (1, None)


def test_what_was_sent_dropped_and_set_aside_is_counted(stores):
    for second in range(3):
        save(stores, [second])
        parcel = stores.mirror_queue.oldest(100)
        stores.mirror_queue.settle(parcel, Sent(10, 2, [("bad line", "cannot be read")]), NOW_MS + second)
    status = stores.mirror_queue.status()
    assert (status.sent, status.dropped, status.aside, status.sent_ms) == (30, 6, 3, NOW_MS + 2)


def test_lines_set_aside_are_kept_with_reason_and_time_the_newest_first(stores):
    stores.mirror_queue.settle(Parcel(), Sent(0, 0, [("one", "why 1"), ("two", "why 2")]), NOW_MS)
    stores.mirror_queue.settle(Parcel(), Sent(0, 0, [("three", "why 3")]), NOW_MS + 1)
    assert stores.mirror_queue.set_aside(2) == [(NOW_MS + 1, "three", "why 3"), (NOW_MS, "two", "why 2")]


def test_of_lines_set_aside_the_newest_thousand_are_kept_and_all_are_counted(stores):
    for number in range(4):
        aside = [(f"line {number * 400 + each}", "why") for each in range(400)]
        stores.mirror_queue.settle(Parcel(), Sent(0, 0, aside), NOW_MS)
    kept = stores.mirror_queue.set_aside(MANY)
    assert (len(kept), kept[0][1], kept[-1][1]) == (1_000, "line 1599", "line 600")
    assert stores.mirror_queue.status().aside == 1_600


def test_trouble_is_kept_since_when_it_began_until_something_is_sent(stores):
    stores.mirror_queue.troubled("nothing listens there", NOW_MS)
    stores.mirror_queue.troubled("HTTP 500", NOW_MS + 1)
    status = stores.mirror_queue.status()
    assert (status.trouble, status.trouble_ms) == ("HTTP 500", NOW_MS)
    stores.mirror_queue.well(NOW_MS + 2)
    status = stores.mirror_queue.status()
    assert (status.trouble, status.trouble_ms, status.sent_ms) == (None, None, NOW_MS + 2)


def test_a_parcel_that_was_sent_ends_the_trouble_and_an_empty_one_does_not(stores):
    save(stores, [0])
    save(stores, [SECOND_MS])
    stores.mirror_queue.troubled("HTTP 500", NOW_MS)
    stores.mirror_queue.settle(stores.mirror_queue.oldest(1), Sent(), NOW_MS + 1)
    still = stores.mirror_queue.status()
    settle(stores, stores.mirror_queue.oldest(1))
    assert (still.trouble, still.sent_ms) == ("HTTP 500", None)
    assert stores.mirror_queue.status().trouble is None


def test_what_is_too_old_leaves_the_queue_counted_with_its_span(stores):
    for hour in range(10):
        save(stores, [hour * HOUR_MS, hour * HOUR_MS + SECOND_MS], stored_ms=NOW_MS + hour * HOUR_MS)
    overflow = stores.mirror_queue.shorten(NOW_MS + 3 * HOUR_MS, MANY)
    assert overflow == Overflow(6, NOW_MS, NOW_MS + 2 * HOUR_MS + SECOND_MS + 1)
    status = stores.mirror_queue.status()
    assert (status.lost, status.lost_from_ms, status.lost_to_ms) == overflow
    assert min(row[2] for row in drained(stores)) == NOW_MS + 3 * HOUR_MS


def test_what_is_too_much_leaves_the_queue_the_oldest_first(stores):
    for second in range(100):
        save(stores, [second * SECOND_MS])
    overflow = stores.mirror_queue.shorten(0, 60)
    assert overflow is not None
    assert overflow.readings == 40
    assert told(stores.mirror_queue.oldest(1)) == [40 * SECOND_MS]


def test_a_queue_within_its_bounds_is_left_alone(stores):
    for second in range(100):
        save(stores, [second * SECOND_MS])
    assert stores.mirror_queue.shorten(NOW_MS, 100) is None
    assert stores.mirror_queue.waiting().rows == 100


def test_holes_in_the_queue_are_not_counted_as_rows(stores):
    for second in range(100):
        save(stores, [second * SECOND_MS])
    settle(stores, stores.mirror_queue.newest(50))
    save(stores, [200 * SECOND_MS])
    assert stores.mirror_queue.shorten(0, 60) is None


def test_what_was_asked_for_again_is_neither_too_old_nor_the_first_to_go(stores):
    save(stores, [0])
    drained(stores)
    stores.mirror_queue.again(0, 2**53, ["night/2026-10-01"])
    for second in range(10):
        save(stores, [second * SECOND_MS], quantity="humidity")
    assert stores.mirror_queue.shorten(NOW_MS, 2) is not None
    parcel = stores.mirror_queue.oldest(100)
    assert (told(parcel), parcel.records) == ([0], ("night/2026-10-01",))


def test_a_queue_of_nothing_but_the_past_has_a_bound_too(stores):
    for day in range(10):
        save(stores, [day * DAY_MS], live=False)
    overflow = stores.mirror_queue.shorten(0, 4)
    assert overflow is not None
    assert (overflow.readings, stores.mirror_queue.waiting().rows) == (6, 4)


def test_what_was_lost_adds_up_and_a_request_for_its_whole_span_settles_it(stores):
    for second in range(20):
        save(stores, [second * SECOND_MS])
    stores.mirror_queue.shorten(0, 15)
    stores.mirror_queue.shorten(0, 10)
    assert stores.mirror_queue.status().lost == 10
    stores.mirror_queue.again(NOW_MS + SECOND_MS, 2**53, [])
    assert stores.mirror_queue.status().lost == 10
    stores.mirror_queue.again(NOW_MS, 2**53, [])
    status = stores.mirror_queue.status()
    assert (status.lost, status.lost_from_ms, status.lost_to_ms) == (0, None, None)
    assert {row[2] for row in drained(stores)} == {NOW_MS + second * SECOND_MS for second in range(20)}


@pytest.mark.parametrize("step_ms", [-DAY_MS, DAY_MS])
def test_a_clock_that_steps_takes_nothing_from_the_order_and_loses_nothing(stores, step_ms):
    save(stores, [0], stored_ms=NOW_MS)
    save(stores, [SECOND_MS], stored_ms=NOW_MS + step_ms)
    assert stores.mirror_queue.shorten(NOW_MS - 2 * DAY_MS, MANY) is None
    assert told(stores.mirror_queue.oldest(100)) == [0, SECOND_MS]
