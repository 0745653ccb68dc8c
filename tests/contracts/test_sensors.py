"""What is kept of sensors: topics, reachability, new keys, words of events, and values that await the next."""

import pytest

from monitor.core.readings import Reading, SetAside
from monitor.errors import InputError
from monitor.ports import Batch, Calibration, Heard, Reach, Recent, Seen

OLD, NEW = "z:bedroom", "z:0x00158d00012345"
AT_MS = 1_790_805_600_000


def a_reading(
    value: float = 21.5, *, time_ms: int = AT_MS, sensor: str = OLD, quantity: str = "temperature", **more: object
) -> Reading:
    return Reading(sensor, quantity, time_ms, value, **more)


def save(stores, *readings: Reading, **more: object) -> None:
    stores.readings.save(Batch(readings=readings, **more))


def kept(stores, sensor: str, quantity: str = "temperature") -> list[tuple[int, float]]:
    return stores.readings.readings(sensor, quantity, 0, 2**62)


def test_the_topics_of_a_sensor_are_kept_with_its_availability(stores):
    save(stores, a_reading(), seen=[Seen(OLD, topic="z/bedroom", availability="z/bedroom/availability")])
    save(stores, seen=[Seen(OLD, topic="z/bedroom")])
    assert stores.readings.heard() == [Heard(OLD, "z/bedroom", "z/bedroom/availability")]


def test_a_sensor_s_reachability_and_allowed_silence_are_kept(stores):
    save(stores, a_reading(), seen=[Seen(OLD, topic="a", expire_after_s=900.0)], reach=[Reach(OLD, False, AT_MS)])
    assert stores.readings.sensors()[0][5:] == (False, AT_MS, 900.0)


def test_nothing_is_known_of_the_reachability_of_a_new_sensor(stores):
    save(stores, a_reading())
    assert stores.readings.sensors()[0][5:] == (None, None, None)


def test_a_rename_keeps_the_history(stores):
    save(stores, a_reading(20.0), seen=[Seen(OLD, topic="z/bedroom")])
    stores.sensors.place(OLD, "bedroom", "person")
    stores.sensors.calibrate(OLD, "temperature", 0, 1.0, 1.0)
    save(stores, a_reading(22.0, time_ms=AT_MS + 1, sensor=NEW), seen=[Seen(NEW, name="Bedroom", formerly=OLD)])
    assert kept(stores, NEW) == [(AT_MS, 21.0), (AT_MS + 1, 23.0)]
    assert [one[:4] for one in stores.readings.sensors()] == [(NEW, "Bedroom", "bedroom", "person")]
    assert stores.readings.heard() == [Heard(NEW, "z/bedroom", None)]


def test_two_histories_become_one_where_a_sensor_was_heard_under_both_keys(stores):
    save(stores, a_reading(20.0), a_reading(50.0, quantity="humidity"), a_reading(1.0, time_ms=AT_MS + 5))
    save(stores, a_reading(22.0, time_ms=AT_MS + 1, sensor=NEW), a_reading(2.0, time_ms=AT_MS + 5, sensor=NEW))
    save(stores, seen=[Seen(NEW, formerly=OLD)])
    assert kept(stores, NEW) == [(AT_MS, 20.0), (AT_MS + 1, 22.0), (AT_MS + 5, 2.0)]
    assert (kept(stores, NEW, "humidity"), kept(stores, OLD)) == ([(AT_MS, 50.0)], [])


def test_after_a_rename_readings_go_to_the_new_key_in_the_same_batch(stores):
    save(stores, a_reading(20.0))
    save(stores, a_reading(21.0, time_ms=AT_MS + 1, sensor=NEW), seen=[Seen(NEW, topic="z", formerly=OLD)])
    save(stores, a_reading(22.0, time_ms=AT_MS + 2, sensor=NEW))
    assert [value for _, value in kept(stores, NEW)] == [20.0, 21.0, 22.0]


def test_every_sensor_of_a_device_is_renamed_with_it(stores):
    save(stores, a_reading(sensor="t:old/BME280"), a_reading(sensor="t:old"), a_reading(sensor="t:older/X"))
    save(stores, seen=[Seen("t:MAC/", formerly="t:old/")])
    assert {sensor.key for sensor in stores.readings.sensors()} == {"t:MAC/BME280", "t:MAC", "t:older/X"}


