"""The past in InfluxDB: which series are known by themselves, how they are fetched, and what stops nothing."""

import os
import time
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from monitor.adapters.influx_past import FAILED_DAYS, InfluxPast, Wanted, wanted
from monitor.adapters.influxql import Access, InfluxQl
from monitor.core.line_protocol import line, series_key
from monitor.core.past_entities import Mapped
from monitor.core.readings import DAY_MS, Reading
from monitor.errors import HistoryError, InputError
from monitor.ports import Faulty, LeftOut, Silent
from tests.adapters.influx_rig import Influx, serving

WORD = "open sesame"

T = 1_700_000_000_000
MINUTE = 60_000
KEY = "statestream:sensor.bedroom_temperature"
BEDROOM = {"domain": "sensor", "entity_id": "bedroom_temperature"}
CLASS = {"device_class_str": "temperature", "friendly_name_str": "Bedroom climate"}


@pytest.fixture
def influx() -> Iterator[Influx]:
    with serving(Influx()) as started:
        yield started


def past(influx: Influx, entities: dict[str, Mapped] | None = None, **options: object) -> InfluxPast:
    server = InfluxQl(Access(influx.url, "home_assistant"), lambda _s: None)
    return InfluxPast(server, entities=entities or {}, **options)  # type: ignore[arg-type]


def everything(origin: InfluxPast, from_ms: int = 0, to_ms: int = 2**53) -> list[object]:
    return [one for item in origin.items()[0] for one in origin.records(item, from_ms, to_ms)]


def test_a_measurement_named_by_its_unit_is_home_assistants(influx: Influx) -> None:
    influx.add("°F", BEDROOM, T, 68.0, 69.8, **CLASS)
    assert everything(past(influx)) == [
        Reading(KEY, "temperature", T, 20.0), Reading(KEY, "temperature", T + MINUTE, 21.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("measurement", "more"),
    [
        ("sensor.bedroom_temperature", {**CLASS, "unit_of_measurement_str": "°C"}),
        ("sensor__temperature", {"unit_of_measurement_str": "°C"}),
        ("state", {"unit_of_measurement_str": "°C"}),
        ("°C", {}),
    ],
)
def test_home_assistants_other_names_of_measurements_are_understood(
    influx: Influx, measurement: str, more: dict[str, object]
) -> None:
    influx.add(measurement, BEDROOM, T, 20.5, **more)
    assert everything(past(influx)) == [Reading(KEY, "temperature", T, 20.5)]


def test_tags_of_ones_own_make_no_second_series(influx: Influx) -> None:
    influx.add("°C", {**BEDROOM, "friendly_name": "Old"}, T, 20.0, **CLASS)
    influx.add("°C", {**BEDROOM, "friendly_name": "New"}, T + MINUTE, 21.0, **CLASS)
    items, _ = past(influx).items()
    assert [(one.sensor, one.title, one.first_ms, one.last_ms) for one in items] == [
        (KEY, "Bedroom climate", T, T + MINUTE)
    ]


def test_a_yes_or_no_is_one_or_zero(influx: Influx) -> None:
    influx.add(
        "binary_sensor.bed", {"domain": "binary_sensor", "entity_id": "bed"}, T, 1.0, 0.0, device_class_str="occupancy"
    )
    assert [one.value for one in everything(past(influx))] == [1.0, 0.0]


def test_our_own_mirror_comes_back_under_the_key_of_its_sensor(influx: Influx) -> None:
    influx.add("temperature", {"sensor": "zigbee2mqtt:Bed 'room'"}, T, 20.5)
    influx.add("sensor", {"sensor": "zigbee2mqtt:Bed 'room'", "place": "bedroom"}, T, 3.0)
    origin = past(influx)
    items, left_out = origin.items()
    assert (items[0].sensor, items[0].calibrated, items[0].on_change) == ("zigbee2mqtt:Bed 'room'", True, False)
    assert everything(origin) == [Reading("zigbee2mqtt:Bed 'room'", "temperature", T, 20.5)]
    assert left_out == [LeftOut("sensor", "neither Home Assistant's nor a mirror's; say what it is with --map")]


def test_what_is_not_known_is_left_out_with_the_reason(influx: Influx) -> None:
    influx.add("W", {"domain": "sensor", "entity_id": "plug"}, T, 5.0, device_class_str="power")
    influx.add("°C", {"domain": "climate", "entity_id": "bedroom"}, T, 5.0)
    influx.add("cpu", {"host": "nas"}, T, 5.0)
    influx.points[-1].fields = {"usage": 5.0}
    assert past(influx, only=["W", "cpu", "none"]).items() == (
        [],
        [
            LeftOut("none", "no such measurement in home_assistant"),
            LeftOut("sensor.plug in W", "nothing that is known here (power)"),
            LeftOut("cpu", "it has no values in a field value; say what it is with --map"),
        ],
    )


@pytest.mark.parametrize(("count", "records"), [(True, 3), (False, None)])
def test_values_are_counted_where_that_is_wanted(influx: Influx, count: bool, records: int | None) -> None:
    influx.add("°C", BEDROOM, T, 20.0, 21.0, 22.0, **CLASS)
    assert [item.records for item in past(influx, count=count).items()[0]] == [records]


def test_a_person_says_what_an_entity_is(influx: Influx) -> None:
    influx.add("°F", BEDROOM, T, 68.0)
    origin = past(influx, {"sensor.bedroom_temperature": Mapped("zigbee2mqtt:Bed", "temperature")})
    assert everything(origin) == [Reading("zigbee2mqtt:Bed", "temperature", T, 20.0)]


def test_a_person_says_what_any_series_is(influx: Influx) -> None:
    influx.add("mqtt_consumer", {"topic": "a/b"}, T, 68.0)
    influx.add("mqtt_consumer", {"topic": "c/d"}, T, 50.0)
    maps = [wanted("mqtt_consumer{topic=a/b}=x:temperature:°F"), wanted("mqtt_consumer/none=x:humidity")]
    origin = past(influx, wanted=maps)
    assert everything(origin) == [Reading("x", "temperature", T, 20.0)]
    assert origin.items()[1] == [LeftOut("mqtt_consumer/none", "no such series, or no values in it")]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("m/f{a=b,c=d/e}=x:y:co2:ppm", Wanted("m", "f", (("a", "b"), ("c", "d/e")), Mapped("x:y", "co2", "ppm"))),
        ("m=x:co2", Wanted("m", "value", (), Mapped("x", "co2"))),
        ("m{}=x:co2", Wanted("m", "value", (), Mapped("x", "co2"))),
    ],
)
def test_a_map_is_measurement_field_tags_and_meaning(text: str, meaning: Wanted) -> None:
    assert wanted(text) == meaning


