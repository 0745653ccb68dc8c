"""Home Assistant's recorder database as it lies there, of any schema: read only, in slices, beside its writer."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path
from typing import NamedTuple, Self

from monitor.core.zones import unix_ms
from monitor.errors import InputError

SLICE_ROWS = 5_000
"""Rows of one query: between two of them Home Assistant can fold its write-ahead file in."""

HEADER = b"SQLite format 3\0"

BUSY_TIMEOUT_S = 30.0
"""Seconds to wait while Home Assistant holds the file for itself."""

_MOST_S = 1e11
"""Seconds; a time beyond is none (and no datetime)."""


class StateRow(NamedTuple):
    """One row of `states`; `attributes` is the number of a shared set, or the set itself as JSON."""

    number: int
    state: object
    time_ms: int | None
    attributes: object


class SumRow(NamedTuple):
    """One row of a table of statistics."""

    number: int
    time_ms: int | None
    mean: object
    low: object
    high: object


class Extent(NamedTuple):
    """How many rows there are, and the times of the first and the last that have one."""

    rows: int
    first_ms: int | None
    last_ms: int | None


class _Way(NamedTuple):
    """The columns by which rows of one series are found and put in order; numbers or texts.

    `mine` is the condition of the rows that no other way finds: a migration moves them one by one.
    """

    table: str
    series: str
    time: str
    id: str
    mine: str = "TRUE"

    @property
    def is_text(self) -> bool:
        return not self.time.endswith("_ts")

    def bound(self, time_ms: int) -> object:
        """A time as the column has it; in the order of SQLite NULL is before it, and a text behind every number."""
        return _text_of(time_ms) if self.is_text else time_ms / 1000


class RecorderFile:
    """An open recorder database. Raises InputError where the file is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = _opened(path)
        try:
            self._look()
        except sqlite3.DatabaseError as exc:
            self.close()
            raise InputError(f"{path}: cannot be read as a database: {exc}") from exc
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def schema(self) -> int | None:
        """Home Assistant's number of the schema, None where the file does not tell."""
        try:
            found = self._rows("SELECT max(schema_version) FROM schema_changes")
        except sqlite3.DatabaseError:
            return None
        return found[0][0] if found and isinstance(found[0][0], int) else None

    def entities(self) -> dict[str, list[object]]:
        """Every entity that has states, with what stands for it in their rows."""
        found: dict[str, list[object]] = {}
        if "metadata_id" in self._states:
            for number, entity in self._rows("SELECT metadata_id, entity_id FROM states_meta"):
                if isinstance(entity, str):
                    found.setdefault(entity, []).append(number)
        if any(way.series == "entity_id" for way in self._ways):
            for (entity,) in self._rows("SELECT DISTINCT entity_id FROM states WHERE entity_id IS NOT NULL"):
                if isinstance(entity, str):
                    found.setdefault(entity, []).append(entity)
        return found

    def extent(self, series: list[object]) -> Extent:
        """How many states an entity has, from when to when."""
        return _together([self._extent(way, one) for way, one in self._ways_of(series)])

    def states(self, series: list[object], from_ms: int) -> Iterator[StateRow]:
        """The states of an entity from a time since 2015 on, by time."""
        found = [self._states_by(way, one, from_ms) for way, one in self._ways_of(series)]
        return found[0] if len(found) == 1 else merge(*found, key=lambda row: row.time_ms or 0)

    def untimely(self, series: list[object]) -> Iterator[StateRow]:
        """The states of an entity that have no time, or one before 2015."""
        for way, one in self._ways_of(series):
            for number, time, state in self._untimely(way, one, "state"):
                yield StateRow(number, state, time_ms_of(time), None)

    def newest(self, series: list[object], count: int) -> list[object]:
        """The attributes of the newest states of an entity, as in their rows."""
        sql = "SELECT {what} FROM states WHERE {way.series} = ? ORDER BY {way.time} DESC LIMIT ?"
        return [
            row[0]
            for way, one in self._ways_of(series)
            for row in self._rows(sql.format(what=self._attributes, way=way), (one, count))
        ]

    def shared_attributes(self, number: object) -> object:
        """The JSON text of a shared set of attributes, None where it is not there."""
        found = self._rows("SELECT shared_attrs FROM state_attributes WHERE attributes_id = ?", (number,))
        return found[0][0] if found else None

    def statistics(self) -> list[tuple[str, object, str | None]]:
        """What has statistics with a mean: the entity, its number there, the unit."""
        if not self._columns("statistics_meta") or not self._columns("statistics"):
            return []
        found = self._rows("SELECT statistic_id, id, unit_of_measurement FROM statistics_meta")
        return [row for row in found if isinstance(row[0], str) and "." in row[0] and ":" not in row[0]]

    def sums_extent(self, number: object) -> Extent:
        """How many rows of statistics with a mean there are, from when to when."""
        return _together([self._extent(way, number, "AND mean IS NOT NULL") for way in self._sum_ways()])

    def sums(self, table: str, number: object, from_ms: int) -> Iterator[SumRow]:
        """The rows of `statistics` or `statistics_short_term` from a time since 2015 on, by time."""
        for way in self._sum_ways():
            if way.table == table:
                rows = self._sliced(way, number, "mean, min, max", from_ms)
                yield from (SumRow(row[0], time_ms_of(row[1]), *row[2:]) for row in rows)

    def untimely_sums(self, table: str, number: object) -> Iterator[SumRow]:
        """The rows of statistics that have no time, or one before 2015."""
        for way in self._sum_ways():
            if way.table == table:
                for row in self._untimely(way, number, "mean, min, max"):
                    yield SumRow(row[0], time_ms_of(row[1]), *row[2:])

    def _look(self) -> None:
        self._states = self._columns("states")
        indexed = self._indexed("states")
        series = [name for name in ("metadata_id", "entity_id") if self._counts(name, indexed)]
        times = [name for name in ("last_updated_ts", "last_updated") if self._counts(name, indexed)]
        if not ({"state_id", "state"} <= self._states and series and times):
            raise InputError(
                f"{self.path}: a database, but not that of Home Assistant's recorder: it has no such table of states; "
                "expected a file such as home-assistant_v2.db"
            )
        mine = {times[0]: "TRUE"}
        if len(times) > 1:
            mine = {times[0]: f"({times[0]} IS NOT NULL OR {times[1]} IS NULL)", times[1]: f"{times[0]} IS NULL"}
            mine[times[1]] += f" AND {times[1]} IS NOT NULL"
        self._ways = [_Way("states", one, time, "state_id", mine[time]) for one in series for time in times]
        shared = "attributes_id" in self._states
        own = "attributes" in self._states
        self._attributes = "coalesce(attributes, attributes_id)" if shared and own else _first(shared, own)

    def _counts(self, column: str, indexed: set[str]) -> bool:
        """An old column beside the new one counts while its index is there: Home Assistant drops it when it is done."""
        newer = {"entity_id": "metadata_id", "last_updated": "last_updated_ts"}.get(column)
        return column in self._states and (newer not in self._states or column in indexed)

    def _ways_of(self, series: list[object]) -> list[tuple[_Way, object]]:
        """Numbers stand for an entity in metadata_id, texts in entity_id."""
        wanted = [("entity_id" if isinstance(one, str) else "metadata_id", one) for one in series]
        return [(way, one) for column, one in wanted for way in self._ways if way.series == column]

    def _sum_ways(self) -> list[_Way]:
        ways = []
        for table in ("statistics_short_term", "statistics"):
            columns = self._columns(table)
            if {"metadata_id", "mean", "min", "max"} <= columns:
                ways.append(_Way(table, "metadata_id", "start_ts" if "start_ts" in columns else "start", "id"))
        return ways

    def _states_by(self, way: _Way, series: object, from_ms: int) -> Iterator[StateRow]:
        for number, time, state, attributes in self._sliced(way, series, f"state, {self._attributes}", from_ms):
            yield StateRow(number, state, time_ms_of(time), attributes)

    def _untimely(self, way: _Way, series: object, what: str) -> Iterator[tuple]:  # type: ignore[type-arg]
        """Rows without a time, then those before 2015, each by number, a slice at a time."""
        for untimely, values in ((f"{way.time} IS NULL", ()), (f"{way.time} < ?", (way.bound(EARLIEST_MS),))):
            last = -1
            while True:
                rows = self._rows(
                    f"SELECT {way.id}, {way.time}, {what} FROM {way.table} WHERE {way.series} = ? AND {way.mine} "
                    f"AND {untimely} AND +{way.id} > ? ORDER BY +{way.id} LIMIT {SLICE_ROWS}",
                    (series, *values, last),
                )
                yield from rows
                if len(rows) < SLICE_ROWS:
                    break
                last = rows[-1][0]

    def _sliced(self, way: _Way, series: object, what: str, from_ms: int) -> Iterator[tuple]:  # type: ignore[type-arg]
        """Rows by time, a slice at a time, so that no query lasts."""
        after: tuple[object, int] = (way.bound(max(from_ms, EARLIEST_MS)), -1)
        while True:
            rows = self._rows(
                f"SELECT {way.id}, {way.time}, {what} FROM {way.table} "
                f"WHERE {way.series} = ? AND {way.mine} AND ({way.time}, {way.id}) > (?, ?) "
                f"ORDER BY {way.time}, {way.id} LIMIT {SLICE_ROWS}",
                (series, *after),
            )
            yield from rows
            if len(rows) < SLICE_ROWS:
                return
            after = (rows[-1][1], rows[-1][0])

    def _extent(self, way: _Way, series: object, more: str = "") -> Extent:
        where = f"FROM {way.table} WHERE {way.series} = ? AND {way.mine} {more}"
        rows = self._rows(f"SELECT count(*) {where}", (series,))[0][0]
        first = self._rows(f"SELECT min({way.time}) {where} AND {way.time} >= ?", (series, way.bound(EARLIEST_MS)))
        last = self._rows(f"SELECT max({way.time}) {where} AND typeof({way.time}) <> 'blob'", (series,))
        return Extent(rows, time_ms_of(first[0][0]), time_ms_of(last[0][0]))

    def _columns(self, table: str) -> set[str]:
        return {row[1] for row in self._rows(f"PRAGMA table_info({table})")}

    def _indexed(self, table: str) -> set[str]:
        """The columns with which an index begins."""
        names = [row[1] for row in self._rows(f"PRAGMA index_list({table})")]
        first = (self._rows(f'PRAGMA index_info("{name}")')[:1] for name in names)
        return {row[2] for rows in first for row in rows}

    def _rows(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple]:  # type: ignore[type-arg]
        return self._connection.execute(sql, values).fetchall()


