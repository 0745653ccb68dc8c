"""What the analysis is asked and what it answers: plain values that travel to its process and back.

Nothing here imports numpy: the daemon makes tasks and reads results without having it in memory.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from itertools import pairwise
from typing import TypeVar

from monitor.errors import InputError

T = TypeVar("T")

FEWEST_NIGHTS, FEWEST_BAD, FEWEST_GOOD = 21, 5, 5
"""Below, nights are described and nothing is computed."""
LONGEST_SPAN = 36_525
"""Nights, a hundred years: a longer calendar is a wrong date."""
LARGEST_VALUE = 1e300
"""A larger number was never measured, and its sum with another is no float."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NightRow:
    """One calendar night: `t` counts nights, `wake_date` is ISO, severity 0-10 or None.

    `excluded` drops the outcome and keeps the exposures. A value None means not measured or not said.
    """

    t: int
    wake_date: str
    severity: int | None = None
    excluded: bool = False
    exposures: Mapping[str, float | None] = field(default_factory=dict)
    factors: Mapping[str, float | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"night {self.wake_date}"
        try:
            date.fromisoformat(self.wake_date)
        except ValueError as exc:
            raise InputError(f"night {self.t}: wake_date: expected YYYY-MM-DD, got {self.wake_date!r}") from exc
        if self.severity is not None and not 0 <= self.severity <= 10:
            raise InputError(f"{where}: severity: expected 0..10 or none, got {self.severity}")
        for name, value in (*self.exposures.items(), *self.factors.items()):
            if value is not None and not abs(value) <= LARGEST_VALUE:
                raise InputError(f"{where}: {name}: expected a finite number or none, got {value}")

    @property
    def weekend(self) -> bool:
        """Whether the morning of waking is a Saturday or Sunday."""
        return date.fromisoformat(self.wake_date).isoweekday() >= 6


@dataclass(frozen=True, kw_only=True, slots=True)
class ExposureRow:
    """One candidate declared before looking; `unit` is the text of the step `per`, in its own unit.

    Primary ones form the family of the false-discovery control, the others are exploratory.
    """

    name: str
    domain: str
    unit: str
    per: float
    primary: bool

    def __post_init__(self) -> None:
        if not 0 < self.per < math.inf:
            raise InputError(f"exposure {self.name}: per: expected a positive number, got {self.per}")


@dataclass(frozen=True, kw_only=True, slots=True)
class AnalysisTask:
    """Every calendar night of the span, the exposures, the factors to adjust for, most important first.

    `weekend` is always offered, last unless `adjust_for` ranks it. `consequences` are factors that the same
    night's room may bring about (bedding, sleep of the same night): never adjusted for, shown beside.
    `seed` is kept with the result's record; no step of the analysis is random.
    """

    nights: tuple[NightRow, ...]
    exposures: tuple[ExposureRow, ...]
    adjust_for: tuple[str, ...]
    seed: int = 0
    consequences: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        numbers = [night.t for night in self.nights]
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            raise InputError("analysis: nights: expected t to increase from night to night")
        if numbers and numbers[-1] - numbers[0] >= LONGEST_SPAN:
            raise InputError(f"analysis: nights: expected at most {LONGEST_SPAN} nights from first to last")
        names = [row.name for row in self.exposures]
        if len(set(names)) < len(names):
            raise InputError(f"analysis: exposures: expected each name once, got {', '.join(names)}")
        both = sorted(set(self.adjust_for) & set(self.consequences))
        if both:
            raise InputError(f"analysis: {both[0]} cannot be adjusted for and be a consequence; choose one")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What the analysis says of one exposure; None = not computed.

    Odds ratios are of a worse night: `odds_ratio` per `unit`, `contrast` for the top against the bottom
    quarter of the nights (for a two-valued exposure: its one value against the other), whose means are
    `quarter_means` (bottom, top; the exposure's own unit) and sizes `n_lo`, `n_hi`; `usual` for a usual
    difference between nights, the distance of the quartiles; `nights_needed` is for that difference too. `q` of a
    secondary exposure counts all exposures as its family and flags nothing. `p_control` is the following night's
    exposure (computed from grade weak on), `same_night` the odds ratio per unit with the consequences
    added, `proportional` False where bad nights alone tell another story. `group` names the
    flagged exposures that a flagged one cannot be told from.
    """

    exposure: str
    domain: str
    primary: bool
    unit: str
    verdict: str
    grade: str
    nights: int
    bad: int
    odds_ratio: float | None = None
    ci: tuple[float, float] | None = None
    p: float | None = None
    q: float | None = None
    p_shift: float | None = None
    adjusted_for: tuple[str, ...] = ()
    contrast: float | None = None
    contrast_ci: tuple[float, float] | None = None
    usual: float | None = None
    usual_ci: tuple[float, float] | None = None
    quarter_means: tuple[float, float] | None = None
    n_lo: int | None = None
    n_hi: int | None = None
    phi: float | None = None
    vif: float | None = None
    nights_needed: int | None = None
    explained_by: str | None = None
    group: tuple[str, ...] = ()
    p_control: float | None = None
    same_night: float | None = None
    proportional: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AnalysisResult:
    """Nights with an outcome, bad and good ones, exposures tried, and a finding for each one declared."""

    nights: int
    bad: int
    good: int
    tried: int
    findings: tuple[Finding, ...]


def task_to_dict(task: AnalysisTask) -> dict[str, object]:
    """The task as JSON values."""
    nights = [
        {**_fields(night), "exposures": dict(night.exposures), "factors": dict(night.factors)} for night in task.nights
    ]
    return {**_fields(task), "nights": nights, "exposures": [_fields(row) for row in task.exposures]}


def result_to_dict(result: AnalysisResult) -> dict[str, object]:
    """The result as JSON values."""
    return {**_fields(result), "findings": [_fields(finding) for finding in result.findings]}


def task_from_dict(raw: object) -> AnalysisTask:
    """The task that `task_to_dict` made, also after JSON; raises InputError naming what does not fit."""
    task = _Object(raw, "task")
    return AnalysisTask(
        nights=tuple(_night(night) for night in task.rows("nights")),
        exposures=tuple(_exposure(row) for row in task.rows("exposures")),
        adjust_for=task.names("adjust_for"),
        seed=task.one("seed", int),
        consequences=task.names("consequences"),
    )


def result_from_dict(raw: object) -> AnalysisResult:
    """The result that `result_to_dict` made, also after JSON; raises InputError naming what does not fit."""
    result = _Object(raw, "result")
    return AnalysisResult(
        nights=result.one("nights", int),
        bad=result.one("bad", int),
        good=result.one("good", int),
        tried=result.one("tried", int),
        findings=tuple(_finding(finding) for finding in result.rows("findings")),
    )


def _fields(row: AnalysisTask | NightRow | ExposureRow | AnalysisResult | Finding) -> dict[str, object]:
    return {each.name: getattr(row, each.name) for each in fields(row)}


def _night(night: "_Object") -> NightRow:
    return NightRow(
        t=night.one("t", int),
        wake_date=night.one("wake_date", str),
        severity=night.maybe("severity", int),
        excluded=night.one("excluded", bool),
        exposures=night.numbers("exposures"),
        factors=night.numbers("factors"),
    )


def _exposure(row: "_Object") -> ExposureRow:
    return ExposureRow(
        name=row.one("name", str),
        domain=row.one("domain", str),
        unit=row.one("unit", str),
        per=row.one("per", float),
        primary=row.one("primary", bool),
    )


def _finding(finding: "_Object") -> Finding:
    return Finding(
        exposure=finding.one("exposure", str),
        domain=finding.one("domain", str),
        primary=finding.one("primary", bool),
        unit=finding.one("unit", str),
        verdict=finding.one("verdict", str),
        grade=finding.one("grade", str),
        nights=finding.one("nights", int),
        bad=finding.one("bad", int),
        odds_ratio=finding.maybe("odds_ratio", float),
        ci=finding.pair("ci"),
        p=finding.maybe("p", float),
        q=finding.maybe("q", float),
        p_shift=finding.maybe("p_shift", float),
        adjusted_for=finding.names("adjusted_for"),
        contrast=finding.maybe("contrast", float),
        contrast_ci=finding.pair("contrast_ci"),
        usual=finding.maybe("usual", float),
        usual_ci=finding.pair("usual_ci"),
        quarter_means=finding.pair("quarter_means"),
        n_lo=finding.maybe("n_lo", int),
        n_hi=finding.maybe("n_hi", int),
        phi=finding.maybe("phi", float),
        vif=finding.maybe("vif", float),
        nights_needed=finding.maybe("nights_needed", int),
        explained_by=finding.maybe("explained_by", str),
        group=finding.names("group"),
        p_control=finding.maybe("p_control", float),
        same_night=finding.maybe("same_night", float),
        proportional=finding.maybe("proportional", bool),
    )


class _Object:
    """A JSON object on its way to a row; a field of another kind raises InputError with its place."""

    def __init__(self, raw: object, where: str) -> None:
        self._where = where
        self._raw = _narrowed(raw, dict, where)

    def one(self, key: str, kind: type[T]) -> T:
        return _narrowed(self._raw.get(key), kind, f"{self._where}.{key}")

    def maybe(self, key: str, kind: type[T]) -> T | None:
        return None if self._raw.get(key) is None else self.one(key, kind)

    def rows(self, key: str) -> list["_Object"]:
        return [_Object(row, f"{self._where}.{key}[{place}]") for place, row in enumerate(self._items(key))]

    def names(self, key: str) -> tuple[str, ...]:
        return tuple(_narrowed(name, str, f"{self._where}.{key}") for name in self._items(key))

    def pair(self, key: str) -> tuple[float, float] | None:
        if self._raw.get(key) is None:
            return None
        where = f"{self._where}.{key}"
        numbers = [_narrowed(number, float, where) for number in self._items(key)]
        if len(numbers) != 2:
            raise InputError(f"{where}: expected two numbers, got {len(numbers)}")
        return numbers[0], numbers[1]

    def numbers(self, key: str) -> dict[str, float | None]:
        within = _Object(self._raw.get(key), f"{self._where}.{key}")
        return {name: within.maybe(name, float) for name in within._raw}

    def _items(self, key: str) -> list[object]:
        items = self._raw.get(key)
        return list(items) if isinstance(items, tuple) else _narrowed(items, list, f"{self._where}.{key}")


def _narrowed(value: object, kind: type[T], where: str) -> T:
    if kind is float and type(value) is int and abs(value) <= LARGEST_VALUE:
        value = float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise InputError(f"{where}: expected {kind.__name__}, got {value!r:.40}")
    return value
