"""All of a batch or nothing, two programs on one store, and what a change of a sensor brings with it."""

import math
from datetime import date

import pytest

from monitor.core.nights import NightWindow
from monitor.core.readings import Reading, SetAside
from monitor.errors import InputError, StoreError
from monitor.ports import Batch, Night, Problem, Seen

BEDROOM = "z:bedroom"
NIGHT_MS = 1_790_805_600_000
HOUR_MS = 3_600_000
BROKEN = Reading("t:new", "temperature", NIGHT_MS, math.nan)
"""A reading that no store can keep."""


def a_reading(
    value: float = 21.5, *, time_ms: int = NIGHT_MS, sensor: str = BEDROOM, quantity: str = "temperature"
) -> Reading:
    return Reading(sensor, quantity, time_ms, value)


def save(stores, *readings: Reading) -> None:
    stores.readings.save(Batch(readings=readings))


def kept(stores, sensor: str = BEDROOM, quantity: str = "temperature") -> list[tuple[int, float]]:
    return stores.readings.readings(sensor, quantity, 0, 2**62)


def test_of_a_batch_that_fails_no_reading_is_kept(stores):
    save(stores, a_reading(20.0))
    with pytest.raises(StoreError):
        save(stores, a_reading(21.5), a_reading(5.0, sensor="t:outside"), BROKEN)
    assert (kept(stores), stores.readings.series_names()) == ([(NIGHT_MS, 20.0)], {(BEDROOM, "temperature")})


def test_of_a_batch_that_fails_nothing_else_is_kept_either(stores):
    problem = Problem("x", "not JSON", 1, 1, 1)
    with pytest.raises(StoreError):
        stores.readings.save(Batch(readings=[BROKEN], problems=[problem], deliveries=b"journal", late=(1, 2)))
    assert (stores.readings.problems(), stores.readings.deliveries(), stores.nights.due()) == ([], b"", None)


def test_after_a_batch_that_failed_the_next_one_goes_to_the_right_series(stores):
    with pytest.raises(StoreError):
        save(stores, a_reading(5.0, sensor="t:outside"), a_reading(), BROKEN)
    save(stores, a_reading(), a_reading(5.0, sensor="t:outside"))
    assert (kept(stores), kept(stores, "t:outside")) == ([(NIGHT_MS, 21.5)], [(NIGHT_MS, 5.0)])


def test_a_name_in_a_batch_that_failed_is_stored_with_the_next_attempt(stores):
    save(stores, a_reading())
    seen = [Seen(BEDROOM, name="Bedroom north")]
    with pytest.raises(StoreError):
        stores.readings.save(Batch(readings=[BROKEN], seen=seen))
    stores.readings.save(Batch(seen=seen))
    assert stores.readings.sensors()[0].name == "Bedroom north"


def test_a_sensor_that_was_only_announced_is_none_of_those_seen(stores):
    stores.readings.save(Batch(seen=[Seen(BEDROOM, name="Bedroom north")]))
    assert stores.readings.sensors() == []


def test_sensors_come_by_first_sight_and_then_by_key(stores):
    save(stores, a_reading(sensor="c", time_ms=2), a_reading(sensor="b", time_ms=1), a_reading(sensor="a", time_ms=2))
    assert [(sensor.key, sensor.first_seen_ms) for sensor in stores.readings.sensors()] == [
        ("b", 1),
        ("a", 2),
        ("c", 2),
    ]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 85.0])
def test_whatever_number_is_set_aside_is_kept_apart(stores, value):
    stores.readings.save(Batch(set_aside=[SetAside(BEDROOM, "temperature", NIGHT_MS, value, "no value")]))
    assert (stores.readings.count(), stores.readings.series()[0].set_aside) == (0, 1)


def test_problems_come_most_frequent_first(stores):
    problems = [Problem("x", "not JSON", 1, 1, 1), Problem("y", "not JSON", 2, 1, 1), Problem("x", "too big", 1, 1, 1)]
    stores.readings.save(Batch(problems=problems))
    assert [(one.topic, one.reason) for one in stores.readings.problems()] == [
        ("y", "not JSON"),
        ("x", "not JSON"),
        ("x", "too big"),
    ]


def test_a_sensor_can_be_taken_out_of_its_place(stores):
    save(stores, a_reading())
    stores.sensors.place(BEDROOM, None, "person")
    assert stores.readings.sensors()[0][2:4] == (None, "person")


def test_a_sensor_nobody_has_seen_is_refused_with_those_seen(stores):
    save(stores, a_reading())
    with pytest.raises(InputError, match="no sensor 'z:bedroon'; seen so far: z:bedroom"):
        stores.sensors.place("z:bedroon", "bedroom", "person")


def test_before_the_first_reading_no_sensor_was_seen(stores):
    with pytest.raises(InputError, match="seen so far: none yet"):
        stores.sensors.place(BEDROOM, "bedroom", "person")


def test_a_quantity_that_the_sensor_has_not_is_refused(stores):
    save(stores, a_reading())
    with pytest.raises(InputError, match="it has no co2"):
        stores.sensors.calibrate(BEDROOM, "co2", 0, 1.0, 1.0)


def test_a_calibration_is_for_one_series_and_for_readings_to_come(stores):
    save(stores, a_reading(20.0), a_reading(50.0, quantity="humidity"), a_reading(9.0, sensor="t:outside"))
    stores.sensors.calibrate(BEDROOM, "temperature", 0, 1.0, 1.0)
    save(stores, a_reading(22.0, time_ms=NIGHT_MS + 1))
    assert kept(stores) == [(NIGHT_MS, 21.0), (NIGHT_MS + 1, 23.0)]
    assert (kept(stores, quantity="humidity"), kept(stores, "t:outside")) == ([(NIGHT_MS, 50.0)], [(NIGHT_MS, 9.0)])


def test_a_forgotten_sensor_that_speaks_again_is_a_new_one(stores):
    save(stores, a_reading(20.0))
    stores.sensors.calibrate(BEDROOM, "temperature", 0, 9.0, 1.0)
    stores.sensors.forget(BEDROOM)
    save(stores, a_reading(21.0, time_ms=NIGHT_MS + 1))
    assert kept(stores) == [(NIGHT_MS + 1, 21.0)]


CHANGES = pytest.mark.parametrize(
    "change",
    [
        lambda sensors: sensors.place(BEDROOM, "bed", "person"),
        lambda sensors: sensors.calibrate(BEDROOM, "temperature", 0, 1.0, 1.0),
        lambda sensors: sensors.forget(BEDROOM),
    ],
    ids=["place", "calibrate", "forget"],
)


@CHANGES
def test_a_change_of_a_sensor_makes_the_closed_nights_due_again(stores, change):
    last_ms = NIGHT_MS + 7 * HOUR_MS
    save(stores, a_reading(time_ms=NIGHT_MS), a_reading(time_ms=last_ms))
    window = NightWindow(
        wake_date=date(2026, 10, 1), zone="UTC", start_ms=NIGHT_MS, end_ms=last_ms + HOUR_MS, known_by="usual"
    )
    stores.nights.close(Night(window, {"temperature": (BEDROOM,)}, ()), 1)
    change(stores.sensors)
    start_ms, end_ms = stores.nights.due()
    assert start_ms <= NIGHT_MS
    assert end_ms > last_ms


def test_without_closed_nights_a_place_makes_nothing_due(stores):
    save(stores, a_reading())
    stores.sensors.place(BEDROOM, "bed", "person")
    assert stores.nights.due() is None
