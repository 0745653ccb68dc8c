"""Nothing is acknowledged before it is stored, and what comes again is one reading: after a full disk or a crash."""

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import StoreUnavailable, StoreUnusable
from monitor.ports import Delivery
from monitor.services.arrivals import REMEMBERED, TOPICS_AT_MOST
from monitor.services.ingest import RETRY_S
from tests.services.fakes import FakeSource
from tests.services.rig import FULL_DISK, NOW_MS, Rig, a_delivery

LATER_MS = NOW_MS + 7_000


def errors_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_nothing_is_acknowledged_before_it_is_stored(rig: Rig) -> None:
    rig.ingest.take([a_delivery()])
    assert (rig.source.acknowledged, rig.store.rows) == ([], {})


def test_what_is_stored_is_acknowledged_in_its_order(rig: Rig) -> None:
    deliveries = [a_delivery({"temperature": value}) for value in (20, 21, 22)]
    rig.hear(*deliveries)
    assert rig.source.acknowledged == deliveries


def test_the_store_saves_before_the_source_is_told(rig: Rig) -> None:
    class Nosy(FakeSource):
        def acknowledge(self, deliveries):  # type: ignore[no-untyped-def]
            self.saved_before = rig.store.saved

    source = Nosy()
    rig.ingest.take([a_delivery()])
    rig.ingest.commit(source)
    assert source.saved_before == 1


def test_a_store_that_cannot_write_acknowledges_nothing(rig: Rig) -> None:
    rig.store.trouble = FULL_DISK
    assert (rig.hear(a_delivery()), rig.source.acknowledged, rig.ingest.failing) == (False, [], True)


def test_a_store_beyond_use_acknowledges_nothing_and_says_so(rig: Rig) -> None:
    rig.store.trouble = StoreUnusable("monitor.db: damaged")
    with pytest.raises(StoreUnusable):
        rig.hear(a_delivery())
    assert rig.source.acknowledged == []


def test_a_failing_store_is_told_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.store.trouble = FULL_DISK
    for _ in range(3):
        rig.hear(a_delivery())
    told = "readings cannot be stored (monitor.db: database or disk is full); nothing is acknowledged, "
    assert errors_in(caplog) == [f"{told}trying again every {RETRY_S:g} s"]


def test_a_store_that_recovers_takes_everything_and_says_so_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    rig.store.trouble = FULL_DISK
    rig.hear(a_delivery({"temperature": 20}))
    rig.store.trouble = None
    rig.hear(a_delivery({"temperature": 21}))
    rig.hear(a_delivery({"temperature": 22}))
    back = [record for record in caplog.records if "stored again" in record.getMessage()]
    assert (len(back), len(rig.source.acknowledged), len(rig.readings)) == (1, 3, 3)


def test_a_failing_store_is_tried_again_after_a_pause(rig: Rig) -> None:
    rig.store.trouble = StoreUnavailable("locked")
    rig.hear(a_delivery())
    rig.clock.pass_by(RETRY_S / 2)
    early, wait_s = rig.ingest.due(idle=True), rig.ingest.wait_s()
    rig.clock.pass_by(RETRY_S / 2)
    assert (early, wait_s, rig.ingest.due(idle=False), rig.ingest.wait_s()) == (False, 1.0, True, 0.0)


def test_while_the_store_fails_memory_stays_bounded() -> None:
    rig = Rig(rows=3)
    rig.store.trouble = FULL_DISK
    fullness = []
    for _ in range(3):
        rig.hear(a_delivery())
        fullness.append(rig.ingest.full)
    assert fullness == [False, False, True]


def test_a_store_that_works_is_never_full() -> None:
    rig = Rig(rows=1)
    rig.ingest.take([a_delivery(), a_delivery()])
    assert not rig.ingest.full


def test_an_error_is_counted_once_however_often_the_store_failed(rig: Rig) -> None:
    rig.store.trouble = FULL_DISK
    rig.hear(a_delivery(b"{"))
    rig.hear()
    rig.store.trouble = None
    rig.hear()
    assert [problem.times for problem in rig.store.problems()] == [1]


