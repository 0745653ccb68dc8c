"""The promises of thinning, over every store: nothing is lost, nothing counts twice, nothing needed is touched."""

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

import pytest

from monitor.core.grid import BIN_MS
from monitor.core.nights import NightWindow
from monitor.core.readings import DAY_MS, Reading
from monitor.core.thinning import thin
from monitor.ports import Batch, Night, Seen, Slice
from tests.contracts.stores import Stores

SENSOR = "zigbee2mqtt:Bedroom"
START_MS = 1_790_812_800_000
"""UTC Unix ms of a midnight."""
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
EVER = (0, 2**53)
LATER_MS = START_MS + 40 * DAY_MS


def measured(hours: float, *, quantity: str = "temperature", sensor: str = SENSOR, every_s: int = 60) -> list[Reading]:
    """Readings from the start on, not quite even, whose values wander."""
    chance = Random(7)
    times = range(START_MS, START_MS + round(hours * HOUR_MS), every_s * 1000)
    return [Reading(sensor, quantity, ms + chance.randrange(every_s * 500), 20 + chance.gauss(0, 2)) for ms in times]


def store(stores: Stores, readings: Iterable[Reading], *, late: bool = False) -> None:
    rows = list(readings)
    span = (min(row.time_ms for row in rows), max(row.time_ms for row in rows) + 1) if late else None
    stores.readings.save(Batch(readings=rows, late=span))


def live_on(stores: Stores, nights: int = 7) -> None:
    """Nights after the first days, closed."""
    for number in range(nights):
        start_ms = START_MS + (30 + number) * DAY_MS
        day = date(2026, 10, 31) + timedelta(days=number)
        window = NightWindow(
            wake_date=day, zone="UTC", start_ms=start_ms, end_ms=start_ms + 8 * HOUR_MS, known_by="usual"
        )
        stores.nights.close(Night(window, {}, ()), start_ms)


def thinned(stores: Stores, before_ms: int = LATER_MS) -> Slice:
    """Everything that can be, and what that was."""
    done = []
    while (one := stores.thinning.thin_next(before_ms)) is not None:
        done.append(one)
    return Slice(*(sum(each) for each in zip(*done, strict=True))) if done else Slice(0, 0, 0)


def rows(stores: Stores, sensor: str = SENSOR) -> list[tuple[int, float]]:
    return stores.readings.readings(sensor, "temperature", *EVER)


@pytest.fixture
def old(stores: Stores) -> Stores:
    """Six hours of temperature, long ago."""
    store(stores, measured(6))
    live_on(stores)
    return stores


def test_no_reading_is_lost_to_the_count(old):
    before = old.readings.count()
    assert thinned(old).replaced > 300
    assert (old.readings.count(), old.readings.series()[0].readings) == (before, before)


def test_the_rows_are_those_of_the_readings(old):
    expected = thin(rows(old))[:-1]
    thinned(old)
    assert old.readings.thinned(SENSOR, "temperature", *EVER) == expected


def test_slices_give_what_one_stretch_gives(stores):
    store(stores, measured(30, every_s=20))
    live_on(stores)
    expected = thin(rows(stores))[:-1]
    thinned(stores)
    assert stores.readings.thinned(SENSOR, "temperature", *EVER) == expected


def test_a_thinned_reading_is_the_median_in_the_middle_of_its_five_minutes(old):
    expected = [(row.middle_ms, row.median) for row in thin(rows(old))[:-1]]
    thinned(old)
    assert rows(old)[: len(expected)] == expected


def test_the_five_minutes_with_the_newest_reading_stay(old):
    newest, latest = rows(old)[-1], old.readings.latest()
    thinned(old)
    assert (rows(old)[-1], old.readings.latest()) == (newest, latest)


def test_five_minutes_with_one_or_two_readings_stay_as_they_came(stores):
    store(stores, measured(6, every_s=170))
    live_on(stores)
    before = rows(stores)
    assert thinned(stores)[1:] == (0, 0)
    assert rows(stores) == before


def test_again_there_is_nothing_to_do(old):
    thinned(old)
    before = rows(old)
    assert (thinned(old), rows(old)) == (Slice(0, 0, 0), before)


@pytest.mark.parametrize("quantity", ["noise", "occupancy", "movement", "battery"])
def test_what_counts_by_the_minute_or_event_is_never_thinned(stores, quantity):
    readings = [row._replace(value=1.0) for row in measured(6, quantity=quantity)]
    store(stores, readings)
    live_on(stores)
    assert thinned(stores) == Slice(0, 0, 0)


def test_only_whole_days_that_are_older_are_thinned(stores):
    store(stores, measured(50))
    live_on(stores)
    thinned(stores, START_MS + DAY_MS + 20 * HOUR_MS)
    assert stores.readings.thinned(SENSOR, "temperature", *EVER)[-1].start_ms == START_MS + DAY_MS - BIN_MS


