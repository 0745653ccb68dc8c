"""`sensors`: what is shown as current and what is not, in a pipe and in a terminal of 80 columns."""

import re
import time
from pathlib import Path

import pytest

from monitor.core.readings import Reading, SetAside
from monitor.ports import Batch, Reach, Seen
from tests.e2e.shell import DONE, USAGE, Say
from tests.services.home import Home

MINUTE_MS, DAY_MS = 60_000, 86_400_000
ADDRESS = "zigbee2mqtt:0x00158d0001a2b3c4"
SENTINEL = "85 °C is what devices send for no value"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
STRUCK = re.compile(r"\x1b\[2;9m(.*?)\x1b\[0m")
"""Dim and struck through."""


class Bedroom(Home):
    """A home whose sensors spoke until some minutes ago."""

    now_ms: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.now_ms = time.time_ns() // 1_000_000

    def hear(
        self,
        key: str,
        name: str,
        *,
        place: str | None = "bedroom",
        minutes_ago: float = 1,
        every_min: float = 5,
        days: float = 2,
        **values: float,
    ) -> None:
        """The same values every few minutes."""
        last_ms = self.now_ms - round(minutes_ago * MINUTE_MS)
        times = range(last_ms, last_ms - round(days * DAY_MS), -round(every_min * MINUTE_MS))
        readings = [Reading(key, quantity, at_ms, value) for quantity, value in values.items() for at_ms in times]
        self.readings.save(Batch(readings=readings, seen=[Seen(key, name=name, place=place, topic=f"topic/{name}")]))


@pytest.fixture
def bedroom(tmp_path: Path, say: Say) -> Bedroom:
    return Bedroom(tmp_path)


def row(say: Say, name: str) -> str:
    """The line of a sensor in the list."""
    return next(line for line in say("sensors", "list").out.splitlines() if line.startswith(name))


