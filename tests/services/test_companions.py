"""Threads beside the worker: they start and end with it, and wait for nothing that it will not do any more."""

import threading
from concurrent.futures import CancelledError

from monitor.services.daemon import Daemon
from monitor.services.sending import Sender
from tests.services.fakes import FakeSource
from tests.services.rig import Rig


class Noted:
    """A companion that notes what happens beside what the source notes."""

    def __init__(self, events: list[str]) -> None:
        self.events = events

    def start(self) -> None:
        self.events.append("companion starts")

    def stop(self) -> None:
        self.events.append("companion stops")


def test_a_companion_starts_after_the_source_and_stops_after_it(rig: Rig) -> None:
    source, stop = FakeSource(), threading.Event()
    daemon = Daemon(source, rig.ingest)
    daemon.accompany(Noted(source.events))
    stop.set()
    daemon.run(stop)
    assert source.events == ["start", "companion starts", "stop", "companion stops"]


def test_what_a_sender_asks_for_is_done_by_the_worker(rig: Rig) -> None:
    stop = threading.Event()
    daemon = Daemon(FakeSource(), rig.ingest)
    done_in: list[int] = []

    def step() -> float:
        done_in.append(daemon.submit(threading.get_ident).result())
        stop.set()
        return 1_000.0

    daemon.accompany(Sender("mirror", lambda: step))
    daemon.run(stop)
    assert done_in == [threading.get_ident()]


def test_a_sender_that_waits_for_the_worker_when_it_ends_is_told_so(rig: Rig) -> None:
    stop, ended = threading.Event(), []
    daemon = Daemon(FakeSource(), rig.ingest)

    def step() -> float:
        stop.set()
        try:
            while True:
                daemon.submit(lambda: None).result()
        except CancelledError:
            ended.append("cancelled")
            raise

    sender = Sender("mirror", lambda: step)
    daemon.accompany(sender)
    daemon.run(stop)
    assert ended == ["cancelled"]
    assert not sender._thread.is_alive()
