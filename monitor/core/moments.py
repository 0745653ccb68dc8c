"""From the dates and times that people and programs write to wall times, and from those to UTC."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, tzinfo
from typing import NamedTuple

from monitor.core.tabular import DateOrder, Expected
from monitor.core.zones import occurrences_ms, unix_ms, zone_of
from monitor.errors import InputError

_DATE = r"(?P<a>\d{1,4})(?P<cut>[-/.])(?P<b>\d{1,2})(?P=cut)(?P<c>\d{1,4})"
_CLOCK = (
    r"(?P<hour>\d{1,2})(?::(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,](?P<part>\d{1,9}))?)?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?"
)
_OFFSET = r"(?:\s*(?P<offset>z|utc|[+-]\d{2}:?\d{2}))?"
_DATE_ONLY = re.compile(_DATE)
_CLOCK_ONLY = re.compile(_CLOCK, re.IGNORECASE)
_MOMENT = re.compile(rf"{_DATE}(?:T|,\s*|\s+){_CLOCK}{_OFFSET}", re.IGNORECASE)
_UNIX_S = re.compile(r"\d{9,10}(?:\.\d+)?")
_UNIX_MS = re.compile(r"\d{12,13}")

YEARS = range(1990, 2100)
"""A year outside is a slip of the pen or a clock that was never set."""

MINORITY = 10
"""Dates that contradict the others are slips of the pen where the others are this many times as many."""

CLOCK = Expected("a time such as 23:05 or 11:05 PM")
MOMENT = Expected("a date and time such as 2024-06-01 23:05")
DAY = Expected("a date such as 2024-06-01")


class Wall(NamedTuple):
    """A written moment: the naive wall time, and the zone if an offset was written with it."""

    at: datetime
    zone: tzinfo | None


def date_order_of(cells: Iterable[str], given: DateOrder | None) -> DateOrder:
    """Whether a file's dates begin with the day or with the month, from those that allow one reading only.

    Dates that begin with the year need no order, those with full stops begin with the day. Raises InputError
    where a date such as 03/04/2024 can be read in two ways and the others do not decide.
    """
    if given is not None:
        return given
    day = month = 0
    open_cell = None
    for cell in cells:
        found = None if cell[4:5] == "-" else _DATE_ONLY.match(cell)
        if found is None or found["cut"] == "." or len(found["a"]) > 2:
            continue
        first, second = int(found["a"]), int(found["b"])
        if first <= 12 and second <= 12:
            open_cell = open_cell if first == second else cell
        else:
            day += second <= 12
            month += first <= 12
    if open_cell is not None and MINORITY * min(day, month) >= max(day, month):
        raise InputError(
            f"dates: {open_cell!r} can begin with the day or the month and no other date decides; "
            "say which with --date-order day or --date-order month"
        )
    return "day" if day >= month else "month"


def wall_of(cell: str, order: DateOrder) -> Wall | Expected:
    """The moment in a cell: ISO, day or month first, 12 or 24 hours, or Unix seconds or ms."""
    if cell[4:5] == "-" and len(cell) >= 16:
        try:
            moment = datetime.fromisoformat(cell)
        except ValueError:
            pass
        else:
            return DAY if moment.year not in YEARS else Wall(moment.replace(tzinfo=None), moment.tzinfo)
    found = _MOMENT.fullmatch(cell)
    if found is None:
        return _unix(cell)
    day = _date(found, order)
    clock = _clock(found)
    if isinstance(day, Expected):
        return day
    if isinstance(clock, Expected):
        return clock
    return Wall(datetime.combine(day, clock), zone_of(found["offset"]) if found["offset"] else None)


def date_of(cell: str, order: DateOrder) -> date | Expected:
    """The date in a cell; a time behind it is left out."""
    found = _DATE_ONLY.fullmatch(cell)
    if found is not None:
        return _date(found, order)
    wall = wall_of(cell, order)
    return DAY if isinstance(wall, Expected) else wall.at.date()


def clock_of(cell: str) -> time | Expected:
    """The wall time in a cell, in either style: 23:05, 11:05 PM, 11 pm."""
    found = _CLOCK_ONLY.fullmatch(cell)
    return CLOCK if found is None else _clock(found)


def instant_ms(wall: Wall, zone: tzinfo, not_before_ms: int | None) -> int | Expected:
    """UTC Unix ms of a written moment; `zone` counts where it has no offset of its own.

    In autumn, when the clock shows an hour twice, it is the first time, unless the rows' order shows that it
    is the second: by it the row is not before `not_before_ms`, and the first is.
    """
    if wall.zone is not None:
        return unix_ms(wall.at.replace(tzinfo=wall.zone))
    found = occurrences_ms(wall.at, zone)
    if not found:
        return Expected(f"a time that exists in {zone}, where clocks leave this one out in spring (is the zone right?)")
    first, last = found[0], found[-1]
    return last if not_before_ms is not None and first < not_before_ms <= last else first


def _date(found: re.Match[str], order: DateOrder) -> date | Expected:
    a, b, c = found["a"], int(found["b"]), found["c"]
    if len(a) == 4:
        year, month, day, written = int(a), b, int(c), "year-month-day"
    elif len(c) not in {2, 4}:
        return DAY
    else:
        year = int(c) + (2000 if len(c) == 2 else 0)
        if found["cut"] == "." or order == "day":
            day, month, written = int(a), b, "day, month, year"
        else:
            day, month, written = b, int(a), "month, day, year"
    try:
        return date(year, month, day) if year in YEARS else DAY
    except ValueError:
        return Expected(f"a date as {written}")


def _clock(found: re.Match[str]) -> time | Expected:
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        return CLOCK
    if not half and (found["minute"] is None or hour > 23):
        return CLOCK
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    part = (found["part"] or "0")[:6].ljust(6, "0")
    return time(hour, int(found["minute"] or 0), int(found["second"] or 0), int(part))


def _unix(cell: str) -> Wall | Expected:
    seconds = float(cell) if _UNIX_S.fullmatch(cell) else int(cell) / 1000 if _UNIX_MS.fullmatch(cell) else None
    if seconds is None:
        return MOMENT
    moment = datetime.fromtimestamp(seconds, UTC)
    return Wall(moment.replace(tzinfo=None), UTC) if moment.year in YEARS else MOMENT
