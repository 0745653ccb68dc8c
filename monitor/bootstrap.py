"""The composition root: settings -> concrete adapters -> services; the only module that names both sides."""

import logging
import random
import signal
import threading
import time as time_module
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor import __version__
from monitor.adapters import machine
from monitor.adapters.analysis_process import AnalysisProcess
from monitor.adapters.broker import embedded_broker
from monitor.adapters.clock import SimulatedClock, SystemClock
from monitor.adapters.mqtt import MqttSource
from monitor.adapters.mqtt_publisher import MqttPublisher
from monitor.adapters.mqtt_subscriptions import Subscriptions
from monitor.adapters.only_one import only_one
from monitor.adapters.sqlite.analysis import SqliteAnalysis
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.diary import SqliteDiary
from monitor.adapters.sqlite.nights import SqliteNights
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.sensors import SqliteSensors
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.core.advice import Advice
from monitor.core.decoding import Decoders, Dialect, FieldMap
from monitor.core.diary import Factor
from monitor.core.findings import AnalysisResult
from monitor.core.simulation.nights import simulate
from monitor.core.simulation.sensors import announcements
from monitor.core.zones import unix_ms
from monitor.decoders import (
    airgradient,
    airthings,
    awair,
    bed,
    ble2mqtt,
    esphome,
    generic,
    govee2mqtt,
    homeassistant,
    homie,
    hubitat,
    mitemperature2,
    openmqttgateway,
    rtl_433,
    ruuvi_gateway,
    ruuvibridge,
    shelly_gen1,
    shelly_gen2,
    sleep_as_android,
    smartbed,
    statestream,
    switchbot,
    tasmota,
    theengs,
    zigbee2mqtt,
    zwave_js_ui,
)
from monitor.errors import BrokerError, StoreUnusable
from monitor.ports import Clock
from monitor.services.advising import Advising
from monitor.services.analysing import Analysing, Choices
from monitor.services.closing import Closing, NightRules
from monitor.services.daemon import Daemon, Job
from monitor.services.examining import Examined, Part
from monitor.services.examining import examine as services_examine
from monitor.services.following import Following, Plan
from monitor.services.ingest import Ingest
from monitor.services.rehearsing import CLOCK_TOPIC, Stage, await_messages, rehearse
from monitor.settings import Settings
from monitor.settings.local_zone import local_zone_name
from monitor.settings.sections import Home, Mqtt, Store

CLOSE_EVERY_S = 60
"""Seconds between two looks for nights that can be closed."""

FOLLOW_EVERY_S = 2
"""Seconds between two looks whether other sensors are to be listened to."""

REMEMBER_EVERY_S = 5
"""Seconds between two looks whether the broker has taken a new list of topics."""

OWN_FACTOR_REACH = 1e6
"""Values of a person's own factor lie within plus and minus this."""

log = logging.getLogger(__name__)

LOOK_S = 0.1
"""Seconds between two looks whether the broker let us in."""

CONNECT_S = 10.0
"""Seconds to wait for our own broker."""

DEMO_ZONE = "Europe/Brussels"
"""Where the demo's bedroom is."""

DEMO_EVENING = date(2026, 5, 1)
"""The demo's first evening: from spring through summer, so that the room gets warm."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stores:
    """Everything that is kept, in one file."""

    database: Database
    readings: SqliteReadings
    sensors: SqliteSensors
    nights: SqliteNights
    diary: SqliteDiary
    analyses: SqliteAnalysis


@contextmanager
def open_stores(settings: Settings) -> Iterator[Stores]:
    """The stores of the settings' file, created where it is not there yet; raises StoreUnusable."""
    with Database(settings.store.path.expanduser(), sync=settings.store.sync) as database:
        numbers = SeriesNumbers()
        yield Stores(
            database=database,
            readings=SqliteReadings(database, numbers),
            sensors=SqliteSensors(database, numbers),
            nights=SqliteNights(database),
            diary=SqliteDiary(database),
            analyses=SqliteAnalysis(database),
        )