EARLIEST_MS = 1_420_070_400_000
"""Unix ms of 2015: what claims to be older was written while the clock was not set."""


def is_database(path: Path) -> bool:
    """Whether the file is an SQLite database. Raises InputError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(HEADER)) == HEADER
    except OSError as exc:
        raise InputError(f"{path}: cannot be read: {exc.strerror}") from exc


def time_ms_of(value: object) -> int | None:
    """Unix seconds, or the text of a UTC time as older schemas have it, as ms; None for anything else."""
    if isinstance(value, int | float):
        return round(value * 1000) if abs(value) < _MOST_S else None
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return unix_ms(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def _text_of(time_ms: int) -> str:
    return datetime.fromtimestamp(min(time_ms, 32_503_680_000_000) / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _first(shared: bool, own: bool) -> str:  # noqa: FBT001 - two facts of one table
    return "attributes_id" if shared else "attributes" if own else "NULL"


def _together(parts: list[Extent]) -> Extent:
    firsts = [part.first_ms for part in parts if part.first_ms is not None]
    lasts = [part.last_ms for part in parts if part.last_ms is not None]
    return Extent(sum(part.rows for part in parts), min(firsts, default=None), max(lasts, default=None))


def _opened(path: Path) -> sqlite3.Connection:
    """Read only; a copy in a folder that cannot be written is taken as one that nobody writes."""
    address = path.resolve().as_uri()
    for options in ("mode=ro", "mode=ro&immutable=1"):
        connection = sqlite3.connect(f"{address}?{options}", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        connection.text_factory = _lenient
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.OperationalError as exc:
            connection.close()
            if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CANTOPEN or path.with_name(f"{path.name}-wal").exists():
                raise InputError(f"{path}: cannot be opened: {exc}") from exc
        except sqlite3.DatabaseError as exc:
            connection.close()
            raise InputError(f"{path}: cannot be read as a database: {exc}") from exc
        else:
            return connection
    raise InputError(f"{path}: cannot be opened")


def _lenient(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")
