"""`log` and `nights`: the diary and the closed nights."""

from datetime import date, timedelta
from typing import Annotated

import typer

from monitor.cli.console import local, print_json, print_table, printable
from monitor.cli.options import Config, Json
from monitor.core.diary import DiaryEntry, amended, as_fields, parse_factor
from monitor.core.exposure import EXPOSURES, ExposureKind
from monitor.core.moments import YEARS
from monitor.core.wording import nights
from monitor.core.zones import local_time, zone_of
from monitor.errors import InputError
from monitor.ports import Night

app = typer.Typer(help="Nights: list, show, exclude, close, forget.", no_args_is_help=True)

WORDS = ("today", "yesterday")
KINDS = {kind.name: kind for kind in EXPOSURES}
ORDER = {kind.name: place for place, kind in enumerate(EXPOSURES)}

_BASES = {
    "thinned": "Its readings are thinned to five minutes.",
    "gone": "Readings that it was closed with are gone; it stays as it was closed.",
}

Day = Annotated[str, typer.Argument(metavar="DATE", help="Date of waking (2026-01-31), today or yesterday.")]


def log(
    day: Day = "today",
    severity: Annotated[
        int, typer.Option(min=0, max=10, help="How bad the twitching was: 0 none, 10 the worst.")
    ] = ...,  # type: ignore[assignment]
    factor: Annotated[
        list[str] | None,
        typer.Option(help="A circumstance, such as alcohol=2; may be given several times.", show_default=False),
    ] = None,
    count: Annotated[int | None, typer.Option(help="How many twitches you noticed.", show_default=False)] = None,
    bed: Annotated[str | None, typer.Option(help="When you went to bed, such as 23:10.", show_default=False)] = None,
    rise: Annotated[str | None, typer.Option(help="When you got up, such as 07:05.", show_default=False)] = None,
    zone: Annotated[
        str | None, typer.Option(help="Zone of that night, when you travelled.", show_default=False)
    ] = None,
    note: Annotated[str, typer.Option(help="A remark.")] = "",
    anew: Annotated[bool, typer.Option("--anew", help="Keep nothing of an earlier entry of this night.")] = False,
    config: Config = None,
) -> None:
    """Log a night, or amend it.

    What you leave out stays as it was logged before; earlier entries are kept as history.
    """
    from monitor import bootstrap, settings
    from monitor.adapters.clock import SystemClock

    loaded = settings.load(config)
    now_ms = SystemClock().now_ms()
    own = bootstrap.own_factors(loaded)
    entry = DiaryEntry(
        wake_date=_date(day, now_ms, bootstrap.zone_name(loaded)),
        severity=severity,
        count=count,
        bed=bed,
        rise=rise,
        zone=zone,
        note=note,
        factors=dict(parse_factor(text, own) for text in factor or []),
    )
    with bootstrap.open_stores(loaded) as stores:
        close = bootstrap.closing(loaded, stores)
        entry = entry if anew else amended(entry, stores.diary.entry(entry.wake_date))
        close.check(entry)
        changed = stores.diary.log(entry, now_ms, "command line")
        close.close_due(now_ms)
        logged = [one.severity for one in stores.diary.entries()]
    print(f"The night of {entry.wake_date}: severity {severity}. {'Saved.' if changed else 'That was known already.'}")
    print(f"{nights(len(logged))} logged.")


