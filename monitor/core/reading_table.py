"""From a CSV file of measurements to readings: one column per quantity, or sensor, quantity and value."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import NamedTuple

from monitor.core.diary import did_you_mean
from monitor.core.moments import Wall, date_order_of, instant_ms, wall_of
from monitor.core.quantities import BY_NAME
from monitor.core.readings import Reading
from monitor.core.tabular import (
    Conventions,
    DateOrder,
    Decimal,
    Expected,
    LineError,
    Row,
    Table,
    decimal_of,
    has_value,
    heading,
    number_of,
    plain_name,
    table_of,
    unguarded,
)
from monitor.core.units import to_canonical
from monitor.core.vocabulary import NEEDS_UNIT, named
from monitor.core.zones import zone_of
from monitor.errors import InputError

TIME_NAMES = frozenset({
    "time", "timestamp", "datetime", "date_time", "created_at", "recorded_at", "last_changed", "last_updated",
    "zeit", "zeitpunkt", "zeitstempel", "uhrzeit", "heure", "tijd", "tijdstip", "date", "datum",
})  # fmt: skip
"""Headings of the column that says when; `date` beside one of the others is joined with it."""
DATE_NAMES = frozenset({"date", "datum"})
SENSOR_NAMES = frozenset({"sensor", "device", "sensor_id", "device_id"})
QUANTITY_NAMES = frozenset({"quantity", "measurement", "parameter", "field"})
VALUE_NAMES = frozenset({"value", "reading", "wert", "valeur"})
UNIT_NAMES = frozenset({"unit", "units", "einheit"})
WORD_NAMES = frozenset({"word"})

EXPORTED = ("sensor", "quantity", "value", "unit", "time", "word", "thinned", "low", "high")
"""The columns that `export readings` writes; by exactly these an import knows it again."""
THINNED = "5 min"
"""What stands in the column `thinned` of a row that stands for five minutes of readings."""

MORE_NAMES = MappingProxyType({
    "luftfeuchte": "humidity", "relative_luftfeuchte": "humidity", "feuchte": "humidity",
    "humidite": "humidity", "vochtigheid": "humidity", "temperatuur": "temperature",
    "luftdruck": "pressure", "light": "illuminance",
})  # fmt: skip
"""Headings that people write and publishers do not, in plain form."""

HOUR_MS = 3_600_000

LOOKED_AT = 5
"""Rows; these show whether one column says the whole moment."""

ROOM_WORDS = frozenset({"room", "indoor", "indoors", "inside", "bedroom", "sensor", "schlafzimmer", "innen"})
"""Words beside a quantity that leave no doubt about whose it is."""


class Column(NamedTuple):
    """One column of readings as it was understood; `unit` None means the quantity's own."""

    place: int
    heading: str
    sensor: str
    quantity: str
    unit: str | None


class ThinnedReading(NamedTuple):
    """Five minutes of a series as the monitor exported them: their median, lowest and highest, at their middle."""

    sensor: str
    quantity: str
    time_ms: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingTable:
    """What a file of measurements holds: good readings, a word on every bad cell, and what was skipped.

    `columns` tells how the headings were understood (empty in the long form), `ignored` lists the other
    headings; `empty` counts cells in which the writer says that nothing was measured. `exported`: the monitor
    wrote the file itself, so its values were judged when they came; `thinned` are five minutes each.
    """

    readings: tuple[Reading, ...]
    errors: tuple[LineError, ...]
    columns: tuple[Column, ...]
    ignored: tuple[str, ...]
    empty: int
    exported: bool = False
    thinned: tuple[ThinnedReading, ...] = ()


_Outcome = Reading | ThinnedReading | LineError | None
"""What a cell holds; None: nothing was measured."""


class _Long(NamedTuple):
    """Where the parts of the long form stand."""

    quantity: int
    value: int
    sensor: int | None
    unit: int | None
    word: int | None


class _Layout(NamedTuple):
    """Where things stand: the long form has no `columns`."""

    when: tuple[int, ...]
    zone: tzinfo
    columns: tuple[Column, ...] = ()
    long: _Long | None = None


class _Style(NamedTuple):
    order: DateOrder
    decimal: Decimal | None


def readings_from(
    text: str,
    conventions: Conventions,
    sensor: str = "imported",
    columns: Mapping[str, tuple[str, str]] = MappingProxyType({}),
) -> ReadingTable:
    """The readings in a CSV text.

    `columns` says of a heading which (sensor, quantity) it is, for those that do not tell by themselves;
    columns such as `temperature`, `RH (%)` or `temp_f` are understood as they stand and belong to `sensor`.
    Values are converted to canonical units; nothing is checked for plausibility. Readings come in the order
    of time where the file has one. Raises InputError where no column can be understood, saying what was found
    and what was expected.
    """
    table = table_of(text)
    layout = _layout(table, conventions.zone, sensor, columns)
    values = [column.place for column in layout.columns] if layout.long is None else [layout.long.value]
    style = _Style(
        date_order_of(table.column(layout.when[0]), conventions.date_order),
        decimal_of((cell for place in values for cell in table.column(place)), conventions.decimal),
    )
    readings: list[Reading] = []
    thinned: list[ThinnedReading] = []
    errors = list(table.errors)
    empty = 0
    for outcome in _outcomes(table, layout, style, sensor):
        if isinstance(outcome, Reading):
            readings.append(outcome)
        elif isinstance(outcome, ThinnedReading):
            thinned.append(outcome)
        elif outcome is None:
            empty += 1
        else:
            errors.append(outcome)
    used = {*layout.when, *values, *(layout.long or ())}
    exported = table.header == EXPORTED
    return ReadingTable(
        readings=tuple(readings),
        errors=tuple(sorted(errors)),
        columns=layout.columns,
        ignored=() if exported else tuple(name for index, name in enumerate(table.header) if index not in used),
        empty=empty,
        exported=exported,
        thinned=tuple(thinned),
    )


