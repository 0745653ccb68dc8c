"""Settings to the running daemon."""

import logging
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from monitor.adapters import machine
from monitor.adapters.clock import SystemClock
from monitor.adapters.mqtt import MqttSource
from monitor.adapters.mqtt_subscriptions import Subscriptions
from monitor.adapters.only_one import only_one
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.bootstrap.backups import DailyBackup
from monitor.bootstrap.dialects import decoders, plan
from monitor.bootstrap.mirror import let_go, mirroring
from monitor.bootstrap.steps import closing
from monitor.bootstrap.stores import Stores, open_stores
from monitor.errors import MonitorError, StoreError
from monitor.ports import Clock
from monitor.services.asking import Asking
from monitor.services.closing import Closing
from monitor.services.daemon import Daemon, Job
from monitor.services.following import Following
from monitor.services.health import Health
from monitor.services.ingest import Ingest
from monitor.services.mirroring import Ask
from monitor.services.sending import Sender
from monitor.services.thinning import Thinning
from monitor.services.watching import Watching
from monitor.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

CLOSE_EVERY_S = 60
"""Seconds between two looks for nights that can be closed."""

ASK_EVERY_S = 5
"""Seconds between two looks whether there are devices to ask what they measure."""

FOLLOW_EVERY_S = 2
"""Seconds between two looks whether other sensors are to be listened to."""

WATCH_EVERY_S = 60
"""Seconds between two looks which sensors have fallen silent: silence is told in minutes."""

COMPARE_EVERY_S = 3_600
"""Seconds between two looks whether sensors of one place disagree."""

LEARN_AT_ONCE = 5
"""Series of which the usual interval is learned anew in one look: a week of readings each, some ms."""

THIN_EVERY_S = 2
"""Seconds between two moments of thinning while there is something to thin; a moment is 0.03 s."""

BACK_UP_EVERY_S = 60
"""Seconds between two looks whether the daily backup is due."""

REMEMBER_EVERY_S = 2
"""Seconds between two looks whether the broker has taken a new list of topics."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A wired daemon and the parts that a caller may look at."""

    daemon: Daemon
    source: MqttSource
    ingest: Ingest
    closing: Closing
    stores: Stores
    clock: Clock


@contextmanager
def wired(settings: Settings, clock: Clock) -> Iterator[Running]:
    """The daemon of these settings, not started yet; its database is closed afterwards.

    Raises StoreUnusable, also where another daemon has the database; ConfigurationError for unusable TLS files.
    """
    with only_one(settings.store.path.expanduser(), clock.now_ms()), open_stores(settings) as stores:
        wanted = plan(settings)
        source = MqttSource(
            settings.mqtt,
            Subscriptions(wanted.announcements, stores.readings.remembered_topics()),
            clock,
            random.Random(),  # noqa: S311 - jitter, no secret
            announcements=wanted.announcements,
        )
        ingest = Ingest(
            decoders(settings),
            stores.readings,
            clock,
            rows=settings.store.batch_rows,
            age_s=settings.store.batch_age_s,
            auto_place=settings.sensors.auto_place,
        )
        following = Following(stores.readings, source, ingest, wanted)
        following.follow()
        ingest.on_learned = following.follow
        close = closing(settings, stores)
        health = Health(stores.readings, learn_at_once=LEARN_AT_ONCE)
        watching = Watching(health, clock)
        remember = _remember(source, stores.readings)
        backup = DailyBackup(settings, clock)
        thinning = Thinning(stores.thinning, clock, settings.retention.thin_after_days)
        jobs = (
            Job(name="closing nights", every_s=CLOSE_EVERY_S, step=lambda: close.close_due(clock.now_ms())),
            Job(name="watching sensors", every_s=WATCH_EVERY_S, step=watching.watch),
            Job(name="comparing sensors", every_s=COMPARE_EVERY_S, step=watching.compare),
            Job(name="asking devices", every_s=ASK_EVERY_S, step=Asking(ingest.there, source.say, clock).ask),
            Job(name="following sensors", every_s=FOLLOW_EVERY_S, step=following.follow),
            Job(name="daily backup", every_s=BACK_UP_EVERY_S, step=backup.look),
            Job(name="remembering topics", every_s=REMEMBER_EVERY_S, step=remember),
            Job(name="thinning old readings", every_s=THIN_EVERY_S, step=thinning.step),
        )
        daemon = Daemon(source, ingest, jobs)
        if settings.mirror.url:
            daemon.accompany(Sender("mirror", lambda: mirroring(settings, stores, clock, health, _asked(daemon))))
        else:
            with suppress(StoreError):
                let_go(stores)
        try:
            yield Running(
                daemon=daemon,
                source=source,
                ingest=ingest,
                closing=close,
                stores=stores,
                clock=clock,
            )
        finally:
            backup.end()
            with suppress(StoreError):
                remember()


def run(settings: Settings) -> None:
    """The daemon in the foreground until SIGTERM or SIGINT; raises StoreUnusable, ConfigurationError."""
    start_logging(settings.logging.level)
    for file in (settings.mqtt.password_file, settings.mirror.token_file):
        if file is not None:
            _tell_if_others_read(file)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with wired(settings, SystemClock()) as running:
        running.daemon.run(stop)
    log.info("stopped; everything acknowledged is stored")


def _tell_if_others_read(file: Path) -> None:
    try:
        machine.private(file)
    except MonitorError as exc:
        log.warning("%s", exc)


def start_logging(level: str) -> None:
    """One line per event on standard error."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)-7s %(message)s", force=True)


def _asked(daemon: Daemon) -> Ask:
    def ask(call: Callable[[], T]) -> T:
        return daemon.submit(call).result()

    return ask


def _remember(source: MqttSource, readings: SqliteReadings) -> Callable[[], None]:
    def step() -> None:
        if source.subscribed is not None:
            readings.remember_topics(source.subscribed)

    return step
