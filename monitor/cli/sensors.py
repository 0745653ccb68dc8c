"""`sensors`: what is on the broker, and where it is."""

from datetime import datetime
from enum import StrEnum
from math import inf, isfinite
from typing import Annotated

import typer

from monitor.cli.console import print_json, printable
from monitor.cli.options import Config, Json
from monitor.core.wording import counted
from monitor.core.zones import unix_ms, zone_of
from monitor.errors import InputError
from monitor.services.finding import sensor_called

app = typer.Typer(help="Sensors: list, show, place, calibrate, forget.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="Key or name of the sensor, or a part that fits one only.")]


SHOWN_ASIDE = 20
"""Values set aside that are shown of a sensor."""


class Place(StrEnum):
    """Where a sensor can be."""

    BEDROOM = "bedroom"
    BED = "bed"
    OUTDOOR = "outdoor"
    OTHER = "other"
    NONE = "none"


@app.command("list")
def list_sensors(config: Config = None, as_json: Json = False) -> None:
    """List every sensor with its place, its newest values and how long ago it was heard."""
    from monitor import bootstrap, settings
    from monitor.adapters.clock import SystemClock
    from monitor.cli.sensor_tables import listed_of, sensors_document, show_sensors
    from monitor.services.health import Health

    loaded = settings.load(config)
    now_ms = SystemClock().now_ms()
    with bootstrap.open_stores(loaded, new=False) as stores:
        health = Health(stores.readings)
        listed = listed_of(
            health.of_all(now_ms, bootstrap.plan(loaded).choice),
            stores.readings.series(),
            health.disagreements(now_ms),
            stores.readings.problems(),
        )
    if as_json:
        print_json(sensors_document(listed))
    else:
        show_sensors(listed, bootstrap.zone_name(loaded))


@app.command()
def show(key: Key, config: Config = None) -> None:
    """Show one sensor: its state, its topics, its corrections, and what was set aside."""
    from monitor import bootstrap, settings
    from monitor.adapters.clock import SystemClock
    from monitor.cli.sensor_tables import show_sensor
    from monitor.services.health import Health

    loaded = settings.load(config)
    with bootstrap.open_stores(loaded, new=False) as stores:
        sensor = sensor_called(stores.readings.sensors(), key)
        health = Health(stores.readings).of_all(SystemClock().now_ms(), bootstrap.plan(loaded).choice)
        show_sensor(
            next(one for one in health if one.sensor.key == sensor.key),
            [one for one in stores.readings.latest() if one.sensor == sensor.key],
            [one for one in stores.readings.heard() if one.sensor == sensor.key],
            stores.sensors.calibrations(sensor.key),
            stores.readings.set_aside(sensor.key, SHOWN_ASIDE),
            bootstrap.zone_name(loaded),
        )
        own = [one for one in stores.readings.series() if one.sensor == sensor.key]
    thinned = sum(one.thinned for one in own)
    if thinned:
        print(f"{sum(one.readings for one in own):,} readings, {thinned:,} of them thinned to five minutes")


@app.command()
def place(key: Key, where: Annotated[Place, typer.Argument(help="Where it is.")], config: Config = None) -> None:
    """Say where a sensor is; only those in the bedroom count as the room."""
    from monitor import bootstrap, settings

    loaded = settings.load(config)
    with bootstrap.open_stores(loaded, new=False) as stores:
        key = sensor_called(stores.readings.sensors(), key).key
        stores.sensors.place(key, None if where is Place.NONE else where.value, "person")
        bootstrap.close_nights(loaded, stores)
    stands = "not placed" if where is Place.NONE else f"in: {where.value}"
    print(f"{printable(key)} is {stands}; past nights were closed anew.")


@app.command()
def calibrate(
    key: Key,
    quantity: Annotated[str, typer.Argument(help="Quantity, such as temperature.")],
    offset: Annotated[
        float | None, typer.Option(help="Added to the value, in the unit of the quantity.", show_default=False)
    ] = None,
    gain: Annotated[
        float | None, typer.Option(help="The value is multiplied by this first.", show_default=False)
    ] = None,
    since: Annotated[str, typer.Option("--from", help="Date or time from which it holds, local.")] = "1970-01-01",
    config: Config = None,
) -> None:
    """Correct a sensor from a date on, also in the past; what it sent stays as it was."""
    from monitor import bootstrap, settings

    if offset is None and gain is None:
        raise InputError("sensors calibrate: expected --offset or --gain; --offset 0 takes a correction back")
    offset, gain = offset or 0.0, 1.0 if gain is None else gain
    if not 0 < gain < inf:
        raise InputError(f"--gain: expected a positive number, got {gain:g}")
    if not isfinite(offset):
        raise InputError(f"--offset: expected a number, got {offset:g}")
    loaded = settings.load(config)
    try:
        moment = datetime.fromisoformat(since)
    except ValueError as exc:
        raise InputError(f"--from: expected a date such as 2026-01-31, got {since!r}") from exc
    since_ms = unix_ms(moment if moment.tzinfo else moment.replace(tzinfo=zone_of(bootstrap.zone_name(loaded))))
    with bootstrap.open_stores(loaded, new=False) as stores:
        key = sensor_called(stores.readings.sensors(), key).key
        stores.sensors.calibrate(key, quantity, since_ms, offset, gain)
        bootstrap.close_nights(loaded, stores)
    correction = f"{quantity}: value * {gain:g} {offset:+g} from {since} on"
    print(f"{printable(key)} {correction}; nights since then were closed anew.")


@app.command()
def forget(
    key: Key, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, config: Config = None
) -> None:
    """Delete a sensor with all its readings, for good."""
    from monitor import bootstrap, settings

    loaded = settings.load(config)
    with bootstrap.open_stores(loaded, new=False) as stores:
        key = sensor_called(stores.readings.sensors(), key).key
        if not yes:
            typer.confirm(f"Delete {printable(key)} with all its readings?", abort=True)
        count = stores.sensors.forget(key)
        bootstrap.close_nights(loaded, stores)
    print(f"{printable(key)} is deleted, with {counted(count, 'reading')}.")
