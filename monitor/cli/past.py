"""`import home-assistant` and `import influxdb`: the past that another program has kept."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from monitor.cli.console import print_json
from monitor.cli.exits import FAULT
from monitor.cli.options import Config, Json
from monitor.cli.past_report import document, say, show_items
from monitor.cli.progress import bar_of_items
from monitor.errors import InputError

if TYPE_CHECKING:
    from monitor.core.past_entities import Mapped
    from monitor.ports import Item, Origin
    from monitor.services.past import Rules
    from monitor.settings import Settings

Entity = Annotated[
    list[str] | None,
    typer.Option(
        help="What an entity is, as sensor.x=SENSOR:QUANTITY or with :UNIT behind; may be given several times.",
        show_default=False,
    ),
]
Place = Annotated[
    list[str] | None,
    typer.Option(
        help="Where an entity or sensor is, as sensor.x=bedroom (bedroom, bed, outdoor or other); may be repeated.",
        show_default=False,
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(help="Take these only, such as sensor.bedroom_*; may be given several times.", show_default=False),
]
From = Annotated[
    str | None, typer.Option("--from", help="First day or local time, such as 2024-01-31.", show_default=False)
]
To = Annotated[str | None, typer.Option("--to", help="Day or local time before which it ends.", show_default=False)]
Hold = Annotated[
    float,
    typer.Option(
        min=0,
        max=1440,
        help="Minutes that a value counts while Home Assistant keeps no newer one: it keeps changes only.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be imported, and import nothing.")]
Anew = Annotated[bool, typer.Option("--anew", help="Begin at the start, not where an import was broken off.")]


class _Wish(NamedTuple):
    """What the person asked for, whatever the source."""

    rules: "Rules"
    entities: Sequence[str]
    places: Sequence[str]
    only: Sequence[str]
    dry_run: bool
    as_json: bool


def home_assistant(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="home-assistant_v2.db, or a history CSV from its history page.")
    ],
    entity: Entity = None,
    place: Place = None,
    only: Only = None,
    since: From = None,
    until: To = None,
    statistics: Annotated[
        bool, typer.Option("--statistics/--no-statistics", help="Take statistics where the states are gone.")
    ] = True,
    hold: Hold = 60.0,
    fahrenheit: Annotated[
        bool, typer.Option("--fahrenheit", help="Temperatures of a history CSV are in °F; it tells no units.")
    ] = False,
    dry_run: DryRun = False,
    anew: Anew = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Import the past of Home Assistant's sensors.

    From its recorder's database, also while Home Assistant runs, or from a history CSV.
    """
    from monitor import bootstrap, settings

    loaded = settings.load(config)
    zone = bootstrap.zone_name(loaded)
    known = _entities(entity or ())
    rules = _rules(loaded, since, until, hold=hold, statistics=statistics, anew=anew)
    wish = _Wish(rules, tuple(known), place or (), only or (), dry_run, as_json)
    with bootstrap.home_assistant(file, known, zone, fahrenheit=fahrenheit) as origin:
        _import(loaded, origin, wish)