def zone_name(settings: Settings) -> str:
    """The home's IANA zone: the settings', else this machine's."""
    return settings.home.zone or local_zone_name()


def dialects(settings: Settings) -> tuple[Dialect, ...]:
    """Every decoder, in the order in which they are asked."""
    zone = ZoneInfo(zone_name(settings))
    maps = tuple(FieldMap(**row.model_dump()) for row in settings.decoders.map)
    return (
        homeassistant.dialect(
            settings.decoders.homeassistant_prefix,
            own=settings.mqtt.status_topic.rpartition("/")[0] or "bedroom-monitor",
        ),
        zigbee2mqtt.dialect(settings.decoders.zigbee2mqtt_bases),
        shelly_gen1.DIALECT,
        shelly_gen2.DIALECT,
        rtl_433.dialect(zone),
        theengs.DIALECT,
        openmqttgateway.DIALECT,
        ruuvi_gateway.DIALECT,
        ruuvibridge.DIALECT,
        airgradient.DIALECT,
        awair.DIALECT,
        switchbot.dialect(zone),
        govee2mqtt.DIALECT,
        ble2mqtt.DIALECT,
        mitemperature2.DIALECT,
        airthings.dialect(zone),
        homie.DIALECT,
        sleep_as_android.dialect(settings.decoders.sleep_as_android_bases),
        smartbed.DIALECT,
        zwave_js_ui.DIALECT,
        hubitat.DIALECT,
        tasmota.dialect(zone),
        statestream.DIALECT,
        esphome.DIALECT,
        bed.dialect(otherwise=generic.dialect(zone, maps).decode),
        generic.dialect(zone, maps),
    )


def decoders(settings: Settings) -> Decoders:
    """Who reads what."""
    return Decoders(dialects(settings), tuple(row.topic for row in settings.decoders.map))


def plan(settings: Settings) -> Plan:
    """What to listen to, as the settings say."""
    every = dialects(settings)
    return Plan(
        announcements=tuple(dict.fromkeys(topic for dialect in every for topic in dialect.metadata)),
        values=tuple(dict.fromkeys(topic for dialect in every for topic in dialect.subscriptions)),
        mapped=tuple(dict.fromkeys(row.topic for row in settings.decoders.map)),
        named=settings.mqtt.topics,
        listen=settings.sensors.listen,
    )


def own_factors(settings: Settings) -> tuple[Factor, ...]:
    """The person's own factors."""
    return tuple(
        Factor(name=name, unit="", low=-OWN_FACTOR_REACH, high=OWN_FACTOR_REACH, meaning="your own")
        for name in settings.diary.own_factors
    )


def closing(settings: Settings, stores: Stores) -> Closing:
    """The step that closes nights."""
    rules = NightRules(
        zone=zone_name(settings),
        usual=settings.night.usual(),
        settle=timedelta(minutes=settings.night.settle_minutes),
        max_gap=timedelta(minutes=settings.night.max_gap_minutes),
    )
    return Closing(stores.readings, stores.nights, stores.diary, rules)


def close_nights(settings: Settings, stores: Stores) -> int:
    """Close every night that is due just now; how many that were."""
    return len(closing(settings, stores).close_due(SystemClock().now_ms()))


def analysing(settings: Settings, stores: Stores, clock: Clock) -> Analysing:
    """The step that analyses, in a process of its own."""
    analyst = AnalysisProcess(timeout_s=settings.analysis.timeout_s, memory_mb=settings.analysis.memory_mb)
    return Analysing(
        stores.nights,
        stores.diary,
        stores.analyses,
        analyst,
        clock,
        Choices(adjust_for=settings.analysis.adjust_for, seed=settings.analysis.seed),
    )


def advising(stores: Stores) -> Advising:
    """The step that gives advice."""
    return Advising(stores.nights)


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
    with only_one(settings.store.path.expanduser()), open_stores(settings) as stores:
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
        close = closing(settings, stores)
        jobs = (
            Job(name="closing nights", every_s=CLOSE_EVERY_S, step=lambda: close.close_due(clock.now_ms())),
            Job(name="following sensors", every_s=FOLLOW_EVERY_S, step=following.follow),
            Job(name="remembering topics", every_s=REMEMBER_EVERY_S, step=_remember(source, stores.readings)),
        )
        yield Running(
            daemon=Daemon(source, ingest, jobs),
            source=source,
            ingest=ingest,
            closing=close,
            stores=stores,
            clock=clock,
        )


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


