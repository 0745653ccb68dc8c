"""From the text of a CSV file to its header, rows and numbers, with a word on every line that is wrong."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from math import isfinite
from typing import Literal, NamedTuple

from monitor.errors import InputError

DateOrder = Literal["day", "month"]
Decimal = Literal[".", ","]

DELIMITERS = ("\t", ";", ",")
"""In the order of trust: a comma may also be part of a number, a tab hardly of anything."""

LONGEST_RECORD = 50
"""Lines; a quoted cell may run over several, but an unclosed quote must not swallow the rest of the file."""

NO_VALUE = frozenset({"", "-", "--", "n/a", "na", "nan", "null", "none", "unavailable", "unknown"})
"""What programs write for "not measured", in lower case: no row, and no error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conventions:
    """How the writer of a file writes: `zone` is that of times without an offset; None means "see the file".

    `latest` is the last date a night can have (today): a later one is a slip.
    `date_order` says whether 3/4/2024 begins with the day or the month, `decimal` which sign 1,234 is cut at.
    """

    zone: tzinfo
    date_order: DateOrder | None = None
    decimal: Decimal | None = None
    latest: date | None = None


class Expected(NamedTuple):
    """What a cell should have held; returned in place of its value."""

    what: str


class LineError(NamedTuple):
    """One cell that cannot be used: its line (the first is 1) and column, what was expected and got."""

    line: int
    column: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: expected {self.expected}, got {self.got!r}"


class Row(NamedTuple):
    """The cells of one record, without outer blanks, and the line on which it begins."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A file's header and the rows that have as many cells; the others are in `errors`."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    errors: tuple[LineError, ...]

    def column(self, index: int) -> Iterator[str]:
        """The cells of one column."""
        return (row.cells[index] for row in self.rows)


def table_of(text: str) -> Table:
    """The table in a CSV text; separator (comma, semicolon, tab), quotes and byte order mark are found out.

    Raises InputError where there is no header of at least two columns, or no line below it.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip() and not line.startswith("sep=")), None)
    if first is None:
        raise InputError("file: expected a header and rows, got an empty file")
    delimiter, header = _header(lines[first])
    rows: list[Row] = []
    errors: list[LineError] = []
    for line, cells in _records(lines, first + 1, delimiter, len(header)):
        checked = _checked(line, cells, len(header))
        if isinstance(checked, LineError):
            errors.append(checked)
        elif any(checked.cells):
            rows.append(checked)
    if not rows and not errors:
        raise InputError(f"file: expected rows below the header, got none (header: {', '.join(header)})")
    return Table(header=header, rows=tuple(rows), errors=tuple(errors))


def _header(line: str) -> tuple[str, tuple[str, ...]]:
    """The separator that cuts the header into most columns, and the columns."""
    delimiter = max(DELIMITERS, key=lambda candidate: len(_cells(line, candidate) or ()))
    header = tuple(cell.strip() for cell in _cells(line, delimiter) or ())
    if len(header) < 2:
        raise InputError(
            "file: expected a header of at least two columns separated by comma, semicolon or tab, "
            f"got {line.strip()[:80]!r}"
        )
    return delimiter, header