def influxdb(
    url: Annotated[
        str | None,
        typer.Option(help="Address such as http://localhost:8086; without it the mirror's.", show_default=False),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            help="Database, or database/retention-policy; InfluxDB 2: the bucket. Without it the mirror's, "
            "or home_assistant beside --url.",
            show_default=False,
        ),
    ] = None,
    username: Annotated[str | None, typer.Option(help="User of InfluxDB 1.", show_default=False)] = None,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File with the user's password.", show_default=False)
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File with a token that may read (InfluxDB 2 and 3).", show_default=False),
    ] = None,
    ca_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Certificate of the authority behind the server's.", show_default=False),
    ] = None,
    measurement: Annotated[
        list[str] | None,
        typer.Option(help="Take this measurement only; may be given several times.", show_default=False),
    ] = None,
    field: Annotated[str, typer.Option(help="Field that holds the values.")] = "value",
    what: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="A series and what it is, as MEASUREMENT/FIELD{TAG=VALUE}=SENSOR:QUANTITY:UNIT; takes these only.",
            show_default=False,
        ),
    ] = None,
    entity: Entity = None,
    place: Place = None,
    only: Only = None,
    since: From = None,
    until: To = None,
    hold: Hold = 60.0,
    dry_run: DryRun = False,
    anew: Anew = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Import the past from InfluxDB 1, 2 or 3.

    As Home Assistant writes it, as the mirror does, or other series that --map names.
    """
    from monitor import bootstrap, settings

    loaded = settings.load(config)
    address = bootstrap.Address(url, database, username, password_file, token_file, ca_file)
    access = bootstrap.influx_access(loaded, address)
    known = _entities(entity or ())
    origin = bootstrap.influxdb(access, known, what or (), measurement or (), field, count=dry_run)
    rules = _rules(loaded, since, until, hold=hold, statistics=False, anew=anew)
    wish = _Wish(rules, tuple(known), place or (), only or (), dry_run, as_json)
    _import(loaded, origin, wish)


def _import(loaded: "Settings", origin: "Origin", wish: _Wish) -> None:
    from monitor import bootstrap

    zone = bootstrap.zone_name(loaded)
    items, left_out = bootstrap.importable(loaded, origin)
    _check_entities(wish.entities, [_plain(one.name) for one in items] + [_plain(one.name) for one in left_out])
    items = [item for item in items if _is_wanted(item, wish.only)]
    if not wish.as_json:
        show_items(items, left_out, zone)
    places = _places(wish.places, items)
    imported, closed = None, 0
    if items and not wish.dry_run:
        with bootstrap.open_stores(loaded) as stores:
            with _interruptible(), bar_of_items(items, as_json=wish.as_json) as progress:
                imported = bootstrap.import_past(origin, items, stores, wish.rules, progress)
            closed = bootstrap.close_after_import(loaded, stores, places)
    if wish.as_json:
        print_json(document(items, left_out, imported, closed))
    else:
        say(imported, items, closed)
    faulty = any(one.faulty for one in left_out)
    faulty |= imported is not None and any(outcome.faulty for outcome in imported.outcomes)
    if faulty or not items:
        raise typer.Exit(FAULT)


def _check_entities(named: Sequence[str], there: Sequence[str]) -> None:
    from monitor.core.diary import did_you_mean

    for entity in named:
        if entity not in there:
            raise InputError(f"--entity: expected an entity that is there, got {entity!r}{did_you_mean(entity, there)}")


def _plain(name: str) -> str:
    """The entity without the measurement that holds it."""
    return name.partition(" in ")[0]


def _is_wanted(item: "Item", only: Sequence[str]) -> bool:
    """By the name there, without the measurement that holds it, or by the sensor here."""
    names = (item.name, _plain(item.name), item.sensor)
    return not only or any(fnmatchcase(name, pattern) for name in names for pattern in only)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Says what an interruption leaves behind."""
    try:
        yield
    except KeyboardInterrupt:
        print("bedroom-monitor: interrupted; the same command goes on from here", file=sys.stderr)
        raise typer.Exit(FAULT) from None


def _rules(
    loaded: "Settings", since: str | None, until: str | None, *, hold: float, statistics: bool, anew: bool
) -> "Rules":
    from monitor import bootstrap
    from monitor.adapters.clock import SystemClock
    from monitor.services.past import Rules

    zone = bootstrap.zone_name(loaded)
    usual = Rules(now_ms=0)
    return Rules(
        now_ms=SystemClock().now_ms(),
        start_ms=usual.start_ms if since is None else max(usual.start_ms, _moment_ms(since, zone, "--from")),
        end_ms=usual.end_ms if until is None else _moment_ms(until, zone, "--to"),
        hold_ms=round(hold * 60_000),
        spans=statistics,
        anew=anew,
    )


def _moment_ms(text: str, zone: str, option: str) -> int:
    """A day or a local time as UTC Unix ms."""
    from monitor.core.moments import Wall, instant_ms, wall_of
    from monitor.core.zones import zone_of

    wall = wall_of(text if ":" in text else f"{text} 00:00", "day")
    found = instant_ms(wall, zone_of(zone), None) if isinstance(wall, Wall) else wall
    if not isinstance(found, int):
        raise InputError(
            f"{option}: expected a day such as 2024-01-31 or a time such as 2024-01-31 22:00, got {text!r}"
        )
    return found


def _entities(given: Sequence[str]) -> "dict[str, Mapped]":
    from monitor.core.past_entities import mapped

    found = {}
    for text in given:
        entity, equals, meaning = text.partition("=")
        if not equals or "." not in entity:
            raise InputError(f"--entity: expected sensor.x=SENSOR:QUANTITY, got {text!r}")
        found[entity] = mapped(meaning, "--entity")
    return found


def _places(given: Sequence[str], items: "Sequence[Item]") -> dict[str, str]:
    """The place of each sensor that was named, by the entity or the sensor's key."""
    from monitor.core.places import PLACES

    found: dict[str, str] = {}
    for text in given:
        what, equals, place = text.rpartition("=")
        if not equals or place not in PLACES:
            raise InputError(f"--place: expected sensor.x=PLACE with a place of {', '.join(PLACES)}, got {text!r}")
        sensors = {item.sensor for item in items if what in (item.name, _plain(item.name), item.sensor)}
        if not sensors:
            raise InputError(f"--place: expected one of {', '.join(item.name for item in items)}, got {what!r}")
        found |= dict.fromkeys(sensors, place)
    return found
