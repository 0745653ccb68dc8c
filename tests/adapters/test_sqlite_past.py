"""What imports keep: how far they are, and rows for five minutes that have no reading."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import bootstrap
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.mirror_queue import SqliteMirrorQueue
from monitor.adapters.sqlite.outbox import Outbox
from monitor.adapters.sqlite.past import SqlitePast
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.bootstrap.stores import Stores
from monitor.core.readings import Reading
from monitor.ports import Batch, Span
from monitor.settings import Settings

HOUR_MS = 1_699_999_200_000
FIVE_MS = 300_000
COLUMNS = "start_ms, mean, median, low, high, covered_s, count"


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with bootstrap.open_stores(Settings.model_validate({"store": {"path": tmp_path / "monitor.db"}})) as opened:
        yield opened


def an_hour(value: float = 20.0, start_ms: int = HOUR_MS, minutes: int = 60, sensor: str = "a") -> Span:
    return Span(sensor, "temperature", start_ms, start_ms + minutes * 60_000, value, value - 1, value + 1)


def a_reading(after_ms: int, value: float = 21.0) -> Batch:
    return Batch(readings=[Reading("a", "temperature", HOUR_MS + after_ms, value)])


def rows(stores: Stores) -> list[tuple[object, ...]]:
    return stores.database.rows(f"SELECT {COLUMNS} FROM thinned ORDER BY series, start_ms")


def test_an_hour_is_twelve_rows_that_stand_for_no_reading(stores: Stores) -> None:
    assert stores.past.keep("x", "a", 1, [an_hour()]) == 12
    assert rows(stores)[:2] == [
        (HOUR_MS, 20.0, 20.0, 19.0, 21.0, 300.0, 0), (HOUR_MS + FIVE_MS, 20.0, 20.0, 19.0, 21.0, 300.0, 0),
    ]  # fmt: skip
    assert (len(rows(stores)), stores.readings.count()) == (12, 0)


def test_what_is_filled_is_read_as_the_room_was(stores: Stores) -> None:
    stores.past.keep("x", "a", 1, [an_hour()])
    found = stores.readings.readings("a", "temperature", HOUR_MS, HOUR_MS + 3_600_000)
    assert ([value for _, value in found], found[1][0] - found[0][0]) == ([20.0] * 12, FIVE_MS)


def test_an_hour_with_a_reading_is_not_filled(stores: Stores) -> None:
    stores.readings.save(a_reading(3_599_999))
    assert stores.past.keep("x", "a", 1, [an_hour()]) == 0


def test_a_reading_at_the_end_of_an_hour_is_of_the_next(stores: Stores) -> None:
    stores.readings.save(a_reading(3_600_000))
    assert stores.past.keep("x", "a", 1, [an_hour()]) == 12


def test_five_minutes_are_filled_beside_readings_of_the_same_hour(stores: Stores) -> None:
    stores.readings.save(a_reading(0))
    spans = [an_hour(minutes=5), an_hour(start_ms=HOUR_MS + FIVE_MS, minutes=5)]
    assert stores.past.keep("x", "a", 1, spans) == 1


def test_rows_that_are_there_stay(stores: Stores) -> None:
    stores.past.keep("x", "a", 1, [an_hour(20.0, minutes=5)])
    assert stores.past.keep("x", "a", 1, [an_hour(25.0)]) == 11
    assert rows(stores)[0][1] == 20.0


def test_the_same_twice_changes_nothing(stores: Stores) -> None:
    stores.past.keep("x", "a", 1, [an_hour()])
    before = rows(stores)
    assert (stores.past.keep("x", "a", 1, [an_hour()]), rows(stores)) == (0, before)


def test_a_reading_that_comes_later_counts_in_place_of_its_row(stores: Stores) -> None:
    stores.past.keep("x", "a", 1, [an_hour()])
    stores.readings.save(a_reading(60_000)._replace(late=(HOUR_MS, HOUR_MS + 60_001)))
    found = stores.readings.readings("a", "temperature", HOUR_MS, HOUR_MS + FIVE_MS)
    assert found == [(HOUR_MS + 60_000, 21.0)]


def test_the_nights_of_new_rows_are_due_and_of_known_ones_not(stores: Stores) -> None:
    stores.past.keep("x", "a", 1, [an_hour()])
    assert stores.nights.due() == (HOUR_MS, HOUR_MS + 3_600_000)
    stores.nights.settled((HOUR_MS, HOUR_MS + 3_600_000))
    stores.past.keep("x", "a", 1, [an_hour()])
    assert stores.nights.due() is None


def test_marks_are_kept_by_source_until_it_is_finished(stores: Stores) -> None:
    stores.past.keep("x", "a", 1, ())
    stores.past.keep("x", "a", 5, ())
    stores.past.keep("y", "a", 7, ())
    assert stores.past.marks("x") == {"a": 5}
    stores.past.finish("x")
    assert (stores.past.marks("x"), stores.past.marks("y")) == ({}, {"a": 7})


def test_the_mark_and_the_rows_are_stored_together_or_not_at_all(stores: Stores) -> None:
    broken = [an_hour(), Span("a", "no such quantity", HOUR_MS, HOUR_MS + FIVE_MS, 1.0, 1.0, 1.0)]
    with pytest.raises(KeyError):
        stores.past.keep("x", "a", 1, broken)
    assert (rows(stores), stores.past.marks("x")) == ([], {})
    assert stores.past.keep("x", "a", 1, [an_hour()]) == 12


def test_a_sensor_that_another_program_forgot_meanwhile_is_made_anew(stores: Stores, tmp_path: Path) -> None:
    stores.past.keep("x", "a", 1, [an_hour()])
    with Database(tmp_path / "monitor.db") as other, other.writing() as cursor:
        cursor.execute("DELETE FROM sensor")
    assert SqlitePast(stores.database, SeriesNumbers()).keep("x", "a", 1, [an_hour()]) == 12
    assert stores.past.keep("x", "a", 1, [an_hour(start_ms=HOUR_MS + 3_600_000)]) == 12


def test_rows_that_fill_a_gap_wait_for_the_mirror(stores: Stores) -> None:
    past = SqlitePast(stores.database, SeriesNumbers(), Outbox(on=True))
    past.keep("x", "a", 1, [an_hour()])
    queue = SqliteMirrorQueue(stores.database, stores.readings)
    assert [len(one.rows) for one in queue.oldest(100).stretches] == [12]


def test_a_correction_reaches_rows_that_no_reading_stands_beside(stores: Stores) -> None:
    stores.past.keep("x", "a", 1, [an_hour()])
    stores.nights.settled(stores.nights.due() or (0, 0))
    stores.sensors.calibrate(an_hour().sensor, an_hour().quantity, HOUR_MS, 0.5, 1.0)
    assert stores.nights.due() == (HOUR_MS, HOUR_MS + 3_600_000 + 1)


def test_readings_are_counted_by_series_and_span(stores: Stores) -> None:
    for after_ms in (0, 1, 2):
        stores.readings.save(a_reading(after_ms))
    series = [("a", "temperature"), ("a", "humidity"), ("b", "temperature")]
    assert stores.past.count(series, HOUR_MS + 1, HOUR_MS + 3) == 2
