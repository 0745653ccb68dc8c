"""Imports: plausible readings beside those that are there, in short transactions; the same file twice is one."""

from collections.abc import Iterator

import pytest

from monitor.core.readings import Reading
from monitor.ports import Batch
from monitor.services.importing import AT_ONCE, Imported, import_nights, import_readings
from tests.services.fakes import FakeStore
from tests.services.home import FIRST, Home, an_entry

START_MS = 1_700_000_000_000
NOW_MS = START_MS + 3_600_000


def a_reading(number: int = 0, value: float = 20.0, quantity: str = "temperature") -> Reading:
    return Reading("imported", quantity, START_MS + number, value)


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


def test_readings_are_stored_as_they_stand(store: FakeStore) -> None:
    assert import_readings([a_reading(value=21.5)], store, NOW_MS) == Imported(good=1, new=1)
    assert store.rows == {("imported", "temperature", START_MS): 21.5}


def test_the_same_readings_twice_change_nothing(store: FakeStore) -> None:
    import_readings([a_reading(), a_reading(1)], store, NOW_MS)
    assert (import_readings([a_reading(), a_reading(1)], store, NOW_MS).new, store.count()) == (0, 2)


def test_only_what_was_not_there_is_new(store: FakeStore) -> None:
    import_readings([a_reading()], store, NOW_MS)
    assert import_readings([a_reading(), a_reading(1)], store, NOW_MS) == Imported(good=2, new=1)


def test_an_implausible_value_is_set_aside_with_the_reason(store: FakeStore) -> None:
    done = import_readings([a_reading(value=99.0), a_reading(1)], store, NOW_MS)
    assert done == Imported(good=1, new=1, set_aside=1)
    assert list(store.aside.values()) == [(99.0, "outside -40 to 60 °C", False)]


def test_no_reading_is_no_transaction(store: FakeStore) -> None:
    assert (import_readings([], store, NOW_MS), store.saved) == (Imported(0, 0), 0)


def test_a_long_file_is_stored_in_short_transactions(store: FakeStore) -> None:
    import_readings((a_reading(number) for number in range(AT_ONCE + 1)), store, NOW_MS)
    assert (store.saved, store.count()) == (2, AT_ONCE + 1)


def test_the_time_of_each_part_is_marked_as_due(store: FakeStore) -> None:
    import_readings([a_reading(5), a_reading(2), a_reading(9, value=99.0)], store, NOW_MS)
    assert store.late == [(START_MS + 2, START_MS + 10)]


def test_what_was_stored_before_a_file_broke_off_stays(store: FakeStore) -> None:
    def breaking_off() -> Iterator[Reading]:
        yield from (a_reading(number) for number in range(AT_ONCE))
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - any of them
        import_readings(breaking_off(), store, NOW_MS)
    assert store.count() == AT_ONCE


def test_an_import_does_not_touch_the_deliveries(store: FakeStore) -> None:
    store.save(Batch(deliveries=b"known"))
    import_readings([a_reading()], store, NOW_MS)
    assert store.deliveries() == b"known"


def test_nights_are_logged_with_their_source(home: Home) -> None:
    import_nights([an_entry(severity=4)], home.diary, 0, "import of diary.csv")
    import_nights([an_entry(severity=6)], home.diary, 5, "import of diary.csv")
    assert home.diary.history(FIRST) == [(5, "import of diary.csv", an_entry(severity=4))]


def test_the_same_nights_twice_change_nothing(home: Home) -> None:
    first = import_nights([an_entry()], home.diary, 0, "test")
    assert (first, import_nights([an_entry()], home.diary, 0, "test")) == (Imported(1, 1), Imported(1, 0))


def test_a_reading_of_a_time_to_come_is_set_aside_with_the_reason(store: FakeStore) -> None:
    done = import_readings([Reading("imported", "temperature", NOW_MS + 600_000, 20.0)], store, NOW_MS)
    assert (done.good, done.set_aside) == (0, 1)
    assert list(store.aside.values()) == [(20.0, "its time has not come", False)]
