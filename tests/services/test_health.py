"""Which sensors are current: by how often they usually report, by what they say of themselves; on a real database."""

from datetime import timedelta

import pytest

from monitor.core.readings import Reading, SetAside
from monitor.core.staleness import Freshness
from monitor.ports import Batch, Reach, Seen
from monitor.services.health import LEARN_EVERY_MS, Health, SensorHealth
from monitor.services.importing import import_readings
from tests.services.fakes import FakeStore
from tests.services.home import BEDROOM, Home

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
NOW_MS = 1_790_812_800_000
"""2026-10-01 00:00 UTC."""
SENTINEL = "85 °C is what devices send for no value"


def measure(
    home: Home,
    *,
    until_ms: int = NOW_MS,
    days: float = 4,
    every: timedelta = timedelta(minutes=5),
    sensor: str = BEDROOM,
    **more: object,
) -> None:
    """The same value every few minutes, the last one at `until_ms`."""
    home.measure((until_ms - round(days * DAY_MS), until_ms + 1), sensor=sensor, every=every, **more)


def only(found: list[SensorHealth]) -> SensorHealth:
    assert len(found) == 1
    return found[0]


def of_bedroom(home: Home, now_ms: int = NOW_MS) -> SensorHealth:
    return only(Health(home.readings).of_all(now_ms))


def charge(home: Home, *percent: float, sensor: str = BEDROOM) -> None:
    """One value a day, the last one now."""
    days = range(len(percent) - 1, -1, -1)
    readings = [
        Reading(sensor, "battery", NOW_MS - day * DAY_MS, value) for day, value in zip(days, percent, strict=True)
    ]
    home.readings.save(Batch(readings=readings))


def test_r3_a_silent_sensor_is_stale_with_its_age_and_what_is_usual(home: Home) -> None:
    measure(home)
    said = Freshness("stale", 1_200.0, "silent for 20 min, usually every 5 min")
    assert of_bedroom(home, NOW_MS + 20 * MINUTE_MS).state == said


def test_r3_a_sensor_within_three_of_its_intervals_is_fresh(home: Home) -> None:
    measure(home)
    assert of_bedroom(home, NOW_MS + 15 * MINUTE_MS).state.state == "fresh"


@pytest.mark.parametrize(("hours", "state"), [(1, "fresh"), (5, "fresh"), (7, "stale")])
def test_r3_a_sensor_that_reports_every_two_hours_is_not_stale_after_one(home: Home, hours: int, state: str) -> None:
    measure(home, every=timedelta(hours=2))
    assert of_bedroom(home, NOW_MS + hours * HOUR_MS).state.state == state


def test_r3_a_sensor_of_which_little_is_known_is_not_stale_after_an_hour(home: Home) -> None:
    measure(home, days=0.01)
    assert of_bedroom(home, NOW_MS + HOUR_MS).state.state == "fresh"


def test_r4_the_same_value_again_and_again_is_a_sign_of_life(home: Home) -> None:
    measure(home, value=20.0)
    assert of_bedroom(home, NOW_MS + MINUTE_MS).state.sentence == "heard 1 min ago"


def test_a_sensor_is_as_fresh_as_its_freshest_series_and_each_series_has_its_own_state(home: Home) -> None:
    measure(home)
    measure(home, until_ms=NOW_MS - HOUR_MS, quantity="humidity", value=50.0)
    found = of_bedroom(home)
    assert (found.state.state, found.series["humidity"].state) == ("fresh", "stale")


@pytest.mark.parametrize(("minutes", "state"), [(5, "fresh"), (8, "offline")])
def test_a_sensor_that_said_it_is_gone_is_offline_as_soon_as_it_is_overdue(
    home: Home, minutes: int, state: str
) -> None:
    measure(home)
    home.readings.save(Batch(reach=[Reach(BEDROOM, online=False, at_ms=NOW_MS)]))
    assert of_bedroom(home, NOW_MS + minutes * MINUTE_MS).state.state == state


