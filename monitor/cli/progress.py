"""How far an import is: a bar on standard error, where that is a terminal."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.cli.console import printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from monitor.ports import Item
    from monitor.services.past import Progress


@contextmanager
def bar_of_rows(total: int, *, as_json: bool) -> Iterator[Callable[[int], None]]:
    """To be told how many of `total` rows are done."""
    if not _wanted(as_json=as_json):
        yield lambda _done: None
        return
    with _bar() as bar:
        task = bar.add_task("readings", total=total)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def bar_of_items(items: "Sequence[Item]", *, as_json: bool) -> "Iterator[Progress]":
    """To be told up to which time an item is done; the items follow each other."""
    if not _wanted(as_json=as_json):
        yield lambda _item, _time_ms: None
        return
    lengths = [max(1, (item.last_ms or 0) - (item.first_ms or 0)) for item in items]
    before = {item.name: sum(lengths[:place]) for place, item in enumerate(items)}
    with _bar() as bar:
        task = bar.add_task("", total=sum(lengths))

        def show(item: "Item", time_ms: int) -> None:
            done = max(0, time_ms - (item.first_ms or 0))
            bar.update(task, completed=before[item.name] + done, description=printable(item.name))

        yield show


def _wanted(*, as_json: bool) -> bool:
    return not as_json and sys.stderr.isatty()


def _bar() -> "Bar":
    from rich.console import Console
    from rich.progress import Progress as Bar

    return Bar(console=Console(stderr=True), transient=True)
