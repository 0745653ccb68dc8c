"""What is shown of an import of a past: what there is, what became of it, and what could not be used."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from monitor.cli.console import local, print_table, printable
from monitor.core.wording import counted

if TYPE_CHECKING:
    from monitor.ports import Item, LeftOut
    from monitor.services.past import PastImported

SHOWN = 20
"""Lines of what is left out, or cannot be used, that are shown; with --json all that are kept are."""


def show_items(items: "Sequence[Item]", left_out: "Sequence[LeftOut]", zone: str) -> None:
    """What there is, and what is left out."""
    rows = [
        (
            item.name,
            item.quantity,
            item.unit,
            item.records,
            item.spans or None,
            local(item.first_ms, zone)[:10],
            local(item.last_ms, zone)[:10],
        )
        for item in items
    ]
    columns = ("there", "quantity", "unit", "values", "statistics", "first", "last")
    print_table(columns, rows, empty="Nothing here can be imported.")
    if left_out:
        print("\nLeft out:")
        print_table(("there", "why"), left_out[:SHOWN], empty="")
        if len(left_out) > SHOWN:
            print(f"... and {len(left_out) - SHOWN} more (--json shows all)")
    print()


def say(imported: "PastImported | None", items: "Sequence[Item]", closed: int) -> None:
    """What an import did; None: what it would do."""
    if imported is None:
        if items:
            print_table(("there", "sensor here"), [(item.name, item.sensor) for item in items], empty="")
            print()
        print(f"{len(items):,} series can be imported. Nothing was imported.")
        return
    rows = [
        (one.item.sensor, one.item.quantity, one.good, one.new, one.set_aside, one.silent, one.faulty, one.rows)
        for one in imported.outcomes
    ]
    columns = ("sensor", "quantity", "readings", "new", "set aside", "no value", "cannot be used", "filled rows")
    print_table(columns, rows, empty="")
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
        "left_out": [one._asdict() for one in left_out],
        "faults": [one._asdict() for one in imported.faults] if imported is not None else [],
        "nights_closed": closed,
        "imported": imported is not None,
    }
