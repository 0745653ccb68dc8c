"""`import`: readings and nights from CSV files."""

import codecs
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from monitor.cli.console import local, print_json, print_table
from monitor.cli.exits import FAULT
from monitor.cli.options import Config, Json
from monitor.cli.progress import bar_of_rows
from monitor.core.readings import Reading
from monitor.core.tabular import Conventions, DateOrder, Decimal, LineError
from monitor.core.wording import counted
from monitor.core.zones import local_time, zone_of
from monitor.errors import InputError

if TYPE_CHECKING:
    from monitor.services.importing import Imported

app = typer.Typer(help="Import readings or nights from a CSV file, or another program's past.", no_args_is_help=True)

LARGEST_BYTES = 1_000_000_000
"""Bytes; a larger file is read in parts, or is not one of readings."""
SHOWN_ERRORS = 20
"""Lines that are told in full; with --json all are."""
PREVIEW = 5
"""Rows shown of what a file holds."""


DecimalSign = Literal["point", "comma"]
_SIGNS: dict[DecimalSign, Decimal] = {"point": ".", "comma": ","}

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV file.")]
Zone = Annotated[
    str | None,
    typer.Option(
        help="Zone of times without an offset: Europe/Brussels, or fixed as UTC+1. Without it: the home's.",
        show_default=False,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be imported, and import nothing.")]
Order = Annotated[
    DateOrder | None, typer.Option(help="What comes first in dates such as 3/4/2026.", show_default=False)
]
Sign = Annotated[
    DecimalSign | None, typer.Option(help="The decimal sign in numbers such as 1,234.", show_default=False)
]


@app.command("readings")
def import_readings(
    file: File,
    zone: Zone = None,
    sensor: Annotated[str, typer.Option(help="Key of the sensor for columns that name none.")] = "imported",
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="What a column is, as heading=sensor:quantity; may be given several times.",
            show_default=False,
        ),
    ] = None,
    place: Annotated[
        str | None,
        typer.Option(help="Where the imported sensors are: bedroom, bed, outdoor or other.", show_default=False),
    ] = None,
    date_order: Order = None,
    decimal: Sign = None,
    dry_run: DryRun = False,
    anew: Annotated[
        bool, typer.Option("--anew", help="Begin at the start, not where an import was broken off.")
    ] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Import readings of sensors.

    A column with the time and one for each quantity, or the columns sensor, quantity and value.
    """
    from monitor import bootstrap, settings
    from monitor.adapters.clock import SystemClock
    from monitor.core.places import PLACES
    from monitor.core.reading_table import readings_from
    from monitor.services import importing
    from monitor.services.reimporting import import_exported

    if place is not None and place not in PLACES:
        raise InputError(f"--place: expected one of {', '.join(PLACES)}, got {place!r}")
    loaded = settings.load(config)
    home = bootstrap.zone_name(loaded)
    table = readings_from(_text(file), _conventions(zone or home, date_order, decimal), sensor, _columns(column or []))
    if not as_json:
        _preview_readings(table.readings, home)
    outcome = None
    if not dry_run:
        with bootstrap.open_stores(loaded) as stores:
            now_ms = SystemClock().now_ms()
            if table.exported:
                outcome = import_exported(table.readings, table.thinned, stores.readings, stores.past, now_ms)
            else:
                with bar_of_rows(len(table.readings), as_json=as_json) as progress:
                    outcome = importing.import_readings(
                        table.readings,
                        stores.readings,
                        now_ms,
                        resumable=importing.Resumable(stores.past, _source(file, table.readings), anew),
                        progress=progress,
                    )
            if place is not None:
                keys = [row.sensor for row in table.readings] + [row.sensor for row in table.thinned]
                for key in dict.fromkeys(keys):
                    stores.sensors.place(key, place, "person")
            bootstrap.closing(loaded, stores).close_due(SystemClock().now_ms())
    _report("reading", outcome, len(table.readings) + len(table.thinned), table.errors, table.ignored, as_json=as_json)


@app.command("nights")
def import_nights(
    file: File,
    zone: Zone = None,
    date_order: Order = None,
    decimal: Sign = None,
    dry_run: DryRun = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Import diary entries.

    Columns for the date of waking and the severity, and for whatever else was noted. A night that is known is amended:
    what its line leaves out stays.
    """
    from monitor import bootstrap, settings
    from monitor.adapters.clock import SystemClock
    from monitor.core.night_table import nights_from
    from monitor.services import importing

    loaded = settings.load(config)
    now_ms = SystemClock().now_ms()
    home = bootstrap.zone_name(loaded)
    conventions = replace(
        _conventions(zone or home, date_order, decimal), latest=local_time(now_ms, zone_of(home)).date()
    )
    table = nights_from(_text(file), conventions, bootstrap.own_factors(loaded))
    if not as_json:
        rows = [
            (entry.wake_date, entry.severity, entry.bed, entry.rise, len(entry.factors))
            for entry in table.entries[:PREVIEW]
        ]
        print_table(
            ("date of waking", "severity", "bed", "rise", "factors noted"),
            rows,
            empty="No night can be read from this file.",
        )
    outcome = None
    if not dry_run:
        with bootstrap.open_stores(loaded) as stores:
            outcome = importing.import_nights(table.entries, stores.diary, now_ms, f"import of {file.name}")
            bootstrap.closing(loaded, stores).close_due(now_ms)
    _report("night", outcome, len(table.entries), table.errors, table.ignored, as_json=as_json)


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise InputError(f"{file}: expected at most {LARGEST_BYTES:,} bytes; import it in parts")
        raw = file.read_bytes()
    except OSError as exc:
        raise InputError(f"{file}: cannot be read: {exc.strerror}") from exc
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _source(file: Path, readings: Sequence[Reading]) -> str:
    """The name of an import: the file, and what was read in it, so that another content is another import."""
    digest = blake2b(digest_size=8)
    for reading in readings:
        digest.update(repr(reading[:4]).encode())
    return f"readings {file.resolve()} {digest.hexdigest()}"


def _conventions(zone: str, order: DateOrder | None, sign: DecimalSign | None) -> Conventions:
    return Conventions(zone=zone_of(zone), date_order=order, decimal=None if sign is None else _SIGNS[sign])


def _columns(given: Sequence[str]) -> dict[str, tuple[str, str]]:
    columns = {}
    for text in given:
        heading, equals, meaning = text.rpartition("=")
        sensor, colon, quantity = meaning.rpartition(":")
        if not (equals and colon and sensor and quantity):
            raise InputError(f"--column: expected heading=sensor:quantity, got {text!r}")
        columns[heading] = (sensor, quantity)
    return columns


def _preview_readings(readings: Sequence[Reading], zone: str) -> None:
    rows = [
        (reading.sensor, reading.quantity, f"{reading.value:g}", local(reading.time_ms, zone))
        for reading in readings[:PREVIEW]
    ]
    print_table(("sensor", "quantity", "value", "time"), rows, empty="No reading can be read from this file.")


def _report(
    what: str,
    outcome: "Imported | None",
    good: int,
    errors: Sequence[LineError],
    ignored: Sequence[str],
    *,
    as_json: bool,
) -> None:
    if as_json:
        print_json(
            {
                "good": good,
                "new": outcome.new if outcome else 0,
                "set_aside": outcome.set_aside if outcome else 0,
                "errors": [error._asdict() for error in errors],
                "ignored_columns": list(ignored),
                "imported": outcome is not None,
            }
        )
    else:
        _say(what, outcome, good, errors, ignored)
    if errors or not good:
        raise typer.Exit(FAULT)


def _say(what: str, outcome: "Imported | None", good: int, errors: Sequence[LineError], ignored: Sequence[str]) -> None:
    if ignored:
        print(f"Columns left out: {', '.join(ignored)}")
    for error in errors[:SHOWN_ERRORS]:
        print(error)
    if len(errors) > SHOWN_ERRORS:
        print(f"... and {len(errors) - SHOWN_ERRORS} more lines that cannot be used (--json shows all)")
    if outcome is None:
        print(
            f"{counted(good, what)} can be imported, {counted(len(errors), 'error')}. Nothing was imported (--dry-run)."
        )
        return
    aside = f", {outcome.set_aside} of them set aside as implausible" if outcome.set_aside else ""
    if outcome.resumed:
        print("An import that was broken off went on where it was; --anew begins at the start.")
    print(
        f"{counted(good, what)} read{aside}; {outcome.new:,} of them new or changed; {counted(len(errors), 'error')}."
    )