def _layout(table: Table, zone: tzinfo, sensor: str, given: Mapping[str, tuple[str, str]]) -> _Layout:
    names = [plain_name(cell).removesuffix("_utc") for cell in table.header]
    when = _when(table, names)
    told = _zone_told(table.header[when[-1]]) or zone
    quantity, value = _place(names, QUANTITY_NAMES), _place(names, VALUE_NAMES)
    if quantity is not None and value is not None:
        others = (_place(names, wanted) for wanted in (SENSOR_NAMES, UNIT_NAMES, WORD_NAMES))
        long = _Long(quantity, value, *others)
        return _Layout(when, told, long=long)
    columns = _columns(table.header, sensor, given, when)
    if not columns:
        raise InputError(
            "file: expected columns such as temperature, humidity, co2, or sensor, quantity and value; "
            f"found {', '.join(table.header)}. Say what a column is with --column NAME=SENSOR:QUANTITY"
        )
    return _Layout(when, told, columns)


def _place(names: list[str], wanted: frozenset[str]) -> int | None:
    return next((index for index, name in enumerate(names) if name in wanted), None)


def _when(table: Table, names: list[str]) -> tuple[int, ...]:
    """The column that says when, or the two that say the date and the time of day."""
    day = _place(names, DATE_NAMES)
    moment = _place(names, TIME_NAMES - DATE_NAMES)
    found = tuple(index for index in (day, moment) if index is not None)
    if not found:
        raise InputError(
            f"file: expected a column called time, timestamp, datetime or date; found {', '.join(table.header)}"
        )
    for index in found:
        if any(isinstance(wall_of(row.cells[index], "day"), Wall) for row in table.rows[:LOOKED_AT]):
            return (index,)
    return found


def _zone_told(cell: str) -> tzinfo | None:
    """The zone that the heading of the times tells, as in `time (UTC)` or `time_utc`."""
    if plain_name(cell).endswith("_utc"):
        return UTC
    try:
        return zone_of(heading(cell)[1] or "")
    except InputError:
        return None


def _columns(
    header: tuple[str, ...], sensor: str, given: Mapping[str, tuple[str, str]], when: tuple[int, ...]
) -> tuple[Column, ...]:
    """The columns that are given or obvious; a given one replaces an obvious one of the same series."""
    for name, (_, quantity) in given.items():
        if name not in header:
            raise InputError(f"column: expected one of {', '.join(header)}, got {name!r}{did_you_mean(name, header)}")
        if quantity not in BY_NAME:
            hint = did_you_mean(quantity, BY_NAME)
            raise InputError(f"column {name}: expected a quantity of {', '.join(BY_NAME)}, got {quantity!r}{hint}")
    columns = [_given(index, name, *given[name]) for index, name in enumerate(header) if name in given]
    taken = {(column.sensor, column.quantity): column for column in columns}
    for index, name in enumerate(header):
        column = None if index in when or name in given else _obvious(index, name, sensor)
        if column is None:
            continue
        other = taken.setdefault((column.sensor, column.quantity), column)
        if other is column:
            columns.append(column)
        elif other.heading not in given:
            raise InputError(
                f"file: expected one column of {column.quantity}, found {other.heading!r} and {name!r}; "
                "say which is which with --column NAME=SENSOR:QUANTITY"
            )
    return tuple(sorted(columns))


def _given(index: int, name: str, sensor: str, quantity: str) -> Column:
    """A column that the person explained; its heading may still tell the unit."""
    unit = _unit(name, quantity)
    if to_canonical(quantity, 1.0, unit) is None:
        raise InputError(f"column {name!r}: expected a unit of {quantity}, got {unit!r}")
    return Column(index, name, sensor, quantity, unit)


def _unit(name: str, quantity: str) -> str | None:
    """The unit that a heading tells, in brackets or as its last word."""
    title, unit = heading(unicodedata.normalize("NFKC", name))
    speaks = named(title)
    return speaks.unit if unit is None and speaks is not None and speaks.quantity == quantity else unit


