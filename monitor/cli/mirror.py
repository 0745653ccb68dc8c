"""`mirror`: how the copy in InfluxDB is, and sending anew."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.console import local, print_json, printable
from monitor.cli.exits import FAULT
from monitor.cli.options import Config, Json, date_given
from monitor.core.staleness import age_text
from monitor.core.wording import counted
from monitor.errors import InputError

if TYPE_CHECKING:
    from monitor.ports import MirrorStatus

app = typer.Typer(help="Mirror: how the copy in InfluxDB is, and sending anew.", no_args_is_help=True)

LATE_MS = 600_000
"""ms; what waits longer is a fault: the daemon does not run, or the server takes nothing."""

SHOWN_ASIDE = 5
"""Refused lines that are shown."""


@app.command()
def status(config: Config = None, as_json: Json = False) -> None:
    """Show when something was sent last, what waits, and what the server did not take.

    Exit code 1 where something has waited for more than ten minutes.
    """
    from monitor import bootstrap, settings
    from monitor.adapters.clock import SystemClock

    loaded = settings.load(config)
    with bootstrap.open_stores(loaded, new=False) as stores:
        now = stores.mirror_queue.status()
        aside = stores.mirror_queue.set_aside(SHOWN_ASIDE)
    now_ms = SystemClock().now_ms()
    if as_json:
        print_json(_document(loaded.mirror.url, now, aside, now_ms))
    elif not loaded.mirror.url:
        print("No mirror is set up: mirror.url is empty.")
    else:
        print("\n".join(_sentences(loaded.mirror.url, now, now_ms, bootstrap.zone_name(loaded))))
        for at_ms, line, reason in aside:
            print(f"  {local(at_ms, bootstrap.zone_name(loaded))}  {printable(line)}  ({printable(reason)})")
    if _is_late(now, now_ms) and loaded.mirror.url:
        raise typer.Exit(FAULT)


@app.command()
def resync(
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First local day; without it the very first.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="Last local day, included; without it today.")
    ] = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Queue everything of a span once more: readings, nights, diary, findings.

    The daemon sends it beside what is new. What stands there already stays one point.
    """
    from monitor import bootstrap, settings

    loaded = settings.load(config)
    first, last = date_given("--from", since), date_given("--to", until)
    if first and last and first > last:
        raise InputError(f"--to: expected {first} or later, got {last}")
    with bootstrap.open_stores(loaded, new=False) as stores:
        queued = bootstrap.resync(loaded, stores, first, last)
    if as_json:
        print_json(queued._asdict())
        return
    if not any(queued):
        print("Nothing was measured or logged in that span: nothing is to be sent.")
        return
    print(
        f"Queued: {counted(queued.readings, 'reading')} and {counted(queued.records, 'record')} "
        "(nights, diary entries, analyses). The running daemon sends them; see `bedroom-monitor mirror status`."
    )


def _is_late(now: "MirrorStatus", now_ms: int) -> bool:
    return now.oldest_ms is not None and now_ms - now.oldest_ms > LATE_MS


def _sentences(url: str, now: "MirrorStatus", now_ms: int, zone: str) -> list[str]:
    sent = "nothing sent yet"
    if now.sent_ms is not None:
        sent = f"{counted(now.sent, 'line')} sent, the last {age_text((now_ms - now.sent_ms) / 1000)} ago"
    oldest = "" if now.oldest_ms is None else f", the oldest for {age_text((now_ms - now.oldest_ms) / 1000)}"
    lines = [
        f"{url}: {sent}",
        f"waiting: {counted(now.readings, 'reading')} and {counted(now.records, 'record')}{oldest}",
    ]
    if now.trouble is not None:
        lines.append(f"trouble since {local(now.trouble_ms, zone)}: {printable(now.trouble)}")
    if now.dropped:
        lines.append(
            f"dropped by the server: {counted(now.dropped, 'line')} (outside its retention, or of another type)"
        )
    if now.lost:
        lines.append(
            f"left the queue unsent: {counted(now.lost, 'reading')} between {local(now.lost_from_ms, zone)} and "
            f"{local(now.lost_to_ms, zone)}; `bedroom-monitor mirror resync` sends them"
        )
    if now.aside:
        lines.append(f"refused by the server and set aside: {counted(now.aside, 'line')}, the newest:")
    return lines


def _document(url: str, now: "MirrorStatus", aside: Sequence[tuple[int, str, str]], now_ms: int) -> dict[str, object]:
    return {
        "url": url or None,
        "last_success": _utc(now.sent_ms),
        "backlog": now.readings + now.records,
        "oldest_age_s": None if now.oldest_ms is None else (now_ms - now.oldest_ms) / 1000,
        "last_error": now.trouble,
        "error_since": _utc(now.trouble_ms),
        "sent": now.sent,
        "dropped": now.dropped,
        "overflowed": now.lost,
        "set_aside": now.aside,
        "set_aside_lines": [{"time": _utc(at), "line": line, "reason": reason} for at, line, reason in aside],
    }


def _utc(time_ms: int | None) -> str | None:
    return None if time_ms is None else datetime.fromtimestamp(time_ms / 1000, UTC).isoformat()