@pytest.mark.parametrize("text", ["", "m", "m/f", "m{a}=x:co2", "m{a=}=x:co2", "m=x:warmth"])
def test_a_map_that_cannot_be_understood_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--map: expected"):
        wanted(text)


def test_days_are_fetched_one_by_one_and_empty_ones_are_passed_over(influx: Influx) -> None:
    influx.add("°C", BEDROOM, T, 20.0, **CLASS)
    influx.add("°C", BEDROOM, T + 400 * DAY_MS, 21.0, **CLASS)
    origin = past(influx)
    items, _ = origin.items()
    influx.queries.clear()
    assert [one.value for one in origin.records(items[0], 0, 2**53)] == [20.0, 21.0]
    assert len(influx.queries) <= 4


def test_only_the_asked_span_is_fetched(influx: Influx) -> None:
    influx.add("°C", BEDROOM, T, 20.0, 21.0, 22.0, 23.0, **CLASS)
    assert [one.value for one in everything(past(influx), T + MINUTE, T + 3 * MINUTE)] == [21.0, 22.0]


def test_a_server_with_a_limit_of_rows_is_asked_until_all_is_there(influx: Influx) -> None:
    influx.add("°C", BEDROOM, T, *map(float, range(10)), **CLASS)
    origin = past(influx)
    items, _ = origin.items()
    influx.limit = 3
    assert [one.value for one in origin.records(items[0], 0, 2**53)] == [float(number) for number in range(10)]


def test_r39_a_garbage_value_is_told_and_the_next_one_is_read(influx: Influx) -> None:
    influx.add("°C", BEDROOM, T, 20.0, "warm", None, [1], 21.0, **CLASS)
    found = everything(past(influx))
    assert [type(one) for one in found] == [Reading, Faulty, Silent, Faulty, Reading]
    assert found[1] == Faulty(f"sensor.bedroom_temperature in °C at {T + MINUTE} ms", "expected a number, got 'warm'")


def test_r39_rows_of_another_shape_are_told(influx: Influx) -> None:
    influx.add("°C", BEDROOM, T, 20.0, **CLASS)
    origin = past(influx)
    items, _ = origin.items()
    series = {"name": "°C", "columns": ["time", "value"], "values": [[], [T], ["soon", 20.0], [T, 20.5]]}
    influx.troubles = [(200, {"results": [{"series": [series]}]}, {})]
    assert [type(one) for one in origin.records(items[0], 0, 2**53)] == [Faulty, Faulty, Faulty, Reading]


def test_r39_a_day_that_the_server_cannot_tell_is_told_and_the_next_one_is_read(influx: Influx) -> None:
    influx.add("°C", BEDROOM, T, 20.0, **CLASS)
    influx.add("°C", BEDROOM, T + DAY_MS, 21.0, **CLASS)
    origin = past(influx)
    items, _ = origin.items()
    influx.troubles = [(200, {"results": [{"error": "shard 7: corrupted block"}]}, {})]
    faulty, reading = origin.records(items[0], 0, 2**53)
    assert "shard 7: corrupted block" in faulty.why
    assert reading.value == 21.0


