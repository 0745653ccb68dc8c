"""What goes into a request to the mirror: readings, nights, diary, findings and how the sensors are."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from monitor.core.advice import Advice
from monitor.core.findings import AnalysisResult
from monitor.core.mirrored import (
    Health,
    diary_lines,
    finding_lines,
    health_lines,
    night_lines,
    reading_lines,
)
from monitor.ports import AnalysisStore, Clock, DiaryStore, MirrorQueue, NightStore, Parcel


class Load(NamedTuple):
    """The lines of a request, and what of the queue is done with it."""

    lines: list[str]
    parcel: Parcel


class Records:
    """The lines of what is no reading, by its name in the queue; `home_zone` is an IANA zone."""

    def __init__(
        self,
        nights: NightStore,
        diary: DiaryStore,
        analyses: AnalysisStore,
        advise: Callable[[AnalysisResult], Sequence[Advice]],
        home_zone: str,
    ) -> None:
        self._nights = nights
        self._diary = diary
        self._analyses = analyses
        self._advise = advise
        self._home_zone = home_zone

    def lines(self, record: str) -> list[str]:
        """What there is to say of it now; nothing where it is gone. Advice is for the newest analysis only."""
        kind, _, name = record.partition("/")
        if kind == "analysis":
            return self._analysis(int(name))
        return self._night(date.fromisoformat(name)) if kind == "night" else self._entry(date.fromisoformat(name))

    def _night(self, wake_date: date) -> list[str]:
        night = self._nights.night(wake_date)
        if night is None:
            return []
        excluded = wake_date in self._nights.excluded()
        return night_lines(night.window, night.exposures, excluded=excluded, home_zone=self._home_zone)

    def _entry(self, wake_date: date) -> list[str]:
        entry = self._diary.entry(wake_date)
        return [] if entry is None else diary_lines(entry, self._home_zone)

    def _analysis(self, number: int) -> list[str]:
        run, latest = self._analyses.run(number), self._analyses.latest()
        if run is None or latest is None:
            return []
        advice = self._advise(run.result) if run.number == latest.number else ()
        return finding_lines(run.result, advice, run.ran_ms)


class Loading:
    """Takes from the queue and looks up what is to be said."""

    def __init__(
        self, queue: MirrorQueue, records: Records, sensors: Callable[[int], Sequence[Health]], clock: Clock
    ) -> None:
        self.queue = queue
        self._records = records
        self._sensors = sensors
        self._clock = clock

    def oldest(self, at_most: int) -> Load:
        """The oldest of what waits."""
        return self._load(self.queue.oldest(at_most))

    def newest(self, at_most: int) -> Load:
        """How the sensors are, and the newest of what waits, if it is to be at least one line."""
        load = self._load(self.queue.newest(at_most)) if at_most else Load([], Parcel())
        return Load(self.health() + load.lines, load.parcel)

    def health(self) -> list[str]:
        """How the monitor and its sensors are just now; the first line is there whatever else is."""
        now_ms = self._clock.now_ms()
        return self._health(self._sensors(now_ms), now_ms)

    def sign_of_life(self) -> list[str]:
        """One line that is good for certain."""
        return self._health((), self._clock.now_ms())

    def _health(self, sensors: Sequence[Health], now_ms: int) -> list[str]:
        waiting = self.queue.waiting()
        oldest_s = 0.0 if waiting.oldest_ms is None else max(0.0, (now_ms - waiting.oldest_ms) / 1000)
        return health_lines(sensors, {"mirror_waiting": waiting.rows, "mirror_oldest_s": oldest_s}, now_ms)

    def _load(self, parcel: Parcel) -> Load:
        lines = [line for stretch in parcel.stretches for line in reading_lines(*stretch)]
        lines += [line for record in parcel.records for line in self._records.lines(record)]
        return Load(lines, parcel)
