"""The past of sensors from InfluxDB: as Home Assistant writes it, as our own mirror does, or as the person maps it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from monitor.adapters.influxql import InfluxQl, Series, literal, name
from monitor.core.past_entities import KEY_PREFIX, Mapped, Told, mapped, meaning_of_entity, value_of_state
from monitor.core.quantities import BY_NAME
from monitor.core.readings import DAY_MS, YEAR_2015_MS, Reading
from monitor.core.units import UNITS, to_canonical
from monitor.errors import HistoryError, InputError
from monitor.ports import Faulty, Item, LeftOut, Record, Silent, Span

ATTRIBUTES = ("device_class_str", "unit_of_measurement_str", "friendly_name_str")
"""Fields in which Home Assistant writes the attributes of a state, in the order of `Told`."""

FAILED_DAYS = 10
"""Days in a row that a server refuses to tell before it is given up."""

_MAP = re.compile(r"(?P<measurement>.+?)(?:/(?P<field>[^{}=]+?))?(?:\{(?P<tags>[^{}]*)\})?=(?P<meaning>[^{}]+)")


class Wanted(NamedTuple):
    """A series that the person maps: measurement, field, tags and what it is."""

    measurement: str
    field: str
    tags: tuple[tuple[str, str], ...]
    meaning: Mapped


class _Where(NamedTuple):
    """Where an item stands on the server."""

    measurement: str
    field: str
    tags: tuple[tuple[str, str], ...]


class InfluxPast:
    """A database of InfluxDB as an origin.

    `only` restricts to these measurements, `field` holds the values. `entities` says of Home Assistant's what they
    are; where `wanted` names series, these alone are taken. `count` counts the values, which takes a while.
    """

    def __init__(
        self,
        server: InfluxQl,
        *,
        entities: Mapping[str, Mapped],
        wanted: Sequence[Wanted] = (),
        only: Sequence[str] = (),
        field: str = "value",
        count: bool = False,
    ) -> None:
        self.name = f"influxdb {server.access.url} {server.access.database}"
        self._server = server
        self._entities = entities
        self._wanted = wanted
        self._only = only
        self._field = field
        self._count = count
        self._where: dict[str, _Where] = {}

    def items(self) -> tuple[list[Item], list[LeftOut]]:
        """Every series of a known quantity; the others with the reason."""
        found: list[Item | LeftOut] = []
        if self._wanted:
            self._must_see_a_database()
            found = [self._mapped(wanted) for wanted in self._wanted]
        else:
            there = self._measurements()
            for missing in sorted(set(self._only) - set(there)):
                found.append(LeftOut(missing, f"no such measurement in {self._server.access.database}"))
            for measurement in there:
                if not self._only or measurement in self._only:
                    found += self._tried(measurement)
        return (
            [self._counted(one) for one in found if isinstance(one, Item)],
            [one for one in found if isinstance(one, LeftOut) and one.why != "no sensor"],
        )

    def records(self, item: Item, from_ms: int, to_ms: int) -> Iterator[Record]:
        """The values of a series, a UTC day at a time; where a day is empty, on to the next value."""
        where = self._where[item.name]
        start_ms = max(from_ms, item.first_ms or from_ms)
        end_ms = min(to_ms, (item.last_ms if item.last_ms is not None else to_ms) + 1)
        failed = 0
        while start_ms < end_ms:
            until_ms = min(start_ms - start_ms % DAY_MS + DAY_MS, end_ms)
            empty = True
            try:
                for time_ms, value in self._values(where, start_ms, until_ms):
                    empty = False
                    yield _record(item, time_ms, value)
                failed = 0
            except InputError as exc:
                failed, empty = failed + 1, False
                yield Faulty(f"{item.name} from {start_ms} ms on, one day", str(exc))
                if failed == FAILED_DAYS:
                    raise HistoryError(f"{item.name}: {failed} days one after the other cannot be read: {exc}") from exc
            start_ms = until_ms
            if empty and start_ms < end_ms:
                start_ms = self._next_ms(where, start_ms, end_ms)

    def spans(self, _item: Item, _from_ms: int, _to_ms: int) -> Iterator[Span | Faulty]:
        """None: what InfluxDB holds are values."""
        return iter(())

    def _values(self, where: _Where, start_ms: int, until_ms: int) -> Iterator[tuple[object, object]]:
        """The rows of a window; a server with a limit of rows is asked on from where it stopped."""
        while True:
            found = self._server.ask(
                f"SELECT {name(where.field)} {_from(where)}time >= {start_ms}ms AND time < {until_ms}ms"
            )
            rows = [(row[0], row[1]) if len(row) == 2 else (None, None) for series in found for row in series.rows]
            yield from rows
            last_ms = rows[-1][0] if rows else None
            if not any(series.partial for series in found) or not isinstance(last_ms, int) or last_ms < start_ms:
                return
            start_ms = last_ms + 1

    def _next_ms(self, where: _Where, start_ms: int, end_ms: int) -> int:
        first = self._server.ask(
            f"SELECT first({name(where.field)}) {_from(where)}time >= {start_ms}ms AND time < {end_ms}ms"
        )
        times = [row[0] for series in first for row in series.rows if row and isinstance(row[0], int)]
        return max(start_ms, min(times, default=end_ms))

    def _measurements(self) -> list[str]:
        """Raises InputError where there is none: some servers answer so of a database that is not there."""
        found = [str(row[0]) for series in self._server.ask("SHOW MEASUREMENTS") for row in series.rows if row]
        if not found:
            self._must_see_a_database()
            names = sorted(str(row[0]) for series in self._server.ask("SHOW DATABASES") for row in series.rows if row)
            raise InputError(
                f"--database: expected one with measurements, {self._server.access.database} has none; "
                f"there are {', '.join(names) or 'no others'}"
            )
        return found

    def _must_see_a_database(self) -> None:
        """InfluxDB 2 answers a token that may not read as if nothing were there. Raises InputError."""
        access = self._server.access
        if access.token and not any(series.rows for series in self._asked_of_field("SHOW DATABASES")):
            raise InputError(
                f"{access.url}: this token may not read {access.database}: it is shown no database at all, as one that "
                "may only write (enough for [mirror]); give a file with a token that may read: --token-file FILE"
            )

    def _mapped(self, wanted: Wanted) -> Item | LeftOut:
        where = _Where(*wanted[:3])
        shown = _shown(where)
        first, last = self._ends(where)
        if first is None or last is None:
            return LeftOut(shown, "no such series, or no values in it")
        self._where[shown] = where
        sensor, quantity, unit = wanted.meaning
        return Item(shown, sensor, quantity, unit, None, None, 0, first, last, known=True)

    def _tried(self, measurement: str) -> list[Item | LeftOut]:
        try:
            return list(self._measured(measurement))
        except InputError as exc:
            return [LeftOut(measurement, str(exc))]

    def _measured(self, measurement: str) -> Iterator[Item | LeftOut]:
        """What a measurement holds, by its tags: one of ours, of Home Assistant's, or neither."""
        grouped = self._server.ask(f"SELECT first({name(self._field)}) FROM {name(measurement)} GROUP BY *")
        tags = [{key: word for key, word in series.tags.items() if word} for series in grouped]
        if measurement in BY_NAME and any("sensor" in one for one in tags):
            for sensor in sorted({one["sensor"] for one in tags if "sensor" in one}):
                yield self._own(measurement, sensor)
        elif any("entity_id" in one for one in tags):
            pairs = {(one.get("domain", ""), one["entity_id"]) for one in tags if "entity_id" in one}
            told = self._told(measurement)
            for pair in sorted(pairs):
                yield self._entity(measurement, pair, told.get(pair, Told()))
        elif tags:
            yield LeftOut(measurement, "neither Home Assistant's nor a mirror's; say what it is with --map")
        else:
            yield LeftOut(measurement, f"it has no values in a field {self._field}; say what it is with --map")

    def _own(self, quantity: str, sensor: str) -> Item | LeftOut:
        where = _Where(quantity, self._field, (("sensor", sensor),))
        first, last = self._ends(where)
        if first is None or last is None:
            return LeftOut(_shown(where), "no values in it")
        self._where[_shown(where)] = where
        return Item(_shown(where), sensor, quantity, None, None, None, 0, first, last, calibrated=True)

    def _entity(self, measurement: str, pair: tuple[str, str], told: Told) -> Item | LeftOut:
        domain, object_id = pair
        entity = f"{domain or 'sensor'}.{object_id}"
        if told.unit is None and _is_unit(measurement):
            told = told._replace(unit=measurement)
        said, meaning = self._entities.get(entity), meaning_of_entity(entity, told)
        shown = entity if measurement in (entity, told.unit) else f"{entity} in {measurement}"
        if said is None and isinstance(meaning, str):
            return LeftOut(shown, meaning)
        tags = (("domain", domain), ("entity_id", object_id))
        where = _Where(measurement, self._field, tags if domain else tags[1:])
        first, last = self._ends(where)
        if first is None or last is None:
            return LeftOut(shown, "no values in it")
        name_of_item = f"{entity} in {measurement}"
        self._where[name_of_item] = where
        unit = (said.unit if said is not None else None) or told.unit
        return Item(
            name=name_of_item,
            sensor=KEY_PREFIX + entity if said is None else said.sensor,
            quantity=said.quantity if said is not None else str(getattr(meaning, "quantity", "")),
            unit=unit,
            title=told.name,
            records=None,
            first_ms=first,
            last_ms=last,
            known=said is not None,
            on_change=True,
        )

    def _told(self, measurement: str) -> dict[tuple[str, str], Told]:
        """What the newest attributes of each entity of a measurement say."""
        found: dict[tuple[str, str], Told] = {}
        for place, field in enumerate(ATTRIBUTES):
            sql = f"SELECT last({name(field)}) FROM {name(measurement)} GROUP BY *"
            for series in self._asked_of_field(sql):
                entity = (series.tags.get("domain", ""), series.tags.get("entity_id", ""))
                word = next((row[1] for row in series.rows if len(row) == 2 and isinstance(row[1], str)), None)
                told = list(found.get(entity, Told()))
                told[place] = word or told[place]
                found[entity] = Told(*told)
        return found

    def _asked_of_field(self, query: str) -> list[Series]:
        """A field that is not there is an empty answer of some servers and an error of others."""
        try:
            return self._server.ask(query)
        except InputError:
            return []

    def _counted(self, item: Item) -> Item:
        if not self._count:
            return item
        where = self._where[item.name]
        found = self._server.ask(f"SELECT count({name(where.field)}) {_from(where)}time >= {YEAR_2015_MS}ms")
        counts = [row[1] for series in found for row in series.rows if len(row) == 2 and isinstance(row[1], int)]
        return item._replace(records=sum(counts))

    def _ends(self, where: _Where) -> tuple[int | None, int | None]:
        """When the first and the last value of a series were, since 2015."""
        ends = []
        for end in ("first", "last"):
            found = self._server.ask(f"SELECT {end}({name(where.field)}) {_from(where)}time >= {YEAR_2015_MS}ms")
            times = [row[0] for series in found for row in series.rows if row and isinstance(row[0], int)]
            ends.append(times[0] if times else None)
        return ends[0], ends[1]


