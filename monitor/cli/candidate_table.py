"""What was found on the broker, as a table to choose from."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from monitor.cli.console import plain_table, printable, wide_console
from monitor.cli.sensor_tables import QUANTITY_ORDER, shown_value
from monitor.services.finding import Candidate

SHOWN = 60
"""Rows of the table; a radio hears the whole street."""


def show_candidates(candidates: Sequence[Candidate], chosen: Mapping[str, str | None]) -> None:
    """Every sensor with a number, the likeliest first; suggested places in bold."""
    console = wide_console()
    if not candidates:
        console.print("No sensor was found. Do they publish to this broker? Listen longer: --listen 600")
        return
    table = plain_table("", "sensor", "suggestion", "values")
    for number, one in enumerate(candidates[:SHOWN], 1):
        where = chosen.get(one.key)
        table.add_row(
            str(number), _called(one), Text(where or "-", style="bold green" if where else "dim"), _values(one)
        )
    console.print(table)
    console.print()
    if len(candidates) > SHOWN:
        console.print(f"... and {len(candidates) - SHOWN} more, all of them numbered on; name them with --place.")


def _called(one: Candidate) -> Text:
    name = Text(printable(one.name if one.area is None else f"{one.name} ({one.area})"))
    if one.key.partition(":")[2] != one.name:
        name.append(f"\n{printable(one.key)}", style="dim")
    return name


def _values(one: Candidate) -> Text:
    """The newest values; those that the broker had kept are of unknown age."""
    shown = Text()
    for quantity, last in sorted(one.values.items(), key=lambda held: QUANTITY_ORDER.index(held[0])):
        value = shown_value(quantity, last.value, last.word)
        shown.append("  " if shown else "")
        shown.append(
            value if last.live else f"{value} (kept by the broker, age unknown)", style="" if last.live else "dim"
        )
    silent = sorted(one.announced - one.values.keys())
    if silent:
        shown.append(f"{'  ' if shown else ''}announced: {', '.join(silent)}", style="dim")
    if one.overheard:
        shown.append("  (by radio: perhaps a neighbour's)", style="yellow")
    return shown
