"""`sensors`: what is on the broker, and where it is."""

from datetime import datetime
from enum import StrEnum
from math import inf, isfinite
from typing import Annotated

import typer

from monitor.cli.console import local, print_json, print_table
from monitor.cli.options import Config, Json
from monitor.core.quantities import BY_NAME, shown_unit
from monitor.core.wording import counted
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
            "-" if one.last_value is None else f"{round(one.last_value, 2):g} {shown_unit(BY_NAME[one.quantity].unit)}",
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

    loaded = settings.load(config)
    with bootstrap.open_stores(loaded) as stores:
        stores.sensors.place(key, None if where is Place.NONE else where.value, "person")
        bootstrap.close_nights(loaded, stores)
    print(f"{key} is {'not placed' if where is Place.NONE else f'in: {where.value}'}; past nights were closed anew.")


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
    since: Annotated[str, typer.Option(help="Date or time from which it holds, local.")] = "1970-01-01",
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
        raise InputError(f"--since: expected a date such as 2026-01-31, got {since!r}") from exc
    since_ms = unix_ms(moment if moment.tzinfo else moment.replace(tzinfo=zone_of(bootstrap.zone_name(loaded))))
    with bootstrap.open_stores(loaded) as stores:
        stores.sensors.calibrate(key, quantity, since_ms, offset, gain)
        bootstrap.close_nights(loaded, stores)
    print(f"{key} {quantity}: value * {gain:g} {offset:+g} from {since} on; nights since then were closed anew.")


@app.command()
def forget(
    key: Key, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, config: Config = None
) -> None:
    """Delete a sensor with all its readings, for good."""
    from monitor import bootstrap, settings

    if not yes:
        typer.confirm(f"Delete {key} with all its readings?", abort=True)
    loaded = settings.load(config)
    with bootstrap.open_stores(loaded) as stores:
        count = stores.sensors.forget(key)
        bootstrap.close_nights(loaded, stores)
    print(f"{key} is deleted, with {counted(count, 'reading')}.")
