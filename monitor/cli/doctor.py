"""`check`: what works, what does not, and what to do about it."""

import typer

from monitor.cli.console import print_json
from monitor.cli.exits import FAULT
from monitor.cli.options import Config, Json


def check(config: Config = None, as_json: Json = False) -> None:
    """Examine settings, clock, disk, database and broker.

    Exit code 1 where something is wrong.
    """
    from monitor import bootstrap, settings

    loaded = settings.load(config)
    results = bootstrap.examine(loaded, settings.config_file(config))
    if as_json:
        print_json([result._asdict() for result in results])
    else:
        for result in results:
            print(f"{'ok   ' if result.ok else 'FAULT'}  {result.subject:<9} {result.says}")
    if not all(result.ok for result in results):
        raise typer.Exit(FAULT)