def _obvious(index: int, name: str, sensor: str) -> Column | None:
    """A column whose heading tells by itself what it is, None for any other."""
    quantity = _quantity(heading(unicodedata.normalize("NFKC", name))[0])
    if quantity is None:
        return None
    unit = _unit(name, quantity)
    open_unit = unit is None and quantity in NEEDS_UNIT
    if open_unit or to_canonical(quantity, 1.0, unit) is None:
        return None
    return Column(index, name, sensor, quantity, unit)


def _quantity(name: str) -> str | None:
    """The quantity of the room that a name speaks of, None where it speaks of something else too."""
    speaks = named(name)
    if speaks is not None and ROOM_WORDS.issuperset(speaks.rest):
        return speaks.quantity
    return MORE_NAMES.get(plain_name(name))


def _outcomes(table: Table, layout: _Layout, style: _Style, sensor: str) -> Iterator[_Outcome]:
    """What each cell holds, in the order of time."""
    exported = table.header == EXPORTED
    column = " ".join(table.header[index] for index in layout.when)
    labels = () if layout.long is None else (layout.long.sensor, layout.long.quantity)
    order = _Order()
    for row, written in _in_order_of_time(table, layout, style):
        series = tuple(row.cells[index] for index in labels if index is not None)
        not_before_ms = order.not_before_ms.get(series)
        time_ms = instant_ms(written, layout.zone, not_before_ms) if isinstance(written, Wall) else written
        if isinstance(time_ms, Expected):
            yield _wrong(row, column, time_ms, _when_of(row, layout))
            continue
        order.passed(series, time_ms)
        targets = layout.columns if layout.long is None else (_long(row, layout.long, sensor, table.header),)
        for target in targets:
            found: _Outcome = target if isinstance(target, LineError) else _reading(row, target, time_ms, style.decimal)
            if layout.long is not None and isinstance(found, Reading):
                found = _whole(found, row, layout.long, exported=exported)
            yield found


class _Order:
    """Before which instant the next row of each series cannot lie, since rows are in the order of time.

    An hourly series does not repeat itself: where it shows the same time again, clocks were put back.
    """

    def __init__(self) -> None:
        self.not_before_ms: dict[tuple[str, ...], int] = {}

    def passed(self, series: tuple[str, ...], time_ms: int) -> None:
        """A row of the series was at this instant."""
        hourly = time_ms - self.not_before_ms.get(series, time_ms) >= HOUR_MS - 1
        self.not_before_ms[series] = time_ms + hourly


def _in_order_of_time(table: Table, layout: _Layout, style: _Style) -> list[tuple[Row, Wall | Expected]]:
    """The rows with their written times; a file that runs backwards is turned round."""
    rows = [(row, wall_of(_when_of(row, layout), style.order)) for row in table.rows]
    walls = [written.at for _, written in rows if isinstance(written, Wall)]
    return rows[::-1] if walls and walls[0] > walls[-1] else rows


def _when_of(row: Row, layout: _Layout) -> str:
    return " ".join(row.cells[index] for index in layout.when)


def _long(row: Row, long: _Long, sensor: str, header: tuple[str, ...]) -> Column | LineError:
    """What a row of the long form is about, as if it were a column."""
    written = row.cells[long.quantity]
    quantity = written if written in BY_NAME else _quantity(written)
    if quantity is None:
        what = Expected(f"a quantity of {', '.join(BY_NAME)}{did_you_mean(written, BY_NAME)}")
        return _wrong(row, header[long.quantity], what, written)
    unit = row.cells[long.unit] if long.unit is not None else ""
    whose = unguarded(row.cells[long.sensor]) if long.sensor is not None else ""
    return Column(long.value, header[long.value], whose or sensor, quantity, unit or _unit(written, quantity))


def _whole(found: Reading, row: Row, long: _Long, *, exported: bool) -> _Outcome:
    """The reading with what else its row says: what the event is called, or that it stands for five minutes."""
    if exported and row.cells[EXPORTED.index("thinned")] == THINNED:
        low, high = (number_of(row.cells[EXPORTED.index(end)], ".") for end in ("low", "high"))
        if isinstance(low, Expected) or isinstance(high, Expected):
            return _wrong(row, "low, high", Expected("two numbers"), " ".join(row.cells[-2:]))
        return ThinnedReading(*found[:4], low, high)
    word = row.cells[long.word] if long.word is not None else ""
    return found._replace(word=unguarded(word) or None)


def _reading(row: Row, column: Column, time_ms: int, decimal: Decimal | None) -> Reading | LineError | None:
    cell = row.cells[column.place]
    if not has_value(cell):
        return None
    number = number_of(cell, decimal)
    if isinstance(number, Expected):
        return _wrong(row, column.heading, number, cell)
    exact = column.unit is not None and column.unit == BY_NAME[column.quantity].unit
    value = number if exact else to_canonical(column.quantity, number, column.unit)
    if value is None:
        what = Expected(f"{column.quantity} in a unit such as {BY_NAME[column.quantity].unit}")
        return _wrong(row, column.heading, what, f"{cell} {column.unit}")
    return Reading(column.sensor, column.quantity, time_ms, value)


def _wrong(row: Row, column: str, expected: Expected, got: str) -> LineError:
    return LineError(row.line, column, expected.what, got)
