"""`erase`: nights, or everything, deleted for good."""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.console import local, print_json, printable
from monitor.cli.exits import FAULT, UNREACHABLE
from monitor.cli.options import Config, Json, date_given
from monitor.core.erasing import out_of_reach
from monitor.core.wording import counted, size
from monitor.errors import InputError, MirrorError

if TYPE_CHECKING:
    from monitor.bootstrap.erasing import Plan
    from monitor.ports.erasing import KeptFile, Tidied
    from monitor.settings import Settings

WORD = "erase"
"""What a person types to say that they mean it."""

ONE_OF = {
    "five-minute rows": "five-minute row", "values set aside": "value set aside", "words of events": "word of an event",
    "diary entries": "diary entry", "earlier diary entries": "earlier diary entry", "analyses": "analysis",
}  # fmt: skip
"""What one of a kind is called where that is not the word without its s."""


def erase(
    everything: Annotated[bool, typer.Option("--all", help="Everything: the database with all that is in it.")] = False,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First date of waking.", show_default=False)
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last date of waking, included.", show_default=False)
    ] = None,
    mirror: Annotated[bool, typer.Option("--mirror", help="Delete it from the mirror too.")] = False,
    backups: Annotated[bool, typer.Option("--backups", help="Delete the backups that can hold it too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Delete nights, or everything, for good.

    Of a night goes all that was measured, from noon to noon, what was logged, and every analysis that knew of it.
    The daemon may run meanwhile, but not for --all. The settings stay. Exit code 3 where the mirror cannot be reached
    or refuses: then nothing is deleted. Exit code 1 where its server has no way to delete this: that is said before,
    and the rest is deleted.
    """
    from monitor import settings

    if everything == (since is not None or until is not None):
        raise InputError("erase: expected either --all, or --from DATE and --to DATE")
    if not yes and (as_json or not sys.stdin.isatty()):
        raise InputError("erase: expected --yes, since nobody can be asked here")
    loaded = settings.load(config)
    try:
        if everything:
            document = _everything(loaded, mirror=mirror, backups=backups, yes=yes, as_json=as_json)
        else:
            range_of = (_date("--from", since), _date("--to", until))
            document = _nights(loaded, range_of, mirror=mirror, backups=backups, yes=yes, as_json=as_json)
    except MirrorError as exc:
        print(f"bedroom-monitor: {printable(str(exc))}; nothing was deleted", file=sys.stderr)
        raise typer.Exit(UNREACHABLE) from exc
    _conclude(document, as_json=as_json)


def _nights(
    settings: "Settings", range_of: tuple[date, date], *, mirror: bool, backups: bool, yes: bool, as_json: bool
) -> dict[str, object]:
    from monitor.bootstrap import erasing, zone_name

    first, last = range_of
    if last < first:
        raise InputError(f"--to: expected a date from {first} on, got {last}")
    plan = erasing.plan_nights(settings, first, last, mirror=mirror, backups=backups)
    nights = plan.nights
    if nights is None:
        raise InputError("erase: expected a range of nights")
    zone = zone_name(settings)
    span = [local(at_ms, zone) for at_ms in (nights.from_ms, nights.to_ms)]
    if not as_json:
        print(f"Nights from {first} to {last}, readings from {span[0]} to {span[1]} {zone}:")
    _show(plan, as_json=as_json)
    _ask(yes=yes)
    done, trouble = erasing.erase_nights(settings, plan, nights, _progress(as_json=as_json))
    if not as_json:
        if (tidiness := _tidiness(done.file)) and any(done.rows.values()):
            print(tidiness)
        if plan.backups:
            print("The next daily backup is made anew.")
    return _document(plan, backups=backups, trouble=trouble) | {
        "from": first.isoformat(), "to": last.isoformat(), "deleted": dict(done.rows), "file": done.file._asdict(),
    }  # fmt: skip


def _everything(settings: "Settings", *, mirror: bool, backups: bool, yes: bool, as_json: bool) -> dict[str, object]:
    from monitor.bootstrap import erasing

    with erasing.everything(settings, mirror=mirror, backups=backups) as plan:
        if not as_json:
            print("Everything:")
        _show(plan, as_json=as_json)
        _ask(yes=yes)
        gone = erasing.erase_everything(settings, plan)
    if not as_json:
        for file in gone:
            print(f"Deleted: {printable(file.path)}")
        print("The settings file stays as it is.")
    return _document(plan, backups=backups) | {"deleted": dict(plan.counts), "files": [file.path for file in gone]}


def _show(plan: "Plan", *, as_json: bool) -> None:
    if as_json:
        return
    for kind, count in plan.counts.items():
        if count:
            print(f"  {count:,} {_noun(kind) if count == 1 else kind}")
    if not any(plan.counts.values()):
        print("  nothing of them in the database")
    for files, what in ((plan.files, "file"), (plan.backups, "backup")):
        if files:
            print(f"  {counted(len(files), what)}, {_size(files)}: {', '.join(printable(one.path) for one in files)}")
    if plan.mirror is not None and plan.mirror.unable is None:
        print(f"  what is of them in the mirror ({plan.mirror.server})")
    elif plan.mirror is not None:
        print(f"  Not deleted: what is of them in the mirror. {printable(str(plan.mirror.unable))}")


def _ask(*, yes: bool) -> None:
    if not yes and input(f"Type {WORD} to delete this for good: ").strip().lower() != WORD:
        print("Nothing was deleted.")
        raise typer.Exit(FAULT)


def _document(plan: "Plan", *, backups: bool, trouble: str | None = None) -> dict[str, object]:
    return {
        "backups": [one.path for one in plan.backups],
        "mirror": None if plan.mirror is None else {"server": plan.mirror.server, "erased": plan.unable is None},
        "trouble": trouble or (plan.unable if plan.mirror is not None else None),
        "out_of_reach": out_of_reach(backups=backups, mirror=trouble or plan.unable),
        "done": True,
    }


def _conclude(document: dict[str, object], *, as_json: bool) -> None:
    """Say what could not be reached; a mirror that was to be erased and was not is a fault."""
    if as_json:
        print_json(document)
    else:
        print("Done. What this cannot reach:")
        reach = document["out_of_reach"]
        for line in reach if isinstance(reach, list) else []:
            print(f"  - {printable(str(line))}")
    if document["trouble"] is not None:
        if not as_json:
            print(f"{_left(document)}: {printable(str(document['trouble']))}", file=sys.stderr)
        raise typer.Exit(FAULT)


def _left(document: Mapping[str, object]) -> str:
    """What the mirror still holds: all of it, or only what was on its way while the rest was deleted."""
    mirror = document["mirror"]
    erased = isinstance(mirror, dict) and mirror["erased"]
    return "The mirror may hold what was on its way there" if erased else "The mirror still holds what it had of them"


def _progress(*, as_json: bool) -> Callable[[int], None]:
    if as_json or not sys.stderr.isatty():
        return lambda _rows: None
    return lambda rows: print(f"\r{rows:,} rows deleted", end="", file=sys.stderr, flush=True)


def _tidiness(file: "Tidied") -> str:
    """How the database file is now; empty where there is nothing to say."""
    said = [f"The file is {size(file.released)} smaller."] if file.released else []
    if not file.log_emptied:
        said.append(
            "Its write-ahead file could not be emptied, since somebody reads; it is when the daemon starts anew."
        )
    if file.free:
        said.append(f"{size(file.free)} in it are free for what comes.")
    return " ".join(said)


def _noun(kind: str) -> str:
    return ONE_OF.get(kind, kind.removesuffix("s"))


def _size(files: Sequence["KeptFile"]) -> str:
    return size(sum(one.size for one in files))


def _date(option: str, text: str | None) -> date:
    given = date_given(option, text)
    if given is None:
        raise InputError("erase: expected both --from DATE and --to DATE")
    return given