def _cells(record: str, delimiter: str) -> list[str] | None:
    """The cells of one record, None where its quotes do not fit."""
    if '"' not in record:
        return record.split(delimiter)
    try:
        return next(csv.reader([record], delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error:
        return None


def _records(lines: Sequence[str], start: int, delimiter: str, width: int) -> Iterator[tuple[int, list[str] | str]]:
    """Line number and cells of each record; the bare text in place of cells where its quotes do not fit.

    Lines are joined only where that makes a good record, so a stray quote costs its own line and no other.
    """
    index = start
    while index < len(lines):
        end = _end_of_record(lines, index)
        cells = _cells("\n".join(lines[index:end]), delimiter)
        if end > index + 1 and (cells is None or len(cells) != width):
            end = index + 1
            cells = _cells(lines[index], delimiter)
        if lines[index].strip():
            yield index + 1, lines[index] if cells is None else cells
        index = end


def _end_of_record(lines: Sequence[str], start: int) -> int:
    """Index behind the record's last line: the line that closes an open quote, if one does so soon."""
    quotes = 0
    for index in range(start, min(start + LONGEST_RECORD, len(lines))):
        quotes += lines[index].count('"')
        if quotes % 2 == 0:
            return index + 1
    return start + 1


def _checked(line: int, cells: list[str] | str, width: int) -> Row | LineError:
    if isinstance(cells, str):
        return LineError(line, "the line", "quotes that are closed", cells[:80])
    stripped = [cell.strip() for cell in cells]
    if len(stripped) > width and not any(stripped[width:]):
        del stripped[width:]
    if len(stripped) == width or not any(stripped):
        return Row(line, stripped)
    hint = "; a decimal comma needs quotes or another separator" if len(stripped) > width else ""
    return LineError(line, "the line", f"{width} cells{hint}", f"{len(stripped)} cells")


_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_COMMA_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_COMMA_GROUPS_POINT = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+\.\d*")
_POINT_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
_POINT_GROUPS_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+,\d*")
_COMMA_DECIMAL = re.compile(r"[+-]?(?:\d+,\d*|,\d+)(?:[eE][+-]?\d+)?")
_GROUP_BLANK = re.compile(r"(?<=\d)[ \u00a0\u202f'](?=\d{3}(?!\d))")
_MINUS = str.maketrans("\N{MINUS SIGN}", "-")


def decimal_of(cells: Iterable[str], given: Decimal | None) -> Decimal | None:
    """The decimal sign of a file's numbers, from cells that can be read in one way only; None: both occur.

    Raises InputError where a cell such as 1,234 can be read in two ways and no other cell decides.
    """
    if given is not None:
        return given
    found: set[Decimal] = set()
    open_cell = None
    for cell in cells:
        text = _ungrouped(cell)
        if "," in text:
            if _COMMA_GROUPS.fullmatch(text):
                open_cell = cell
            elif _COMMA_GROUPS_POINT.fullmatch(text):
                found.add(".")
            elif _COMMA_DECIMAL.fullmatch(text) or _POINT_GROUPS_COMMA.fullmatch(text):
                found.add(",")
        elif "." in text and not _POINT_GROUPS.fullmatch(text) and _PLAIN.fullmatch(text):
            found.add(".")
    if open_cell is not None and not found:
        raise InputError(
            f"numbers: {open_cell!r} can be read in two ways and no other number decides; "
            "say which with --decimal point or --decimal comma"
        )
    if len(found) == 2:
        return None
    return found.pop() if found else "."


def number_of(cell: str, decimal: Decimal | None) -> float | Expected:
    """The number in a cell, or what was expected. `decimal` None: whichever sign the cell allows."""
    text = _ungrouped(cell)
    if "," in text or (decimal == "," and _POINT_GROUPS.fullmatch(text)):
        text = _with_point(text, decimal)
    if not _PLAIN.fullmatch(text):
        return Expected("a number")
    value = float(text)
    return value if isfinite(value) else Expected("a number that is not beyond all bounds")


def _ungrouped(cell: str) -> str:
    """The cell without the blanks that part thousands, as in 1 234."""
    return _GROUP_BLANK.sub("", cell).translate(_MINUS)


def _with_point(text: str, decimal: Decimal | None) -> str:
    """The number with a decimal point and without groups; empty where it is none or open."""
    comma = any(form.fullmatch(text) for form in (_COMMA_DECIMAL, _POINT_GROUPS_COMMA, _POINT_GROUPS))
    point = any(form.fullmatch(text) for form in (_COMMA_GROUPS, _COMMA_GROUPS_POINT))
    if comma and decimal != "." and not (point and decimal is None):
        return text.replace(".", "").replace(",", ".")
    return text.replace(",", "") if point and (decimal == "." or not comma) else ""


def has_value(cell: str) -> bool:
    """Whether the cell holds anything; programs write `unavailable` and the like where they have no value."""
    return cell.lower() not in NO_VALUE


FORMULA = tuple("=+-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH COMMERCIAL AT}\N{MINUS SIGN}")
"""With these a spreadsheet begins to compute, where a cell is a text."""


def guarded(text: str) -> str:
    """A text as a cell: an apostrophe before what a spreadsheet would compute, or an import take for "no value"."""
    return f"'{text}" if _needs_guard(text) else text


def unguarded(cell: str) -> str:
    """The text that `guarded` was given."""
    return cell[1:] if cell.startswith("'") and _needs_guard(cell[1:]) else cell


def _needs_guard(text: str) -> bool:
    bare = text.lstrip("'")
    return bare.startswith(FORMULA) or (bare.lower() in NO_VALUE and bare != "")


_BRACKETS = re.compile(r"(.*?)\s*[(\[]\s*([^()\[\]]*(?:\([^()]*\))?)\s*[)\]]\s*")


def heading(cell: str) -> tuple[str, str | None]:
    """Name and unit of a column's heading: `Temperature (°F)` has the unit `°F`, `temp_f` None."""
    text = unicodedata.normalize("NFC", cell).strip()
    found = _BRACKETS.fullmatch(text)
    return (text, None) if found is None else (found[1], found[2] or None)


def plain_name(cell: str) -> str:
    """A heading without unit, accents and case, its words joined by `_`."""
    letters = unicodedata.normalize("NFKD", heading(cell)[0]).encode("ascii", "ignore").decode().lower()
    return "_".join(re.findall(r"[a-z0-9]+", letters))
