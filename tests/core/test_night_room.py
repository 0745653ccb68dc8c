"""Which sensors stand for the room: the bed's own, else the median of the bedroom's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import climate
from monitor.core.night_room import MOISTURE, SOURCES
from monitor.core.quantities import BY_NAME
from tests.core.a_night import a_room, a_sensor, a_series, each_minute, values_of

HOURS = {"whole": 8.0, "most": 7.0, "half": 4.0, "none": 0.0}


def thermometer(key, value=20.0, *, place="bedroom", hours="whole"):
    return a_sensor("temperature", a_series(value, hours=HOURS[hours]), place=place, key=key)


def hygrometer(key, value=50.0, *, place="bedroom", hours="whole"):
    return a_sensor("humidity", a_series(value, hours=HOURS[hours]), place=place, key=key)


def stood(*sensors):
    """Who stood for the room, and the mean that it gave."""
    room = a_room(*sensors)
    return room.sensors.get("temperature"), values_of(room)["T_mean"]


def test_the_bed_s_own_sensor_goes_before_the_bedroom_s():
    assert stood(thermometer("wall", 18.0), thermometer("bed", 24.0, place="bed")) == (("bed",), 24.0)


def test_of_two_sensors_in_the_bed_the_one_that_covers_most_counts():
    less, more = thermometer("a", 24.0, place="bed", hours="most"), thermometer("b", 25.0, place="bed")
    assert stood(less, more) == (("b",), 25.0)


def test_of_two_equal_sensors_in_the_bed_the_one_seen_first_counts():
    assert stood(thermometer("a", 24.0, place="bed"), thermometer("b", 25.0, place="bed")) == (("a",), 24.0)


def test_a_bed_sensor_without_a_valid_night_leaves_the_room_to_the_bedroom_s():
    assert stood(thermometer("bed", 24.0, place="bed", hours="half"), thermometer("wall", 18.0)) == (("wall",), 18.0)


def test_several_bedroom_sensors_give_their_median():
    three = [thermometer("a", 18.0), thermometer("b", 19.0), thermometer("broken", 40.0)]
    assert stood(*three) == (("a", "b", "broken"), 19.0)


def test_a_bedroom_sensor_without_a_valid_night_takes_no_part_in_the_median():
    assert stood(thermometer("a", 18.0), thermometer("b", 24.0, hours="half")) == (("a",), 18.0)


def test_sensors_that_together_cover_the_night_give_a_value_where_none_alone_does():
    evening = thermometer("a", 18.0, hours="half")
    morning = a_sensor("temperature", a_series(20.0, from_h=4.0), key="b")
    assert stood(evening, morning) == (("a", "b"), 19.0)


def test_a_bed_sensor_alone_tells_the_coverage_of_a_night_that_it_leaves_open():
    room = a_room(thermometer("bed", place="bed", hours="half"))
    assert (room.sensors, room.grids["temperature"].coverage) == ({"temperature": ("bed",)}, 0.5)


@pytest.mark.parametrize("place", ["other", ""])
def test_a_sensor_elsewhere_or_nowhere_is_never_used(place):
    assert stood(thermometer("x", place=place)) == (None, None)


def test_an_outdoor_sensor_never_stands_for_the_room():
    room = a_room(thermometer("garden", 5.0, place="outdoor"), thermometer("wall", 18.0))
    assert room.sensors == {"temperature": ("wall",), "outdoor_temperature": ("garden",)}


def test_a_sensor_that_was_silent_stood_for_nothing():
    assert stood(thermometer("silent", hours="none")) == (None, None)


def test_quantities_may_come_from_different_sensors():
    room = a_room(thermometer("bed", place="bed"), hygrometer("wall"))
    assert room.sensors == {"temperature": ("bed",), "humidity": ("wall",)}


# Moisture


def test_moisture_takes_the_temperature_beside_the_hygrometer():
    room = a_room(thermometer("bed", 30.0, place="bed"), thermometer("wall", 18.0), hygrometer("wall", 50.0))
    expected = climate.absolute_humidity_g_m3(18.0, 50.0)
    assert (values_of(room)["T_mean"], values_of(room)["AH_mean"]) == (30.0, pytest.approx(expected))


@pytest.mark.parametrize("hours", ["none", "half"])
def test_moisture_takes_the_room_s_temperature_where_there_is_none_beside_the_hygrometer(hours):
    room = a_room(thermometer("wall", 18.0), thermometer("shelf", 25.0, hours=hours), hygrometer("shelf", 50.0))
    assert values_of(room)["AH_mean"] == pytest.approx(climate.absolute_humidity_g_m3(18.0, 50.0))


def test_moisture_of_two_places_at_one_is_that_of_their_medians():
    pairs = [(thermometer(key, t), hygrometer(key, rh)) for key, t, rh in (("a", 18.0, 60.0), ("b", 20.0, 50.0))]
    found = values_of(a_room(*(one for pair in pairs for one in pair)))
    assert found["AH_mean"] == pytest.approx(climate.absolute_humidity_g_m3(19.0, 55.0))


def test_moisture_is_known_where_both_are():
    room = a_room(thermometer("a"), hygrometer("a", hours="half"))
    assert room.measured(MOISTURE).coverage == 0.5


# Noise and events


def test_noise_is_that_of_the_bed_s_own_sensor():
    bed = a_sensor("noise", each_minute([30.0] * 480), place="bed", key="bed")
    room = a_room(a_sensor("noise", each_minute([60.0] * 480), key="wall"), bed)
    assert (room.sensors["noise"], values_of(room)["N45"]) == (("bed",), 0.0)


def test_noise_of_several_bedroom_sensors_is_that_of_the_best_covered_and_no_median():
    rows = {"a": (400, 30.0), "b": (480, 40.0), "c": (480, 50.0), "d": (100, 60.0)}
    sensors = [a_sensor("noise", each_minute([level] * minutes), key=key) for key, (minutes, level) in rows.items()]
    room = a_room(*sensors)
    assert (room.sensors["noise"], values_of(room)["LAeq_night"]) == (("b",), pytest.approx(40.0))


def test_movements_are_those_of_one_sensor_that_lives():
    dead = a_sensor("movement", [], place="bed", key="dead")
    alive = a_sensor("movement", a_series(1.0, every_min=30), place="bed", key="alive")
    room = a_room(dead, alive, a_sensor("movement", a_series(1.0), key="floor"))
    assert (room.sensors["movement"], values_of(room)["moves_h"]) == (("alive",), 2.0)


def test_hours_in_bed_are_those_of_the_bed_before_those_of_the_room():
    room = a_room(
        a_sensor("occupancy", a_series(1.0), key="radar"),
        a_sensor("occupancy", a_series(0.0), place="bed", key="mat"),
    )
    assert (room.sensors["occupancy"], values_of(room)["bed_h"]) == (("mat",), 0.0)


# The table


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_source_is_of_a_known_quantity_and_has_a_name_of_its_own(source):
    assert source.quantity in BY_NAME
    assert [one.name for one in SOURCES].count(source.name) == 1


def test_no_series_is_of_two_sources():
    of = [(source.quantity, place) for source in SOURCES for place in source.places]
    assert len(of) == len(set(of))


# What must not change it


quarter_hours = st.lists(st.none() | st.floats(5.0, 35.0), min_size=32, max_size=32).map(
    lambda row: [
        (at_ms, value) for (at_ms, _), value in zip(a_series(0.0, every_min=15), row, strict=True) if value is not None
    ]
)


@given(st.lists(quarter_hours, min_size=1, max_size=4))
def test_the_room_is_never_warmer_than_its_warmest_nor_cooler_than_its_coolest_sensor(rows):
    sensors = [a_sensor("temperature", readings, key=str(number)) for number, readings in enumerate(rows)]
    measured = [value for readings in rows for _, value in readings]
    present = a_room(*sensors).grids["temperature"].present
    assert all(min(measured) - 1e-9 <= value <= max(measured) + 1e-9 for value in present)


@given(quarter_hours)
def test_the_same_sensor_twice_is_the_same_room(readings):
    once = values_of(a_room(a_sensor("temperature", readings)))
    twice = values_of(a_room(a_sensor("temperature", readings), a_sensor("temperature", readings, key="y")))
    assert once == twice