def test_a_publisher_s_own_limit_counts_before_what_is_usual(home: Home) -> None:
    measure(home)
    home.readings.save(Batch(seen=[Seen(BEDROOM, expire_after_s=60.0)]))
    assert of_bedroom(home, NOW_MS + 2 * MINUTE_MS).state.state == "stale"


def test_a_sensor_that_was_introduced_and_has_not_spoken_is_unknown(home: Home) -> None:
    home.sensors.introduce(BEDROOM, "Bedroom", [("zigbee2mqtt/bedroom", None)], NOW_MS)
    assert of_bedroom(home).state == Freshness("unknown", None, "nothing received so far")


def test_a_series_that_sends_only_what_stands_for_nothing_says_so(home: Home) -> None:
    measure(home, until_ms=NOW_MS - HOUR_MS)
    apart = [SetAside(BEDROOM, "temperature", NOW_MS - minute * MINUTE_MS, 85.0, SENTINEL) for minute in range(50)]
    home.readings.save(Batch(set_aside=apart))
    assert of_bedroom(home).notes == (f"temperature: it sends, but no value that can be used: {SENTINEL}",)


def test_a_series_that_never_sent_anything_else_says_so_too(home: Home) -> None:
    home.readings.save(Batch(set_aside=[SetAside(BEDROOM, "temperature", NOW_MS, 85.0, SENTINEL)]))
    assert SENTINEL in of_bedroom(home).notes[0]


def test_a_single_odd_value_among_good_ones_is_not_told(home: Home) -> None:
    measure(home)
    home.readings.save(Batch(set_aside=[SetAside(BEDROOM, "temperature", NOW_MS - 1, 85.0, SENTINEL)]))
    assert of_bedroom(home).notes == ()


def test_what_was_set_aside_of_another_quantity_is_not_taken_for_this_one(home: Home) -> None:
    measure(home, until_ms=NOW_MS - HOUR_MS)
    home.readings.save(Batch(set_aside=[SetAside(BEDROOM, "humidity", NOW_MS, 0.0, "no value")]))
    assert of_bedroom(home).notes == ("humidity: it sends, but no value that can be used: no value",)


def test_r20_a_battery_is_told_days_before_it_is_empty(home: Home) -> None:
    charge(home, *range(44, 20, -2))
    assert of_bedroom(home).notes == ("battery 24 %; about 12 days left at the pace of the last 11 days",)


def test_a_full_battery_is_not_told(home: Home) -> None:
    charge(home, 90.0, 90.0, 89.0)
    assert of_bedroom(home).notes == ()


def two(home: Home, difference: float, place: str = "bedroom", **more: object) -> None:
    """Two sensors of one place and a day of their values."""
    for name, value in (("Desk 1", 20.0 + difference), ("Desk 2", 20.0)):
        measure(home, sensor=f"z:{name}", value=value, days=1, **more)
        home.readings.save(Batch(seen=[Seen(f"z:{name}", name=name)]))
        home.sensors.place(f"z:{name}", place, "person")


def test_two_sensors_of_one_place_that_differ_for_a_day_are_named(home: Home) -> None:
    two(home, 3.0)
    assert Health(home.readings).disagreements(NOW_MS) == [
        "Desk 1 shows 3.0 °C more than Desk 2 for a day; calibrate one of them, or place it elsewhere"
    ]


def test_sensors_of_one_place_that_agree_are_not_named(home: Home) -> None:
    two(home, 1.0)
    assert Health(home.readings).disagreements(NOW_MS) == []


@pytest.mark.parametrize("place", ["outdoor", "bed", "other"])
def test_only_sensors_of_one_and_the_same_room_are_compared(home: Home, place: str) -> None:
    two(home, 3.0)
    home.sensors.place("z:Desk 1", place, "person")
    assert Health(home.readings).disagreements(NOW_MS) == []


def test_a_correction_ends_a_disagreement(home: Home) -> None:
    two(home, 3.0)
    home.sensors.calibrate("z:Desk 1", "temperature", 0, -3.0, 1.0)
    assert Health(home.readings).disagreements(NOW_MS) == []


