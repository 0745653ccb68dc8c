"""Imports of a past: counted, held, resumable and repeatable, whatever the source brings."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from monitor import bootstrap
from monitor.bootstrap.stores import Stores
from monitor.core.readings import DAY_MS, Reading
from monitor.errors import HistoryError
from monitor.ports import Faulty, Item, LeftOut, Silent, Span
from monitor.services.importing import AT_ONCE
from monitor.services.past import FAULTS_KEPT, Outcome, PastImport, PastImported, PastStores, Rules
from monitor.settings import Settings

T = 1_699_999_200_000
MINUTE = 60_000
NOW = T + 400 * DAY_MS
A = Item("sensor.a", "a", "temperature", title="Bedroom", first_ms=T)


@dataclass
class FakeOrigin:
    """A source in memory; after `breaks_after` records it can be reached no more."""

    given: list[Reading | Silent | Faulty] = field(default_factory=list)
    sums: list[Span | Faulty] = field(default_factory=list)
    breaks_after: int = 10**9
    asked: list[tuple[int, int]] = field(default_factory=list)
    name: str = "a source"

    def items(self) -> tuple[list[Item], list[LeftOut]]:
        return [A], []

    def records(self, item: Item, from_ms: int, to_ms: int) -> Iterator[Reading | Silent | Faulty]:
        self.asked.append((from_ms, to_ms))
        told = 0
        for record in self.given:
            if isinstance(record, Faulty) or (record.sensor == item.sensor and from_ms <= record.time_ms < to_ms):
                if told == self.breaks_after:
                    raise HistoryError("away")
                told += 1
                yield record

    def spans(self, item: Item, from_ms: int, to_ms: int) -> Iterator[Span | Faulty]:
        del item
        return (one for one in self.sums if isinstance(one, Faulty) or from_ms <= one.start_ms < to_ms)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with bootstrap.open_stores(Settings.model_validate({"store": {"path": tmp_path / "monitor.db"}})) as opened:
        yield opened


def at(minute: float, value: float = 20.0, sensor: str = "a", quantity: str = "temperature") -> Reading:
    return Reading(sensor, quantity, T + round(minute * MINUTE), value)


def hour(value: float = 20.0, start_ms: int = T, high: float | None = None) -> Span:
    return Span("a", "temperature", start_ms, start_ms + 3_600_000, value, value, value if high is None else high)


def run(stores: Stores, origin: FakeOrigin, *items: Item, **rules: object) -> PastImported:
    wanted = Rules(**({"now_ms": NOW} | rules))  # type: ignore[arg-type]
    return PastImport(origin, PastStores(stores.readings, stores.past), wanted).run(items or (A,))


def one(stores: Stores, origin: FakeOrigin, *items: Item, **rules: object) -> Outcome:
    return run(stores, origin, *items, **rules).outcomes[0]


def held(stores: Stores) -> list[tuple[int, float]]:
    rows = stores.database.rows("SELECT start_ms, mean FROM thinned ORDER BY start_ms")
    return [((start_ms - T) // MINUTE, mean) for start_ms, mean in rows]


def stored(stores: Stores) -> list[tuple[object, ...]]:
    return stores.database.rows("SELECT * FROM reading ORDER BY 1, 2")


def test_what_a_source_brings_is_counted(stores: Stores) -> None:
    origin = FakeOrigin([at(0), at(1), at(2, 99.0), Silent("a", "temperature", T + 3 * MINUTE), Faulty("x", "y")])
    outcome = one(stores, origin)
    assert (outcome.good, outcome.new, outcome.set_aside, outcome.silent, outcome.faulty) == (2, 2, 1, 1, 1)


def test_the_same_twice_changes_nothing(stores: Stores) -> None:
    origin = FakeOrigin([at(0), at(1)], [hour(start_ms=T + 3_600_000)])
    run(stores, origin)
    before = stored(stores), held(stores)
    outcome = one(stores, origin)
    assert (outcome.good, outcome.new, outcome.rows, outcome.resumed) == (2, 0, 0, False)
    assert (stored(stores), held(stores)) == before


def test_a_reading_from_the_past_is_not_live_and_its_night_is_due(stores: Stores) -> None:
    run(stores, FakeOrigin([at(0), at(7)]))
    assert stores.nights.due() == (T, T + 7 * MINUTE + 1)


def test_a_sensor_is_called_and_placed_as_the_source_calls_it(stores: Stores) -> None:
    run(stores, FakeOrigin([at(0)]))
    assert [(sensor.name, sensor.place) for sensor in stores.readings.sensors()] == [("Bedroom", "bedroom")]


def test_what_is_known_of_a_sensor_that_the_person_named_stays(stores: Stores) -> None:
    stores.sensors.introduce("a", "Mine", (), 0)
    run(stores, FakeOrigin([at(0)]), A._replace(known=True))
    assert [(sensor.name, sensor.place) for sensor in stores.readings.sensors()] == [("Mine", None)]


def test_a_single_spike_is_set_aside_as_it_is_live(stores: Stores) -> None:
    outcome = one(stores, FakeOrigin([at(0), at(1), at(2), at(3, 45.0), at(4)]))
    assert outcome.good == 4
    assert [apart.reason for apart in stores.readings.set_aside("a", 5)] == [
        "a single spike: 25.0 °C away from the values before and after"
    ]


def test_a_reading_of_a_time_to_come_is_set_aside(stores: Stores) -> None:
    assert one(stores, FakeOrigin([at(0)]), now_ms=T - DAY_MS).set_aside == 1


def test_r39_faults_are_counted_and_only_the_first_are_told(stores: Stores) -> None:
    faults: list[Reading | Silent | Faulty] = [Faulty(f"row {number}", "bad") for number in range(FAULTS_KEPT + 50)]
    done = run(stores, FakeOrigin([*faults, at(0)]))
    assert (done.outcomes[0].faulty, len(done.faults), done.outcomes[0].new) == (FAULTS_KEPT + 50, FAULTS_KEPT, 1)


def test_r39_faulty_statistics_stop_nothing(stores: Stores) -> None:
    outcome = one(
        stores, FakeOrigin([], [Faulty("x", "y"), hour(85.0), hour(20.0, high=300.0), hour(start_ms=T + DAY_MS)])
    )
    assert (outcome.faulty, outcome.set_aside, outcome.rows) == (1, 2, 12)


def test_statistics_can_be_left_out(stores: Stores) -> None:
    assert one(stores, FakeOrigin([], [hour()]), spans=False).rows == 0


def test_statistics_of_times_to_come_are_not_asked_for(stores: Stores) -> None:
    assert one(stores, FakeOrigin([], [hour(start_ms=NOW)])).rows == 0


def test_only_the_asked_span_is_imported(stores: Stores) -> None:
    origin = FakeOrigin([at(0), at(1), at(2)])
    run(stores, origin, start_ms=T + MINUTE, end_ms=T + 2 * MINUTE)
    assert (origin.asked, len(stored(stores))) == ([(T + MINUTE, T + 2 * MINUTE)], 1)


CHANGES = A._replace(on_change=True)


def test_a_value_of_a_source_that_keeps_changes_stands_until_the_next(stores: Stores) -> None:
    run(stores, FakeOrigin([at(2, 20.0), at(23, 21.0)]), CHANGES, hold_ms=60 * MINUTE)
    assert held(stores) == [(5, 20.0), (10, 20.0), (15, 20.0)]


def test_a_value_stands_for_the_stated_time_at_most(stores: Stores) -> None:
    run(stores, FakeOrigin([at(0), at(600)]), CHANGES, hold_ms=20 * MINUTE)
    assert held(stores) == [(5, 20.0), (10, 20.0), (15, 20.0)]


def test_a_value_stands_no_longer_than_the_source_says(stores: Stores) -> None:
    silent = Silent("a", "temperature", T + 11 * MINUTE)
    run(stores, FakeOrigin([at(0), silent, at(40)]), CHANGES, hold_ms=60 * MINUTE)
    assert held(stores) == [(5, 20.0)]


def test_a_value_before_a_long_silence_is_held_as_before_any_other(stores: Stores) -> None:
    silence = [Silent("a", "temperature", T + number * MINUTE) for number in range(AT_ONCE, 2 * AT_ONCE)]
    before = [at(number / 1000) for number in range(AT_ONCE)]
    run(stores, FakeOrigin([*before, *silence]), CHANGES, hold_ms=20 * MINUTE)
    assert held(stores) == [(5, 20.0), (10, 20.0), (15, 20.0)]


def test_the_last_value_is_not_held(stores: Stores) -> None:
    run(stores, FakeOrigin([at(0)]), CHANGES, hold_ms=60 * MINUTE)
    assert held(stores) == []


def test_a_value_that_was_set_aside_is_not_held(stores: Stores) -> None:
    run(stores, FakeOrigin([at(0), at(1), at(2), at(3, 45.0), at(30)]), CHANGES, hold_ms=60 * MINUTE)
    assert {value for _, value in held(stores)} == {20.0}


def test_gaps_of_a_source_that_keeps_everything_stay_gaps(stores: Stores) -> None:
    run(stores, FakeOrigin([at(0), at(40)]), A, hold_ms=60 * MINUTE)
    assert held(stores) == []


def test_a_yes_or_no_is_not_repeated(stores: Stores) -> None:
    motion = [at(minute, 1.0, quantity="motion") for minute in (0, 40)]
    run(stores, FakeOrigin(list(motion)), CHANGES._replace(quantity="motion"), hold_ms=60 * MINUTE)
    assert held(stores) == []


def wavy(count: int) -> list[Reading | Silent | Faulty]:
    """Some spikes and silence among them, and a step that is real."""
    found: list[Reading | Silent | Faulty] = []
    for number in range(count):
        value = 20.0 + number % 7 / 10 + (4.0 if number > count // 2 else 0.0)
        if number % 997 == 500:
            value = 55.0
        found.append(at(number * 3, value) if number % 101 else Silent("a", "temperature", T + number * 3 * MINUTE))
    return found


@pytest.mark.parametrize("breaks_after", [AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, AT_ONCE + 501, 2 * AT_ONCE])
def test_an_import_that_breaks_off_goes_on_where_it_was(stores: Stores, tmp_path: Path, breaks_after: int) -> None:
    records, sums = wavy(2 * AT_ONCE + 300), [hour(start_ms=T - DAY_MS)]
    with pytest.raises(HistoryError):
        run(stores, FakeOrigin(records, sums, breaks_after), CHANGES, hold_ms=60 * MINUTE)
    again = FakeOrigin(records, sums)
    outcome = one(stores, again, CHANGES, hold_ms=60 * MINUTE)
    assert outcome.resumed
    with bootstrap.open_stores(Settings.model_validate({"store": {"path": tmp_path / "other.db"}})) as whole:
        run(whole, FakeOrigin(records, sums), CHANGES, hold_ms=60 * MINUTE)
        assert stored(stores) == stored(whole)
        assert held(stores) == held(whole)
        apart = "SELECT * FROM set_aside ORDER BY 1, 2"
        assert stores.database.rows(apart) == whole.database.rows(apart)
    assert stores.past.marks("a source") == {}


def test_what_an_interrupted_import_has_stored_is_not_stored_again(stores: Stores) -> None:
    with pytest.raises(HistoryError):
        run(stores, FakeOrigin(wavy(AT_ONCE + 10), breaks_after=AT_ONCE))
    origin = FakeOrigin(wavy(AT_ONCE + 10))
    assert one(stores, origin).good < 20
    assert origin.asked[0][0] > T


def test_what_was_forgotten_meanwhile_is_imported_from_the_start(stores: Stores) -> None:
    with pytest.raises(HistoryError):
        run(stores, FakeOrigin(wavy(AT_ONCE + 10), breaks_after=AT_ONCE))
    stores.sensors.forget("a")
    outcome = one(stores, FakeOrigin(wavy(AT_ONCE + 10)))
    assert (outcome.resumed, outcome.new) == (False, outcome.good)
    assert outcome.good > AT_ONCE - 100


def test_an_import_can_begin_anew(stores: Stores) -> None:
    with pytest.raises(HistoryError):
        run(stores, FakeOrigin(wavy(AT_ONCE + 10), breaks_after=AT_ONCE))
    outcome = one(stores, FakeOrigin(wavy(AT_ONCE + 10)), anew=True)
    assert (outcome.resumed, outcome.good > AT_ONCE - 100) == (False, True)


def test_statistics_that_were_done_are_not_read_again(stores: Stores) -> None:
    b = Item("sensor.b", "b", "temperature")
    broken = FakeOrigin([at(0), at(0, sensor="b")], [hour(start_ms=T + DAY_MS)], breaks_after=1)
    broken.given = [at(0), *(at(number, sensor="b") for number in range(2))]
    with pytest.raises(HistoryError):
        run(stores, broken, A, b)
    seen: list[str] = []
    again = FakeOrigin(broken.given, broken.sums)
    asked = again.spans
    again.spans = lambda item, start, end: (seen.append(item.name), asked(item, start, end))[1]  # type: ignore[method-assign]
    run(stores, again, A, b)
    assert seen == ["sensor.b"]


def test_progress_is_told_by_time(stores: Stores) -> None:
    told: list[int] = []
    origin = FakeOrigin([at(0), at(9)], [hour(start_ms=T + DAY_MS)])
    stores_of_it = PastStores(stores.readings, stores.past)
    PastImport(origin, stores_of_it, Rules(now_ms=NOW), lambda _item, time_ms: told.append(time_ms)).run([A])
    assert told == [T + 9 * MINUTE, T + DAY_MS + 3_600_000]
