"""Settings and stores to exports."""

from collections.abc import Callable
from pathlib import Path

from monitor.adapters.new_file import check_new, new_file
from monitor.adapters.sqlite.archive import SqliteArchive
from monitor.bootstrap.home import zone_name
from monitor.bootstrap.stores import Stores
from monitor.services.exporting import ENDINGS, KINDS, Choice, Exporting, Form, Kind
from monitor.settings import Settings


def exporter(settings: Settings, stores: Stores) -> Exporting:
    """The step that exports."""
    archive = SqliteArchive(stores.database)
    return Exporting(stores.readings, stores.nights, stores.diary, archive, zone_name(settings))


def export_to(steps: Exporting, path: Path, kind: Kind, form: Form, choice: Choice, *, replace: bool) -> int:
    """Write a file; how many of the kind are in it."""
    rows = 0
    with new_file(path, replace=replace) as file:
        for piece in steps.pieces(kind, form, choice):
            file.write(piece.text.encode())
            rows += piece.rows
    return rows


def export_all(
    steps: Exporting,
    folder: Path,
    form: Form,
    choice: Choice,
    *,
    replace: bool,
    told: Callable[[Path, Kind, int], None],
) -> None:
    """Write every kind to a file of its own; `told` hears of each. The folder is made where it is not there."""
    files = {kind: folder / f"{kind}.{ENDINGS[form]}" for kind in KINDS}
    for file in files.values():
        check_new(file, replace=replace)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for kind, file in files.items():
        told(file, kind, export_to(steps, file, kind, form, choice, replace=replace))
