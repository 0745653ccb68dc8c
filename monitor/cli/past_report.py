"""What is shown of an import of a past: what there is, what became of it, and what could not be used."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from monitor.cli.console import local, print_table, printable
from monitor.core.wording import counted

if TYPE_CHECKING:
    from monitor.ports import Item, LeftOut
    from monitor.services.past import Outcome, PastImported

SHOWN = 20
"""Lines of what is left out, or cannot be used, that are shown; with --json all that are kept are."""


def show_items(items: "Sequence[Item]", left_out: "Sequence[LeftOut]", zone: str) -> None:
    """What there is, what is left out, and what cannot be read."""
    for item in items:
        values = [] if item.records is None else [counted(item.records, "value")]
        values += [counted(item.spans, "row") + " of statistics"] if item.spans else []
        span = f"{local(item.first_ms, zone)[:10]} to {local(item.last_ms, zone)[:10]}"
        print(f"{printable(item.name)}: {item.quantity}{f' in {printable(item.unit)}' if item.unit else ''}")
        print(f"    {', '.join([*values, span])}")
        print(f"    as {printable(item.sensor)}")
    if not items:
        print("Nothing here can be imported.")
    _list("Left out:", [one for one in left_out if not one.faulty])
    _list("Cannot be used:", [one for one in left_out if one.faulty])
    print()


def _list(heading: str, entries: "Sequence[LeftOut]") -> None:
    if not entries:
        return
    print(f"\n{heading}")
    print_table(("there", "why"), [entry[:2] for entry in entries[:SHOWN]], empty="", whole=())
    if len(entries) > SHOWN:
        print(f"... and {len(entries) - SHOWN} more (--json shows all)")


def say(imported: "PastImported | None", items: "Sequence[Item]", closed: int) -> None:
    """What an import did; None: what it would do."""
    if imported is None:
        print(f"{len(items):,} series can be imported. Nothing was imported.")
        return
    for one in imported.outcomes:
        print(f"{printable(one.item.sensor)}: {one.item.quantity}")
        print(f"    {_said(one)}")
    for fault in imported.faults[:SHOWN]:
        print(f"{printable(fault.where)}: {printable(fault.why)}")
    faulty = sum(one.faulty for one in imported.outcomes)
    if faulty > SHOWN:
        print(f"... and {faulty - SHOWN:,} more that cannot be used (--json shows {len(imported.faults)})")
    if any(one.resumed for one in imported.outcomes):
        print("An import that was broken off went on where it was; --anew begins at the start.")
    print(
        f"{counted(sum(one.good for one in imported.outcomes), 'reading')} read, "
        f"{sum(one.new for one in imported.outcomes):,} of them new; "
        f"{counted(sum(one.rows for one in imported.outcomes), 'row')} of five minutes filled; "
        f"{counted(closed, 'night')} closed."
    )


def _said(one: "Outcome") -> str:
    """What became of the records of a series, each counted once."""
    counts = ((one.set_aside, "set aside"), (one.silent, "no value"), (one.faulty, "cannot be used"))
    said = [f"{counted(one.good, 'reading')} ({one.new:,} new)"]
    said += [f"{number:,} {word}" for number, word in counts if number]
    return ", ".join([*said, f"{counted(one.rows, 'row')} filled"] if one.rows else said)


def document(
    items: "Sequence[Item]", left_out: "Sequence[LeftOut]", imported: "PastImported | None", closed: int
) -> dict[str, object]:
    """All of it for scripts."""
    outcomes = {one.item.name: one for one in imported.outcomes} if imported is not None else {}
    counts = ("good", "new", "set_aside", "silent", "faulty", "rows", "resumed")
    return {
        "items": [
            {
                "name": item.name,
                "sensor": item.sensor,
                "quantity": item.quantity,
                "unit": item.unit,
                "values": item.records,
                "statistics": item.spans,
                "first_ms": item.first_ms,
                "last_ms": item.last_ms,
                **{count: getattr(outcomes[item.name], count) for count in counts if item.name in outcomes},
            }
            for item in items
        ],
        "left_out": [{"name": one.name, "why": one.why} for one in left_out if not one.faulty],
        "faults": [{"where": one.name, "why": one.why} for one in left_out if one.faulty]
        + [one._asdict() for one in (imported.faults if imported is not None else ())],
        "nights_closed": closed,
        "imported": imported is not None,
    }
