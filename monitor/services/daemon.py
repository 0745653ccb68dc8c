"""The worker: takes messages, commits, runs jobs and what others ask for; the order of start and stop."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

import schedule

from monitor.errors import MonitorError, StoreUnusable
from monitor.ports import MessageSource
from monitor.services.ingest import Ingest

log = logging.getLogger(__name__)

TURN_S = 0.2
"""Longest wait in seconds for a message: a stop or a call from another thread is seen that soon."""

CLOCK_SLACK_S = 1.0
"""Seconds that the clock may be set back without the jobs being planned anew."""

IDLE_BELOW = 500
"""Deliveries: fewer at once mean that the queue was emptied, and that the broker may be waiting for us."""

T = TypeVar("T")


class StartedSource(MessageSource, Protocol):
    """A message source with a life of its own."""

    def start(self) -> None:
        """Begin, in the background."""
        ...

    def stop(self) -> None:
        """End; what is not acknowledged comes again next time."""
        ...


class Companion(Protocol):
    """A thread beside the worker."""

    def start(self) -> None:
        """Begin, in the background."""
        ...

    def stop(self) -> None:
        """End within a moment; what it had asked of the worker is cancelled by then."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A catch-up step: late or twice is harmless."""

    name: str
    every_s: int
    step: Callable[[], object]


class Daemon:
    """Owns the worker's loop; everything that writes to the store from here runs in it."""

    def __init__(self, source: StartedSource, ingest: Ingest, jobs: tuple[Job, ...] = ()) -> None:
        self._source = source
        self._ingest = ingest
        self._companions: list[Companion] = []
        self._calls: queue.SimpleQueue[tuple[Future[object], Callable[[], object]]] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._scheduler = schedule.Scheduler()
        self._jobs = jobs
        self._failing: dict[str, str] = {}
        self._most_often_s = min((job.every_s for job in jobs), default=0)
        self._plan()

    def accompany(self, companion: Companion) -> None:
        """Start and stop a thread with the worker."""
        self._companions.append(companion)

    def submit(self, call: Callable[[], T]) -> "Future[T]":
        """Have the worker run something between two messages; the future holds its result or error.

        What the worker does not get to before it ends is cancelled, so that nobody waits for ever.
        """
        future: Future[T] = Future()
        self._calls.put((future, call))  # type: ignore[arg-type]
        self._source.poke()
        if self._ended.is_set():
            self._cancel_calls()
        return future

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; then store what was taken, acknowledge it and say goodbye.

        Raises StoreUnusable where the database is beyond use.
        """
        self._source.start()
        for companion in self._companions:
            companion.start()
        try:
            for job in self._jobs:
                self._guarded(job)
            while not stop.is_set():
                self._turn(stop)
        finally:
            self._finish()

    def _turn(self, stop: threading.Event) -> None:
        wait_s = min(TURN_S, self._ingest.wait_s())
        if self._ingest.full:
            stop.wait(wait_s or TURN_S)
            idle = True
        else:
            deliveries = self._source.take(wait_s)
            self._ingest.take(deliveries)
            idle = len(deliveries) < IDLE_BELOW
        if self._ingest.due(idle=idle):
            self._ingest.commit(self._source)
        self._run_calls()
        self._scheduler.run_pending()
        self._mind_the_clock()

    def _plan(self) -> None:
        self._scheduler.clear()
        for job in self._jobs:
            self._scheduler.every(job.every_s).seconds.do(self._guarded, job)

    def _mind_the_clock(self) -> None:
        """The scheduler goes by the wall clock: where that is set back, by hand or in autumn, it would wait as long."""
        until_next_s = self._scheduler.idle_seconds
        if until_next_s is not None and until_next_s > self._most_often_s + CLOCK_SLACK_S:
            self._plan()

    def _guarded(self, job: Job) -> None:
        """Run a job; what goes wrong is told once, until it goes otherwise."""
        try:
            job.step()
        except StoreUnusable:
            raise
        except MonitorError as exc:
            if self._failing.get(job.name) != str(exc):
                log.warning("%s: %s", job.name, exc)
            self._failing[job.name] = str(exc)
        except Exception:
            log.exception("%s failed; everything else goes on", job.name)
        else:
            if self._failing.pop(job.name, None) is not None:
                log.info("%s: works again", job.name)

    def _run_calls(self) -> None:
        while not self._calls.empty():
            future, call = self._calls.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as exc:  # noqa: BLE001 - the caller's thread raises it
                future.set_exception(exc)

    def _finish(self) -> None:
        try:
            if self._ingest.pending and not self._ingest.failing:  # what cannot be stored now comes again
                self._ingest.commit(self._source)
        finally:
            self._source.stop()
            self._ended.set()
            self._cancel_calls()
            for companion in self._companions:
                companion.stop()

    def _cancel_calls(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._calls.get_nowait()[0].cancel()
