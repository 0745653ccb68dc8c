"""`export`: readings, nights, exposures and findings as CSV or line protocol."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from monitor.cli.console import print_json
from monitor.cli.options import Config, Json, date_given
from monitor.core.wording import counted
from monitor.errors import InputError, MonitorError

if TYPE_CHECKING:
    from monitor.services.exporting import Choice, Kind, Piece

app = typer.Typer(help="Export what is kept, as CSV or line protocol.", no_args_is_help=True)

Form = Literal["csv", "line-protocol"]
STANDARD_OUTPUT = Path("-")

NOUNS: "dict[Kind, str]" = {"readings": "reading", "nights": "night", "exposures": "exposure", "findings": "finding"}

File = Annotated[Path, typer.Argument(metavar="FILE", help="File to write; without it, or -: standard output.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder for the files; made where it is not there.")]
FromDay = Annotated[str | None, typer.Option("--from", metavar="DATE", help="First local day.", show_default=False)]
ToDay = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="Last local day, included.", show_default=False)
]
FromNight = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="First date of waking.", show_default=False)
]
ToNight = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="Last date of waking, included.", show_default=False)
]
Sensors = Annotated[
    list[str] | None,
    typer.Option("--sensor", metavar="KEY", help="Only this sensor; may be given several times.", show_default=False),
]
Quantities = Annotated[
    list[str] | None,
    typer.Option("--quantity", help="Only this quantity; may be given several times.", show_default=False),
]
Raw = Annotated[bool, typer.Option("--raw", help="Values as the sensors sent them, without calibration.")]
AsForm = Annotated[Form, typer.Option("--format", help="What to write.")]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there already.")]


@app.command("readings")
def export_readings(
    file: File = STANDARD_OUTPUT,
    since: FromDay = None,
    until: ToDay = None,
    sensor: Sensors = None,
    quantity: Quantities = None,
    raw: Raw = False,
    form: AsForm = "csv",
    force: Force = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Export readings, one line each, by sensor, quantity and time.

    `import readings` reads the CSV back. Times are UTC, values are calibrated unless --raw. The days are those of the
    home's zone, from midnight to midnight.
    """
    from monitor.services.exporting import Choice

    choice = Choice(
        since=date_given("--from", since),
        until=date_given("--to", until),
        sensors=sensor or (),
        quantities=quantity or (),
        raw=raw,
    )
    _export("readings", file, form, choice, force=force, config=config, as_json=as_json)


@app.command("nights")
def export_nights(
    file: File = STANDARD_OUTPUT,
    since: FromNight = None,
    until: ToNight = None,
    form: AsForm = "csv",
    force: Force = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Export the diary, one line for each night that was logged.

    `import nights` reads the CSV back.
    """
    _export("nights", file, form, _nights(since, until), force=force, config=config, as_json=as_json)


@app.command("exposures")
def export_exposures(
    file: File = STANDARD_OUTPUT,
    since: FromNight = None,
    until: ToNight = None,
    form: AsForm = "csv",
    force: Force = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Export what the room was like: a line for each exposure of each night, with the night's window."""
    _export("exposures", file, form, _nights(since, until), force=force, config=config, as_json=as_json)


@app.command("findings")
def export_findings(
    file: File = STANDARD_OUTPUT,
    since: FromDay = None,
    until: ToDay = None,
    form: AsForm = "csv",
    force: Force = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Export the findings of every analysis; the days are those on which it ran."""
    _export("findings", file, form, _nights(since, until), force=force, config=config, as_json=as_json)


@app.command("all")
def export_all(
    folder: Folder,
    since: FromNight = None,
    until: ToNight = None,
    raw: Raw = False,
    form: AsForm = "csv",
    force: Force = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Export everything to a folder, each kind to a file of its own.

    For readings and findings the dates are local days.
    """
    from monitor import bootstrap, settings
    from monitor.bootstrap import exporting
    from monitor.services.exporting import Choice

    loaded = settings.load(config)
    choice = Choice(since=date_given("--from", since), until=date_given("--to", until), raw=raw)
    written: list[dict[str, object]] = []

    def told(file: Path, kind: "Kind", rows: int) -> None:
        written.append(_document(file, kind, rows))
        if not as_json:
            _say(file, kind, rows)

    with bootstrap.open_stores(loaded, new=False) as stores:
        exporting.export_all(exporting.exporter(loaded, stores), folder, form, choice, replace=force, told=told)
    if as_json:
        print_json(written)


def _export(
    kind: "Kind", file: Path, form: Form, choice: "Choice", *, force: bool, config: Path | None, as_json: bool
) -> None:
    from monitor import bootstrap, settings
    from monitor.bootstrap import exporting

    if as_json and file == STANDARD_OUTPUT:
        raise InputError("--json: expected a FILE beside it, since it tells what was written there")
    loaded = settings.load(config)
    with bootstrap.open_stores(loaded, new=False) as stores:
        steps = exporting.exporter(loaded, stores)
        steps.check(choice)
        if file == STANDARD_OUTPUT:
            _pour(steps.pieces(kind, form, choice))
            return
        rows = exporting.export_to(steps, file, kind, form, choice, replace=force)
    if as_json:
        print_json(_document(file, kind, rows))
    else:
        _say(file, kind, rows)


def _pour(pieces: "Iterator[Piece]") -> None:
    """To standard output; a reader that has had enough ends it quietly."""
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece.text.encode())
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as exc:
        with Path(os.devnull).open(
            "wb"
        ) as nowhere:  # what is left over goes nowhere, and not once more to the full disk
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise MonitorError(f"standard output: cannot be written ({exc.strerror})") from exc


def _nights(since: str | None, until: str | None) -> "Choice":
    from monitor.services.exporting import Choice

    return Choice(since=date_given("--from", since), until=date_given("--to", until))


def _document(file: Path, kind: str, rows: int) -> dict[str, object]:
    return {"file": str(file), "kind": kind, "rows": rows}


def _say(file: Path, kind: "Kind", rows: int) -> None:
    print(f"{file}: {counted(rows, NOUNS[kind])}")