def test_a_broken_message_that_comes_again_is_counted_once(rig: Rig) -> None:
    rig.hear(a_delivery(b"{", mid=7))
    rig.restart()
    rig.hear(a_delivery(b"{", mid=7, again=True, connection=2))
    assert [problem.times for problem in rig.store.problems()] == [1]


def test_what_comes_again_gets_the_time_of_its_first_arrival(rig: Rig) -> None:
    rig.hear(a_delivery(mid=7))
    rig.hear(a_delivery(mid=7, again=True, at_ms=LATER_MS, connection=2))
    assert (rig.times, len(rig.source.acknowledged)) == ([NOW_MS], 2)


def test_what_comes_again_before_it_was_stored_is_one_reading(rig: Rig) -> None:
    rig.hear(a_delivery(mid=7), a_delivery(mid=7, again=True, at_ms=LATER_MS, connection=2))
    assert rig.times == [NOW_MS]


def test_after_a_restart_the_store_remembers_the_first_arrival(rig: Rig) -> None:
    rig.hear(a_delivery(mid=7))
    rig.restart()
    rig.hear(a_delivery(mid=7, again=True, at_ms=LATER_MS))
    assert rig.times == [NOW_MS]


def test_the_second_of_one_millisecond_comes_again_as_the_second(rig: Rig) -> None:
    rig.hear(a_delivery({"temperature": 20}, mid=7), a_delivery({"temperature": 21}, mid=8))
    rig.restart()
    rig.hear(a_delivery({"temperature": 21}, mid=8, again=True, at_ms=LATER_MS))
    assert rig.times == [NOW_MS, NOW_MS + 1]


def test_a_flood_that_ran_ahead_of_the_clock_is_not_overwritten_after_a_restart(rig: Rig) -> None:
    rig.hear(*(a_delivery({"temperature": value}) for value in range(10)))
    rig.restart()
    rig.hear(a_delivery({"temperature": 10}, at_ms=NOW_MS + 3))
    assert sorted(rig.store.rows.values()) == list(range(11))


def test_a_flood_that_ran_ahead_of_the_clock_is_not_overwritten_when_memory_starts_anew(rig: Rig) -> None:
    rig.hear(a_delivery({"temperature": 20}), a_delivery({"temperature": 21}))
    rig.hear(*(a_delivery(b"on", topic=f"other/{number}", qos=0) for number in range(TOPICS_AT_MOST)))
    rig.hear(a_delivery({"temperature": 22}, at_ms=NOW_MS + 1))
    assert sorted(rig.store.rows.values()) == [20, 21, 22]


def test_what_comes_again_and_was_never_stored_is_new(rig: Rig) -> None:
    rig.ingest.take([a_delivery(mid=7)])
    rig.restart()
    rig.hear(a_delivery(mid=7, again=True, at_ms=LATER_MS))
    assert rig.times == [LATER_MS]


def test_a_new_message_with_a_used_id_is_no_redelivery(rig: Rig) -> None:
    rig.hear(a_delivery(mid=7))
    rig.hear(a_delivery(mid=7, at_ms=LATER_MS))
    assert rig.times == [NOW_MS, LATER_MS]


@pytest.mark.parametrize("other", [{"payload": {"temperature": 22}}, {"topic": "zigbee2mqtt/bed"}])
def test_another_message_with_a_used_id_is_new_even_when_it_comes_again(rig: Rig, other: dict[str, object]) -> None:
    rig.hear(a_delivery(mid=7))
    rig.hear(a_delivery(mid=7, again=True, at_ms=LATER_MS, **other))  # type: ignore[arg-type]
    assert rig.times == [NOW_MS, LATER_MS]


def test_an_id_stands_for_the_last_message_that_had_it(rig: Rig) -> None:
    same, other = {"temperature": 20}, {"temperature": 21}
    for number, content in enumerate((same, other)):
        rig.hear(a_delivery(content, mid=7, at_ms=NOW_MS + number))
    rig.restart()
    rig.hear(a_delivery(same, mid=7, again=True, at_ms=LATER_MS))
    assert rig.times == [NOW_MS, NOW_MS + 1, LATER_MS]


