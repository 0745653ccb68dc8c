"""`decode`: what would be stored of a message."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.console import print_json, print_table
from monitor.cli.exits import FAULT
from monitor.cli.options import Config, Json
from monitor.core.quantities import BY_NAME, shown_unit
from monitor.errors import InputError


def decode(
    topic: Annotated[str | None, typer.Option(help="Topic of one message.", show_default=False)] = None,
    payload: Annotated[str | None, typer.Option(help="Payload of that message.", show_default=False)] = None,
    jsonl: Annotated[
        Path | None,
        typer.Option(
            "--jsonl",
            metavar="FILE",
            help='One JSON object a line: {"topic", "payload", "retain"}; - reads standard input.',
            show_default=False,
        ),
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show what would be stored of a message, without storing it.

    Arrival is now; no message is too old.
    """
    if (topic is None) == (jsonl is None) or (topic is None) != (payload is None):
        raise InputError("decode: expected either --topic with --payload, or --jsonl FILE")
    line = {"topic": topic, "payload": payload, "retain": False}
    outcomes = _outcomes([json.dumps(line)] if jsonl is None else _lines(jsonl), config)
    if jsonl is not None or as_json:
        for outcome in outcomes:
            print_json(outcome)
        return
    _show(outcomes[0])
    if topic is not None and not _is_heard(topic, config):
        print("The daemon does not listen to this topic by itself; `init` finds it, or map it in decoders.map.")
    if not outcomes[0]["readings"]:
        raise typer.Exit(FAULT)


def _is_heard(topic: str, config: Path | None) -> bool:
    from monitor import bootstrap, settings
    from monitor.core.decoding import covers

    return any(covers(each, topic) for each in bootstrap.plan(settings.load(config)).looking)


def _outcomes(lines: list[str], config: Path | None) -> list[dict[str, object]]:
    from monitor import bootstrap, settings
    from monitor.adapters.clock import SystemClock
    from monitor.core.dryrun import dry_run_line

    decoders = bootstrap.decoders(settings.load(config))
    now_ms = SystemClock().now_ms()
    outcomes = []
    for line in lines:
        try:
            parsed = json.loads(line)
        except (ValueError, RecursionError):
            parsed = None
        outcomes.append(dry_run_line(decoders, parsed, now_ms))
    return outcomes


def _lines(path: Path) -> list[str]:
    if str(path) == "-":
        return [line for line in sys.stdin if line.strip()]
    try:
        return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{path}: cannot be read: {exc}") from exc


def _show(outcome: dict[str, object]) -> None:
    readings = outcome["readings"]
    rows = [
        (
            row["sensor"],
            row["quantity"],
            f"{row['value']:g} {shown_unit(BY_NAME[row['quantity']].unit)}",
            row["time"] or "arrival",
        )
        for row in (readings if isinstance(readings, list) else [])
    ]
    print_table(("sensor", "quantity", "value", "time"), rows, empty=f"Nothing would be stored: {outcome['ignored']}.")