@pytest.mark.parametrize("nights", [0, 6])
def test_nothing_is_thinned_before_seven_nights_are_closed_after_it(stores, nights):
    store(stores, measured(6))
    live_on(stores, nights)
    assert thinned(stores, LATER_MS + 10_000 * DAY_MS) == Slice(0, 0, 0)


def test_what_a_night_that_is_due_may_need_waits_until_it_is_closed(old):
    old.nights.reopen(START_MS + 3 * DAY_MS, START_MS + 4 * DAY_MS)
    assert thinned(old) == Slice(0, 0, 0)
    old.nights.settled((START_MS + 3 * DAY_MS, START_MS + 4 * DAY_MS))
    assert thinned(old).replaced > 0


def test_the_same_readings_once_more_are_not_stored_twice(old):
    thinned(old)
    before = (rows(old), old.readings.count())
    store(old, measured(6), late=True)
    assert (rows(old), old.readings.count()) == before


def test_readings_that_come_late_to_thinned_minutes_stay_beside_them_as_they_came(old):
    thinned(old)
    late = [Reading(SENSOR, "temperature", START_MS + HOUR_MS + ms, 25.0) for ms in (1, 2, 3, 4)]
    before = old.readings.count()
    store(old, late, late=True)
    old.nights.settled(old.nights.due())
    thinned(old)
    assert old.readings.count() == before + 4
    assert {(row.time_ms, row.value) for row in late} < set(rows(old))


def test_readings_that_come_late_to_other_minutes_are_thinned_too(stores):
    store(stores, (row for row in measured(6) if not HOUR_MS <= row.time_ms - START_MS < 2 * HOUR_MS))
    live_on(stores)
    thinned(stores)
    store(stores, (row for row in measured(6) if HOUR_MS <= row.time_ms - START_MS < 2 * HOUR_MS), late=True)
    stores.nights.settled(stores.nights.due())
    assert thinned(stores).rows == 12
    assert stores.readings.count() == 360


def test_readings_that_come_late_to_a_series_that_spoke_seldom_are_thinned(stores):
    store(stores, measured(6, every_s=900))
    live_on(stores)
    assert thinned(stores).rows == 0
    store(stores, measured(2), late=True)
    stores.nights.settled(stores.nights.due())
    assert thinned(stores).rows == 24


def test_a_calibration_reaches_what_is_thinned(old):
    thinned(old)
    before = (rows(old), old.readings.thinned(SENSOR, "temperature", *EVER))
    old.sensors.calibrate(SENSOR, "temperature", 0, 1.0, 2.0)
    assert rows(old) == [(time_ms, value * 2 + 1) for time_ms, value in before[0]]
    assert old.readings.thinned(SENSOR, "temperature", *EVER) == [row.corrected(1.0, 2.0) for row in before[1]]


def test_the_next_reading_may_be_a_thinned_one(old):
    thinned(old)
    (first, _), (second, _) = rows(old)[:2]
    assert [old.readings.next_reading_ms(after) for after in (0, first, first + 1)] == [first, first, second]


def test_a_series_says_how_many_of_its_readings_are_thinned(old):
    done = thinned(old)
    (summary,) = old.readings.series()
    assert (summary.thinned, summary.first_ms) == (done.replaced, START_MS + BIN_MS // 2)


def test_a_forgotten_sensor_is_gone_with_what_was_thinned(old):
    thinned(old)
    assert old.sensors.forget(SENSOR) == 360
    assert (old.readings.count(), old.readings.next_reading_ms(0)) == (0, None)


def test_a_sensor_of_another_name_keeps_what_was_thinned(old):
    thinned(old)
    before = rows(old)
    old.readings.save(Batch(seen=[Seen("zigbee2mqtt:New", formerly=SENSOR)]))
    assert rows(old, "zigbee2mqtt:New") == before


def test_two_sensors_that_were_one_have_the_rows_of_both(old):
    store(old, [row._replace(sensor="zigbee2mqtt:New", value=30.0) for row in measured(8, every_s=50)])
    thinned(old)
    before = old.readings.count()
    shared = {row.time_ms for row in measured(6)} & {row.time_ms for row in measured(8, every_s=50)}
    old.readings.save(Batch(seen=[Seen("zigbee2mqtt:New", formerly=SENSOR)]))
    assert old.readings.count() == before - len(shared)
    assert max(row.high for row in old.readings.thinned("zigbee2mqtt:New", "temperature", *EVER)) >= 30.0


def test_what_was_measured_since_is_counted_by_series(stores):
    store(stores, [*measured(2), *measured(1, quantity="noise")])
    first, counts = stores.thinning.measured_since(START_MS)
    assert (START_MS <= first < START_MS + MINUTE_MS, counts) == (True, [("temperature", 120), ("noise", 60)])


def test_of_an_empty_store_nothing_is_thinned_and_nothing_was_measured(stores):
    assert (thinned(stores), stores.thinning.measured_since(0)) == (Slice(0, 0, 0), (None, []))
