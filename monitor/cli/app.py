"""The command tree; each command is one small function in a module of its subject."""

from typing import Annotated

import typer

from monitor import __version__
from monitor.cli import (
    backup,
    decode,
    demo,
    doctor,
    erase,
    exports,
    findings,
    imports,
    init,
    mirror,
    nights,
    past,
    run,
    sensors,
)

app = typer.Typer(
    name="bedroom-monitor",
    help="Finds out which conditions of your bedroom go with your bad nights.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help answers in half the time
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"bedroom-monitor {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Finds out which conditions of your bedroom go with your bad nights."""
    del version


app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("check")(doctor.check)
app.command("decode")(decode.decode)
app.command("log")(nights.log)
app.command("analyse")(findings.analyse)
app.command("advise")(findings.advise)
app.command("backup")(backup.backup)
app.command("backups")(backup.backups)
app.command("restore")(backup.restore)
app.command("erase")(erase.erase)
app.add_typer(sensors.app, name="sensors")
app.add_typer(nights.app, name="nights")
imports.app.command("home-assistant")(past.home_assistant)
imports.app.command("influxdb")(past.influxdb)
app.add_typer(imports.app, name="import")
app.add_typer(exports.app, name="export")
app.add_typer(mirror.app, name="mirror")
