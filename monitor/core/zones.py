"""From what people call a time zone to a tzinfo, and from local wall time to UTC."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from monitor.errors import InputError

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)

ALL_TIME_MS = 2**53
"""UTC Unix ms after everything."""

WIDEST_OFFSET_H = 14
"""Hours; no zone has ever been further from UTC for long, so more is a slip of the hand."""


def zone_of(text: str) -> tzinfo:
    """The zone called `text`: an IANA name, `Z`, `UTC`, or a fixed offset such as `UTC+1` or `+01:00`.

    A fixed offset is east of Greenwich where it is positive and knows no summer time. Raises InputError.
    """
    name = text.strip()
    if name.upper() in {"Z", "UTC", "GMT"}:
        return UTC
    offset = _OFFSET.fullmatch(name)
    if offset is not None and int(offset[2]) <= WIDEST_OFFSET_H:
        size = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(size if offset[1] == "+" else -size)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:
        raise InputError(
            f"zone: expected a name such as Europe/Berlin or an offset such as UTC+1, got {text!r}{_meant(name)}"
        ) from exc


def _meant(name: str) -> str:
    """A hint at the zone that was probably meant; empty where none is near."""
    by_lower = {zone.lower(): zone for zone in available_timezones()}
    by_city = {zone.rpartition("/")[2].lower(): zone for zone in sorted(available_timezones())}
    wanted = name.lower().replace(" ", "_")
    for index in (by_lower, by_city):
        for near in get_close_matches(wanted, index, n=1, cutoff=0.8):
            return f"; did you mean {index[near]}?"
    return ""


def unix_ms(moment: datetime) -> int:
    """UTC Unix ms of an aware datetime; of two equal wall times in autumn, `fold` says which."""
    return (moment - EPOCH) // MS


def local_time(time_ms: int, zone: tzinfo) -> datetime:
    """The wall time in `zone` at a UTC Unix ms."""
    return (EPOCH + timedelta(milliseconds=time_ms)).astimezone(zone)


def exists(wall: datetime, zone: tzinfo) -> bool:
    """Whether clocks in `zone` ever show this naive wall time; False in the hour that spring leaves out."""
    aware = wall.replace(tzinfo=zone)
    return aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) == wall.replace(fold=0)


def occurrences_ms(wall: datetime, zone: tzinfo) -> tuple[int, ...]:
    """When clocks in `zone` show this naive wall time: never in the spring gap, twice in autumn."""
    if not exists(wall, zone):
        return ()
    first, second = (unix_ms(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    return (first,) if first == second else (first, second)


def days_ms(since: date | None, until: date | None, zone: tzinfo) -> tuple[int, int]:
    """Local days, both included, as `from <= t < to` in UTC Unix ms; None: from the very first, to the last."""
    from_ms = 0 if since is None else unix_ms(datetime.combine(since, time(0), zone))
    to_ms = ALL_TIME_MS if until is None else unix_ms(datetime.combine(until + timedelta(days=1), time(0), zone))
    return from_ms, to_ms
