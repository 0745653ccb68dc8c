"""The past of Home Assistant's sensors from its recorder database: states, and statistics where they are gone."""

import sqlite3
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from monitor.adapters.sqlite.recorder_file import Extent, RecorderFile, StateRow, SumRow
from monitor.core.device_classes import COMPONENTS
from monitor.core.grid import BIN_MS
from monitor.core.past_entities import KEY_PREFIX, Mapped, Told, meaning_of_entity, shortened, told_by, value_of_state
from monitor.core.payload import document
from monitor.core.readings import YEAR_2015_MS, Reading
from monitor.core.units import to_canonical
from monitor.errors import DecodeError
from monitor.ports import Faulty, Item, LeftOut, Record, Silent, Span

LOOKED_AT = 20
"""Newest states of an entity that are looked at for what it measures: the last ones may say nothing."""

REMEMBERED = 20_000
"""Sets of attributes whose meaning is remembered."""

TABLES = {"statistics_short_term": BIN_MS, "statistics": 3_600_000}
"""The tables of statistics, finer first, and the ms that a row stands for."""


class _Place(NamedTuple):
    """Where an entity stands in the file: in the rows of states, and in the statistics with which unit."""

    series: list[object]
    sums: object = None
    sums_unit: str | None = None


class Recorder:
    """A recorder database as an origin; `mapped` says of entities what they are."""

    def __init__(self, file: RecorderFile, mapped: Mapping[str, Mapped]) -> None:
        self.name = f"home-assistant {file.path.resolve()}"
        self._file = file
        self._mapped = mapped
        self._places: dict[str, _Place] = {}
        self._told: dict[object, Told | None] = {}

    def items(self) -> tuple[list[Item], list[LeftOut]]:
        """Every sensor of a known quantity; all other sensors with the reason."""
        self._places = {entity: _Place(series) for entity, series in self._file.entities().items()}
        for entity, number, unit in self._file.statistics():
            self._places[entity] = _Place(self._places.get(entity, _Place([])).series, number, unit)
        items, left_out = [], []
        for entity in sorted(self._places):
            found = self._item(entity)
            if isinstance(found, Item):
                items.append(found)
            elif found.why != "no sensor":
                left_out.append(found)
        return items, left_out

    def records(self, item: Item, from_ms: int, to_ms: int) -> Iterator[Record]:
        """The states of an entity; where the file is damaged the rest of it is Faulty."""
        try:
            series = self._places[item.name].series
            for row in chain(self._file.untimely(series), self._file.states(series, from_ms)):
                if row.time_ms is not None and row.time_ms >= to_ms:
                    return
                yield self._record(item, row)
        except sqlite3.DatabaseError as exc:
            yield Faulty(f"{item.name}, its states", f"the file cannot be read any further: {exc}")

    def spans(self, item: Item, from_ms: int, to_ms: int) -> Iterator[Span | Faulty]:
        """The statistics of an entity, those of five minutes first."""
        place = self._places[item.name]
        if place.sums is None:
            return
        for table, length_ms in TABLES.items():
            try:
                rows = chain(self._file.untimely_sums(table, place.sums), self._file.sums(table, place.sums, from_ms))
                for row in rows:
                    if row.time_ms is not None and row.time_ms + length_ms > to_ms:
                        break
                    if row.mean is not None:
                        yield self._span(item, place, row, table)
            except sqlite3.DatabaseError as exc:
                yield Faulty(f"{item.name}, {table}", f"the file cannot be read any further: {exc}")

    def _item(self, entity: str) -> Item | LeftOut:
        place = self._places[entity]
        if entity.partition(".")[0] not in COMPONENTS and entity not in self._mapped:
            return LeftOut(entity, "no sensor")
        try:
            told = self._newest(place)
            said = self._mapped.get(entity)
            meaning = meaning_of_entity(entity, told)
            if said is None and isinstance(meaning, str):
                return LeftOut(entity, meaning)
            states = self._file.extent(place.series) if place.series else Extent(0, None, None)
            sums = self._file.sums_extent(place.sums) if place.sums is not None else Extent(0, None, None)
        except sqlite3.DatabaseError as exc:
            return LeftOut(entity, f"the file is damaged here: {exc}", faulty=True)
        if not states.rows and not sums.rows:
            return LeftOut(entity, "no states and no statistics")
        return Item(
            name=entity,
            sensor=KEY_PREFIX + entity if said is None else said.sensor,
            quantity=said.quantity if said is not None else str(getattr(meaning, "quantity", "")),
            unit=(said.unit if said is not None else None) or told.unit or place.sums_unit,
            title=told.name,
            records=states.rows,
            spans=sums.rows,
            first_ms=min(filter(None, (states.first_ms, sums.first_ms)), default=None),
            last_ms=max(filter(None, (states.last_ms, sums.last_ms)), default=None),
            known=said is not None,
            on_change=True,
        )

    def _newest(self, place: _Place) -> Told:
        """What the newest states tell, each attribute from the newest one that has it."""
        together = Told()
        for attributes in self._file.newest(place.series, LOOKED_AT):
            told = self._told_by(attributes) or Told()
            together = Told(*(one or other for one, other in zip(together, told, strict=True)))
        return together if together.unit or not place.sums_unit else together._replace(unit=place.sums_unit)

    def _told_by(self, attributes: object) -> Told | None:
        """What a row's attributes tell; None where they cannot be read."""
        if attributes in self._told:
            return self._told[attributes]
        written = self._file.shared_attributes(attributes) if isinstance(attributes, int) else attributes
        told: Told | None
        try:
            told = Told() if not isinstance(written, str) or not written else told_by(document(written.encode()))
        except DecodeError:
            told = None
        if len(self._told) >= REMEMBERED:
            self._told.clear()
        self._told[attributes] = told
        return told

    def _record(self, item: Item, row: StateRow) -> Record:
        if row.time_ms is None:
            return Faulty(f"{item.name}, state {row.number}", "expected a time, got none that can be read")
        if row.time_ms < YEAR_2015_MS:
            return Faulty(f"{item.name}, state {row.number}", "expected a time since 2015, got an earlier one")
        told = self._told_by(row.attributes)
        said = self._mapped.get(item.name)
        unit = (said.unit if said is not None else None) or (told.unit if told is not None else None) or item.unit
        value = value_of_state(row.state, item.quantity, unit)
        if value is None:
            return Silent(item.sensor, item.quantity, row.time_ms)
        if isinstance(value, str):
            return Faulty(f"{item.name}, state {row.number}", value)
        return Reading(item.sensor, item.quantity, row.time_ms, value)

    def _span(self, item: Item, place: _Place, row: SumRow, table: str) -> Span | Faulty:
        where, length_ms = f"{item.name}, {table} {row.number}", TABLES[table]
        if row.time_ms is None or row.time_ms < YEAR_2015_MS or row.time_ms % length_ms % BIN_MS:
            return Faulty(where, "expected a time at full five minutes since 2015")
        values = []
        for number in (row.mean, row.mean if row.low is None else row.low, row.mean if row.high is None else row.high):
            if not isinstance(number, int | float):
                return Faulty(where, f"expected a number, got {shortened(number)}")
            values.append(to_canonical(item.quantity, number, self._sums_unit(item, place)))
        mean, low, high = values
        if mean is None or low is None or high is None:
            return Faulty(where, f"expected {item.quantity} in a unit of it, got {self._sums_unit(item, place)}")
        return Span(item.sensor, item.quantity, row.time_ms, row.time_ms + length_ms, mean, low, high)

    def _sums_unit(self, item: Item, place: _Place) -> str | None:
        """Statistics have a unit of their own, which is not always that of the states."""
        return place.sums_unit or item.unit
