"""What was found on the broker, as a table to choose from."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from monitor.cli.console import wide_console
from monitor.cli.sensor_tables import QUANTITY_ORDER, Value, named, sensor_table, shown_value, side_by_side
from monitor.core.wording import counted
from monitor.services.finding import Candidate

SHOWN = 60
"""Rows of the table; a radio hears the whole street."""


def show_candidates(candidates: Sequence[Candidate], chosen: Mapping[str, str | None], messages: int) -> None:
    """Every sensor with a number, the likeliest first; chosen places in bold. `messages` is how many were heard."""
    console = wide_console()
    if not candidates:
        console.print(f"No sensor was found in {counted(messages, 'message')}. Do your sensors publish to this broker?")
        console.print("For those that speak seldom, listen longer: --listen 600")
        return
    table, width = sensor_table(console, "", "sensor", "place", "values", values="values")
    names = Counter(one.name for one in candidates)
    for number, one in enumerate(candidates[:SHOWN], 1):
        where = chosen.get(one.key)
        table.add_row(
            str(number),
            named(_called(one), one.key, alone=console.is_terminal and names[one.name] == 1),
            Text(where or "-", style="bold green" if where else "dim"),
            side_by_side(_values(one), width),
        )
    console.print(table)
    if len(candidates) > SHOWN:
        console.print(f"... and {len(candidates) - SHOWN} more, all of them numbered on; name them with --place.")
    console.print()


def _called(one: Candidate) -> str:
    return one.name if one.area is None else f"{one.name} ({one.area})"


def _values(one: Candidate) -> Iterator[Value]:
    """The newest values, then those that the broker had kept, then what is only announced."""
    ordered = sorted(one.values.items(), key=lambda held: QUANTITY_ORDER.index(held[0]))
    shown = [(shown_value(quantity, last.value, last.word), last.live) for quantity, last in ordered]
    yield from ((value, "") for value, live in shown if live)
    yield from _dim("age unknown:", [value for value, live in shown if not live])
    yield from _dim("announced:", sorted(one.announced - one.values.keys(), key=QUANTITY_ORDER.index))
    if one.overheard:
        yield "by radio, a neighbour's?", "yellow"


def _dim(head: str, rest: Sequence[str]) -> Iterator[Value]:
    return ((said, "dim") for said in ((head, *rest) if rest else ()))
