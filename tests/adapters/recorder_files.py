"""Recorder databases as Home Assistant writes them, with the columns and indexes of real schemas.

Columns, indexes and texts of times follow the models of Home Assistant Core (Apache-2.0) for these schemas:
16 (2021.6.0, the first with long-term statistics; attributes in each row, times as text), 22 (2021.10.0, statistics
with their metadata and of five minutes), 28 (2022, shared attributes), 32 (2023, times as numbers beside the texts,
entities still by name), 43 (2024, entities by number, last_reported_ts) and 51 (2025, mean_weight, unit_class).
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

SCHEMAS = (16, 22, 28, 32, 43, 51)

MEASURED = {"state_class": "measurement"}
BEDROOM = {**MEASURED, "unit_of_measurement": "°C", "device_class": "temperature", "friendly_name": "Bedroom climate"}

_STATES_16 = """
CREATE TABLE states (state_id INTEGER NOT NULL PRIMARY KEY, domain VARCHAR(64), entity_id VARCHAR(255),
  state VARCHAR(255), attributes TEXT, event_id INTEGER, last_changed DATETIME, last_updated DATETIME, created DATETIME,
  old_state_id INTEGER);
CREATE INDEX ix_states_entity_id_last_updated ON states (entity_id, last_updated);
CREATE INDEX ix_states_last_updated ON states (last_updated);
"""
_STATES_28 = """
CREATE TABLE states (state_id INTEGER NOT NULL PRIMARY KEY, entity_id VARCHAR(255), state VARCHAR(255),
  attributes TEXT, event_id INTEGER, last_changed DATETIME, last_updated DATETIME, old_state_id INTEGER,
  attributes_id INTEGER, context_id VARCHAR(36), context_user_id VARCHAR(36), context_parent_id VARCHAR(36),
  origin_idx SMALLINT);
CREATE INDEX ix_states_entity_id_last_updated ON states (entity_id, last_updated);
CREATE INDEX ix_states_last_updated ON states (last_updated);
"""
_STATES_32 = """
CREATE TABLE states (state_id INTEGER NOT NULL PRIMARY KEY, entity_id VARCHAR(255), state VARCHAR(255),
  attributes TEXT, event_id INTEGER, last_changed DATETIME, last_changed_ts FLOAT, last_updated DATETIME,
  last_updated_ts FLOAT, old_state_id INTEGER, attributes_id INTEGER, context_id VARCHAR(36),
  context_user_id VARCHAR(36), context_parent_id VARCHAR(36), origin_idx SMALLINT);
CREATE INDEX ix_states_entity_id_last_updated_ts ON states (entity_id, last_updated_ts);
CREATE INDEX ix_states_last_updated_ts ON states (last_updated_ts);
CREATE INDEX ix_states_last_updated ON states (last_updated);
"""
_STATES_43 = """
CREATE TABLE states (state_id INTEGER NOT NULL PRIMARY KEY, entity_id CHAR(0), state VARCHAR(255),
  attributes CHAR(0), event_id SMALLINT, last_changed CHAR(0), last_changed_ts FLOAT, last_reported_ts FLOAT,
  last_updated CHAR(0), last_updated_ts FLOAT, old_state_id INTEGER, attributes_id INTEGER, context_id CHAR(0),
  context_user_id CHAR(0), context_parent_id CHAR(0), origin_idx SMALLINT, context_id_bin BLOB,
  context_user_id_bin BLOB, context_parent_id_bin BLOB, metadata_id INTEGER);
CREATE INDEX ix_states_metadata_id_last_updated_ts ON states (metadata_id, last_updated_ts);
CREATE INDEX ix_states_last_updated_ts ON states (last_updated_ts);
CREATE TABLE states_meta (metadata_id INTEGER NOT NULL PRIMARY KEY, entity_id VARCHAR(255));
CREATE UNIQUE INDEX ix_states_meta_entity_id ON states_meta (entity_id);
"""
_ATTRIBUTES = """
CREATE TABLE state_attributes (attributes_id INTEGER NOT NULL PRIMARY KEY, hash BIGINT, shared_attrs TEXT);
"""
_STATISTICS_16 = """
CREATE TABLE statistics (id INTEGER NOT NULL PRIMARY KEY, created DATETIME, source VARCHAR(32),
  statistic_id VARCHAR(255), start DATETIME, mean FLOAT, min FLOAT, max FLOAT, last_reset DATETIME, state FLOAT,
  sum FLOAT);
CREATE INDEX ix_statistics_statistic_id_start ON statistics (statistic_id, start);
"""
_STATISTICS_22 = """
CREATE TABLE {table} (id INTEGER NOT NULL PRIMARY KEY, created DATETIME, metadata_id INTEGER, start DATETIME,
  mean FLOAT, min FLOAT, max FLOAT, last_reset DATETIME, state FLOAT, sum FLOAT);
CREATE UNIQUE INDEX ix_{table}_statistic_id_start ON {table} (metadata_id, start);
"""
_STATISTICS_32 = """
CREATE TABLE {table} (id INTEGER NOT NULL PRIMARY KEY, created DATETIME, created_ts FLOAT, metadata_id INTEGER,
  start DATETIME, start_ts FLOAT, mean FLOAT, {more} min FLOAT, max FLOAT, last_reset DATETIME, last_reset_ts FLOAT,
  state FLOAT, sum FLOAT);
