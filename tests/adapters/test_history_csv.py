"""Home Assistant's history as it is downloaded: what its lines become, and what is told of bad ones."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.adapters.history_csv import HistoryCsv, is_history
from monitor.core.past_entities import Mapped
from monitor.core.readings import Reading
from monitor.errors import InputError
from monitor.ports import Faulty, LeftOut, Silent

BRUSSELS = ZoneInfo("Europe/Brussels")
ENTITY = "sensor.bedroom_temperature"
KEY = f"statestream:{ENTITY}"
AT = "2024-01-31T22:00:00.000Z"
AT_MS = 1_706_738_400_000
HEADING = "entity_id,state,last_changed"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.csv"


def history(path: Path, *lines: str, heading: str = HEADING, fahrenheit: bool = False, **mapped: Mapped) -> HistoryCsv:
    path.write_text("\n".join([heading, *lines]) + "\n", encoding="utf-8")
    return HistoryCsv(path, {ENTITY: one for one in mapped.values()} if mapped else {}, BRUSSELS, fahrenheit=fahrenheit)  # noqa: B035 - one at most


def everything(origin: HistoryCsv) -> list[object]:
    return [one for item in origin.items()[0] for one in origin.records(item, 0, 2**53)]


def test_a_line_is_a_reading_of_the_series_that_the_entity_has_live(path: Path) -> None:
    assert everything(history(path, f"{ENTITY},20.5,{AT}")) == [Reading(KEY, "temperature", AT_MS, 20.5)]


def test_columns_of_other_domains_do_no_harm(path: Path) -> None:
    origin = history(
        path, f"{ENTITY},20.5,{AT}", f"climate.x,heat,{AT},19,off", heading=f"{HEADING},current_temperature,hvac_action"
    )
    assert everything(origin) == [Reading(KEY, "temperature", AT_MS, 20.5)]


def test_lines_come_in_the_order_of_time_wherever_they_stand(path: Path) -> None:
    lines = [f"{ENTITY},{hour},2024-01-31T{hour}:00:00Z" for hour in (22, 20, 21)]
    assert [one.value for one in everything(history(path, *lines))] == [20.0, 21.0, 22.0]


def test_no_value_is_silence(path: Path) -> None:
    assert everything(history(path, f"{ENTITY},unavailable,{AT}")) == [Silent(KEY, "temperature", AT_MS)]


def test_times_without_an_offset_are_local(path: Path) -> None:
    lines = [f"{ENTITY},20,2024-03-31 01:59:00", f"{ENTITY},21,2024-03-31 03:00:00"]
    first, second = everything(history(path, *lines))
    assert second.time_ms - first.time_ms == 60_000


def test_r39_bad_lines_are_told_and_the_others_are_read(path: Path) -> None:
    lines = [f"{ENTITY},warm,{AT}", f"{ENTITY},20,yesterday", f"{ENTITY},20,1990-01-01T00:00:00Z", f"{ENTITY}",
             f'{ENTITY},"20,{AT}', f"{ENTITY},20,2024-03-31 02:30:00", f"{ENTITY},20.5,{AT}"]  # fmt: skip
    found = everything(history(path, *lines))
    assert [one for one in found if isinstance(one, Reading)] == [Reading(KEY, "temperature", AT_MS, 20.5)]
    assert sorted(one.where.rpartition(" ")[2] for one in found if isinstance(one, Faulty)) == list("234567")


def test_r39_lines_without_an_entity_are_told(path: Path) -> None:
    _, left_out = history(path, *["garbage\0"] * 25, f"{ENTITY},20.5,{AT}").items()
    assert left_out[0] == LeftOut("line 2", "expected an entity such as sensor.bedroom_temperature", faulty=True)
    assert left_out[-1] == LeftOut("5 more lines", left_out[0].why, faulty=True)


def test_what_its_name_does_not_tell_is_left_out(path: Path) -> None:
    items, left_out = history(path, f"sensor.plug_power,5,{AT}", f"light.bedroom,on,{AT}").items()
    assert (items, left_out) == ([], [LeftOut("sensor.plug_power", "nothing tells what it measures")])


def test_a_person_says_what_an_entity_is(path: Path) -> None:
    origin = history(path, f"{ENTITY},68,{AT}", one=Mapped("zigbee2mqtt:Bed", "temperature", "°F"))
    assert everything(origin) == [Reading("zigbee2mqtt:Bed", "temperature", AT_MS, 20.0)]


def test_degrees_that_look_like_fahrenheit_are_left_out_until_somebody_says_so(path: Path) -> None:
    lines = [f"{ENTITY},68,{AT}", f"{ENTITY},70,2024-01-31T22:05:00Z", f"{ENTITY},21,2024-01-31T22:10:00Z"]
    items, left_out = history(path, *lines).items()
    assert (items, left_out[0].why) == ([], "looks like °F, and the file tells no unit: say so with --fahrenheit")
    assert [one.value for one in everything(history(path, *lines[:1], fahrenheit=True))] == [20.0]


def test_another_file_is_refused(path: Path) -> None:
    path.write_text("time,temperature\n")
    with pytest.raises(InputError, match="expected the recorder's database"):
        HistoryCsv(path, {}, BRUSSELS)


def test_a_file_that_is_not_there_is_told(path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        is_history(path)


def test_a_state_with_commas_is_one_cell(path: Path) -> None:
    _, left_out = history(path, f'sensor.word,"a, ""b""",{AT}').items()
    assert left_out == [LeftOut("sensor.word", "nothing tells what it measures")]
