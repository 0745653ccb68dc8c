"""The demo: a simulated bedroom played to a real broker and a real daemon."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.adapters.broker import embedded_broker
from monitor.adapters.clock import SimulatedClock
from monitor.adapters.mqtt_publisher import MqttPublisher
from monitor.bootstrap.daemon import Running, wired
from monitor.bootstrap.steps import advising, analysing
from monitor.core.advice import Advice
from monitor.core.findings import AnalysisResult
from monitor.core.simulation.nights import simulate
from monitor.core.simulation.sensors import announcements
from monitor.core.zones import unix_ms
from monitor.errors import BrokerError
from monitor.services.rehearsing import CLOCK_TOPIC, Stage, await_messages, rehearse
from monitor.settings import Settings
from monitor.settings.sections import Backup, Home, Mqtt, Store

CONNECT_S = 10.0
"""Seconds to wait for our own broker."""

DEMO_ZONE = "Europe/Brussels"
"""Where the demo's bedroom is."""

DEMO_EVENING = date(2026, 5, 1)
"""The demo's first evening: from spring through summer, so that the room gets warm."""


@contextmanager
def staged(data: Path, first_ms: int) -> Iterator[tuple[Settings, Running, Stage]]:
    """The demo's stage: embedded broker, daemon on a simulated clock, database in `data`; no settings are read.

    Raises BrokerError where the broker or the daemon does not come up.
    """
    clock = SimulatedClock(first_ms)
    with embedded_broker() as address:
        settings = Settings.model_construct(
            home=Home(zone=DEMO_ZONE),
            mqtt=Mqtt(host=address.host, port=address.port),
            store=Store(path=data / "monitor.db", sync="normal", batch_age_s=0.2),
            backup=Backup(daily=False),  # on its clock a day passes in a second
        )
        with wired(settings, clock) as running, MqttPublisher(*address, "bedroom-monitor-demo") as publisher:
            told = announcements(first_ms)
            for announcement in told:
                publisher.publish(announcement.topic, announcement.payload, retain=announcement.retain)
            publisher.flush(CONNECT_S)
            running.source.tap(CLOCK_TOPIC, lambda payload: clock.set(int(payload)))
            stage = Stage(
                publisher,
                running.daemon,
                running.source,
                running.ingest,
                running.closing,
                running.stores.diary,
                clock.set,
            )
            with _in_background(running):
                await_messages(running.ingest, len(told))
                yield settings, running, stage


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a demo came to."""

    result: AnalysisResult
    advice: tuple[Advice, ...]
    readings: int
    messages: int
    unusable: int


def demo(nights: int, seed: int, effect: str, data: Path, *, each: Callable[[], object]) -> Outcome:
    """Play simulated nights through a real broker and a real daemon, then analyse; `each` is called after each night.

    Raises BrokerError, AnalysisError; InputError for an impossible number of nights or effect.
    """
    played = simulate(nights, seed, effect, DEMO_EVENING, ZoneInfo(DEMO_ZONE))
    first_ms = unix_ms(datetime.combine(DEMO_EVENING, time(12), ZoneInfo(DEMO_ZONE)))
    with staged(data, first_ms) as (settings, running, stage):
        for _night in rehearse(played, stage):
            each()
        stores, clock = running.stores, running.clock
        result = running.daemon.submit(analysing(settings, stores, clock).analyse).result().result
        return Outcome(
            result=result,
            advice=running.daemon.submit(lambda: advising(stores).advise(result)).result(),
            readings=running.daemon.submit(stores.readings.count).result(),
            messages=running.ingest.messages,
            unusable=sum(problem.times for problem in running.daemon.submit(stores.readings.problems).result()),
        )


@contextmanager
def _in_background(running: Running) -> Iterator[None]:
    stop = threading.Event()
    worker = threading.Thread(target=running.daemon.run, args=(stop,), name="worker")
    worker.start()
    try:
        if not running.source.wait_subscribed(CONNECT_S):
            raise BrokerError(f"no answer from the embedded broker: {running.source.trouble}")
        yield
    finally:
        stop.set()
        worker.join()
