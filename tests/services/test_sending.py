"""The thread that sends: it steps by itself, survives what a step raises, and ends in time."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import pytest

from monitor.errors import StoreUnavailable
from monitor.services import sending
from monitor.services.sending import STOP_S, Sender, Step

NEVER = 1_000.0


@pytest.fixture
def start() -> Iterator[Callable[..., Sender]]:
    """Start a sender; afterwards its thread has ended."""
    started: list[Sender] = []

    def begin(make: Callable[[], Step]) -> Sender:
        sender = Sender("mirror", make)
        started.append(sender)
        sender.start()
        return sender

    yield begin
    for sender in started:
        sender.stop()
    assert not any(sender._thread.is_alive() for sender in started)


class Steps:
    """Raises or waits as it is told, one step after the other; then it waits for long."""

    def __init__(self, *each: BaseException | float) -> None:
        self.each = list(each)
        self.done = threading.Event()
        self.times: list[float] = []

    def __call__(self) -> float:
        self.times.append(time.monotonic())
        if not self.each:
            self.done.set()
            return NEVER
        now = self.each.pop(0)
        if isinstance(now, BaseException):
            if not self.each:
                self.done.set()
            raise now
        return now


def test_it_steps_at_once_and_then_when_the_step_says(start):
    steps = Steps(0.0, 0.2)
    start(lambda: steps)
    assert steps.done.wait(5)
    assert steps.times[2] - steps.times[1] >= 0.2


def test_it_stops_at_once_while_it_waits(start):
    steps = Steps()
    sender = start(lambda: steps)
    assert steps.done.wait(5)
    began = time.monotonic()
    sender.stop()
    assert time.monotonic() - began < 0.5


def test_it_stops_in_time_while_a_step_hangs(start):
    hanging, free = threading.Event(), threading.Event()

    def hang() -> float:
        hanging.set()
        free.wait(20)
        return 0.0

    sender = start(lambda: hang)
    assert hanging.wait(5)
    began = time.monotonic()
    sender.stop()
    took_s = time.monotonic() - began
    free.set()
    assert STOP_S <= took_s < STOP_S + 0.5


def test_it_does_not_keep_the_process_alive():
    assert Sender("mirror", lambda: lambda: 0.0)._thread.daemon


def test_a_step_that_is_cancelled_is_the_last(start):
    steps = Steps(CancelledError())
    sender = start(lambda: steps)
    sender._thread.join(5)
    assert not sender._thread.is_alive()
    assert len(steps.times) == 1


def test_a_defect_is_logged_with_its_place_and_is_not_the_end(start, caplog):
    steps = Steps(ZeroDivisionError("a defect"))
    sender = start(lambda: steps)
    assert steps.done.wait(5)
    time.sleep(0.1)
    assert sender._thread.is_alive()
    assert "mirror met a defect" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_database_that_cannot_be_used_is_not_told_by_the_sender_and_is_asked_again(start, caplog):
    steps = Steps(StoreUnavailable("monitor.db: database or disk is full"))
    sender = start(lambda: steps)
    assert steps.done.wait(5)
    time.sleep(0.1)
    assert sender._thread.is_alive()
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
    assert sending.STORE_S <= 10


def test_a_sender_that_cannot_be_made_says_so_and_harms_nothing(start, caplog):
    def cannot() -> Step:
        raise ImportError("no such library")

    sender = start(cannot)
    sender._thread.join(5)
    assert "mirror cannot start; everything else goes on" in caplog.text


def test_what_makes_the_step_runs_in_the_thread(start):
    made_in: list[str] = []
    steps = Steps()

    def make() -> Step:
        made_in.append(threading.current_thread().name)
        return steps

    start(make)
    assert steps.done.wait(5)
    assert made_in == ["mirror"]
