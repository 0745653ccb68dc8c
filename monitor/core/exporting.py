"""From what is stored to the rows and the text of an exported table; `import` reads readings and nights back."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import chain
from typing import NamedTuple

from monitor.core.diary import FACTORS, DiaryEntry
from monitor.core.exposure import EXPOSURES, Exposure
from monitor.core.findings import AnalysisResult, Finding
from monitor.core.nights import NightWindow, wall_time
from monitor.core.quantities import BY_NAME
from monitor.core.reading_table import EXPORTED, THINNED
from monitor.core.tabular import guarded
from monitor.core.wording import sentence
from monitor.core.zones import EPOCH, local_time, zone_of

READING_COLUMNS = EXPORTED
NIGHT_COLUMNS = ("wake_date", "severity", "count", "bed", "rise", "zone", "note")
"""What stands before the columns of the factors."""
EXPOSURE_COLUMNS = (
    "wake_date", "zone", "start", "end", "known_by", "left_out", "exposure", "value", "unit", "coverage",
)  # fmt: skip
FINDING_COLUMNS = (
    "run", "ran", "version", "nights", "bad", "tried", "exposure", "verdict", "grade", "odds_ratio", "ci_low",
    "ci_high", "unit", "p", "q", "p_shift", "adjusted_for", "sentence",
)  # fmt: skip

_KINDS = {kind.name: kind for kind in EXPOSURES}
_ORDER = {factor.name: place for place, factor in enumerate(FACTORS)}

Cell = str | float | None
"""A text, a number, or None for nothing."""


class Kept(NamedTuple):
    """A reading as it is kept: `time_ms` UTC Unix ms, `value` in the canonical unit, `word` of an event.

    `ends` are the lowest and the highest of five minutes whose median is `value`; None for a reading as it came.
    """

    time_ms: int
    value: float
    word: str | None = None
    ends: tuple[float, float] | None = None


def csv_text(rows: Iterable[Sequence[Cell]]) -> str:
    """The rows as lines of CSV (RFC 4180); texts that a spreadsheet would compute begin with an apostrophe."""
    text = io.StringIO()
    csv.writer(text).writerows([_written(cell) for cell in row] for row in rows)
    return text.getvalue()


def reading_rows(sensor: str, quantity: str, kept: Iterable[Kept]) -> Iterator[Sequence[Cell]]:
    """One row of `READING_COLUMNS` for each."""
    unit = BY_NAME[quantity].unit
    for time_ms, value, word, ends in kept:
        thinned = (THINNED, *ends) if ends is not None else (None, None, None)
        yield (sensor, quantity, value, unit, moment(time_ms), word, *thinned)


def factor_columns(entries: Iterable[DiaryEntry]) -> tuple[str, ...]:
    """The factors of which something was said, in the usual order, a person's own ones last."""
    said = set(chain.from_iterable(entry.factors for entry in entries))
    return tuple(sorted(said, key=lambda name: (_ORDER.get(name, len(_ORDER)), name)))


def night_row(entry: DiaryEntry, factors: Sequence[str]) -> Sequence[Cell]:
    """One row of `NIGHT_COLUMNS` and the factors."""
    told = (_clock(entry.bed), _clock(entry.rise), entry.zone, entry.note)
    return (
        entry.wake_date.isoformat(), entry.severity, entry.count, *told, *(entry.factors.get(name) for name in factors)
    )  # fmt: skip


def exposure_rows(window: NightWindow, exposures: Sequence[Exposure], why: str | None) -> Iterator[Sequence[Cell]]:
    """One row of `EXPOSURE_COLUMNS` for each exposure of a night; `why` it is left out, None where it counts."""
    zone = zone_of(window.zone)
    start, end = (local_time(at_ms, zone).isoformat(timespec="seconds") for at_ms in (window.start_ms, window.end_ms))
    night = (window.wake_date.isoformat(), window.zone, start, end, window.known_by, why)
    for one in exposures:
        kind = _KINDS.get(one.name)
        yield (*night, one.name, one.value, kind.unit if kind else None, one.coverage)


def finding_rows(number: int, ran_ms: int, version: str, result: AnalysisResult) -> Iterator[Sequence[Cell]]:
    """One row of `FINDING_COLUMNS` for each finding of a run."""
    for one in result.findings:
        low, high = one.ci or (None, None)
        run = (number, moment(ran_ms), version, one.nights, one.bad, result.tried)
        numbers = (one.odds_ratio, low, high, one.unit, one.p, one.q, one.p_shift)
        yield (*run, one.exposure, one.verdict, one.grade, *numbers, " ".join(one.adjusted_for), _sentence(one))


def moment(time_ms: int) -> str:
    """The instant as ISO 8601 in UTC, with ms only where there are some."""
    seconds, ms = divmod(time_ms, 1000)
    text = (EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
    return f"{text}.{ms:03}Z" if ms else f"{text}Z"


def _sentence(finding: Finding) -> str | None:
    kind = _KINDS.get(finding.exposure)
    return sentence(finding, kind) if kind else None


def _clock(wall: str | None) -> str | None:
    return None if wall is None else f"{wall_time(wall):%H:%M}"


def _written(cell: Cell) -> str:
    """Line breaks in one form and no blanks around, since a table is read that way."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return guarded(cell.replace("\r\n", "\n").replace("\r", "\n").strip())
    return repr(cell).removesuffix(".0")
