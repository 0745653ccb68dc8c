"""`sensors`: what is on the broker, and where it is."""

from datetime import datetime
from enum import StrEnum
from math import inf, isfinite
from typing import Annotated

import typer

from monitor.cli.console import local, print_json, print_table
from monitor.cli.options import Config, Json
from monitor.core.quantities import BY_NAME, shown_unit
from monitor.core.zones import unix_ms, zone_of
from monitor.errors import InputError

app = typer.Typer(help="Sensors: list, place, calibrate, forget.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="Key of the sensor, as `sensors list` shows it.")]


class Place(StrEnum):
    """Where a sensor can be."""

    BEDROOM = "bedroom"
    BED = "bed"
    OUTDOOR = "outdoor"
    OTHER = "other"
    NONE = "none"


@app.command("list")
def list_sensors(config: Config = None, as_json: Json = False) -> None:
    """List every sensor with its place, its quantities and its last values."""
    from monitor import bootstrap, settings

    loaded = settings.load(config)
    zone = bootstrap.zone_name(loaded)
    with bootstrap.open_stores(loaded) as stores:
        sensors, series, problems = (
            stores.readings.sensors(),
            stores.readings.series(),
            stores.readings.problems(),
        )
    if as_json:
        places = {sensor.key: sensor for sensor in sensors}
        print_json(
            {
                "series": [
                    one._asdict() | {"place": places[one.sensor].place, "name": places[one.sensor].name}
                    for one in series
                ],
                "problems": [problem._asdict() for problem in problems],
            }
        )
        return
    named = {sensor.key: sensor for sensor in sensors}
    rows = [
        (
            one.sensor,
            named[one.sensor].place or "not placed",
            one.quantity,
            "-" if one.last_value is None else f"{one.last_value:g} {shown_unit(BY_NAME[one.quantity].unit)}",
            local(one.last_ms, zone),
            one.readings,
            one.set_aside or "",
        )
        for one in series
    ]
    columns = ("sensor", "place", "quantity", "last value", "at", "readings", "set aside")
    print_table(
        columns,
        rows,
        empty="No sensor has been heard yet. Is the daemon running, and does `check` find the broker?",
    )
    if problems:
        print("\nMessages that could not be used:")
        print_table(
            ("topic", "reason", "count", "last"),
            [(one.topic, one.reason, one.times, local(one.last_ms, zone)) for one in problems],
            empty="",
        )


@app.command()
def place(key: Key, where: Annotated[Place, typer.Argument(help="Where it is.")], config: Config = None) -> None:
    """Say where a sensor is; only those in the bedroom count as the room."""
    from monitor import bootstrap, settings

    with bootstrap.open_stores(settings.load(config)) as stores:
        stores.readings.place(key, None if where is Place.NONE else where.value, "person")
    print(f"{key} is {'not placed' if where is Place.NONE else f'in: {where.value}'}; past nights are closed anew.")


@app.command()
def calibrate(
    key: Key,
    quantity: Annotated[str, typer.Argument(help="Quantity, such as temperature.")],
    offset: Annotated[float, typer.Option(help="Added to the value, in the unit of the quantity.")] = 0.0,
    gain: Annotated[float, typer.Option(help="The value is multiplied by this first.")] = 1.0,
    since: Annotated[str, typer.Option(help="Date or time from which it holds, local.")] = "1970-01-01",
    config: Config = None,
) -> None:
    """Correct a sensor from a date on, also in the past; what it sent stays as it was."""
    from monitor import bootstrap, settings

    if not 0 < gain < inf:
        raise InputError(f"--gain: expected a positive number, got {gain:g}")
    if not isfinite(offset):
        raise InputError(f"--offset: expected a number, got {offset:g}")
    loaded = settings.load(config)
    try:
        moment = datetime.fromisoformat(since)
    except ValueError as exc:
        raise InputError(f"--since: expected a date such as 2026-01-31, got {since!r}") from exc
    since_ms = unix_ms(moment if moment.tzinfo else moment.replace(tzinfo=zone_of(bootstrap.zone_name(loaded))))
    with bootstrap.open_stores(loaded) as stores:
        stores.readings.calibrate(key, quantity, since_ms, offset, gain)
    print(f"{key} {quantity}: value * {gain:g} {offset:+g} from {since} on; nights since then are closed anew.")


@app.command()
def forget(
    key: Key, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, config: Config = None
) -> None:
    """Delete a sensor with all its readings, for good."""
    from monitor import bootstrap, settings

    if not yes:
        typer.confirm(f"Delete {key} with all its readings?", abort=True)
    with bootstrap.open_stores(settings.load(config)) as stores:
        count = stores.readings.forget(key)
    print(f"{key} and {count} readings are deleted.")
