"""What the log says of the sensors: lost once, back once, and what needs a person once a week."""

import logging
from collections.abc import Callable

import pytest

from monitor.core.readings import Reading, SetAside
from monitor.ports import Batch, Reach, Seen
from monitor.services.health import Health
from monitor.services.watching import TELL_AGAIN_MS, Watching
from tests.services.fakes import FakeClock
from tests.services.home import Home

MINUTE_MS, DAY_MS = 60_000, 86_400_000
NOW_MS = 1_790_812_800_000
BEDROOM = "z:bedroom"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW_MS)


@pytest.fixture
def watching(home: Home, clock: FakeClock) -> Watching:
    return Watching(Health(home.readings), clock)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[str, str]]]:
    """Level and text of what was logged since it was last asked."""
    caplog.set_level(logging.INFO)

    def since() -> list[tuple[str, str]]:
        lines = [(record.levelname, record.getMessage()) for record in caplog.records]
        caplog.clear()
        return lines

    return since


def speak(
    home: Home, until_ms: int = NOW_MS, *, sensor: str = BEDROOM, value: float = 20.0, minutes: int = 120
) -> None:
    """A temperature every 5 min, until then."""
    times = range(until_ms - minutes * MINUTE_MS, until_ms + 1, 5 * MINUTE_MS)
    readings = [Reading(sensor, "temperature", time_ms, value) for time_ms in times]
    name = sensor.partition(":")[2].capitalize()
    home.readings.save(Batch(readings=readings, seen=[Seen(sensor, name=name, place="bedroom", topic=sensor)]))


def charge(home: Home, percent: float, at_ms: int = NOW_MS, *, sensor: str = BEDROOM) -> None:
    home.readings.save(Batch(readings=[Reading(sensor, "battery", at_ms, percent)]))


def go_on(watching: Watching, clock: FakeClock, minutes: int) -> None:
    """A look each minute, as the daemon does it."""
    for _minute in range(minutes):
        clock.pass_by(60)
        watching.watch()


def test_a_sensor_that_falls_silent_is_told_once(home: Home, watching: Watching, clock: FakeClock, told) -> None:
    speak(home)
    watching.watch()
    go_on(watching, clock, 120)
    assert told() == [("WARNING", "sensor Bedroom: silent for 16 min, usually every 5 min")]


def test_a_sensor_that_is_back_is_told_once(home: Home, watching: Watching, clock: FakeClock, told) -> None:
    speak(home)
    watching.watch()
    go_on(watching, clock, 60)
    told()
    speak(home, clock.now, minutes=0)
    go_on(watching, clock, 10)
    assert told() == [("INFO", "sensor Bedroom is back: heard 1 min ago")]


def test_a_sensor_that_is_lost_again_is_told_again(home: Home, watching: Watching, clock: FakeClock, told) -> None:
    speak(home)
    watching.watch()
    for _time in range(2):
        go_on(watching, clock, 60)
        speak(home, clock.now, minutes=0)
    go_on(watching, clock, 1)
    assert [level for level, _ in told()] == ["WARNING", "INFO", "WARNING", "INFO"]


def test_a_sensor_that_says_it_is_gone_is_told(home: Home, watching: Watching, clock: FakeClock, told) -> None:
    speak(home)
    watching.watch()
    home.readings.save(Batch(reach=[Reach(BEDROOM, online=False, at_ms=NOW_MS)]))
    go_on(watching, clock, 30)
    assert told() == [("WARNING", "sensor Bedroom: offline as it says; last heard 8 min ago")]


def test_the_same_value_again_and_again_is_nothing_to_tell(
    home: Home, watching: Watching, clock: FakeClock, told
) -> None:
    for _step in range(30):
        speak(home, clock.now, minutes=0)
        go_on(watching, clock, 5)
    assert told() == []


def test_a_sensor_that_nobody_has_placed_is_not_watched(home: Home, watching: Watching, clock: FakeClock, told) -> None:
    speak(home)
    home.sensors.place(BEDROOM, None, "person")
    watching.watch()
    go_on(watching, clock, 60)
    assert told() == []


def test_after_a_pause_of_the_daemon_no_sensor_is_told_that_goes_on_speaking(
    home: Home, watching: Watching, clock: FakeClock, told
) -> None:
    speak(home, NOW_MS - 2 * DAY_MS)
    watching.watch()
    go_on(watching, clock, 5)
    speak(home, clock.now, minutes=0)
    go_on(watching, clock, 5)
    assert told() == []


def test_after_a_pause_of_the_daemon_a_sensor_that_stays_silent_is_told(
    home: Home, watching: Watching, clock: FakeClock, told
) -> None:
    speak(home, NOW_MS - 2 * DAY_MS)
    watching.watch()
    go_on(watching, clock, 60)
    assert told() == [("WARNING", "sensor Bedroom: silent for 2 d, usually every 5 min")]


def test_r20_a_low_battery_is_told_once_and_after_a_week_once_more(
    home: Home, watching: Watching, clock: FakeClock, told
) -> None:
    for percent in (14.0, 12.0):
        speak(home, clock.now)
        charge(home, percent, clock.now)
        watching.watch()
        go_on(watching, clock, 5)
        assert told() == [("WARNING", f"sensor Bedroom: battery {13 if percent == 12 else 14} %; it is low")]
        clock.pass_by(TELL_AGAIN_MS / 1000)


def test_r20_days_left_that_pass_are_not_told_every_day(home: Home, watching: Watching, clock: FakeClock, told) -> None:
    for day in range(20):
        charge(home, 44.0 - 2 * day, NOW_MS + (day - 13) * DAY_MS)
    for _day in range(7):
        speak(home, clock.now)
        watching.watch()
        clock.pass_by(DAY_MS / 1000)
    assert [text.partition(";")[0] for _, text in told()] == ["sensor Bedroom: battery 20 %"]


def test_two_sensors_that_differ_only_in_a_number_are_both_told(home: Home, watching: Watching, told) -> None:
    for sensor in ("z:bedroom 1", "z:bedroom 2"):
        speak(home, sensor=sensor)
        charge(home, 9.0, sensor=sensor)
    watching.watch()
    assert [text for _, text in told()] == [f"sensor Bedroom {number}: battery 9 %; it is low" for number in (1, 2)]


def test_a_sensor_that_sends_only_what_stands_for_nothing_is_told_once(
    home: Home, watching: Watching, clock: FakeClock, told
) -> None:
    speak(home)
    watching.watch()
    for _minute in range(30):
        home.readings.save(Batch(set_aside=[SetAside(BEDROOM, "temperature", clock.now + 1, 85.0, "no value")]))
        go_on(watching, clock, 1)
    texts = [text for _, text in told()]
    assert texts.count("sensor Bedroom: temperature: it sends, but no value that can be used: no value") == 1
    assert len(texts) == 2


def test_sensors_that_disagree_are_told_once_pair_by_pair(home: Home, watching: Watching, told) -> None:
    for number, value in enumerate((20.0, 23.0, 26.0), 1):
        speak(home, sensor=f"z:bedroom {number}", value=value, minutes=24 * 60)
    for _hour in range(3):
        watching.compare()
    assert [(level, text.split(" for ")[0]) for level, text in told()] == [
        ("WARNING", "Bedroom 2 shows 3.0 °C more than Bedroom 1"),
        ("WARNING", "Bedroom 3 shows 6.0 °C more than Bedroom 1"),
        ("WARNING", "Bedroom 3 shows 3.0 °C more than Bedroom 2"),
    ]
