"""Where nights, diary and analyses are kept, and who does the statistics."""

from datetime import date
from typing import NamedTuple, Protocol

from monitor.core.diary import DiaryEntry
from monitor.core.exposure import Exposure
from monitor.core.findings import AnalysisResult, AnalysisTask
from monitor.core.nights import NightWindow


class Night(NamedTuple):
    """A closed night; `sensors` says which sensors stood for the room, by what they measured (`Source.name`)."""

    window: NightWindow
    sensors: dict[str, tuple[str, ...]]
    exposures: tuple[Exposure, ...]


class NightStore(Protocol):
    """Closed nights and which nights are due."""

    def close(self, night: Night, now_ms: int) -> None:
        """Store the night with its exposures, in place of what was known of it."""
        ...

    def drop(self, wake_date: date) -> None:
        """Forget a closed night that turned out to hold nothing."""
        ...

    def night(self, wake_date: date) -> Night | None:
        """One closed night."""
        ...

    def nights(self) -> list[Night]:
        """Every closed night, by date."""
        ...

    def last_closed(self) -> NightWindow | None:
        """The latest closed night's window."""
        ...

    def due(self) -> tuple[int, int] | None:
        """The span whose readings or diary changed after its nights were closed, UTC Unix ms."""
        ...

    def reopen(self, start_ms: int, end_ms: int) -> None:
        """Ask for the nights that touch this span to be closed again."""
        ...

    def settled(self, span: tuple[int, int]) -> None:
        """That span is done; if it grew meanwhile, it stays due."""
        ...

    def exclude(self, wake_date: date, why: str | None) -> None:
        """Leave a night out of the analysis with a reason; None takes it back in."""
        ...

    def excluded(self) -> dict[date, str]:
        """The nights left out, with the reasons."""
        ...


class DiaryStore(Protocol):
    """What the person said of the nights."""

    def log(self, entry: DiaryEntry, now_ms: int, source: str) -> bool:
        """Store an entry in place of an earlier one, which is kept as history; False where nothing changed."""
        ...

    def entry(self, wake_date: date) -> DiaryEntry | None:
        """The entry of one night."""
        ...

    def entries(self) -> list[DiaryEntry]:
        """Every entry, by date."""
        ...

    def forget(self, wake_date: date) -> bool:
        """Delete an entry with its history, for good; False where there is none."""
        ...

    def history(self, wake_date: date) -> list[tuple[int, str, DiaryEntry]]:
        """Earlier versions of an entry, oldest first: when it was replaced, by what, what it said."""
        ...


class AnalysisRun(NamedTuple):
    """An analysis that was run, at `ran_ms` (UTC Unix ms)."""

    number: int
    ran_ms: int
    result: AnalysisResult


class AnalysisStore(Protocol):
    """Analyses that were run."""

    def record(self, task: AnalysisTask, result: AnalysisResult, version: str, now_ms: int) -> int:
        """Keep a run with all that is needed to repeat it; its number."""
        ...

    def latest(self) -> AnalysisRun | None:
        """The newest run, None before the first."""
        ...

    def run(self, number: int) -> AnalysisRun | None:
        """One run; None where there is none of that number."""
        ...

    def ran(self, from_ms: int, to_ms: int) -> list[int]:
        """The numbers of the runs of a span `from_ms <= t < to_ms`, oldest first."""
        ...


class Analyst(Protocol):
    """Who does the statistics, away from the daemon."""

    def __call__(self, task: AnalysisTask) -> AnalysisResult:
        """Raises AnalysisError on a crash, a time-out or too little memory."""
        ...
