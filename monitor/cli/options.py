"""Options that several commands share."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from monitor.errors import InputError

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Settings file; without it the usual places are tried.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def date_given(option: str, text: str | None) -> date | None:
    """The date of an option, None where it was left out; raises InputError."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as exc:
        raise InputError(f"{option}: expected a date such as 2026-01-31, got {text!r}") from exc
