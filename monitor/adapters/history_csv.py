"""Home Assistant's history as its page downloads it: a CSV file of entity, state and time."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from statistics import median
from typing import NamedTuple

from monitor.core.moments import Wall, instant_ms, wall_of
from monitor.core.past_entities import KEY_PREFIX, Mapped, Told, meaning_of_entity, value_of_state
from monitor.core.readings import YEAR_2015_MS, Reading
from monitor.core.tabular import Expected
from monitor.errors import InputError
from monitor.ports import Faulty, Item, LeftOut, Record, Silent, Span

HEADING = ("entity_id", "state", "last_changed")
"""How the file begins; columns of other domains may follow."""

SAMPLE = 2_000
"""Values of an entity that are looked at."""

HOT_C = 45.0
"""degC; where the median of a temperature without a unit is above, it is in °F."""

BROKEN_ROWS_TOLD = 20
"""Rows without an entity that are told one by one."""

NO_ENTITY = "expected an entity such as sensor.bedroom_temperature"


class _Row(NamedTuple):
    """One line, with where it begins and ends in the file."""

    line: int
    start: int
    end: int
    entity: str
    state: str
    time: str


class _Stretch(NamedTuple):
    """Where the lines of an entity are: the page writes them one after the other."""

    line: int = 1
    start: int = 0
    end: int | None = None


@dataclass(slots=True)
class _Entity:
    stretch: _Stretch
    rows: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    sample: list[float] = field(default_factory=list)


class HistoryCsv:
    """A history file as an origin.

    `mapped` says of entities what they are, `zone` is that of times without an offset. The file tells no units:
    `fahrenheit` says that its temperatures are in °F.
    """

    def __init__(self, path: Path, mapped: Mapping[str, Mapped], zone: tzinfo, *, fahrenheit: bool = False) -> None:
        self.name = f"home-assistant {path.resolve()}"
        self._path = path
        self._mapped = mapped
        self._zone = zone
        self._fahrenheit = fahrenheit
        self._stretches: dict[str, _Stretch] = {}
        if not is_history(path):
            raise InputError(
                f"{path}: expected the recorder's database (home-assistant_v2.db) or a history CSV that begins with "
                f"{','.join(HEADING)}"
            )

    def items(self) -> tuple[list[Item], list[LeftOut]]:
        """Every sensor whose name tells a quantity or that is mapped; all others with the reason."""
        found, broken = self._entities()
        items: list[Item] = []
        left_out = broken
        for entity, seen in sorted(found.items()):
            one = self._item(entity, seen)
            if isinstance(one, Item):
                items.append(one)
            elif one.why != "no sensor":
                left_out.append(one)
        return items, left_out

    def records(self, item: Item, from_ms: int, to_ms: int) -> Iterator[Record]:
        """The states of an entity, by time; in the file means of hours may stand before or behind them."""
        timed: list[tuple[int, _Row]] = []
        for row in self._rows(self._stretches.get(item.name, _Stretch())):
            if row.entity != item.name:
                continue
            time_ms = self._time_ms(row.time)
            where = f"{item.name}, line {row.line}"
            if isinstance(time_ms, Expected):
                yield Faulty(where, f"expected {time_ms.what}, got {row.time!r}")
            elif time_ms < YEAR_2015_MS:
                yield Faulty(where, "expected a time since 2015, got an earlier one")
            elif from_ms <= time_ms < to_ms:
                timed.append((time_ms, row))
        for time_ms, row in sorted(timed):
            value = value_of_state(row.state, item.quantity, item.unit)
            if value is None:
                yield Silent(item.sensor, item.quantity, time_ms)
            elif isinstance(value, str):
                yield Faulty(f"{item.name}, line {row.line}", value)
            else:
                yield Reading(item.sensor, item.quantity, time_ms, value)

    def spans(self, _item: Item, _from_ms: int, _to_ms: int) -> Iterator[Span | Faulty]:
        """None: a history file does not tell which of its rows are means."""
        return iter(())

    def _item(self, entity: str, seen: _Entity) -> Item | LeftOut:
        said = self._mapped.get(entity)
        meaning = meaning_of_entity(entity, Told())
        if said is not None:
            sensor, quantity, unit = said
        elif isinstance(meaning, str):
            return LeftOut(entity, meaning)
        else:
            sensor, quantity, unit = KEY_PREFIX + entity, str(meaning.quantity), meaning.unit
        if quantity == "temperature" and unit is None:
            unit = "°F" if self._fahrenheit else None
            if unit is None and seen.sample and median(seen.sample) > HOT_C:
                return LeftOut(entity, "looks like °F, and the file tells no unit: say so with --fahrenheit")
        return Item(
            name=entity,
            sensor=sensor,
            quantity=quantity,
            unit=unit,
            records=seen.rows,
            first_ms=seen.first_ms,
            last_ms=seen.last_ms,
            known=said is not None,
            on_change=True,
        )

    def _entities(self) -> tuple[dict[str, _Entity], list[LeftOut]]:
        found: dict[str, _Entity] = {}
        broken: list[LeftOut] = []
        nameless = 0
        for row in self._rows(_Stretch()):
            if "." not in row.entity:
                nameless += 1
                if nameless <= BROKEN_ROWS_TOLD:
                    broken.append(LeftOut(f"line {row.line}", NO_ENTITY, faulty=True))
                continue
            entity = found.get(row.entity)
            if entity is None:
                entity = found[row.entity] = _Entity(_Stretch(row.line, row.start))
            entity.stretch = entity.stretch._replace(end=row.end)
            entity.rows += 1
            value = value_of_state(row.state, "pressure", None)  # any plain number
            if isinstance(value, float) and len(entity.sample) < SAMPLE:
                entity.sample.append(value)
            time_ms = self._time_ms(row.time)
            if isinstance(time_ms, int) and time_ms >= YEAR_2015_MS:
                entity.first_ms = time_ms if entity.first_ms is None else min(entity.first_ms, time_ms)
                entity.last_ms = time_ms if entity.last_ms is None else max(entity.last_ms, time_ms)
        if nameless > BROKEN_ROWS_TOLD:
            broken.append(LeftOut(f"{nameless - BROKEN_ROWS_TOLD:,} more lines", NO_ENTITY, faulty=True))
        self._stretches = {name: entity.stretch for name, entity in found.items()}
        return found, broken

    def _rows(self, of: _Stretch) -> Iterator[_Row]:
        """The lines of a stretch; the heading is none."""
        try:
            with self._path.open("rb") as file:
                file.seek(of.start)
                at = of.start
                for line, raw in enumerate(file, start=of.line):
                    if of.end is not None and at >= of.end:
                        return
                    text = raw.decode("utf-8", errors="replace").rstrip("\r\n")
                    at += len(raw)
                    if text and line > 1:
                        yield _row(line, at - len(raw), at, text)
        except OSError as exc:
            raise InputError(f"{self._path}: cannot be read: {exc.strerror}") from exc

    def _time_ms(self, written: str) -> int | Expected:
        wall = wall_of(written.strip(), "day")
        return instant_ms(wall, self._zone, None) if isinstance(wall, Wall) else wall


def is_history(path: Path) -> bool:
    """Whether the file begins as a history CSV. Raises InputError where it cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            first = file.readline(10_000)
    except OSError as exc:
        raise InputError(f"{path}: cannot be read: {exc.strerror}") from exc
    return tuple(cell.strip() for cell in first.split(",")[: len(HEADING)]) == HEADING


def _row(line: int, start: int, end: int, text: str) -> _Row:
    """The parts of a line; a state may be quoted, no cell runs over two lines."""
    try:
        cells = next(csv.reader([text.replace("\0", " ")])) if '"' in text else text.split(",")
    except csv.Error:
        cells = text.split(",")
    entity, state, time = (*cells, "", "", "")[:3]
    return _Row(line, start, end, entity.strip(), state, time)
