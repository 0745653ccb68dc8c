"""`demo`: simulated nights through the real thing, then what it found."""

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.console import print_json
from monitor.cli.options import Json
from monitor.errors import InputError

if TYPE_CHECKING:
    from monitor.bootstrap import Outcome


FILE = "monitor.db"
"""The demo's database, in its folder."""


class Effect(StrEnum):
    """What is planted in the simulated sleeper."""

    HEAT = "heat"
    NONE = "none"


def demo(
    nights: Annotated[int, typer.Option(min=1, max=1000, help="How many nights to play.")] = 120,
    seed: Annotated[int, typer.Option(help="Another seed is another bedroom and another sleeper.")] = 1,
    effect: Annotated[Effect, typer.Option(help="Whether warm nights are worse for this sleeper.")] = Effect.HEAT,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder for the database; without it a new temporary one.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Play simulated nights through the real thing, show what it finds.

    A simulated bedroom and sleeper, a real MQTT broker, the real daemon and a real database, on a simulated clock.
    """
    from rich.console import Console
    from rich.progress import Progress

    from monitor import bootstrap
    from monitor.cli.show import advice_document, analysis_document, show_demo

    folder = data or Path(tempfile.mkdtemp(prefix="bedroom-monitor-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / FILE).exists():
        raise InputError(f"--data: {folder} holds a demo already; name an empty folder")
    bootstrap.start_logging("error")
    with Progress(console=Console(stderr=True), disable=as_json) as progress:
        task = progress.add_task(f"{nights} nights", total=nights)
        outcome = bootstrap.demo(nights, seed, effect.value, folder, each=lambda: progress.advance(task))
    if as_json:
        print_json(
            {
                "analysis": analysis_document(outcome.result),
                "advice": advice_document(outcome.advice),
                "readings": outcome.readings,
                "nights": nights,
                "data": str(folder),
            }
        )
        return
    show_demo(outcome.result, outcome.advice, _told(outcome, nights, effect, folder))


def _told(outcome: "Outcome", nights: int, effect: Effect, folder: Path) -> list[str]:
    planted = (
        "In this simulation warm nights are worse, and alcohol, which goes with warm evenings, is a rival explanation."
        if effect is Effect.HEAT
        else "In this simulation the room has no effect at all; a finding would be chance."
    )
    return [
        planted,
        f"{nights} nights: {outcome.messages:,} MQTT messages came in and {outcome.readings:,} readings were stored;",
        f"{outcome.unusable} broken messages could not be used and were counted.",
        f"The data are in {folder}. To look around, for example:",
        f"  export BEDROOM_MONITOR_STORE__PATH={folder}/{FILE} BEDROOM_MONITOR_HOME__ZONE=Europe/Brussels",
        "  .venv/bin/bedroom-monitor nights list",
    ]
