"""`backup`, `backups` and `restore`: copies of everything that is stored."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.console import local, print_json, print_table, printable
from monitor.cli.options import Config, Json
from monitor.core.wording import size as size_of
from monitor.errors import InputError

if TYPE_CHECKING:
    from monitor.bootstrap.restoring import Plan, Restored
    from monitor.core.backups import Manifest

WORDS = {
    "sensors": "sensors",
    "readings": "readings",
    "thinned": "thinned rows",
    "set_aside": "values set aside",
    "calibrations": "calibrations",
    "nights": "nights",
    "exclusions": "nights left out",
    "diary": "diary entries",
    "diary_edits": "earlier entries",
    "analyses": "analyses",
}
"""What the counts are called."""


def backup(
    target: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE-OR-FOLDER", help="Where to; without it the folder of the settings.", show_default=False
        ),
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Write a backup of everything now; safe while the daemon runs.

    One file, readable by its owner only. It holds your diary: keep it where nobody else reads.
    """
    from monitor import bootstrap, settings
    from monitor.core.backups import manifest_document

    path, manifest, size = bootstrap.back_up(settings.load(config), target)
    if as_json:
        print_json({"file": str(path), "bytes": size, **manifest_document(manifest)})
        return
    counts = manifest.contents.counts
    print(f"Backup written: {path}, {size_of(size)}.")
    print(
        ", ".join(f"{WORDS[name]} {number:,}" for name, number in counts.items() if number) or "There is nothing in it."
    )


def backups(config: Config = None, as_json: Json = False) -> None:
    """List the backups of the folder of the settings."""
    from monitor import bootstrap, settings
    from monitor.core.backups import manifest_document

    loaded = settings.load(config)
    found = bootstrap.list_backups(loaded)
    if as_json:
        print_json(
            [
                {"file": str(path), "bytes": one.size, "manifest": None if said is None else manifest_document(said)}
                for path, one, said in found
            ]
        )
        return
    if not found:
        print("No backup yet: the daemon makes one every day, `bedroom-monitor backup` makes one now.")
        return
    zone, folder = bootstrap.zone_name(loaded), None
    for path, one, said in found:
        if path.parent != folder:
            folder = path.parent
            print(f"In {printable(str(folder))}:")
        print(printable(path.name))
        told = [local(one.created_ms, zone), size_of(one.size)]
        print(f"    {', '.join(told + (['damaged'] if said is None else _told(said)))}")


def _told(said: "Manifest") -> list[str]:
    counts = said.contents.counts
    return [f"{WORDS[name]} {counts.get(name, 0):,}" for name in ("readings", "nights", "diary")] + [said.version]


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup, or a bare database file.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look through the backup, and change nothing.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of the database, which is kept beside it.

    Stop the daemon first; it may run for --dry-run. A backup of an older version is brought up to date; one that is
    damaged or of a newer version is refused. Whatever stops this, the database stays as it was.
    """
    from monitor import bootstrap, settings

    loaded = settings.load(config)

    def agreed(plan: "Plan") -> bool:
        if not as_json:
            _show(plan, bootstrap.zone_name(loaded))
        if dry_run:
            return False
        if plan.replaces_something and not yes:
            if not sys.stdin.isatty():
                raise InputError("restore: expected --yes, since nobody can be asked here; nothing was changed")
            typer.confirm(f"Replace {plan.database}?", abort=True, err=True)
        return True

    restored = bootstrap.restore(loaded, file, agreed, trial=dry_run)
    if as_json:
        print_json(_document(restored))
    elif not restored.done:
        print("The backup is sound. Nothing was changed.")
    else:
        print(f"Restored: {restored.plan.database}")
        if restored.kept is not None:
            print(f"The database from before is kept: {restored.kept}")


def _show(plan: "Plan", zone: str) -> None:
    said = plan.manifest
    if said is not None:
        print(f"Made {local(said.created_ms, zone)} by bedroom-monitor {said.version}.")
    span = (plan.contents.first_ms, plan.contents.last_ms)
    print(f"Readings from {local(span[0], zone)} to {local(span[1], zone)}.")
    before = {} if plan.before is None else plan.before.counts
    print_table(
        ("what", "in the backup", "restored", "in the database now"),
        [
            (word, f"{plan.contents.counts[name]:,}", f"{plan.counts[name]:,}", f"{before[name]:,}" if before else "-")
            for name, word in WORDS.items()
            if plan.contents.counts[name] or before.get(name)
        ],
        empty="There is nothing in it.",
    )
    if plan.unreadable:
        print("The database there cannot be read.")


def _document(restored: "Restored") -> dict[str, object]:
    plan = restored.plan
    return {
        "file": str(plan.file),
        "database": str(plan.database),
        "restored": restored.done,
        "kept": None if restored.kept is None else str(restored.kept),
        "schema": plan.contents.schema,
        "version": None if plan.manifest is None else plan.manifest.version,
        "counts": {"backup": dict(plan.contents.counts), "restored": dict(plan.counts)}
        | {"before": None if plan.before is None else dict(plan.before.counts)},
    }
