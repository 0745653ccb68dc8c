"""What `check` looks at."""

import random
import time as time_module
from contextlib import suppress
from pathlib import Path

from monitor import __version__
from monitor.adapters import machine
from monitor.adapters.clock import SystemClock
from monitor.adapters.mqtt import MqttSource
from monitor.adapters.mqtt_subscriptions import Subscriptions
from monitor.bootstrap.backups import examine_backups
from monitor.bootstrap.home import zone_name
from monitor.bootstrap.mirror import examine_mirror
from monitor.bootstrap.stores import is_there, open_stores
from monitor.core.wording import counted
from monitor.errors import BrokerError, SensorError, StoreUnusable
from monitor.services.examining import Examined, Part
from monitor.services.examining import examine as services_examine
from monitor.services.growing import growth, rates
from monitor.services.health import FAILING, Health
from monitor.settings import Settings

LOOK_S = 0.1
"""Seconds between two looks whether the broker let us in."""


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


def examine(settings: Settings, file: Path | None) -> list[Examined]:
    """What `check` finds, part by part."""
    parts = [
        Part("program", lambda: f"bedroom-monitor {__version__}, {machine.system()}"),
        Part("settings", lambda: _settings_found(settings, file)),
        Part("clock", lambda: machine.clock(SystemClock().now_ms(), zone_name(settings))),
        Part("nights", lambda: _nights_found(settings)),
        Part("disk", lambda: machine.free_room(settings.store.path.expanduser().parent)),
        Part("database", lambda: _database_found(settings)),
        Part("retention", lambda: _retention_found(settings)),
        Part("backups", lambda: examine_backups(settings)),
        Part("sensors", lambda: _sensors_found(settings)),
        Part("mirror", lambda: _mirror_found(settings)),
        Part("broker", lambda: _broker_found(settings)),
    ]
    return services_examine(parts)


def _settings_found(settings: Settings, file: Path | None) -> str:
    if settings.mqtt.password_file is not None:
        machine.private(settings.mqtt.password_file)
    in_the_file = (
        settings.mqtt.password.get_secret_value() and settings.mqtt.password_file is None,
        settings.mirror.token.get_secret_value() and settings.mirror.token_file is None,
    )
    if file is not None and any(in_the_file):
        machine.private(file)
    changed = settings.model_dump(mode="json", exclude_defaults=True)
    said = ", ".join(f"{section}.{key} = {value!r}" for section, keys in changed.items() for key, value in keys.items())
    return f"{file or 'no file, defaults'}{': ' if said else ''}{said}"


def _nights_found(settings: Settings) -> str:
    times = settings.night.usual()
    return f"usually {times.bed} to {times.rise}"


def _database_found(settings: Settings) -> str:
    path = settings.store.path.expanduser()
    if not is_there(settings):
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
        found = f"{stores.readings.count():,} readings of {counted(len(sensors), 'sensor')}"
        return f"{path}: {found}, {placed} in the bedroom"


def _retention_found(settings: Settings) -> str:
    """How long readings are kept as they came, and what a year of them takes."""
    after_days = settings.retention.thin_after_days
    if not is_there(settings):
        return growth((), after_days)
    with open_stores(settings) as stores:
        return growth(rates(stores.thinning, SystemClock().now_ms()), after_days)


def _sensors_found(settings: Settings) -> str:
    """How the placed sensors are; raises SensorError where one is silent."""
    if not is_there(settings):
        return "none heard yet; `bedroom-monitor init` looks for them"
    with open_stores(settings) as stores:
        health = Health(stores.readings)
        now_ms = SystemClock().now_ms()
        placed = [one for one in health.of_all(now_ms) if one.sensor.place is not None]
        notes = [f"{one.sensor.name}: {note}" for one in placed for note in one.notes]
        notes += health.disagreements(now_ms)
    silent = [f"{one.sensor.name}: {one.state.sentence}" for one in placed if one.state.state in FAILING]
    if silent:
        raise SensorError("; ".join((*silent, *notes)))
    if not any(one.sensor.place in ("bedroom", "bed") for one in placed):
        return "none in the bedroom yet: `bedroom-monitor init`, or `bedroom-monitor sensors place SENSOR bedroom`"
    return "; ".join((f"{len(placed)} placed, none of them silent", *notes))


def _mirror_found(settings: Settings) -> str:
    if not settings.mirror.url:
        return "none set up"
    if settings.mirror.token_file is not None:
        machine.private(settings.mirror.token_file)
    return examine_mirror(settings)


def _broker_found(settings: Settings) -> str:
    trouble = reachable(settings)
    where = f"{settings.mqtt.host}:{settings.mqtt.port}"
    if trouble is not None:
        raise BrokerError(f"{where}: {trouble}")
    return (
        f"{where} lets us in. Brokers keep only some messages for a client that is away (mosquitto: 1,000); "
        "config/mosquitto.conf raises that"
    )
