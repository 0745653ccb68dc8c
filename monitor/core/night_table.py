"""From a CSV file of nights to diary entries: one line per night, factors as columns."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from types import MappingProxyType

from monitor.core.diary import (
    LONGEST_NOTE,
    MOST_TWITCHES,
    WORST,
    YES_NO,
    DiaryEntry,
    Factor,
    did_you_mean,
    entry_from,
    known_factors,
)
from monitor.core.moments import CLOCK, clock_of, date_of, date_order_of, wall_of
from monitor.core.tabular import (
    Conventions,
    DateOrder,
    Decimal,
    Expected,
    LineError,
    Row,
    decimal_of,
    has_value,
    number_of,
    plain_name,
    table_of,
    unguarded,
)
from monitor.core.zones import zone_of
from monitor.errors import InputError

FIELD_NAMES = MappingProxyType({
    "wake_date": ("wake_date", "date_of_waking", "date", "day", "night", "datum", "nacht", "tag"),
    "severity": ("severity", "score", "rating", "intensity", "schwere", "starke", "staerke", "gravite"),
    "count": ("count", "twitches", "twitch_count", "number_of_twitches", "anzahl", "nombre"),
    "bed": ("bed", "bedtime", "bed_time", "to_bed", "in_bed", "lights_out", "sleep_start", "start"),
    "rise": ("rise", "rise_time", "wake_time", "waketime", "wake_up", "out_of_bed", "sleep_end", "end"),
    "zone": ("zone", "timezone", "time_zone", "tz"),
    "note": ("note", "notes", "comment", "comments", "remark", "remarks", "notiz", "bemerkung"),
})  # fmt: skip
"""Headings by which the fields of an entry are known, in plain form."""

LONGEST_IN_BED = timedelta(hours=20)
_DAY = timedelta(days=1)

Parse = Callable[[str], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class NightTable:
    """What a file of nights holds: good entries, a word on every bad cell, and how it was understood.

    `columns` says which field or factor each heading was taken for, `ignored` lists the other headings.
    """

    entries: tuple[DiaryEntry, ...]
    errors: tuple[LineError, ...]
    columns: Mapping[str, str]
    ignored: tuple[str, ...]


def nights_from(text: str, conventions: Conventions, own: Iterable[Factor] = ()) -> NightTable:
    """The diary entries in a CSV text, one line per night; `own` are the person's own factors.

    An entry is taken whole or not at all: a line with a wrong cell is in `errors`, and so is a second line
    for a night. Bed and rise are kept as wall times. Raises InputError where there is no column for the date
    of waking or for the severity, saying what was found and what was expected.
    """
    table = table_of(text)
    declared = tuple(own)
    factors = known_factors(declared)
    columns = _columns(table.header, factors)
    day_at = next(index for index, name in columns.items() if name == "wake_date")
    numbers = [index for index, name in columns.items() if name in {"severity", "count"} or name in factors]
    order = date_order_of(table.column(day_at), conventions.date_order)
    decimal = decimal_of((cell for index in numbers for cell in table.column(index)), conventions.decimal)
    parsers = _parsers(order, decimal, conventions, factors)
    entries: dict[date, DiaryEntry] = {}
    first_line: dict[date, int] = {}
    errors = list(table.errors)
    for row in table.rows:
        values = _values(row, table.header, columns, parsers)
        if isinstance(values, list):
            errors.extend(values)
            continue
        entry = _entry_of(values, declared)
        earlier = first_line.setdefault(entry.wake_date, row.line)
        if earlier == row.line:
            entries[entry.wake_date] = entry
        else:
            where = f"one line for each night ({entry.wake_date} is on line {earlier} already)"
            errors.append(LineError(row.line, table.header[day_at], where, row.cells[day_at]))
    return NightTable(
        entries=tuple(entries.values()),
        errors=tuple(sorted(errors)),
        columns=MappingProxyType({table.header[index]: name for index, name in columns.items()}),
        ignored=tuple(name for index, name in enumerate(table.header) if index not in columns),
    )


def _columns(header: tuple[str, ...], factors: Mapping[str, Factor]) -> dict[int, str]:
    """The field or factor of each column that is one."""
    by_heading = {name: field for field, names in FIELD_NAMES.items() for name in names}
    by_heading.update((name, name) for name in factors)
    found = {index: by_heading[name] for index, name in enumerate(map(plain_name, header)) if name in by_heading}
    for field in ("wake_date", "severity"):
        if field not in found.values():
            hint = did_you_mean(field, header)
            raise InputError(
                f"file: expected a column for {field} ({', '.join(FIELD_NAMES[field][:4])}); "
                f"found {', '.join(header)}{hint}"
            )
    for index, field in found.items():
        twin = next(other for other, name in found.items() if name == field)
        if twin != index:
            raise InputError(f"file: expected one column for {field}, found {header[twin]!r} and {header[index]!r}")
    return found


def _parsers(
    order: DateOrder, decimal: Decimal | None, conventions: Conventions, factors: Mapping[str, Factor]
) -> dict[str, Parse]:
    """How the cells of each field are read; each gives the value or what was expected."""
    parsers: dict[str, Parse] = {
        "wake_date": partial(_day, order=order, latest=conventions.latest),
        "severity": partial(_whole, most=WORST, decimal=decimal),
        "count": partial(_whole, most=MOST_TWITCHES, decimal=decimal),
        "bed": partial(_clock, order=order, conventions=conventions),
        "rise": partial(_clock, order=order, conventions=conventions),
        "zone": _zone,
        "note": _note,
    }
    for name, factor in factors.items():
        parsers[name] = partial(_factor, factor=factor, decimal=decimal)
    return parsers


def _values(
    row: Row, header: tuple[str, ...], columns: Mapping[int, str], parsers: Mapping[str, Parse]
) -> dict[str, object] | list[LineError]:
    """The values of one line by field and factor, or all that is wrong with it."""
    values: dict[str, object] = {}
    errors: list[LineError] = []
    for index, name in columns.items():
        cell = row.cells[index]
        if has_value(cell):
            value = parsers[name](cell)
            if isinstance(value, Expected):
                errors.append(LineError(row.line, header[index], value.what, cell))
            values[name] = value
        elif name in {"wake_date", "severity"}:
            errors.append(LineError(row.line, header[index], "a value, since every night needs one", cell))
    if not errors:
        errors = [LineError(row.line, *wrong) for wrong in _wrong_times(values)]
    return errors or values


def _entry_of(values: Mapping[str, object], own: tuple[Factor, ...]) -> DiaryEntry:
    """The entry in checked values."""
    fields: dict[str, object] = {name: values.get(name) for name in FIELD_NAMES}
    fields["wake_date"] = str(values["wake_date"])
    for name in ("bed", "rise"):
        wall = fields[name]
        fields[name] = f"{wall:%H:%M}" if isinstance(wall, time | datetime) else None
    fields["factors"] = {name: value for name, value in values.items() if name not in FIELD_NAMES}
    return entry_from(fields, own)


def _wrong_times(values: Mapping[str, object]) -> list[tuple[str, str, str]]:
    """Column, expected and got of times that cannot belong to the night."""
    bed, rise, day = values.get("bed"), values.get("rise"), values.get("wake_date")
    wrong = []
    if isinstance(rise, datetime) and rise.date() != day:
        wrong.append(("rise", f"a time on the date of waking, {day}", f"{rise:%Y-%m-%d %H:%M}"))
    if isinstance(bed, datetime) and isinstance(day, date) and not timedelta(0) <= day - bed.date() <= _DAY:
        wrong.append(("bed", f"a time on {day - _DAY} or {day}", f"{bed:%Y-%m-%d %H:%M}"))
    if isinstance(bed, time | datetime) and isinstance(rise, time | datetime):
        length = timedelta(hours=rise.hour - bed.hour, minutes=rise.minute - bed.minute) % _DAY
        if not timedelta(0) < length <= LONGEST_IN_BED:
            wrong.append(("bed, rise", "at most 20 hours from bed to rise", f"{bed:%H:%M} to {rise:%H:%M}"))
    return wrong


def _day(cell: str, *, order: DateOrder, latest: date | None) -> date | Expected:
    """A date of waking that can have been: a slip of a century would stretch the calendar of the analysis."""
    day = date_of(cell, order)
    return Expected("a day that has come") if latest and isinstance(day, date) and day > latest else day


def _whole(cell: str, *, most: int, decimal: Decimal | None) -> int | Expected:
    number = number_of(cell, decimal)
    if isinstance(number, Expected) or number != int(number) or not 0 <= number <= most:
        return Expected(f"a whole number from 0 to {most}")
    return int(number)


def _clock(cell: str, *, order: DateOrder, conventions: Conventions) -> time | datetime | Expected:
    """A wall time, or a moment as local time."""
    clock = clock_of(cell)
    if not isinstance(clock, Expected):
        return clock
    wall = wall_of(cell, order)
    if isinstance(wall, Expected):
        return CLOCK
    if wall.zone is None:
        return wall.at
    return wall.at.replace(tzinfo=wall.zone).astimezone(conventions.zone).replace(tzinfo=None)


def _zone(cell: str) -> str | Expected:
    try:
        zone_of(cell)
    except InputError:
        return Expected("a zone such as Europe/Berlin or UTC+1")
    return cell


def _note(cell: str) -> str | Expected:
    cell = unguarded(cell)
    return cell if len(cell) <= LONGEST_NOTE else Expected(f"at most {LONGEST_NOTE} characters")


def _factor(cell: str, *, factor: Factor, decimal: Decimal | None) -> float | Expected:
    value = YES_NO.get(cell.lower())
    number = number_of(cell, decimal) if value is None else value
    if isinstance(number, Expected) or not factor.allows(number):
        return Expected(factor.expected)
    return number