def test_an_id_in_constant_use_is_not_forgotten(rig: Rig) -> None:
    rig.hear(a_delivery({"temperature": 20}, mid=65_000))
    arrivals = rig.ingest._arrivals
    for mid in range(1, REMEMBERED):
        arrivals._remember(mid, 0, NOW_MS)
    rig.hear(a_delivery({"temperature": 21}, mid=65_000, at_ms=NOW_MS + 1))
    arrivals._remember(REMEMBERED, 0, NOW_MS)
    rig.hear(a_delivery({"temperature": 21}, mid=65_000, again=True, at_ms=LATER_MS))
    assert rig.times == [NOW_MS, NOW_MS + 1]


def test_memory_of_deliveries_is_bounded(rig: Rig) -> None:
    for mid in range(REMEMBERED + 10):
        rig.ingest._arrivals._remember(mid, 0, NOW_MS)
    assert len(rig.ingest._arrivals._remembered) == REMEMBERED


def test_a_message_without_guarantee_leaves_nothing_to_remember(rig: Rig) -> None:
    rig.hear(a_delivery(qos=0))
    assert rig.store.deliveries() == b""


class Broker:
    """What the broker does: ids that it uses again, and everything unacknowledged anew after a reconnect."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._open: dict[int, Delivery] = {}
        self.published: list[float] = []

    def publish(self) -> None:
        value = round(len(self.published) * 0.01 - 30, 2)
        self.published.append(value)
        mid = next(mid for mid in range(1, 70_000) if mid not in self._open)
        delivery = a_delivery({"temperature": value}, mid=mid, at_ms=self._rig.clock.now)
        self._open[mid] = delivery
        self._rig.ingest.take([delivery])

    def reconnect(self) -> None:
        """Acknowledgements that are still on their way are lost."""
        self._rig.source.acknowledged.clear()
        for delivery in self._open.values():
            message = delivery.message._replace(received_ms=self._rig.clock.now)
            self._rig.ingest.take([delivery._replace(message=message, redelivered=True)])

    def hear(self) -> None:
        """The acknowledgements that have arrived."""
        for delivery in self._rig.source.acknowledged:
            self._open.pop(delivery.mid, None)
        self._rig.source.acknowledged.clear()


STEPS = ("publish", "publish", "publish", "commit", "hear", "full", "free", "reconnect", "crash", "wait")


def play(rig: Rig, broker: Broker, step: str, waiting_ms: int) -> None:
    """One thing that can happen, at any time."""
    if step == "commit":
        rig.ingest.commit(rig.source)
    elif step in ("full", "free"):
        rig.store.trouble = FULL_DISK if step == "full" else None
    elif step == "crash":
        rig.restart()
        broker.reconnect()
    elif step == "wait":
        rig.clock.pass_by(waiting_ms / 1000)
    else:
        getattr(broker, step)()


@settings(max_examples=300, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 5_000)), max_size=60))
def test_whatever_happens_every_published_message_is_one_reading(steps: list[tuple[str, int]]) -> None:
    rig = Rig()
    broker = Broker(rig)
    for step, waiting_ms in steps:
        play(rig, broker, step, waiting_ms)
    for step in ("free", "reconnect", "commit"):
        play(rig, broker, step, 0)
    assert sorted(rig.store.rows.values()) == broker.published


@settings(max_examples=100, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 5_000)), max_size=60))
def test_whatever_happens_nothing_acknowledged_is_missing_from_the_store(steps: list[tuple[str, int]]) -> None:
    rig = Rig()
    broker = Broker(rig)
    told: list[float] = []
    for step, waiting_ms in steps:
        play(rig, broker, step, waiting_ms)
        told += [float(one.message.payload[15:-1]) for one in rig.source.acknowledged]
        assert set(told) <= set(rig.store.rows.values())