def run(settings: Settings) -> None:
    """The daemon in the foreground until SIGTERM or SIGINT; raises StoreUnusable, ConfigurationError."""
    start_logging(settings.logging.level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with wired(settings, SystemClock()) as running:
        running.daemon.run(stop)
    log.info("stopped; everything acknowledged is stored")


def start_logging(level: str) -> None:
    """One line per event on standard error."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)-7s %(message)s", force=True)


def reachable(settings: Settings, *, timeout_s: float = 5.0) -> str | None:
    """Why the broker cannot be used, None if it can; connects once under another client id."""
    trial = settings.mqtt.model_copy(update={"client_id": settings.mqtt.client_id + "-check"})
    source = MqttSource(trial, Subscriptions(()), SystemClock(), random.Random(), visitor=True)  # noqa: S311 - jitter
    source.start()
    try:
        until_s = time_module.monotonic() + timeout_s
        while time_module.monotonic() < until_s and not source.wait_connected(LOOK_S) and source.trouble is None:
            pass
        return None if source.connected else (source.trouble or "it does not answer")
    finally:
        with suppress(OSError):
            source.stop()


def _remember(source: MqttSource, readings: SqliteReadings) -> Callable[[], None]:
    def step() -> None:
        if source.subscribed is not None:
            readings.remember_topics(source.subscribed)

    return step


def examine(settings: Settings, file: Path | None) -> list[Examined]:
    """What `check` finds, part by part."""
    parts = [
        Part("program", lambda: f"bedroom-monitor {__version__}, {machine.system()}"),
        Part("settings", lambda: _settings_found(settings, file)),
        Part("clock", lambda: machine.clock(SystemClock().now_ms(), zone_name(settings))),
        Part("nights", lambda: _nights_found(settings)),
        Part("disk", lambda: machine.free_room(settings.store.path.expanduser().parent)),
        Part("database", lambda: _database_found(settings)),
        Part("broker", lambda: _broker_found(settings)),
    ]
    return services_examine(parts)


def _settings_found(settings: Settings, file: Path | None) -> str:
    if settings.mqtt.password_file is not None:
        machine.private(settings.mqtt.password_file)
    if file is not None and settings.mqtt.password.get_secret_value() and settings.mqtt.password_file is None:
        machine.private(file)
    changed = settings.model_dump(mode="json", exclude_defaults=True)
    said = ", ".join(f"{section}.{key} = {value!r}" for section, keys in changed.items() for key, value in keys.items())
    return f"{file or 'no file, defaults'}{': ' if said else ''}{said}"


def _nights_found(settings: Settings) -> str:
    times = settings.night.usual()
    return f"usually {times.bed} to {times.rise}"


def _database_found(settings: Settings) -> str:
    path = settings.store.path.expanduser()
    if not path.exists():
        machine.writable(path.parent)
        return f"{path}: not there yet; the first start makes it"
    with open_stores(settings) as stores:
        fault = stores.database.fault()
        if fault is not None:
            raise StoreUnusable(
                f"{path}: damaged ({fault}); keep a copy, then restore a backup or use sqlite3's .recover"
            )
        machine.private(path)
        sensors = stores.readings.sensors()
        placed = sum(sensor.place == "bedroom" for sensor in sensors)
        return f"{path}: {stores.readings.count():,} readings of {len(sensors)} sensors, {placed} in the bedroom"


def _broker_found(settings: Settings) -> str:
    trouble = reachable(settings)
    where = f"{settings.mqtt.host}:{settings.mqtt.port}"
    if trouble is not None:
        raise BrokerError(f"{where}: {trouble}")
    return (
        f"{where} lets us in. Brokers keep only some messages for a client that is away (mosquitto: 1,000); "
        "config/mosquitto.conf raises that"
    )
