"""Home Assistant's recorder: every schema reads the same, nothing bad stops it, and its file is left alone."""

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.adapters.sqlite import recorder_file
from monitor.adapters.sqlite.recorder import Recorder
from monitor.adapters.sqlite.recorder_file import Extent, RecorderFile, is_database, time_ms_of
from monitor.core.past_entities import Mapped
from monitor.core.readings import Reading
from monitor.errors import InputError
from monitor.ports import Faulty, Item, LeftOut, Silent, Span
from tests.adapters.recorder_files import BEDROOM, SCHEMAS, Mean, RecorderBuilder, State

START_S = 1_700_000_100
"""UTC Unix s, at full five minutes."""
HOUR_S = 1_699_999_200
EVER = (0, 2**53)
ENTITY = "sensor.bedroom_temperature"
KEY = f"statestream:{ENTITY}"
HUMID = {"unit_of_measurement": "%", "device_class": "humidity"}


def reading(after_s: float, value: float, key: str = KEY) -> Reading:
    return Reading(key, "temperature", round((START_S + after_s) * 1000), value)


def of(path: Path, mapped: Mapped | None = None) -> tuple[list[Item], list[LeftOut]]:
    with RecorderFile(path) as file:
        return Recorder(file, {} if mapped is None else {ENTITY: mapped}).items()


def records(
    path: Path, *, entity: str = ENTITY, span: tuple[int, int] = EVER, statistics: bool = False
) -> list[object]:
    with RecorderFile(path) as file:
        origin = Recorder(file, {})
        item = next(item for item in origin.items()[0] if item.name == entity)
        return list(origin.spans(item, *span) if statistics else origin.records(item, *span))


