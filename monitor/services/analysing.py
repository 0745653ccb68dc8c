"""From closed nights and diary to findings: one run, kept with all that is needed to repeat it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from monitor import __version__
from monitor.core.diary import FACTORS, DiaryEntry
from monitor.core.exposure import EXPOSURES
from monitor.core.findings import AnalysisTask, ExposureRow, NightRow
from monitor.ports import AnalysisRun, AnalysisStore, Analyst, Clock, DiaryStore, Night, NightStore

CONSEQUENCES = tuple(factor.name for factor in FACTORS if not factor.adjust)
"""Factors that the same night's room may bring about; never adjusted for."""

_OUTCOMES = frozenset(kind.name for kind in EXPOSURES if kind.role == "outcome")

STEP = "medication_change"
"""The one factor that lasts: from a change on, every night is after it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What the person may choose: the factors to adjust for, most important first, and the seed."""

    adjust_for: tuple[str, ...]
    seed: int


class Analysing:
    """Makes the task from what is stored, has it computed elsewhere, keeps the result."""

    def __init__(
        self,
        nights: NightStore,
        diary: DiaryStore,
        analyses: AnalysisStore,
        analyst: Analyst,
        clock: Clock,
        choices: Choices,
    ) -> None:
        self._nights = nights
        self._diary = diary
        self._analyses = analyses
        self._analyst = analyst
        self._clock = clock
        self._choices = choices

    def analyse(self) -> AnalysisRun:
        """Run the analysis on every night there is; raises AnalysisError."""
        task = self.task()
        result = self._analyst(task)
        now_ms = self._clock.now_ms()
        return AnalysisRun(self._analyses.record(task, result, __version__, now_ms), now_ms, result)

    def task(self) -> AnalysisTask:
        """What the analysis is asked: every calendar night from the first known to the last."""
        closed = {night.window.wake_date: night for night in self._nights.nights()}
        entries = {entry.wake_date: entry for entry in self._diary.entries()}
        excluded = self._nights.excluded()
        dates = sorted({*closed, *entries})
        span = (dates[-1] - dates[0]).days + 1 if dates else 0
        calendar = [dates[0] + timedelta(days=t) for t in range(span)]
        factors = _with_steps([entries.get(wake_date) for wake_date in calendar])
        return AnalysisTask(
            nights=tuple(
                NightRow(
                    t=t,
                    wake_date=wake_date.isoformat(),
                    severity=entries[wake_date].severity if wake_date in entries else None,
                    excluded=wake_date in excluded,
                    exposures=_exposures(closed.get(wake_date)),
                    factors=factors[t],
                )
                for t, wake_date in enumerate(calendar)
            ),
            exposures=_measured(candidates(), closed.values()),
            adjust_for=self._choices.adjust_for,
            seed=self._choices.seed,
            consequences=CONSEQUENCES,
        )


def candidates() -> tuple[ExposureRow, ...]:
    """The exposures that are tried, declared before looking."""
    return tuple(
        ExposureRow(
            name=kind.name,
            domain=kind.domain,
            unit=kind.step,
            per=kind.per,
            primary=kind.primary,
        )
        for kind in EXPOSURES
        if kind.role == "exposure"
    )


def _measured(rows: Iterable[ExposureRow], nights: Iterable[Night]) -> tuple[ExposureRow, ...]:
    """The candidates that some night has a value of: of what no sensor measures there is nothing to say."""
    known = {exposure.name for night in nights for exposure in night.exposures if exposure.value is not None}
    return tuple(row for row in rows if row.name in known)


def _exposures(night: Night | None) -> dict[str, float | None]:
    """The night's candidates; what the sleeper did is none."""
    return {} if night is None else {one.name: one.value for one in night.exposures if one.name not in _OUTCOMES}


def _with_steps(entries: Iterable[DiaryEntry | None]) -> list[Mapping[str, float | None]]:
    rows: list[dict[str, float | None]] = [dict(entry.factors) if entry else {} for entry in entries]
    if any(STEP in row for row in rows):
        changes = 0.0
        for row in rows:
            changes += row.get(STEP) or 0.0
            row[STEP] = changes
    return list(rows)