def test_r39_a_measurement_that_cannot_be_looked_at_is_left_out(influx: Influx) -> None:
    influx.add("°C", BEDROOM, T, 20.0, **CLASS)
    influx.add("odd", {"a": "b"}, T, 20.0)
    influx.refuses = lambda query: (400, {"error": "unsupported"}, {}) if '"odd"' in query else None
    items, left_out = past(influx).items()
    assert ([one.sensor for one in items], [one.name for one in left_out]) == ([KEY], ["odd"])


def test_a_server_that_tells_nothing_any_more_is_given_up(influx: Influx) -> None:
    for day in range(FAILED_DAYS + 5):
        influx.add("°C", BEDROOM, T + day * DAY_MS, 20.0, **CLASS)
    origin = past(influx)
    items, _ = origin.items()
    influx.refuses = lambda _query: (200, {"results": [{"error": "timeout"}]}, {})
    with pytest.raises(HistoryError, match="10 days one after the other cannot be read"):
        list(origin.records(items[0], 0, 2**53))


def test_fields_that_a_server_does_not_know_tell_nothing(influx: Influx) -> None:
    influx.add("°C", BEDROOM, T, 20.0)
    influx.refuses = lambda query: (400, {"error": "no such field"}, {}) if "_str" in query else None
    assert everything(past(influx)) == [Reading(KEY, "temperature", T, 20.0)]


@pytest.mark.parametrize("maps", [(), (Wanted("temperature", "value", (), Mapped("x", "temperature", None)),)])
def test_a_token_that_may_only_write_is_told_as_such(maps: tuple[Wanted, ...]) -> None:
    """InfluxDB 2.9.1 shows it no measurements and no databases, with status 200."""
    with serving(Influx(databases=(), token=WORD)) as started:
        server = InfluxQl(Access(started.url, "bedroom", token=WORD))
        with pytest.raises(InputError, match=r"this token may not read bedroom: .*: --token-file FILE"):
            InfluxPast(server, entities={}, wanted=maps).items()


def test_a_database_without_measurements_is_told_with_those_that_there_are(influx: Influx) -> None:
    influx.databases = ("_internal", "ha")
    with pytest.raises(InputError, match="home_assistant has none; there are _internal, ha"):
        past(influx).items()


def _real() -> dict[str, str]:
    names = ("INFLUX_URL", "INFLUX_TOKEN", "INFLUX_ORG", "INFLUX_BUCKET")
    found = {name: os.environ[name] for name in names if os.environ.get(name)}
    if len(found) < len(names):
        pytest.skip("needs a real InfluxDB 2: set INFLUX_URL, INFLUX_TOKEN, INFLUX_ORG and INFLUX_BUCKET")
    return found


@pytest.mark.influxdb
def test_a_real_influxdb_2_gives_back_what_both_layouts_wrote() -> None:
    real = _real()
    run = f"run{time.time_ns()}"
    own = series_key("temperature", {"sensor": f"test:{run} bed'room"})
    lines = [line(own, {"value": 20.0 + number}, T + number * DAY_MS) for number in range(3)]
    lines += [f'°F,domain=sensor,entity_id={run}_temp value=68,device_class_str="temperature" {T}']
    query = urlencode({"org": real["INFLUX_ORG"], "bucket": real["INFLUX_BUCKET"], "precision": "ms"})
    request = urllib.request.Request(  # noqa: S310 - the address that the person gave
        f"{real['INFLUX_URL']}/api/v2/write?{query}",
        data="\n".join(filter(None, lines)).encode(),
        headers={"Authorization": f"Token {real['INFLUX_TOKEN']}"},
    )
    urllib.request.urlopen(request).close()  # noqa: S310 - likewise
    server = InfluxQl(Access(real["INFLUX_URL"], real["INFLUX_BUCKET"], token=real["INFLUX_TOKEN"]))
    origin = InfluxPast(server, entities={}, only=["temperature", "°F"])
    mine = [item for item in origin.items()[0] if run in item.name]
    found = {item.sensor: [one.value for one in origin.records(item, 0, 2**53)] for item in mine}  # type: ignore[union-attr]
    assert found == {f"test:{run} bed'room": [20.0, 21.0, 22.0], f"statestream:sensor.{run}_temp": [20.0]}


@pytest.mark.influxdb
def test_a_real_influxdb_2_refuses_a_wrong_token_clearly() -> None:
    real = _real()
    server = InfluxQl(Access(real["INFLUX_URL"], real["INFLUX_BUCKET"], token="wrong"))  # noqa: S106 - it is none
    with pytest.raises(HistoryError, match="does not let us in"):
        server.ask("SHOW MEASUREMENTS")