@pytest.fixture(params=SCHEMAS, ids=lambda schema: f"schema-{schema}")
def schema(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home-assistant_v2.db"


def test_states_of_every_schema_are_readings(path: Path, schema: int) -> None:
    states = [
        State(ENTITY, "20.5", START_S),
        State("light.x", "on", START_S, {}),
        State(ENTITY, "68.1", START_S + 60.25),
    ]
    RecorderBuilder(path, schema).add(states).close()
    assert records(path) == [reading(0, 20.5), reading(60.25, 68.1)]


def test_every_schema_tells_what_it_holds(path: Path, schema: int) -> None:
    states = [State(ENTITY, "20.5", START_S + number) for number in range(3)]
    RecorderBuilder(path, schema).add([*states, State("sensor.plug", "5", START_S, {"device_class": "power"})]).close()
    items, left_out = of(path)
    assert [(one.sensor, one.quantity, one.unit, one.title, one.records) for one in items] == [
        (KEY, "temperature", "°C", "Bedroom climate", 3)
    ]
    assert (items[0].first_ms, items[0].last_ms) == (START_S * 1000, START_S * 1000 + 2000)
    assert left_out == [LeftOut("sensor.plug", "nothing that is known here (power)")]


def test_statistics_of_every_schema_that_tells_their_unit_are_spans(path: Path, schema: int) -> None:
    means = [
        Mean(ENTITY, HOUR_S, 68.0, 66.2, 69.8, "°F"),
        Mean(ENTITY, HOUR_S + 300, 70.0, 70.0, 70.0, "°F", short=True),
    ]
    RecorderBuilder(path, schema).add([State(ENTITY, "20", START_S)], means).close()
    start_ms = HOUR_S * 1000
    short = Span(KEY, "temperature", start_ms + 300_000, start_ms + 600_000, *[pytest.approx(21.111, abs=1e-3)] * 3)
    long = Span(KEY, "temperature", start_ms, start_ms + 3_600_000, 20.0, 19.0, 21.0)
    assert records(path, statistics=True) == ([] if schema == 16 else [short, long])


def test_the_unit_of_each_state_counts_also_where_it_was_changed(path: Path, schema: int) -> None:
    fahrenheit = {**BEDROOM, "unit_of_measurement": "°F"}
    RecorderBuilder(path, schema).add(
        [State(ENTITY, "68", START_S, fahrenheit), State(ENTITY, "21", START_S + 9)]
    ).close()
    assert records(path) == [reading(0, 20.0), reading(9, 21.0)]


def test_no_value_is_silence(path: Path, schema: int) -> None:
    states = [State(ENTITY, word, START_S + number) for number, word in enumerate(("unavailable", "unknown", ""))]
    RecorderBuilder(path, schema).add([*states, State(ENTITY, "20", START_S + 9)]).close()
    assert [type(one) for one in records(path)] == [Silent, Silent, Silent, Reading]


def test_a_yes_or_no_is_one_or_zero(path: Path, schema: int) -> None:
    bed = {"device_class": "occupancy"}
    states = [State("binary_sensor.bed", "on", START_S, bed), State("binary_sensor.bed", "off", START_S + 1, bed)]
    RecorderBuilder(path, schema).add(states).close()
    assert [one.value for one in records(path, entity="binary_sensor.bed")] == [1.0, 0.0]


def test_only_the_asked_span_is_told(path: Path, schema: int) -> None:
    RecorderBuilder(path, schema).add(State(ENTITY, "20", START_S + number) for number in range(5)).close()
    found = records(path, span=((START_S + 1) * 1000, (START_S + 3) * 1000))
    assert [one.time_ms // 1000 - START_S for one in found] == [1, 2]


def test_r39_garbage_in_the_rows_is_told_with_its_place_and_the_rest_is_read(path: Path, schema: int) -> None:
    bad = [State(ENTITY, "warm", START_S), State(ENTITY, b"\xff", START_S + 1), State(ENTITY, "20", -62_135_596_800),
           State(ENTITY, "20", None), State(ENTITY, "20", b"yesterday")]  # fmt: skip
    RecorderBuilder(path, schema).add([*bad, State(ENTITY, "20.5", START_S + 9)]).close()
    found = records(path)
    assert reading(9, 20.5) in found
    faulty = [one for one in found if isinstance(one, Faulty)]
    assert all(one.where.startswith(f"{ENTITY}, state ") for one in faulty)
    assert {"expected a number, got 'warm'", "expected a time, got none that can be read"} <= {
        one.why for one in faulty
    }


def test_r39_every_state_is_told_once_whatever_its_time(path: Path, schema: int) -> None:
    times = [12345.0, 1.3e9, START_S, START_S + 1, None, b"yesterday"]
    RecorderBuilder(path, schema).add(State(ENTITY, "20", time_s) for time_s in times).close()
    found = records(path)
    assert (len(found), sum(isinstance(one, Faulty) for one in found)) == (len(times), 4)
    assert of(path)[0][0].records == len(times)


def test_r39_statistics_before_2015_are_told(path: Path) -> None:
    means = [Mean(ENTITY, 12000.0, 19.0), Mean(ENTITY, None, 19.0), Mean(ENTITY, START_S - START_S % 3600, 19.0)]
    RecorderBuilder(path, 51).add(means=means).close()
    with RecorderFile(path) as file:
        recorder = Recorder(file, {})
        items, _ = recorder.items()
        found = list(recorder.spans(items[0], 0, 2**53))
    assert (items[0].spans, [type(one) for one in found]) == (3, [Faulty, Faulty, Span])


@pytest.mark.parametrize("attributes", ["{broken", "[1, 2]", "null", "", '{"unit_of_measurement": 7}'])
def test_r39_broken_attributes_take_nothing_from_a_state(path: Path, schema: int, attributes: str) -> None:
    states = [State(ENTITY, "20", START_S), State(ENTITY, "21", START_S + 1, attributes)]
    RecorderBuilder(path, schema).add(states).close()
    assert records(path) == [reading(0, 20.0), reading(1, 21.0)]


def test_r39_statistics_of_a_wrong_type_or_time_are_told_and_the_rest_is_read(path: Path) -> None:
    bad = [Mean(ENTITY, HOUR_S, "warm"), Mean(ENTITY, HOUR_S + 3601, 20.0), Mean(ENTITY, HOUR_S + 7200, 20.0, 19, "x")]
    means = [*bad, Mean(ENTITY, HOUR_S + 10800, 20.5), Mean(ENTITY, HOUR_S + 14400, None)]
    RecorderBuilder(path, 51).add([State(ENTITY, "20", START_S)], means).close()
    found = records(path, statistics=True)
    assert [type(one) for one in found] == [Faulty, Faulty, Faulty, Span]
    assert found[-1].low == found[-1].high == 20.5


def test_r39_statistics_in_a_unit_of_something_else_are_told(path: Path) -> None:
    RecorderBuilder(path, 51).add([State(ENTITY, "20", START_S)], [Mean(ENTITY, HOUR_S, 20.0, unit="W")]).close()
    assert [one.why for one in records(path, statistics=True)] == ["expected temperature in a unit of it, got W"]


def test_an_entity_whose_states_are_gone_is_known_by_its_statistics(path: Path) -> None:
    RecorderBuilder(path, 51).add(means=[Mean("sensor.old_room", HOUR_S, 20.0)]).close()
    items, _ = of(path)
    assert [(one.name, one.quantity, one.records, one.spans) for one in items] == [
        ("sensor.old_room", "temperature", 0, 1)
    ]


def test_a_person_says_what_an_entity_is(path: Path) -> None:
    RecorderBuilder(path, 51).add([State(ENTITY, "20", START_S, {})]).close()
    items, _ = of(path, Mapped("zigbee2mqtt:Bedroom", "temperature", "°F"))
    assert (items[0].sensor, items[0].unit, items[0].known) == ("zigbee2mqtt:Bedroom", "°F", True)


def test_a_file_in_the_middle_of_its_migration_is_read_whole(path: Path) -> None:
    builder = RecorderBuilder(path, 43).add([State(ENTITY, "21", START_S + 60)])
    builder.db.execute("CREATE INDEX ix_states_entity_id_last_updated_ts ON states (entity_id, last_updated_ts)")
    builder.db.execute("CREATE INDEX ix_states_last_updated ON states (last_updated)")
    builder.db.execute("INSERT INTO states (entity_id, state, last_updated_ts) VALUES (?, '20', ?)", (ENTITY, START_S))
    builder.db.execute(
        "INSERT INTO states (entity_id, state, last_updated) VALUES (?, '19', '2023-11-14 22:14:00.000000')", (ENTITY,)
    )
    builder.db.execute(
        "INSERT INTO states (entity_id, state, last_updated, last_updated_ts) VALUES (?, '18', ?, ?)",
        (ENTITY, "2023-11-14 22:15:00.000000", START_S + 100),
    )
    builder.db.commit()
    builder.close()
    assert [one.value for one in records(path)] == [19.0, 20.0, 21.0, 18.0]
    assert of(path)[0][0].records == 4


def test_many_states_at_one_instant_are_each_read_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_file, "SLICE_ROWS", 3)
    RecorderBuilder(path, 51).add(State(ENTITY, str(number), START_S) for number in range(10)).close()
    assert [one.value for one in records(path)] == [float(number) for number in range(10)]


def test_home_assistant_can_write_while_it_is_read(path: Path) -> None:
    builder = RecorderBuilder(path, 51, wal=True).add([State(ENTITY, "20", START_S)])
    with RecorderFile(path) as file:
        origin = Recorder(file, {})
        item = origin.items()[0][0]
        states = origin.records(item, *EVER)
        assert next(states) == reading(0, 20.0)
        builder.add([State(ENTITY, "21", START_S + 60)])
        busy = builder.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        assert busy == 0
        assert [one.value for one in origin.records(item, *EVER)] == [20.0, 21.0]
    builder.close()


def test_the_file_is_not_changed(path: Path) -> None:
    RecorderBuilder(path, 51).add([State(ENTITY, "20", START_S)]).close()
    before = path.read_bytes()
    records(path)
    assert path.read_bytes() == before
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name]


