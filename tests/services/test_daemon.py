"""The worker: start and stop as mirror images, jobs and calls that hurt nothing else, the last batch stored."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future

import pytest

from monitor.errors import BrokerError, InputError, StoreUnusable
from monitor.services.daemon import Daemon, Job
from tests.services.fakes import FakeSource
from tests.services.rig import FULL_DISK, Rig, a_delivery

DAMAGED = StoreUnusable("monitor.db: damaged")


class EndingSource(FakeSource):
    """Once it has nothing more to bring it tells the daemon to stop."""

    stop_event: threading.Event

    def take(self, wait_s: float) -> list:  # type: ignore[type-arg]
        found = super().take(wait_s)
        if not self.brings:
            self.stop_event.set()
        return found


def never() -> None:
    """Nothing to do."""


def raising(error: Exception) -> Callable[[], None]:
    def step() -> None:
        raise error

    return step


def a_job(step: Callable[[], object] = never, *, name: str = "a job", every_s: int = 60) -> Job:
    return Job(name=name, every_s=every_s, step=step)


class Worker:
    """A daemon over fakes that ends when its source has nothing more to bring."""

    def __init__(self, rig: Rig, *jobs: Job) -> None:
        self.stop = threading.Event()
        self.source = EndingSource(events=[])
        self.source.stop_event = self.stop
        self.daemon = Daemon(self.source, rig.ingest, jobs)

    def run(self) -> None:
        self.daemon.run(self.stop)


def test_it_starts_and_stops_the_source(rig: Rig) -> None:
    worker = Worker(rig)
    worker.run()
    assert worker.source.events == ["start", "take", "stop"]


def test_what_was_taken_last_is_stored_and_acknowledged_before_the_source_stops(rig: Rig) -> None:
    worker = Worker(rig)
    worker.source.brings = [[a_delivery()]]
    worker.run()
    assert worker.source.events == ["start", "take", "acknowledge", "stop"]
    assert len(rig.readings) == 1


def test_told_to_stop_before_it_began_it_only_says_goodbye(rig: Rig) -> None:
    worker = Worker(rig)
    worker.stop.set()
    worker.run()
    assert worker.source.events == ["start", "stop"]


def test_a_full_batch_is_stored_while_it_runs() -> None:
    rig = Rig(rows=2)
    worker = Worker(rig)
    worker.source.brings = [[a_delivery({"temperature": 20}), a_delivery({"temperature": 21})], []]
    worker.run()
    assert worker.source.events == ["start", "take", "acknowledge", "take", "stop"]


def test_a_last_batch_that_cannot_be_stored_is_not_acknowledged(rig: Rig) -> None:
    rig.store.trouble = FULL_DISK
    worker = Worker(rig)
    worker.source.brings = [[a_delivery()]]
    worker.run()
    assert (worker.source.acknowledged, worker.source.events[-1]) == ([], "stop")


def test_while_the_disk_is_full_nothing_more_is_taken() -> None:
    rig = Rig(rows=1)
    rig.store.trouble = FULL_DISK
    rig.hear(a_delivery())
    worker = Worker(rig)
    worker.daemon.submit(worker.stop.set)
    worker.run()
    assert worker.source.events == ["start", "stop"]


def test_jobs_run_at_the_start_in_their_order(rig: Rig) -> None:
    ran: list[str] = []
    worker = Worker(rig, *(a_job(lambda name=name: ran.append(name)) for name in "ab"))  # type: ignore[misc]
    worker.run()
    assert ran == ["a", "b"]


def test_a_job_runs_again_when_its_time_has_come(rig: Rig) -> None:
    ran: list[int] = []

    def step() -> None:
        ran.append(1)
        if len(ran) == 2:
            worker.stop.set()

    worker = Worker(rig, a_job(step, every_s=1))
    worker.source.stop_event = threading.Event()
    worker.run()
    assert len(ran) == 2


@pytest.mark.parametrize("error", [BrokerError("away"), ValueError("a defect"), FULL_DISK])
def test_a_job_that_fails_hurts_nothing_else(rig: Rig, error: Exception) -> None:
    ran: list[int] = []
    worker = Worker(rig, a_job(raising(error)), a_job(lambda: ran.append(1)))
    worker.source.brings = [[a_delivery()]]
    worker.run()
    assert (ran, len(rig.readings)) == ([1], 1)


@pytest.mark.parametrize(
    ("error", "level", "traced"), [(BrokerError("away"), logging.WARNING, False), (ValueError(), logging.ERROR, True)]
)
def test_a_job_that_fails_is_logged_by_name(
    rig: Rig, caplog: pytest.LogCaptureFixture, error: Exception, level: int, traced: bool
) -> None:
    Worker(rig, a_job(raising(error), name="closing nights")).run()
    record = caplog.records[0]
    assert (record.levelno, record.exc_info is not None) == (level, traced)
    assert record.getMessage().startswith("closing nights")


def test_a_job_that_fails_again_and_again_is_told_once_and_once_when_it_works(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    outcomes = [FULL_DISK, FULL_DISK, FULL_DISK, None, None]

    def step() -> None:
        error = outcomes.pop(0)
        if error is not None:
            raise error

    worker = Worker(rig, *(a_job(step, name="remembering topics") for _ in range(5)))
    worker.run()
    told = [record.getMessage() for record in caplog.records if "remembering topics" in record.getMessage()]
    assert told == [f"remembering topics: {FULL_DISK}", "remembering topics: works again"]


def test_a_database_beyond_use_in_a_job_stops_it(rig: Rig) -> None:
    worker = Worker(rig, a_job(raising(DAMAGED)))
    with pytest.raises(StoreUnusable, match="damaged"):
        worker.run()
    assert worker.source.events == ["start", "stop"]


def test_a_database_beyond_use_while_storing_stops_it(rig: Rig) -> None:
    rig.store.trouble = DAMAGED
    worker = Worker(rig)
    worker.source.brings = [[a_delivery()], []]
    with pytest.raises(StoreUnusable, match="damaged"):
        worker.run()
    assert (worker.source.acknowledged, worker.source.events[-1]) == ([], "stop")


def test_a_call_hands_back_its_result(rig: Rig) -> None:
    worker = Worker(rig)
    future = worker.daemon.submit(lambda: 42)
    worker.run()
    assert future.result(0) == 42


def test_a_call_hands_back_its_error(rig: Rig) -> None:
    worker = Worker(rig)
    future = worker.daemon.submit(raising(InputError("no such night")))
    worker.run()
    with pytest.raises(InputError, match="no such night"):
        future.result(0)


def test_a_call_that_fails_hurts_no_message(rig: Rig) -> None:
    worker = Worker(rig)
    worker.source.brings = [[], [a_delivery()]]
    worker.daemon.submit(raising(StoreUnusable("its own trouble")))
    worker.run()
    assert len(rig.readings) == 1


def test_a_call_that_was_cancelled_is_not_run(rig: Rig) -> None:
    ran: list[int] = []
    worker = Worker(rig)
    worker.daemon.submit(lambda: ran.append(1)).cancel()
    worker.run()
    assert ran == []


def test_a_call_runs_in_the_thread_of_the_worker(rig: Rig) -> None:
    worker = Worker(rig)
    worker.source.stop_event = threading.Event()
    thread = threading.Thread(target=worker.run)
    thread.start()
    ran_in = worker.daemon.submit(threading.get_ident).result(10)
    worker.stop.set()
    thread.join(10)
    assert ran_in == thread.ident


def test_nobody_waits_for_a_call_that_the_worker_did_not_get_to(rig: Rig) -> None:
    worker = Worker(rig, a_job(raising(DAMAGED)))
    future = worker.daemon.submit(never)
    with pytest.raises(StoreUnusable):
        worker.run()
    assert future.cancelled()


def test_nobody_waits_for_a_call_after_the_end(rig: Rig) -> None:
    worker = Worker(rig)
    worker.run()
    late: Future[None] = worker.daemon.submit(never)
    with pytest.raises(CancelledError):
        late.result(0)