CREATE UNIQUE INDEX ix_{table}_statistic_id_start_ts ON {table} (metadata_id, start_ts);
"""
_STATISTICS_META = """
CREATE TABLE statistics_meta (id INTEGER NOT NULL PRIMARY KEY, statistic_id VARCHAR(255), source VARCHAR(32),
  unit_of_measurement VARCHAR(255), {unit_class} has_mean BOOLEAN, has_sum BOOLEAN, name VARCHAR(255) {mean_type});
"""
_CHANGES = (
    "CREATE TABLE schema_changes (change_id INTEGER NOT NULL PRIMARY KEY, schema_version INTEGER, changed DATETIME);"
)


class State(NamedTuple):
    """A state as Home Assistant has it; `state` and `time_s` may be garbage."""

    entity: str
    state: object
    time_s: object
    attributes: Mapping[str, object] | str = BEDROOM


class Mean(NamedTuple):
    """A row of statistics: of an hour, or of five minutes."""

    entity: str
    start_s: object
    mean: object
    low: object = None
    high: object = None
    unit: str = "°C"
    short: bool = False


class RecorderBuilder:
    """A recorder database that grows as Home Assistant's does; `wal` as it is while Home Assistant runs."""

    def __init__(self, path: Path, schema: int, *, wal: bool = False) -> None:
        self.path, self.schema = path, schema
        self.db = sqlite3.connect(path)
        if wal:
            self.db.execute("PRAGMA journal_mode = WAL")
        self._attributes: dict[str, int] = {}
        self._entities: dict[str, int] = {}
        self._sums: dict[str, int] = {}
        self.db.executescript(self._tables())
        self.db.execute("INSERT INTO schema_changes (schema_version, changed) VALUES (?, '2024-01-01')", (schema,))
        self.db.commit()

    def add(self, states: Iterable[State] = (), means: Iterable[Mean] = ()) -> "RecorderBuilder":
        for state in states:
            self._add_state(state)
        for mean in means:
            self._add_mean(mean)
        self.db.commit()
        return self

    def close(self) -> Path:
        self.db.close()
        return self.path

    def _tables(self) -> str:
        schema = self.schema
        parts = [_CHANGES, _STATES_16 if schema < 28 else _STATES_28 if schema < 32 else _STATES_32 if schema < 43
                 else _STATES_43]  # fmt: skip
        parts += [_ATTRIBUTES] if schema >= 28 else []
        if schema < 22:
            return "".join([*parts, _STATISTICS_16])
        new = schema >= 51
        sums = _STATISTICS_22 if schema < 32 else _STATISTICS_32
        parts += [sums.format(table=table, more="mean_weight FLOAT," if new else "") for table in
                  ("statistics", "statistics_short_term")]  # fmt: skip
        unit_class, mean_type = ("unit_class VARCHAR(255),", ", mean_type SMALLINT NOT NULL") if new else ("", "")
        return "".join([*parts, _STATISTICS_META.format(unit_class=unit_class, mean_type=mean_type)])

    def _add_state(self, state: State) -> None:
        attributes = state.attributes if isinstance(state.attributes, str) else json.dumps(dict(state.attributes))
        row: dict[str, object] = {"state": state.state}
        if self.schema < 32:
            row["last_updated"] = row["last_changed"] = text_of(state.time_s)
        else:
            row["last_updated_ts"] = state.time_s
        if self.schema < 28:
            row["attributes"] = attributes
        else:
            row["attributes_id"] = self._number(self._attributes, attributes, "state_attributes", "shared_attrs")
        if self.schema < 43:
            row["entity_id"] = state.entity
        else:
            row["metadata_id"] = self._number(self._entities, state.entity, "states_meta", "entity_id")
        self._insert("states", row)

    def _add_mean(self, mean: Mean) -> None:
        row: dict[str, object] = {"mean": mean.mean, "min": mean.low, "max": mean.high}
        row |= {"start": text_of(mean.start_s)} if self.schema < 32 else {"start_ts": mean.start_s}
        if self.schema < 22:
            self._insert("statistics", row | {"statistic_id": mean.entity, "source": "recorder"})
            return
        if mean.entity not in self._sums:
            meta = {"statistic_id": mean.entity, "source": "recorder", "unit_of_measurement": mean.unit, "has_mean": 1}
            self._sums[mean.entity] = self._insert(
                "statistics_meta", meta | ({"mean_type": 1} if self.schema >= 51 else {})
            )
        table = "statistics_short_term" if mean.short else "statistics"
        self._insert(table, row | {"metadata_id": self._sums[mean.entity]})

    def _number(self, known: dict[str, int], text: str, table: str, column: str) -> int:
        if text not in known:
            known[text] = self._insert(table, {column: text})
        return known[text]

    def _insert(self, table: str, row: Mapping[str, object]) -> int:
        marks = ", ".join("?" * len(row))
        found = self.db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
        return int(found.lastrowid or 0)


def text_of(time_s: object) -> object:
    """A time as SQLAlchemy writes it: UTC, without a zone."""
    if not isinstance(time_s, int | float):
        return time_s
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
