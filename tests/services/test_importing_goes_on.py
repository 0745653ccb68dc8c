"""Imports of a file that broke off: they go on where they were, and end as if nothing had happened."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import bootstrap
from monitor.bootstrap.stores import Stores
from monitor.core.readings import Reading
from monitor.services.importing import AT_ONCE, ROWS, Imported, Resumable, import_readings
from monitor.settings import Settings

START_MS = 1_700_000_000_000
NOW_MS = START_MS + 10**10


class Pulled(Exception):
    """Somebody pulled the plug."""


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with bootstrap.open_stores(Settings.model_validate({"store": {"path": tmp_path / "monitor.db"}})) as opened:
        yield opened


def readings(count: int) -> list[Reading]:
    values = (55.0 if number % 4_999 == 4_000 else 20.0 + number % 5 / 10 for number in range(count))
    return [Reading("a", "temperature", START_MS + number * 60_000, value) for number, value in enumerate(values)]


def breaking_off(rows: list[Reading], after: int) -> Iterator[Reading]:
    yield from rows[:after]
    raise Pulled


def run(stores: Stores, rows: list[Reading] | Iterator[Reading], *, anew: bool = False) -> Imported:
    return import_readings(rows, stores.readings, NOW_MS, resumable=Resumable(stores.past, "file", anew))


def everything(stores: Stores) -> list[object]:
    return [stores.database.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("reading", "set_aside")]


def test_a_file_that_broke_off_ends_as_if_it_had_not(stores: Stores, tmp_path: Path) -> None:
    rows = readings(2 * AT_ONCE + 100)
    with pytest.raises(Pulled):
        run(stores, breaking_off(rows, AT_ONCE + 500))
    assert stores.past.marks("file") == {ROWS: AT_ONCE}
    done = run(stores, rows)
    assert (done.resumed, done.new) == (AT_ONCE, AT_ONCE + 100 - 1)
    with bootstrap.open_stores(Settings.model_validate({"store": {"path": tmp_path / "whole.db"}})) as whole:
        run(whole, rows)
        assert everything(stores) == everything(whole)


def test_a_file_that_is_done_can_be_imported_again(stores: Stores) -> None:
    run(stores, readings(10))
    assert stores.past.marks("file") == {}
    assert run(stores, readings(10)) == Imported(good=10, new=0)


def test_an_import_can_begin_anew(stores: Stores) -> None:
    with pytest.raises(Pulled):
        run(stores, breaking_off(readings(AT_ONCE), AT_ONCE))
    assert run(stores, readings(AT_ONCE), anew=True).resumed == 0


def test_progress_is_told_in_rows(stores: Stores) -> None:
    told: list[int] = []
    import_readings(readings(AT_ONCE + 1), stores.readings, NOW_MS, progress=told.append)
    assert told == [AT_ONCE, AT_ONCE + 1]