def test_a_key_that_stays_the_same_is_left_alone(stores):
    save(stores, a_reading(20.0))
    save(stores, seen=[Seen(OLD, formerly=OLD)])
    assert kept(stores, OLD) == [(AT_MS, 20.0)]


def test_events_keep_their_words(stores):
    save(stores, a_reading(1.0, quantity="sleep_event", word="awake"), a_reading())
    assert stores.readings.words(OLD, "sleep_event", AT_MS, AT_MS + 1) == [(AT_MS, "awake")]
    assert stores.readings.words(OLD, "temperature", 0, 2**62) == []


def test_the_newest_values_are_raw_and_in_order_with_the_one_that_awaits_the_next(stores):
    save(stores, *(a_reading(20.0 + n, time_ms=AT_MS + n) for n in range(4)))
    stores.sensors.calibrate(OLD, "temperature", 0, 9.0, 1.0)
    aside = [
        SetAside(OLD, "temperature", AT_MS + 7, 99.0, "a spike"),
        SetAside(OLD, "temperature", AT_MS + 8, 35.0, "jumped", awaiting=True),
    ]
    save(stores, set_aside=aside)
    found = stores.readings.recent(OLD, "temperature", 2)
    assert found == Recent([(AT_MS + 2, 22.0), (AT_MS + 3, 23.0)], (AT_MS + 8, 35.0))


def test_an_unknown_series_has_no_newest_values(stores):
    assert stores.readings.recent(OLD, "temperature", 2) == Recent([], None)


def test_a_value_that_turns_out_to_be_true_is_a_reading_and_not_aside_any_more(stores):
    save(stores, set_aside=[SetAside(OLD, "temperature", AT_MS, 35.0, "jumped", awaiting=True)])
    save(stores, a_reading(35.0), released=[(OLD, "temperature", AT_MS)])
    assert (kept(stores, OLD), stores.readings.set_aside(OLD, 9)) == ([(AT_MS, 35.0)], [])


def test_what_was_set_aside_is_listed_newest_first_with_its_last_reason(stores):
    first, second = (SetAside(OLD, "temperature", AT_MS + n, 35.0, "jumped", awaiting=True) for n in range(2))
    save(stores, set_aside=[first, second])
    final = second._replace(reason="a spike", awaiting=False)
    save(stores, set_aside=[final])
    assert stores.readings.set_aside(OLD, 9) == [final, first]
    assert stores.readings.set_aside(OLD, 1) == [final]


def test_it_is_known_whether_the_value_of_an_instant_was_set_aside(stores):
    save(stores, set_aside=[SetAside(OLD, "temperature", AT_MS, 85.0, "no value")])
    asked = [(OLD, "temperature", AT_MS), (OLD, "temperature", AT_MS + 1), (OLD, "humidity", AT_MS)]
    assert [stores.readings.was_set_aside(*one) for one in asked] == [True, False, False]


def test_calibrations_in_force_are_listed(stores):
    save(stores, a_reading(), a_reading(50.0, quantity="humidity"))
    stores.sensors.calibrate(OLD, "temperature", AT_MS, -0.4, 1.0)
    stores.sensors.calibrate(OLD, "humidity", 0, 0.0, 1.1)
    assert stores.sensors.calibrations(OLD) == [
        Calibration(OLD, "humidity", 0, 0.0, 1.1),
        Calibration(OLD, "temperature", AT_MS, -0.4, 1.0),
    ]


def test_a_sensor_can_be_introduced_and_placed_before_it_speaks(stores):
    stores.sensors.introduce(OLD, "Bedroom", [("z/bedroom", "z/bedroom/availability"), ("z/x", None)], AT_MS)
    stores.sensors.place(OLD, "bedroom", "person")
    assert stores.readings.sensors()[0][:5] == (OLD, "Bedroom", "bedroom", "person", AT_MS)
    assert [one.topic for one in stores.readings.heard()] == ["z/bedroom", "z/x"]


def test_a_forgotten_sensor_takes_its_topics_and_words_along(stores):
    save(stores, a_reading(1.0, quantity="sleep_event", word="awake"), seen=[Seen(OLD, topic="z")])
    stores.sensors.forget(OLD)
    assert (stores.readings.heard(), stores.readings.words(OLD, "sleep_event", 0, 2**62)) == ([], [])


def test_a_sensor_that_is_not_there_cannot_be_forgotten(stores):
    with pytest.raises(InputError, match="no sensor 'z:bedroom'"):
        stores.sensors.forget(OLD)