@pytest.fixture
def terminal(say: Say, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Type in a terminal of 80 columns."""
    for name, value in (("FORCE_COLOR", "1"), ("TERM", "xterm"), ("COLUMNS", "80")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return say


def test_a_sensor_that_speaks_is_listed_with_its_values_and_age(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear(ADDRESS, "Climate", minutes_ago=2.5, temperature=21.53, humidity=48.0, battery=87.0)
    assert row(say, "Climate").split("  ")[0] == "Climate"
    assert re.search(r"bedroom +21.5 °C  48 % RH  87 % battery +2 min ago *$", row(say, "Climate"))


def test_r3_a_silent_sensor_has_no_value_shown_as_current(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear(ADDRESS, "Climate", minutes_ago=60.5, temperature=21.5, humidity=48.0)
    assert re.search(r"was 21.5 °C  was 48 % RH +silent for 1 h, usually every 5 min *$", row(say, "Climate"))


def test_r3_in_a_terminal_a_silent_sensor_is_struck_through(bedroom: Bedroom, terminal: Say) -> None:
    bedroom.hear(ADDRESS, "Climate", minutes_ago=60.5, temperature=21.5, humidity=48.0)
    told = terminal("sensors", "list").out
    assert STRUCK.findall(told) == ["was 21.5 °C", "was 48 % RH"]
    assert "21.5" not in STRUCK.sub("", told)


def test_r3_a_series_that_fell_silent_is_not_current_though_its_sensor_is(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear(ADDRESS, "Climate", temperature=21.5)
    bedroom.hear(ADDRESS, "Climate", minutes_ago=60, humidity=48.0)
    assert re.search(r"  21.5 °C  was 48 % RH +1 min ago", row(say, "Climate"))


def test_r3_a_sensor_that_reports_every_two_hours_is_current_after_one(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear(ADDRESS, "H&T", minutes_ago=61, every_min=120, temperature=21.5)
    assert re.search(r"  21.5 °C +1 h 1 min ago", row(say, "H&T"))


def test_r3_a_sensor_that_says_it_is_gone_is_told_to_be(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear(ADDRESS, "Climate", minutes_ago=10, temperature=21.5)
    bedroom.readings.save(Batch(reach=[Reach(ADDRESS, online=False, at_ms=bedroom.now_ms)]))
    assert re.search(r"was 21.5 °C +offline as it says; last heard 10 min ago", row(say, "Climate"))


def test_r4_the_same_value_for_days_is_current(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear(ADDRESS, "Climate", days=7, temperature=21.5)
    assert re.search(r"  21.5 °C +1 min ago", row(say, "Climate"))


def test_the_same_stands_in_the_json(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear(ADDRESS, "Climate", minutes_ago=60.5, temperature=21.5)
    document = say("sensors", "list", "--json").document
    sensor = document["sensors"][0]
    assert (sensor["state"], sensor["says"], sensor["notes"]) == ("stale", "silent for 1 h, usually every 5 min", [])
    assert 3_600 <= sensor["age_s"] < 3_700
    assert document["series"][0]["state"] == "stale"


def test_sensors_that_disagree_for_a_day_are_named(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear("z:1", "Desk", temperature=23.0)
    bedroom.hear("z:2", "Wall", temperature=20.0)
    said = "Desk shows 3.0 °C more than Wall for a day; calibrate one of them, or place it elsewhere"
    assert said in say("sensors", "list").out.splitlines()
    assert say("sensors", "list", "--json").document["disagreements"] == [said]


def test_r20_a_battery_is_told_below_the_list(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear(ADDRESS, "Climate", temperature=21.5, battery=12.0)
    assert "Climate: battery 12 %; it is low" in say("sensors", "list").out.splitlines()


def test_a_sensor_that_sends_only_what_stands_for_nothing_says_so(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear(ADDRESS, "Climate", minutes_ago=60, temperature=21.5)
    bedroom.readings.save(Batch(set_aside=[SetAside(ADDRESS, "temperature", bedroom.now_ms, 85.0, SENTINEL)]))
    told = say("sensors", "list").out.splitlines()
    assert f"Climate: temperature: it sends, but no value that can be used: {SENTINEL}" in told


def test_the_sensors_of_the_bedroom_come_first(bedroom: Bedroom, say: Say) -> None:
    for name, place in (("Loft", None), ("Garden", "outdoor"), ("Mattress", "bed"), ("Climate", "bedroom")):
        bedroom.hear(f"z:{name}", name, place=place, temperature=20.0)
    names = [line.split()[0] for line in say("sensors", "list").out.splitlines()[1:5]]
    assert names == ["z:Climate", "z:Mattress", "z:Garden", "z:Loft"]


def test_without_a_sensor_in_the_bedroom_the_way_to_place_one_is_told(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear(ADDRESS, "Climate", place=None, temperature=20.0)
    assert "bedroom-monitor sensors place SENSOR bedroom" in say("sensors", "list").out


def a_crowd(home: Bedroom) -> None:
    home.hear(ADDRESS, "Bedroom climate sensor", temperature=21.53, humidity=48.2, pressure=1013.2, battery=87.0)
    home.hear("z:2", "Bedroom window side", minutes_ago=400, temperature=18.53, humidity=58.2, battery=12.0)
    home.hear("shelly_gen2:AABBCCDDEEFF", "shellyhtg3-aabbccddeeff", temperature=24.5, humidity=50.1)
    home.hear("tasmota:DC4F22AABBCC/BME280", "Terrace BME280", place="outdoor", temperature=8.4)
    home.hear("rtl_433:Prologue-TH/1/70", "Prologue-TH/1/70", place=None, temperature=12.1)


def test_in_80_columns_no_line_is_longer_and_no_value_is_torn_from_its_unit(bedroom: Bedroom, terminal: Say) -> None:
    a_crowd(bedroom)
    table = COLOUR.sub("", terminal("sensors", "list").out).partition("\n\n")[0]
    assert max(map(len, table.splitlines())) <= 80
    assert all(
        whole in table
        for whole in ("21.5 °C  48.2 % RH", "1013 hPa  87 % battery", "was 18.5 °C  was 58.2 % RH", "was 12 % battery")
    )


def test_in_80_columns_nothing_is_left_out(bedroom: Bedroom, terminal: Say) -> None:
    a_crowd(bedroom)
    told = COLOUR.sub("", terminal("sensors", "list").out)
    assert "…" not in told
    first = [line[:19] for line in told.partition("\n\n")[0].splitlines()[1:]]
    assert {"Bedroom window side", "Terrace BME280     ", "shellyhtg3-aabbccdd"} <= set(first)


def test_in_a_terminal_a_key_is_shown_only_where_the_name_is_not_enough(bedroom: Bedroom, terminal: Say) -> None:
    bedroom.hear("z:1", "Climate", temperature=20.0)
    bedroom.hear("z:2", "Climate", temperature=20.0)
    bedroom.hear("z:3", "Twilight", illuminance=2.0)
    told = COLOUR.sub("", terminal("sensors", "list").out)
    assert ("z:1" in told, "z:2" in told, "z:3" in told) == (True, True, False)


def test_a_command_to_copy_is_not_broken_into_lines(bedroom: Bedroom, terminal: Say) -> None:
    bedroom.hear(ADDRESS, "Bedroom climate sensor", temperature=21.5)
    bedroom.readings.save(Batch(set_aside=[SetAside(ADDRESS, "temperature", bedroom.now_ms, 85.0, SENTINEL)]))
    told = COLOUR.sub("", terminal("sensors", "list").out)
    assert f'Bedroom climate sensor: 1 value set aside; see: bedroom-monitor sensors show "{ADDRESS}"\n' in told


def test_one_sensor_is_shown_with_its_topics_corrections_and_what_was_set_aside(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear(ADDRESS, "Climate", minutes_ago=60.5, temperature=21.5)
    bedroom.sensors.calibrate(ADDRESS, "temperature", 0, -0.5, 1.0)
    bedroom.readings.save(Batch(set_aside=[SetAside(ADDRESS, "humidity", bedroom.now_ms, 0.0, "no value")]))
    told = say("sensors", "show", "climate").out
    for said in (
        f"key: {ADDRESS}",
        "place: bedroom",
        "silent for 1 h, usually every 5 min",
        "speaks on topic/Climate",
        "calibration of temperature: value * 1 -0.5 °C from the beginning on",
        "no value",
    ):
        assert said in told


def test_what_a_sensor_is_called_cannot_steer_the_terminal(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear("generic:a/[red]b[/]/\x1b[31m", "[/bold] \x1b[2J", temperature=21.5)
    told = say("sensors", "show", "[red]")
    assert (told.code, "\x1b" in told.out, "key: generic:a/[red]b[/]/ [31m" in told.out) == (DONE, False, True)
    assert "\x1b" not in say("sensors", "list").out + say("sensors", "place", "[red]", "other").out


def test_a_sensor_is_placed_by_a_part_of_its_name_in_any_case(bedroom: Bedroom, say: Say) -> None:
    bedroom.hear(ADDRESS, "Climate", place=None, temperature=21.5)
    assert say("sensors", "place", "CLIM", "bed").out.startswith(f"{ADDRESS} is in: bed;")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("Desk", "fits several sensors, name one by its key: z:1, z:2"),
        ("attic", "seen so far: z:1, z:2"),
        ("", "got nothing"),
    ],
)
def test_a_sensor_that_is_not_clear_is_refused_with_what_there_is(
    bedroom: Bedroom, say: Say, wanted: str, said: str
) -> None:
    for number in (1, 2):
        bedroom.hear(f"z:{number}", f"Desk {number}", temperature=20.0)
    answer = say("sensors", "forget", wanted, "--yes")
    assert (answer.code, said in answer.err) == (USAGE, True)