def test_only_placed_sensors_are_looked_at_where_these_are_asked_for(home: Home) -> None:
    measure(home)
    measure(home, sensor="z:attic")
    assert [one.sensor.key for one in Health(home.readings).of_placed(NOW_MS, since_ms=0)] == [BEDROOM]


@pytest.mark.parametrize(("minutes", "state"), [(0, "unknown"), (15, "unknown"), (16, "stale")])
def test_a_silence_while_nobody_listened_is_no_silence_of_the_sensor(home: Home, minutes: int, state: str) -> None:
    measure(home)
    begun_ms = NOW_MS + 2 * DAY_MS
    found = Health(home.readings).of_placed(begun_ms + minutes * MINUTE_MS, since_ms=begun_ms)
    assert (only(found).state.state, only(found).state.age_s) == (state, 2 * 86_400 + minutes * 60)


class Looking(FakeStore):
    """Counts whose history is read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def readings(self, sensor: str, quantity: str, start_ms: int, end_ms: int) -> list[tuple[int, float]]:
        self.read.append(sensor)
        return super().readings(sensor, quantity, start_ms, end_ms)


@pytest.fixture
def looking() -> Looking:
    """A store with twelve sensors."""
    store = Looking()
    store.rows = {(f"z:{number:02}", "temperature", NOW_MS - MINUTE_MS): 20.0 for number in range(12)}
    return store


def test_what_was_learned_of_a_series_is_remembered_for_an_hour(looking: Looking) -> None:
    health = Health(looking)
    for minute in range(60):
        health.of_all(NOW_MS + minute * MINUTE_MS)
    assert len(looking.read) == 12
    health.of_all(NOW_MS + LEARN_EVERY_MS)
    assert len(looking.read) == 24


def test_a_look_learns_no_more_than_it_may_and_the_next_ones_learn_the_rest(looking: Looking) -> None:
    health = Health(looking, learn_at_once=5)
    learned = []
    for _look in range(4):
        health.of_all(NOW_MS)
        learned.append(len(looking.read))
    assert (learned, len(set(looking.read))) == ([5, 10, 12, 12], 12)


def test_a_clock_that_was_set_back_does_not_stop_the_learning(looking: Looking) -> None:
    health = Health(looking)
    health.of_all(NOW_MS)
    health.of_all(NOW_MS - DAY_MS)
    assert len(looking.read) == 24


def test_a_look_reads_a_week_of_a_series_however_long_it_is(home: Home) -> None:
    asked: list[tuple[int, int]] = []
    read = home.readings.readings

    def remembering(sensor: str, quantity: str, start_ms: int, end_ms: int) -> list[tuple[int, float]]:
        asked.append((start_ms, end_ms))
        return read(sensor, quantity, start_ms, end_ms)

    measure(home, days=30, every=timedelta(hours=1))
    home.readings.readings = remembering  # type: ignore[method-assign]
    Health(home.readings).of_all(NOW_MS)
    assert asked == [(NOW_MS - 7 * DAY_MS, NOW_MS + 1)]


def test_a_sensor_without_a_place_is_not_silent_where_only_placed_ones_are_listened_to(home: Home) -> None:
    measure(home, sensor="z:attic")
    measure(home, sensor="z:kitchen")
    home.sensors.place("z:attic", "other", "person")
    found = {one.sensor.key: one.state for one in Health(home.readings).of_all(NOW_MS + 20 * MINUTE_MS, "auto")}
    assert (found["z:attic"].state, found["z:kitchen"].state) == ("stale", "unheeded")
    assert found["z:kitchen"].sentence == "last value 20 min ago; not listened to, because it has no place"


def test_what_was_imported_is_not_silent(home: Home) -> None:
    import_readings([Reading("old", "temperature", NOW_MS - DAY_MS, 20.0)], home.readings, NOW_MS)
    assert of_bedroom(home).state == Freshness("unheeded", 86_400.0, "last value 1 d ago; not on the broker: imported")
