"""Settings and stores to the mirror."""

import logging
import random
import time as time_module
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from monitor.adapters.clock import SystemClock
from monitor.bootstrap.dialects import plan
from monitor.bootstrap.home import zone_name
from monitor.bootstrap.steps import advising
from monitor.bootstrap.stores import Stores, is_there, open_stores
from monitor.core.mirrored import Health as SensorNow
from monitor.core.mirrored import health_lines
from monitor.core.readings import DAY_MS
from monitor.core.wording import counted
from monitor.core.zones import ALL_TIME_MS, days_ms, zone_of
from monitor.errors import ConfigurationError, MirrorError
from monitor.ports import Clock, MirrorServer
from monitor.ports.mirror import analysis_record, diary_record, night_record
from monitor.services.health import FAILING, Health
from monitor.services.mirror_loading import Loading, Records
from monitor.services.mirroring import Ask, Mirroring, MirrorRules
from monitor.settings import Settings

log = logging.getLogger(__name__)

NO_MIRROR = "mirror.url: no mirror is set up; set it to the address of your InfluxDB"


class Resync(NamedTuple):
    """What was queued once more."""

    readings: int
    records: int


def mirroring(settings: Settings, stores: Stores, clock: Clock, health: Health, ask: Ask) -> Callable[[], float]:
    """The step that sends to the mirror; loads the library, which takes a second."""
    mirror = settings.mirror
    rules = MirrorRules(
        name=mirror.url,
        batch_lines=mirror.batch_rows,
        flush_s=mirror.flush_s,
        keep_ms=int(mirror.keep_days * DAY_MS),
        keep_rows=mirror.keep_rows,
    )
    jitter = random.Random()  # noqa: S311 - no secret
    loading = loading_of(settings, stores, clock, health)
    return Mirroring(loading, server(settings), rules, clock, ask, jitter.random).step


def let_go(stores: Stores) -> None:
    """Empty the queue of a mirror that was switched off: nobody takes from it, and old readings wait for it."""
    readings = 0
    while overflow := stores.mirror_queue.shorten(ALL_TIME_MS, 0):
        readings += overflow.readings
    if readings:
        log.info(
            "mirror: it is switched off, and %s that waited left its queue; the database has them all, and "
            "`bedroom-monitor mirror resync` sends them once there is a mirror again",
            counted(readings, "reading"),
        )


def loading_of(settings: Settings, stores: Stores, clock: Clock, health: Health) -> Loading:
    """What is sent."""
    records = Records(stores.nights, stores.diary, stores.analyses, advising(stores).advise, zone_name(settings))
    return Loading(stores.mirror_queue, records, _sensors(settings, health), clock)


def server(settings: Settings) -> MirrorServer:
    """The server of the settings; raises ConfigurationError where there is none."""
    from monitor.adapters.mirror import InfluxServer

    if not settings.mirror.url:
        raise ConfigurationError([NO_MIRROR])
    return InfluxServer(settings.mirror)


def examine_mirror(settings: Settings) -> str:
    """Whether the server takes a line; raises MirrorError."""
    began_s = time_module.monotonic()
    answer = server(settings).write(health_lines((), {"tried": 1.0}, SystemClock().now_ms()))
    took_s = time_module.monotonic() - began_s
    if answer.verdict != "taken":
        raise MirrorError(f"{settings.mirror.url}: {answer.said}")
    return f"{settings.mirror.url} takes what we send ({took_s:.1f} s){_not_taken(settings)}"


def _not_taken(settings: Settings) -> str:
    """What it has not taken so far, if the daemon has sent anything."""
    if not is_there(settings):
        return ""
    with open_stores(settings) as stores:
        now = stores.mirror_queue.status()
    counts = ((now.dropped, "dropped"), (now.aside, "set aside"), (now.lost, "left the queue unsent"))
    told = [f"{counted(count, 'line')} {what}" for count, what in counts if count]
    return f"; so far {', '.join(told)}: see `bedroom-monitor mirror status`" if told else ""


def resync(settings: Settings, stores: Stores, since: date | None, until: date | None) -> Resync:
    """Queue everything from one local day to another, both included, once more; None: from the first, to the last."""
    if not settings.mirror.url:
        raise ConfigurationError([NO_MIRROR])
    from_ms, to_ms = days_ms(since, until, zone_of(zone_name(settings)))
    nights = {night.window.wake_date: night_record for night in stores.nights.nights()}
    entries = {entry.wake_date: diary_record for entry in stores.diary.entries()}
    records = [
        name(wake_date)
        for names in (nights, entries)
        for wake_date, name in names.items()
        if (since is None or wake_date >= since) and (until is None or wake_date <= until)
    ]
    records += [analysis_record(number) for number in stores.analyses.ran(from_ms, to_ms)]
    return Resync(stores.mirror_queue.again(from_ms, to_ms, records), len(records))


def _sensors(settings: Settings, health: Health) -> Callable[[int], Sequence[SensorNow]]:
    listen = plan(settings).choice

    def now(now_ms: int) -> list[SensorNow]:
        return [
            SensorNow(
                one.sensor.key,
                one.sensor.name,
                one.sensor.place,
                one.state.age_s,
                silent=one.state.state in FAILING,
            )
            for one in health.of_all(now_ms, listen)
            if one.state.state != "unheeded"
        ]

    return now