def test_a_copy_without_its_write_ahead_file_is_read_where_nothing_may_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "read only"
    folder.mkdir()
    builder = RecorderBuilder(tmp_path / "live.db", 51, wal=True).add([State(ENTITY, "20", START_S)])
    builder.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = folder / "home assistant #1?.db"
    copy.write_bytes((tmp_path / "live.db").read_bytes())
    builder.close()
    copy.chmod(0o444)
    folder.chmod(0o555)
    try:
        assert records(copy) == [reading(0, 20.0)]
    finally:
        folder.chmod(0o755)


def test_r39_a_damaged_page_loses_its_entity_and_no_other(path: Path) -> None:
    entities = [f"sensor.room_{number}_temperature" for number in range(3)]
    states = [State(entity, f"{number % 40}.125", START_S + number) for entity in entities for number in range(3_000)]
    RecorderBuilder(path, 51).add(states).close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 4096 * 4)
    with RecorderFile(path) as file:
        origin = Recorder(file, {})
        items, left_out = origin.items()
        found = [one for item in items for one in origin.records(item, *EVER)]
    damaged = [one for one in found if isinstance(one, Faulty)] + left_out
    assert any("malformed" in one.why for one in damaged)
    assert sum(isinstance(one, Reading) for one in found) >= 2_000


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("CREATE TABLE other (x)", "not that of Home Assistant's recorder"),
        ("CREATE TABLE states (state_id INTEGER, state TEXT)", "not that of Home Assistant's recorder"),
    ],
)
def test_another_database_is_refused(path: Path, content: str, told: str) -> None:
    with sqlite3.connect(path) as db:
        db.execute(content)
    db.close()
    with pytest.raises(InputError, match=told):
        RecorderFile(path)


