"""What a backup is: its name, its manifest, when the next one is due, and which are kept."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from monitor.core.zones import local_time, unix_ms
from monitor.errors import InputError

PROGRAM = "bedroom-monitor"
"""What stands in a manifest as `program`."""

_STAMP = "%Y-%m-%dT%H%M%SZ"
_NAME = re.compile(rf"{PROGRAM}-(\d{{4}}-\d\d-\d\dT\d{{6}}Z)\.zip")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What a database file holds: its schema, how many rows of what, and the span of its readings (UTC Unix ms)."""

    schema: int
    counts: Mapping[str, int]
    first_ms: int | None
    last_ms: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a backup says of the database in it; `size` is in bytes, `created_ms` in UTC Unix ms."""

    version: str
    created_ms: int
    contents: Contents
    size: int
    sha256: str


def backup_name(created_ms: int) -> str:
    """The file name of a backup; by name is by time."""
    return f"{PROGRAM}-{local_time(created_ms, UTC).strftime(_STAMP)}.zip"


def backup_time(name: str) -> int | None:
    """When the backup of that name was made (UTC Unix ms); None where the name is not one of ours."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        return unix_ms(datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC))
    except ValueError:
        return None


def due_since(now_ms: int, at: time, zone: tzinfo) -> int:
    """The latest time of day `at` in `zone` that has come (UTC Unix ms): a backup older than this is too old."""
    today = local_time(now_ms, zone).date()
    moments = (unix_ms(datetime.combine(today - timedelta(days=back), at, zone)) for back in (0, 1))
    return next((moment for moment in moments if moment <= now_ms), now_ms)


def kept(times: Collection[int], zone: tzinfo, *, daily: int, weekly: int) -> set[int]:
    """Which of the backups made at these times are to be kept.

    The `daily` newest, and the newest of each of the `daily` latest days that have one, so that several backups of one
    day do not drive out the days before; then the newest of each of the `weekly` weeks before those.
    """
    newest_first = sorted(set(times), reverse=True)
    by_day: dict[date, int] = {}
    for moment in newest_first:
        by_day.setdefault(local_time(moment, zone).date(), moment)
    near = {*newest_first[:daily], *list(by_day.values())[:daily]}
    by_week: dict[tuple[int, int], int] = {}
    for day, moment in by_day.items():
        by_week.setdefault(day.isocalendar()[:2], moment)
    before = [moment for moment in by_week.values() if moment not in near]
    return near | set(before[:weekly])


def manifest_document(manifest: Manifest) -> dict[str, object]:
    """The manifest as it stands in a backup."""
    contents = manifest.contents
    return {
        "program": PROGRAM,
        "version": manifest.version,
        "schema": contents.schema,
        "created": _iso(manifest.created_ms),
        "counts": dict(contents.counts),
        "first_reading": _iso(contents.first_ms),
        "last_reading": _iso(contents.last_ms),
        "size": manifest.size,
        "sha256": manifest.sha256,
    }


def manifest_of(document: object) -> Manifest:
    """What a manifest says; keys that are not known are passed over. Raises InputError for what is no manifest."""
    if not isinstance(document, dict) or document.get("program") != PROGRAM:
        raise InputError(f"not a manifest of {PROGRAM}")
    counts = document.get("counts")
    if not isinstance(counts, dict):
        raise InputError(f"counts: expected numbers by name, got {counts!r}")
    created_ms = _moment(document, "created")
    if created_ms is None:
        raise InputError("created: expected a time, got none")
    return Manifest(
        version=_text(document, "version"),
        created_ms=created_ms,
        contents=Contents(
            schema=_whole(document, "schema"),
            counts={str(name): _whole(counts, name) for name in counts},
            first_ms=_moment(document, "first_reading"),
            last_ms=_moment(document, "last_reading"),
        ),
        size=_whole(document, "size"),
        sha256=_checksum(document, "sha256"),
    )


def _iso(time_ms: int | None) -> str | None:
    if time_ms is None:
        return None
    return local_time(time_ms, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(document: Mapping[str, object], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str):
        raise InputError(f"{key}: expected text, got {value!r}")
    return value


def _whole(document: Mapping[str, object], key: str) -> int:
    value = document.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError(f"{key}: expected a whole number, got {value!r}")
    return value


def _checksum(document: Mapping[str, object], key: str) -> str:
    text = _text(document, key)
    if _SHA256.fullmatch(text) is None:
        raise InputError(f"{key}: expected 64 hexadecimal digits, got {text!r}")
    return text


def _moment(document: Mapping[str, object], key: str) -> int | None:
    if document.get(key) is None:
        return None
    text = _text(document, key)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise InputError(f"{key}: expected a time such as 2026-10-01T11:00:00Z, got {text!r}") from exc
    if moment.tzinfo is None:
        raise InputError(f"{key}: expected a time with its zone, got {text!r}")
    return unix_ms(moment)