@app.command("list")
def list_nights(config: Config = None, as_json: Json = False) -> None:
    """List the nights: what was logged and what the room was like."""
    from monitor import bootstrap, settings

    loaded = settings.load(config)
    with bootstrap.open_stores(loaded, new=False) as stores:
        closed = {night.window.wake_date: night for night in stores.nights.nights()}
        entries = {entry.wake_date: entry for entry in stores.diary.entries()}
        excluded = stores.nights.excluded()
    rows = []
    for wake_date in sorted({*closed, *entries, *excluded}):
        night, entry = closed.get(wake_date), entries.get(wake_date)
        values = {one.name: one.value for one in night.exposures} if night else {}
        rows.append(
            {
                "wake_date": wake_date.isoformat(),
                "severity": entry.severity if entry else None,
                "start": local(night.window.start_ms, night.window.zone) if night else None,
                "end": local(night.window.end_ms, night.window.zone) if night else None,
                "known_by": night.window.known_by if night else None,
                **{name: values.get(name) for name, kind in KINDS.items() if kind.primary},
                "excluded": excluded.get(wake_date),
            }
        )
    if as_json:
        print_json(rows)
        return
    primary = [kind for kind in EXPOSURES if kind.primary and any(row[kind.name] is not None for row in rows)]
    print_table(
        (
            "night",
            "severity",
            "in bed",
            "known by",
            *(f"{kind.name} {kind.natural(0.0)[1]}" for kind in primary),
            "left out",
        ),
        [
            (
                row["wake_date"],
                row["severity"],
                f"{str(row['start'])[-5:]}-{str(row['end'])[-5:]}" if row["start"] else None,
                row["known_by"],
                *(_rounded(row[kind.name], kind) for kind in primary),
                row["excluded"],
            )
            for row in rows
        ],
        empty="No night yet: log one with `bedroom-monitor log --severity N`.",
        whole=(0, 2),
    )


@app.command()
def show(day: Day, config: Config = None, as_json: Json = False) -> None:
    """Show one night: its window, the diary with its history, and every exposure."""
    from monitor import bootstrap, settings
    from monitor.adapters.clock import SystemClock
    from monitor.services.basis import basis

    loaded = settings.load(config)
    wake_date = _date(day, SystemClock().now_ms(), bootstrap.zone_name(loaded))
    with bootstrap.open_stores(loaded, new=False) as stores:
        night, entry = stores.nights.night(wake_date), stores.diary.entry(wake_date)
        history, why = stores.diary.history(wake_date), stores.nights.excluded().get(wake_date)
        kept = None if night is None else basis(stores.readings, night)
    if night is None and entry is None:
        raise InputError(f"nothing is known of the night of {wake_date}")
    if as_json:
        print_json(
            {
                "wake_date": wake_date.isoformat(),
                "window": None
                if night is None
                else {
                    "start_ms": night.window.start_ms,
                    "end_ms": night.window.end_ms,
                    "zone": night.window.zone,
                    "known_by": night.window.known_by,
                },
                "sensors": night.sensors if night else {},
                "readings": kept,
                "exposures": {
                    one.name: {"value": one.value, "coverage": one.coverage}
                    for one in (night.exposures if night else ())
                },
                "diary": as_fields(entry) if entry else None,
                "history": [{"replaced_ms": at, "replaced_by": by, "entry": as_fields(old)} for at, by, old in history],
                "excluded": why,
            }
        )
        return
    print(f"The night of {wake_date}")
    if why is not None:
        print(f"Left out of the analysis: {printable(why)}")
    if entry is not None:
        _show_entry(entry)
        for at, by, old in history:
            print(f"Until {local(at, bootstrap.zone_name(loaded))} ({by}):")
            _show_entry(old, indent="  ")
    if night is None:
        print("No readings of this night.")
    else:
        window = night.window
        print(
            f"In bed {local(window.start_ms, window.zone)} to {local(window.end_ms, window.zone)} {window.zone} "
            f"(known by: {window.known_by})"
        )
        if kept in _BASES:
            print(_BASES[kept])
        _show_room(night)


@app.command()
def exclude(
    day: Day,
    why: Annotated[str | None, typer.Option(help="The reason: travel, a guest, fever.", show_default=False)] = None,
    take_back: Annotated[bool, typer.Option("--take-back", help="Count the night again.")] = False,
    config: Config = None,
) -> None:
    """Leave a night out of the analysis, with the reason."""
    from monitor import bootstrap, settings
    from monitor.adapters.clock import SystemClock

    if take_back == (why is not None) or (why is not None and not why.strip()):
        raise InputError("nights exclude: expected either --why REASON or --take-back")
    loaded = settings.load(config)
    wake_date = _date(day, SystemClock().now_ms(), bootstrap.zone_name(loaded))
    with bootstrap.open_stores(loaded) as stores:
        stores.nights.exclude(wake_date, None if take_back else why)
    print(f"The night of {wake_date} counts again." if take_back else f"The night of {wake_date} is left out: {why}")