def test_a_file_that_only_begins_as_a_database_is_refused(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + b"\x01" * 2_000)
    assert is_database(path)
    with pytest.raises(InputError, match="cannot be read as a database"):
        RecorderFile(path)


def test_a_file_that_is_not_there_is_told(path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        is_database(path)


def test_an_entity_that_only_has_a_name_is_left_out(path: Path) -> None:
    builder = RecorderBuilder(path, 51)
    builder.db.execute("INSERT INTO states_meta (entity_id) VALUES ('sensor.bedroom_temperature'), (NULL)")
    builder.db.commit()
    builder.close()
    assert of(path) == ([], [LeftOut(ENTITY, "no states and no statistics")])


@pytest.mark.parametrize(
    ("value", "time_ms"),
    [
        (1_700_000_000.1234, 1_700_000_000_123),
        ("2023-11-14 22:13:20.500000", 1_700_000_000_500),
        ("2023-11-14 23:13:20+01:00", 1_700_000_000_000),
        (1e300, None),
        ("soon", None),
        (None, None),
        (b"x", None),
    ],
)
def test_times_of_both_kinds_are_utc(value: object, time_ms: int | None) -> None:
    assert time_ms_of(value) == time_ms


def test_times_as_text_are_utc_whatever_the_zone_of_the_machine(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    autumn_s = round(datetime(2024, 10, 27, 0, 30, tzinfo=UTC).timestamp())  # 2:30 stands twice on clocks in Brussels
    RecorderBuilder(path, 28).add(State(ENTITY, "20", autumn_s + number * 3600) for number in range(2)).close()
    monkeypatch.setenv("TZ", "Europe/Brussels")
    time.tzset()
    try:
        assert [one.time_ms // 1000 - autumn_s for one in records(path)] == [0, 3600]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_extent_of_nothing_is_nothing(path: Path) -> None:
    RecorderBuilder(path, 51).close()
    with RecorderFile(path) as file:
        assert (file.extent([]), file.schema()) == (Extent(0, None, None), 51)


@pytest.fixture(autouse=True)
def _nothing_left_open() -> Iterator[None]:
    yield
    assert not [one for one in Path("/proc/self/fd").iterdir() if _is_recorder(one)]


def _is_recorder(descriptor: Path) -> bool:
    try:
        return "home-assistant_v2" in str(descriptor.readlink())
    except OSError:
        return False
