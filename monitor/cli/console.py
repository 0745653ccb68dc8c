"""What is printed: JSON for scripts, tables and panels for people."""

import json
import sys
from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.core.zones import local_time, zone_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

READABLE_WIDTH = 100
"""Characters; longer lines are hard to read."""

SHORT = 20
"""Characters of a cell that stays beside its heading."""

PIPE_WIDTH = 200
"""Characters of a line that goes to a file or another program: nothing is cut there."""


def print_json(document: object) -> None:
    """One JSON document on standard output; no NaN."""
    json.dump(document, sys.stdout, ensure_ascii=False, allow_nan=False, indent=None)
    sys.stdout.write("\n")


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str, whole: Container[int] = (0,)
) -> None:
    """A table for people, or the sentence `empty` where there is no row.

    Nothing is cut: what is too wide is folded, but for the columns with the numbers in `whole`, which stay on one line.
    Where not even the words fit, each row is a line of its `whole` cells and one of the others with their headings.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [["" if cell is None else printable(str(cell)) for cell in row] for row in rows]
    if not cells:
        print(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number in whole, overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    console = Console()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    unbounded = console.options.update(width=10 * PIPE_WIDTH)
    if console.measure(table, options=unbounded).minimum > console.width:
        for row in cells:
            _print_folded(console, columns, row, whole)
    else:
        console.print(table)


def _print_folded(console: "Console", columns: Sequence[str], row: Sequence[str], whole: Container[int]) -> None:
    from textwrap import fill

    from rich.text import Text

    console.print(Text("  ".join(cell for number, cell in enumerate(row) if number in whole), overflow="fold"))
    named = zip(columns, row, strict=True)
    others = [
        f"{column}: {cell}".replace(" ", "\u00a0") if len(cell) < SHORT else f"{column}: {cell}"
        for number, (column, cell) in enumerate(named)
        if number not in whole and cell
    ]
    if others:
        indent = " " * 4
        lines = fill(", ".join(others), console.width, initial_indent=indent, subsequent_indent=indent)
        print(lines.replace("\u00a0", " "))


def plain_table(*columns: str) -> "Table":
    """A table without lines."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column)
    return table


def wide_console() -> "Console":
    """Standard output, not too wide for a person; as wide as need be for a file or another program."""
    from rich.console import Console

    console = Console(highlight=False)
    console.width = min(console.width, READABLE_WIDTH) if console.is_terminal else PIPE_WIDTH
    return console


def printable(text: str) -> str:
    """The text without what could steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def local(time_ms: int | None, zone: str) -> str:
    """A UTC Unix ms as local date and time, or a dash."""
    return "-" if time_ms is None else _moment(time_ms, zone).strftime("%Y-%m-%d %H:%M")


def _moment(time_ms: int, zone: str) -> datetime:
    return local_time(time_ms, zone_of(zone))
