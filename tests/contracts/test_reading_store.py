"""The promises of the reading store and of what the person says of sensors, over every store."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.readings import Reading, SetAside
from monitor.errors import InputError
from monitor.ports import Batch, Problem, Seen
from tests.contracts.stores import KINDS

SENSOR = "zigbee2mqtt:Bedroom"
EVER = (0, 2**53)


def a_reading(
    time_ms: int = 1_000, value: float = 20.5, sensor: str = SENSOR, quantity: str = "temperature"
) -> Reading:
    return Reading(sensor, quantity, time_ms, value)


def temperatures(stores) -> list[tuple[int, float]]:
    return stores.readings.readings(SENSOR, "temperature", *EVER)


def test_what_is_saved_comes_back_by_time(stores):
    stores.readings.save(Batch(readings=[a_reading(2_000, 21.0), a_reading(1_000, 20.5)]))
    assert temperatures(stores) == [(1_000, 20.5), (2_000, 21.0)]


def test_the_same_reading_twice_is_one_reading(stores):
    for _ in range(2):
        stores.readings.save(Batch(readings=[a_reading(), a_reading()]))
    assert stores.readings.count() == 1


def test_a_new_value_for_a_reading_wins(stores):
    stores.readings.save(Batch(readings=[a_reading(value=20.0)]))
    stores.readings.save(Batch(readings=[a_reading(value=21.0)]))
    assert temperatures(stores) == [(1_000, 21.0)]


def test_the_interval_holds_its_start_and_not_its_end(stores):
    stores.readings.save(Batch(readings=[a_reading(time) for time in (1_000, 2_000, 3_000)]))
    assert [time for time, _ in stores.readings.readings(SENSOR, "temperature", 1_000, 3_000)] == [1_000, 2_000]


def test_a_series_nobody_has_seen_has_no_readings(stores):
    assert stores.readings.readings("nobody", "temperature", *EVER) == []


def test_zero_is_a_value(stores):
    stores.readings.save(Batch(readings=[a_reading(0, 0.0)]))
    assert (temperatures(stores), stores.readings.next_reading_ms(0)) == ([(0, 0.0)], 0)


def test_the_next_reading_is_that_of_any_series(stores):
    stores.readings.save(Batch(readings=[a_reading(5_000), a_reading(3_000, quantity="humidity", value=40.0)]))
    found = [stores.readings.next_reading_ms(after) for after in (0, 3_000, 3_001, 5_001)]
    assert found == [3_000, 3_000, 5_000, None]


def test_an_empty_store_has_nothing(stores):
    store = stores.readings
    assert (store.next_reading_ms(0), store.count(), store.sensors(), store.series(), store.problems()) == (
        None,
        0,
        [],
        [],
        [],
    )


def test_an_empty_batch_is_saved_without_a_trace(stores):
    stores.readings.save(Batch())
    assert stores.readings.count() == 0


def test_what_is_set_aside_is_counted_and_no_reading(stores):
    stores.readings.save(Batch(set_aside=[SetAside(SENSOR, "temperature", 1_000, 85.0, "no value")]))
    assert (stores.readings.count(), stores.readings.series()[0].set_aside) == (0, 1)


def test_a_batch_of_many_series_and_more_rows_than_one_statement_takes_is_stored_whole(stores):
    rows = [a_reading(time, float(time % 30), f"s:{time % 7}") for time in range(1, 1001)]
    stores.readings.save(Batch(readings=rows))
    assert stores.readings.count() == 1000
    assert {one.sensor for one in stores.readings.series()} == {f"s:{n}" for n in range(7)}


def test_problems_add_up_over_batches(stores):
    for first in (1_000, 2_000):
        stores.readings.save(Batch(problems=[Problem("a/b", "not JSON", 2, first, first + 1)]))
    assert stores.readings.problems() == [Problem("a/b", "not JSON", 4, 1_000, 2_001)]


def test_deliveries_come_back_in_their_order_after_a_restart(open_stores):
    with open_stores() as stores:
        for part in (b"one", b"two"):
            stores.readings.save(Batch(deliveries=part))
    with open_stores() as stores:
        assert stores.readings.deliveries() == b"onetwo"


def test_everything_is_there_after_a_restart(open_stores):
    with open_stores() as stores:
        stores.readings.save(Batch(readings=[a_reading()]))
    with open_stores() as stores:
        stores.readings.save(Batch(readings=[a_reading(2_000)]))
        assert (stores.readings.count(), len(stores.readings.series())) == (2, 1)


def test_a_sensor_is_placed_where_its_name_was_said_to_tell(stores):
    seen = [Seen(SENSOR, place="bedroom", topic="a"), Seen("x:7", topic="b")]
    stores.readings.save(Batch(readings=[a_reading(), a_reading(sensor="x:7")], seen=seen))
    places = {sensor.key: (sensor.place, sensor.placed_by) for sensor in stores.readings.sensors()}
    assert places == {SENSOR: ("bedroom", "name"), "x:7": (None, None)}


def test_a_guess_that_comes_later_places_a_sensor_that_nobody_has_placed(stores):
    stores.readings.save(Batch(readings=[a_reading()]))
    stores.readings.save(Batch(seen=[Seen(SENSOR, place="bed")]))
    assert stores.readings.sensors()[0][2:4] == ("bed", "name")


def test_a_guess_changes_nothing_about_what_the_person_has_said(stores):
    stores.readings.save(Batch(readings=[a_reading()]))
    stores.sensors.place(SENSOR, None, "person")
    stores.readings.save(Batch(seen=[Seen(SENSOR, place="bed", topic="a")]))
    assert stores.readings.sensors()[0][2:4] == (None, "person")


def test_what_the_person_places_stays_there(stores):
    stores.readings.save(Batch(readings=[a_reading()]))
    stores.sensors.place(SENSOR, "other", "person")
    stores.readings.save(Batch(readings=[a_reading(2_000)]))
    assert [(one.place, one.placed_by) for one in stores.readings.sensors()] == [("other", "person")]


def test_a_name_that_is_learned_is_shown(stores):
    stores.readings.save(Batch(readings=[a_reading()]))
    stores.readings.save(Batch(seen=[Seen(SENSOR, name="By the bed")]))
    assert stores.readings.sensors()[0].name == "By the bed"


def test_a_calibration_holds_from_its_time_on_and_raw_stays_raw(open_stores):
    with open_stores() as stores:
        stores.readings.save(Batch(readings=[a_reading(time, 20.0) for time in (1_000, 2_000, 3_000)]))
        stores.sensors.calibrate(SENSOR, "temperature", 2_000, -0.5, 1.0)
        stores.sensors.calibrate(SENSOR, "temperature", 3_000, 0.0, 2.0)
        corrected = temperatures(stores)
        stores.sensors.calibrate(SENSOR, "temperature", 2_000, 0.0, 1.0)
        stores.sensors.calibrate(SENSOR, "temperature", 3_000, 0.0, 1.0)
        assert corrected == [(1_000, 20.0), (2_000, 19.5), (3_000, 40.0)]
        assert temperatures(stores) == [(1_000, 20.0), (2_000, 20.0), (3_000, 20.0)]


def test_the_last_value_is_shown_as_corrected(stores):
    stores.readings.save(Batch(readings=[a_reading(1_000, 20.0)]))
    stores.sensors.calibrate(SENSOR, "temperature", 0, 1.5, 1.0)
    assert stores.readings.series()[0].last_value == 21.5


def test_a_forgotten_sensor_is_gone_with_its_readings_and_the_others_stay(stores):
    stores.readings.save(Batch(readings=[a_reading(), a_reading(sensor="x:7")]))
    assert stores.sensors.forget(SENSOR) == 1
    assert [one.sensor for one in stores.readings.series()] == ["x:7"]


def test_a_sensor_forgotten_by_another_program_comes_back_under_its_own_name(open_stores):
    with open_stores() as daemon, open_stores() as command_line:
        daemon.readings.save(Batch(readings=[a_reading()]))
        command_line.sensors.forget(SENSOR)
        command_line.readings.save(Batch(readings=[a_reading(sensor="other:cellar", value=12.0)]))
        daemon.readings.save(Batch(readings=[a_reading(2_000, 21.0)]))
        assert temperatures(daemon) == [(2_000, 21.0)]
        assert daemon.readings.readings("other:cellar", "temperature", *EVER) == [(1_000, 12.0)]


@pytest.mark.parametrize("act", ["place", "calibrate", "forget"])
def test_a_sensor_nobody_has_seen_is_told(stores, act):
    arguments = {"place": ("bedroom", "person"), "calibrate": ("temperature", 0, 0.0, 1.0), "forget": ()}[act]
    with pytest.raises(InputError, match="no sensor 'nobody'"):
        getattr(stores.sensors, act)("nobody", *arguments)


def test_a_late_reading_asks_for_its_nights(stores):
    stores.readings.save(Batch(readings=[a_reading()], late=(1_000, 1_001)))
    stores.readings.save(Batch(readings=[a_reading(500)], late=(500, 501)))
    assert stores.nights.due() == (500, 1_001)


def test_a_late_reading_that_is_known_asks_for_nothing(stores):
    stores.readings.save(Batch(readings=[a_reading()]))
    stores.readings.save(Batch(readings=[a_reading()], late=(1_000, 1_001)))
    assert stores.nights.due() is None


readings = st.lists(
    st.builds(
        Reading,
        st.sampled_from(["a:1", "b:2"]),
        st.sampled_from(["temperature", "humidity"]),
        st.integers(0, 50),
        st.floats(-40, 60, allow_nan=False),
    ),
    max_size=150,
)


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=40, deadline=None)
@given(batches=st.lists(readings, max_size=4))
def test_whatever_batches_are_saved_the_last_value_of_each_time_is_kept(kind, batches):
    with tempfile.TemporaryDirectory() as folder, KINDS[kind](Path(folder)) as stores:
        for batch in batches:
            stores.readings.save(Batch(readings=batch))
        last = {reading[:3]: reading.value for batch in batches for reading in batch}
        kept = {
            (sensor, quantity, time): value
            for sensor, quantity in stores.readings.series_names()
            for time, value in stores.readings.readings(sensor, quantity, *EVER)
        }
        assert kept == last