@app.command()
def forget(
    day: Day, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False, config: Config = None
) -> None:
    """Delete what was logged of a night, for good.

    What the sensors measured stays.
    """
    from monitor import bootstrap, settings
    from monitor.adapters.clock import SystemClock

    loaded = settings.load(config)
    now_ms = SystemClock().now_ms()
    wake_date = _date(day, now_ms, bootstrap.zone_name(loaded), any_year=True)
    if not yes:
        typer.confirm(f"Delete what was logged of the night of {wake_date}?", abort=True)
    with bootstrap.open_stores(loaded, new=False) as stores:
        if not stores.diary.forget(wake_date):
            raise InputError(f"nothing was logged of the night of {wake_date}")
        bootstrap.closing(loaded, stores).close_due(now_ms)
    print(f"What was logged of the night of {wake_date} is deleted.")


@app.command()
def close(config: Config = None) -> None:
    """Close every finished night now, as the daemon does by itself."""
    from monitor import bootstrap, settings
    from monitor.adapters.clock import SystemClock

    loaded = settings.load(config)
    with bootstrap.open_stores(loaded) as stores:
        closed = bootstrap.closing(loaded, stores).close_due(SystemClock().now_ms())
    print(f"{nights(len(closed))} closed.")


def _show_entry(entry: DiaryEntry, indent: str = "") -> None:
    factors = ", ".join(f"{name} {value:g}" for name, value in entry.factors.items()) or "none noted"
    told = [f"severity {entry.severity}", f"factors: {factors}"]
    told += [f"{word} {value}" for word, value in (("bed", entry.bed), ("rise", entry.rise)) if value]
    told += [] if entry.count is None else [f"{entry.count} twitches noticed"]
    told += [f"in {entry.zone}"] if entry.zone else []
    print(f"{indent}Logged: {'; '.join(told)}.")
    if entry.note:
        print(f"{indent}Note: {printable(entry.note)}")


def _show_room(night: Night) -> None:
    """Which sensors stood for the room, and what is known by them; the rest is named in one line."""
    print_table(
        ("measured", "by"),
        [(name.replace("_", " "), ", ".join(keys)) for name, keys in night.sensors.items()],
        empty="No sensor of the bedroom was heard in this night.",
        whole=(),
    )
    print()
    ordered = sorted(night.exposures, key=lambda one: ORDER.get(one.name, len(ORDER)))
    known = [(KINDS[one.name], one) for one in ordered if one.name in KINDS]
    print_table(
        ("exposure", "value", "coverage"),
        [
            (kind.label, "unknown" if one.value is None else _in_words(one.value, kind), f"{one.coverage:.0%}")
            for kind, one in known
            if one.coverage > 0
        ],
        empty="No exposure is known.",
        whole=(1, 2),
    )
    measured = {kind.domain for kind, one in known if one.coverage > 0}
    silent = dict.fromkeys(kind.domain for kind, _ in known if kind.domain not in measured)
    if silent:
        print(f"Not measured: {', '.join(silent)}.")


def _in_words(value: float, kind: ExposureKind) -> str:
    number, unit = kind.natural(value)
    return f"{number:.2f} {unit}"


def _rounded(value: object, kind: ExposureKind) -> str:
    return f"{kind.natural(value)[0]:.1f}" if isinstance(value, float) else ""


def _date(text: str, now_ms: int, zone: str, *, any_year: bool = False) -> date:
    today = local_time(now_ms, zone_of(zone)).date()
    if text in WORDS:
        return today - timedelta(days=WORDS.index(text))
    try:
        wake_date = date.fromisoformat(text)
    except ValueError as exc:
        raise InputError(f"DATE: expected a date such as 2024-06-02, today or yesterday, got {text!r}") from exc
    if any_year:
        return wake_date
    if wake_date > today:
        raise InputError(f"DATE: expected a day that has come, got {wake_date} (today is {today})")
    if wake_date.year < YEARS[0]:
        raise InputError(f"DATE: expected a year from {YEARS[0]} on, got {wake_date}")
    return wake_date
