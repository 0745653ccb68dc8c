"""The promises of the mirror's queue, over every store: what is stored waits, and nothing leaves it unsettled."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.diary import DiaryEntry
from monitor.core.exposure import Exposure
from monitor.core.findings import AnalysisResult, AnalysisTask, ExposureRow, NightRow
from monitor.core.nights import NightWindow
from monitor.core.readings import Reading
from monitor.ports import Batch, Night, Parcel, Seen, Sent
from tests.contracts import test_thinning as thinning
from tests.contracts.stores import Stores

NOW_MS = 1_790_812_800_000
SECOND_MS, HOUR_MS, DAY_MS = 1_000, 3_600_000, 86_400_000
SENSOR = "zigbee2mqtt:bedroom"
DAY = date(2026, 10, 1)


@pytest.fixture
def stores(open_stores):
    """The stores with a mirror."""
    with open_stores(mirrored=True) as opened:
        yield opened


def save(
    stores: Stores,
    times: Iterable[int],
    *,
    sensor: str = SENSOR,
    quantity: str = "temperature",
    value: float = 20.0,
    live: bool = True,
    stored_ms: int = NOW_MS,
) -> None:
    """Readings of one series in one transaction, at `times` ms after `NOW_MS`."""
    readings = [Reading(sensor, quantity, NOW_MS + time_ms, value) for time_ms in times]
    stores.readings.save(Batch(readings=readings, stored_ms=stored_ms, live=live))


def told(parcel: Parcel) -> list[int]:
    """The times of its readings, ms after `NOW_MS`."""
    return [time_ms - NOW_MS for stretch in parcel.stretches for time_ms, _ in stretch.rows]


def settle(stores: Stores, parcel: Parcel, *, lines: int = 1) -> None:
    stores.mirror_queue.settle(parcel, Sent(lines), NOW_MS)


def drained(stores: Stores, at_most: int = 100) -> list[tuple[str, str, int, float]]:
    """Everything that waits, settled parcel by parcel."""
    found = []
    while not (parcel := stores.mirror_queue.oldest(at_most)).empty:
        found += [(one.sensor, one.quantity, *row) for one in parcel.stretches for row in one.rows]
        settle(stores, parcel)
    return found


def test_a_stored_reading_waits_and_leaves_when_it_is_settled(stores):
    save(stores, [0])
    parcel = stores.mirror_queue.oldest(100)
    assert parcel.stretches == [(SENSOR, "temperature", [(NOW_MS, 20.0)])]
    settle(stores, parcel)
    assert stores.mirror_queue.oldest(100).empty


def test_a_transaction_that_fails_queues_nothing(stores):
    broken = Reading(SENSOR, "temperature", NOW_MS, None)  # type: ignore[arg-type]
    with suppress(Exception):
        stores.readings.save(Batch(readings=[Reading(SENSOR, "humidity", NOW_MS, 40.0), broken], stored_ms=NOW_MS))
    assert (stores.readings.count(), stores.mirror_queue.oldest(100).empty) == (0, True)


def test_what_waits_survives_a_restart(open_stores):
    with open_stores(mirrored=True) as stores:
        save(stores, [0])
        stores.mirror_queue.troubled("nothing listens there", NOW_MS)
    with open_stores(mirrored=True) as stores:
        assert told(stores.mirror_queue.oldest(100)) == [0]
        assert stores.mirror_queue.status().trouble == "nothing listens there"


def test_without_a_mirror_nothing_is_queued(open_stores):
    with open_stores(mirrored=False) as stores:
        save(stores, [0])
        close(stores)
        stores.diary.log(DiaryEntry(wake_date=DAY, severity=3), NOW_MS, "test")
        stores.sensors.calibrate(SENSOR, "temperature", 0, 1.0, 1.0)
        stores.analyses.record(A_TASK, AN_ANALYSIS, "1", NOW_MS)
        assert stores.mirror_queue.oldest(100).empty


def test_what_waited_when_the_mirror_was_switched_off_waits_still_when_it_is_on_again(open_stores):
    with open_stores(mirrored=True) as stores:
        save(stores, [0])
    with open_stores(mirrored=False) as stores:
        save(stores, [1])
    with open_stores(mirrored=True) as stores:
        save(stores, [2])
        parcels = stores.mirror_queue.oldest(100)
        assert {0, 2} <= set(told(parcels))


def test_what_was_stored_first_is_sent_first(stores):
    for second in range(6):
        save(stores, [second * SECOND_MS])
    first = stores.mirror_queue.oldest(3)
    settle(stores, first)
    assert told(first) == [0, SECOND_MS, 2 * SECOND_MS]
    assert told(stores.mirror_queue.oldest(3)) == [3 * SECOND_MS, 4 * SECOND_MS, 5 * SECOND_MS]


def test_a_batch_of_several_series_is_one_parcel(stores):
    readings = [Reading(f"g:{number}", "temperature", NOW_MS, 20.0) for number in range(5)]
    stores.readings.save(Batch(readings=readings, stored_ms=NOW_MS))
    assert len(stores.mirror_queue.oldest(100).stretches) == 5


def test_a_batch_that_is_larger_than_a_parcel_is_sent_in_parts_each_reading_once(stores):
    save(stores, range(1_000))
    found = drained(stores, at_most=100)
    assert [row[2] - NOW_MS for row in found] == list(range(1_000))


def test_a_part_is_about_as_large_as_was_asked_for(stores):
    save(stores, range(1_000))
    assert len(told(stores.mirror_queue.oldest(100))) == 100


def test_the_newest_is_taken_while_the_old_waits(stores):
    for second in range(100):
        save(stores, [second * SECOND_MS])
    newest = stores.mirror_queue.newest(2)
    assert told(newest) == [98 * SECOND_MS, 99 * SECOND_MS]
    settle(stores, newest)
    assert max(row[2] for row in drained(stores)) == NOW_MS + 97 * SECOND_MS


def test_a_newest_batch_that_is_more_than_was_asked_for_waits_for_its_turn(stores):
    save(stores, range(500))
    assert stores.mirror_queue.newest(100).empty
    assert not stores.mirror_queue.newest(500).empty


def test_the_newest_is_never_what_was_asked_for_again(stores):
    save(stores, [0])
    settle(stores, stores.mirror_queue.oldest(100))
    stores.mirror_queue.again(0, 2**53, ["night/2026-10-01"])
    assert stores.mirror_queue.newest(100).empty


def test_a_settled_newest_takes_nothing_with_it_that_was_asked_for_again(stores):
    save(stores, [0])
    stores.mirror_queue.again(0, 2**53, [])
    save(stores, [SECOND_MS])
    settle(stores, stores.mirror_queue.newest(100))
    assert told(stores.mirror_queue.oldest(100)) == [0]


def test_a_reading_that_is_stored_while_a_parcel_is_under_way_is_not_lost(stores):
    save(stores, [0])
    parcel = stores.mirror_queue.oldest(100)
    save(stores, [1, 2])
    settle(stores, parcel)
    assert {1, 2} <= set(told(stores.mirror_queue.oldest(100)))


def test_a_value_that_changes_while_its_parcel_is_under_way_is_sent_anew(stores):
    save(stores, [0], value=20.0)
    parcel = stores.mirror_queue.oldest(100)
    save(stores, [0], value=21.0)
    settle(stores, parcel)
    assert drained(stores) == [(SENSOR, "temperature", NOW_MS, 21.0)]


def test_a_reading_that_is_stored_while_a_part_of_a_long_span_is_under_way_is_not_lost(stores):
    save(stores, range(0, 300, 2))
    parcel = stores.mirror_queue.oldest(100)
    save(stores, [1, 299])
    settle(stores, parcel)
    assert {NOW_MS + 1, NOW_MS + 299} <= {row[2] for row in drained(stores)}


def test_a_sensor_that_is_forgotten_while_its_parcel_is_under_way_leaves_nothing_behind(stores):
    save(stores, range(300))
    save(stores, [0], sensor="g:other")
    parcel = stores.mirror_queue.oldest(100)
    stores.sensors.forget(SENSOR)
    settle(stores, parcel)
    assert [row[0] for row in drained(stores)] == ["g:other"]


def test_a_late_reading_is_sent_at_its_own_time(stores):
    save(stores, [0])
    drained(stores)
    save(stores, [-30 * DAY_MS, SECOND_MS])
    assert [row[2] - NOW_MS for row in drained(stores)] == [-30 * DAY_MS, SECOND_MS]


def test_between_a_late_reading_and_a_new_one_nothing_is_sent_again(stores):
    save(stores, range(0, DAY_MS, HOUR_MS // 4))
    drained(stores)
    save(stores, [-DAY_MS, DAY_MS])
    assert len(drained(stores)) == 2


def test_many_readings_of_the_past_take_few_rows(stores):
    save(stores, range(0, 30 * DAY_MS, HOUR_MS), live=False)
    assert stores.mirror_queue.waiting().rows == 1
    assert stores.mirror_queue.status().readings == 30 * 24


def test_a_calibration_has_its_span_sent_again_corrected(stores):
    save(stores, [-DAY_MS, 0, DAY_MS])
    drained(stores)
    stores.sensors.calibrate(SENSOR, "temperature", NOW_MS, 1.5, 1.0)
    assert [(row[2] - NOW_MS, row[3]) for row in drained(stores)] == [(0, 21.5), (DAY_MS, 21.5)]


def test_a_rename_has_the_history_sent_again_under_the_new_name(stores):
    save(stores, [0, SECOND_MS], sensor="zigbee2mqtt:old")
    drained(stores)
    seen = [Seen("zigbee2mqtt:new", topic="zigbee2mqtt/new", formerly="zigbee2mqtt:old")]
    stores.readings.save(Batch(seen=seen, stored_ms=NOW_MS))
    assert [row[0] for row in drained(stores)] == ["zigbee2mqtt:new"] * 2


def close(stores: Stores, day: date = DAY) -> None:
    window = NightWindow(
        wake_date=day, zone="Europe/Brussels", start_ms=NOW_MS, end_ms=NOW_MS + 8 * HOUR_MS, known_by="usual"
    )
    stores.nights.close(Night(window, {}, (Exposure("T_mean", 20.0, 1.0),)), NOW_MS)


A_TASK = AnalysisTask(
    nights=(NightRow(t=0, wake_date="2026-10-01"),),
    exposures=(ExposureRow(name="T_mean", domain="temperature", primary=True, per=1.0, unit="1 degC"),),
    adjust_for=(),
)
AN_ANALYSIS = AnalysisResult(nights=0, bad=0, good=0, tried=0, findings=())


def test_a_night_an_entry_an_exclusion_and_an_analysis_wait_by_their_names(stores):
    close(stores)
    stores.diary.log(DiaryEntry(wake_date=DAY, severity=3), NOW_MS, "test")
    number = stores.analyses.record(A_TASK, AN_ANALYSIS, "1", NOW_MS)
    stores.nights.exclude(date(2026, 9, 30), "fever")
    records = stores.mirror_queue.oldest(1_000).records
    assert records == ("night/2026-10-01", "diary/2026-10-01", f"analysis/{number}", "night/2026-09-30")


def test_a_night_that_was_closed_twice_is_sent_once(stores):
    close(stores)
    close(stores)
    assert stores.mirror_queue.oldest(100).records == ("night/2026-10-01",)


def test_of_many_nights_a_parcel_has_few_since_each_is_many_lines(stores):
    stores.mirror_queue.again(0, 2**53, [f"night/2026-01-{day:02}" for day in range(1, 31)])
    save(stores, [0])
    sizes = []
    while not (parcel := stores.mirror_queue.oldest(500)).empty:
        sizes.append(len(parcel.records))
        settle(stores, parcel)
    assert sizes == [10, 10, 10, 0]


@pytest.mark.parametrize("at_most", [1, 10])
def test_a_night_is_a_parcel_of_its_own_where_few_lines_are_asked_for(stores, at_most):
    close(stores)
    stores.diary.log(DiaryEntry(wake_date=DAY, severity=3), NOW_MS, "test")
    assert stores.mirror_queue.oldest(at_most).records == ("night/2026-10-01",)


def test_an_entry_that_did_not_change_is_not_queued(stores):
    stores.diary.log(DiaryEntry(wake_date=DAY, severity=3), NOW_MS, "test")
    drained(stores)
    stores.diary.log(DiaryEntry(wake_date=DAY, severity=3), NOW_MS, "test")
    assert stores.mirror_queue.oldest(100).empty


def test_a_sensor_that_is_placed_changes_nothing_that_was_sent(stores):
    save(stores, [0])
    drained(stores)
    stores.sensors.place(SENSOR, "bedroom", "person")
    assert stores.mirror_queue.oldest(100).empty


def test_a_span_that_is_asked_for_again_is_that_span(stores):
    save(stores, range(0, 10 * HOUR_MS, HOUR_MS))
    save(stores, range(0, 10 * HOUR_MS, HOUR_MS), quantity="humidity")
    drained(stores)
    assert stores.mirror_queue.again(NOW_MS + 2 * HOUR_MS, NOW_MS + 5 * HOUR_MS, ["night/2026-10-01"]) == 6
    parcel = stores.mirror_queue.oldest(100)
    assert told(parcel) == [2 * HOUR_MS, 3 * HOUR_MS, 4 * HOUR_MS] * 2
    assert parcel.records == ("night/2026-10-01",)


def test_asking_twice_is_asking_once(stores):
    save(stores, range(500))
    drained(stores)
    for _ in range(3):
        stores.mirror_queue.again(0, 2**53, ["night/2026-10-01", "analysis/1"])
    status = stores.mirror_queue.status()
    assert (status.readings, status.records) == (500, 2)


def test_a_request_while_a_part_of_an_earlier_one_is_under_way_loses_nothing(stores):
    save(stores, range(500))
    drained(stores)
    stores.mirror_queue.again(0, 2**53, [])
    parcel = stores.mirror_queue.oldest(100)
    stores.mirror_queue.again(0, 2**53, [])
    settle(stores, parcel)
    assert [row[2] - NOW_MS for row in drained(stores)] == list(range(500))


def test_an_empty_span_is_not_queued(stores):
    save(stores, [0])
    drained(stores)
    assert stores.mirror_queue.again(0, NOW_MS, []) == 0
    assert stores.mirror_queue.oldest(100).empty


def test_a_request_for_all_time_is_sent_in_as_many_parcels_as_it_has_lines(stores):
    save(stores, range(1_000))
    drained(stores)
    stores.mirror_queue.again(0, 2**53, [])
    parcels = 0
    while not (parcel := stores.mirror_queue.oldest(100)).empty:
        settle(stores, parcel)
        parcels += 1
    assert parcels <= 11


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=30, unique=True), min_size=1, max_size=12),
    st.lists(st.tuples(st.sampled_from(["oldest", "newest", "again"]), st.integers(1, 40)), max_size=20),
)
def test_whatever_is_taken_in_whatever_order_everything_is_told_in_the_end(open_stores, batches, looks):
    spread_ms = 7 * 60_000
    with open_stores(mirrored=True) as stores:
        for series in stores.readings.series_names():
            stores.sensors.forget(series[0])
        drained(stores)
        sent: set[tuple[str, int]] = set()
        for number, batch in enumerate(batches):
            sensor = f"g:{number % 3}"
            save(stores, [time * spread_ms for time in batch], sensor=sensor)
            for how, at_most in looks[number::12]:
                if how == "again":
                    stores.mirror_queue.again(NOW_MS, NOW_MS + at_most * spread_ms, [])
                    continue
                parcel = getattr(stores.mirror_queue, how)(at_most)
                sent |= {(one.sensor, row[0]) for one in parcel.stretches for row in one.rows}
                settle(stores, parcel)
        sent |= {(row[0], row[2]) for row in drained(stores, 7)}
        stored = {
            (f"g:{number % 3}", NOW_MS + time * spread_ms) for number, batch in enumerate(batches) for time in batch
        }
        assert sent == stored


def test_what_was_thinned_is_told_in_parts_too(stores):
    thinning.store(stores, thinning.measured(40))
    thinning.live_on(stores)
    drained(stores)
    assert thinning.thinned(stores).rows > 400
    stores.mirror_queue.again(0, 2**53, [])
    assert len(told(stores.mirror_queue.oldest(50))) == 50
    found = drained(stores, at_most=50)
    assert [row[2:] for row in found] == stores.readings.readings(thinning.SENSOR, "temperature", 0, 2**53)


@pytest.mark.parametrize("at_most", [1, 10, 1_000])
def test_long_spans_with_gaps_are_told_whole(stores, at_most):
    times = [*range(50), *range(100 * DAY_MS, 100 * DAY_MS + 50), 400 * DAY_MS]
    save(stores, times)
    drained(stores)
    stores.mirror_queue.again(0, 2**53, [])
    assert [row[2] - NOW_MS for row in drained(stores, at_most)] == times
