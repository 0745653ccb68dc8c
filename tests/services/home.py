"""A bedroom in Brussels with a real database, and what people and sensors do there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from monitor.adapters.sqlite.analysis import SqliteAnalysis
from monitor.adapters.sqlite.database import Database
from monitor.adapters.sqlite.diary import SqliteDiary
from monitor.adapters.sqlite.nights import SqliteNights
from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.sensors import SqliteSensors
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.core.diary import DiaryEntry
from monitor.core.nights import UsualTimes
from monitor.core.places import place_by_name
from monitor.core.readings import Reading
from monitor.core.zones import unix_ms
from monitor.ports import Batch, Night, Seen
from monitor.services.closing import Closing, NightRules

ZONE = "Europe/Brussels"
BEDROOM = "zigbee2mqtt:bedroom"
FIRST = date(2026, 6, 2)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def at(day: date, wall: str = "00:00", zone: str = ZONE) -> int:
    """UTC Unix ms of a wall time."""
    return unix_ms(datetime.fromisoformat(f"{day}T{wall}").replace(tzinfo=ZoneInfo(zone)))


def night_of(wake_date: date, bed: str = "23:00", rise: str = "07:00", zone: str = ZONE) -> tuple[int, int]:
    """Start and end of a night that begins the evening before."""
    return at(wake_date - DAY, bed, zone), at(wake_date, rise, zone)


def an_entry(wake_date: date = FIRST, severity: int = 3, **more: object) -> DiaryEntry:
    return DiaryEntry(wake_date=wake_date, severity=severity, **more)  # type: ignore[arg-type]


class CountingReadings(SqliteReadings):
    """Counts how often it is asked for the next reading."""

    asked = 0

    def next_reading_ms(self, after_ms: int) -> int | None:
        self.asked += 1
        return super().next_reading_ms(after_ms)


@dataclass
class Home:
    """The stores of a database in `folder`, and the step that closes nights over them."""

    folder: Path
    usual: UsualTimes = field(default_factory=UsualTimes)

    def __post_init__(self) -> None:
        self.database = Database(self.folder / "monitor.db", sync="normal")
        numbers = SeriesNumbers()
        self.readings = CountingReadings(self.database, numbers)
        self.sensors = SqliteSensors(self.database, numbers)
        self.nights = SqliteNights(self.database)
        self.diary = SqliteDiary(self.database)
        self.analyses = SqliteAnalysis(self.database)
        self.living_by(self.usual)

    def living_by(self, usual: UsualTimes) -> None:
        """The usual times, changed."""
        self.closing = Closing(self.readings, self.nights, self.diary, NightRules(zone=ZONE, usual=usual))

    def measure(
        self,
        span: tuple[int, int],
        value: float = 20.0,
        *,
        quantity: str = "temperature",
        sensor: str = BEDROOM,
        every: timedelta = 5 * MINUTE,
        late: bool = False,
    ) -> None:
        """A reading of the same value every few minutes, `start <= t < end`."""
        step_ms = every // timedelta(milliseconds=1)
        readings = [Reading(sensor, quantity, time_ms, value) for time_ms in range(*span, step_ms)]
        seen = [Seen(sensor, place=place_by_name(sensor), topic=sensor)]
        self.readings.save(Batch(readings=readings, seen=seen, late=span if late else None))

    def sleep(self, nights: int, value: float = 20.0, *, first: date = FIRST) -> None:
        """Nights with both quantities, measured all through."""
        for wake_date in days(first, nights):
            self.measure(night_of(wake_date), value)
            self.measure(night_of(wake_date), 50.0, quantity="humidity")

    def close(self, day: date, wall: str = "12:00") -> list[date]:
        """The wake dates closed by one step at this local time."""
        return [night.window.wake_date for night in self.closing.close_due(at(day, wall))]

    def night(self, wake_date: date = FIRST) -> Night:
        found = self.nights.night(wake_date)
        assert found is not None
        return found

    def exposure(self, name: str, wake_date: date = FIRST) -> float | None:
        return next(one.value for one in self.night(wake_date).exposures if one.name == name)

    def coverage(self, wake_date: date = FIRST) -> float:
        """That of the temperature."""
        return next(one.coverage for one in self.night(wake_date).exposures if one.name == "T_mean")


def days(first: date, count: int) -> Iterator[date]:
    return (first + number * DAY for number in range(count))