def wanted(text: str) -> Wanted:
    """What `measurement/field{tag=value,...}=sensor:quantity:unit` says. Raises InputError."""
    found = _MAP.fullmatch(text)
    if found is None:
        raise InputError(f"--map: expected MEASUREMENT/FIELD{{TAG=VALUE}}=SENSOR:QUANTITY:UNIT, got {text!r}")
    tags = []
    for pair in filter(None, (found["tags"] or "").split(",")):
        key, equals, word = pair.partition("=")
        if not (key and equals and word):
            raise InputError(f"--map: expected TAG=VALUE in braces, got {pair!r} in {text!r}")
        tags.append((key.strip(), word.strip()))
    return Wanted(found["measurement"], found["field"] or "value", tuple(tags), mapped(found["meaning"], "--map"))


def _from(where: _Where) -> str:
    """FROM and the beginning of WHERE."""
    conditions = "".join(f"{name(key)} = {literal(word)} AND " for key, word in where.tags)
    return f"FROM {name(where.measurement)} WHERE {conditions}"


def _shown(where: _Where) -> str:
    tags = ",".join(f"{key}={word}" for key, word in where.tags)
    return f"{where.measurement}/{where.field}" + (f"{{{tags}}}" if tags else "")


def _is_unit(text: str) -> bool:
    return any(to_canonical(quantity, 1.0, text) is not None for unit in UNITS for quantity in unit.of)


def _record(item: Item, time_ms: object, written: object) -> Record:
    if not isinstance(time_ms, int):
        return Faulty(item.name, f"expected a time in ms, got {time_ms!r}")
    value = value_of_state(written, item.quantity, item.unit)
    if value is None:
        return Silent(item.sensor, item.quantity, time_ms)
    if isinstance(value, str):
        return Faulty(f"{item.name} at {time_ms} ms", value)
    return Reading(item.sensor, item.quantity, time_ms, value)
