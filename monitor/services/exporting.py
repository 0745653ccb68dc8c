"""Exports: what is kept as CSV or line protocol, a piece at a time, so that memory does not grow with it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from monitor.core.diary import did_you_mean
from monitor.core.exporting import (
    EXPOSURE_COLUMNS,
    FINDING_COLUMNS,
    NIGHT_COLUMNS,
    READING_COLUMNS,
    Cell,
    csv_text,
    exposure_rows,
    factor_columns,
    finding_rows,
    night_row,
    reading_rows,
)
from monitor.core.mirrored import diary_lines, finding_lines, night_lines, reading_lines
from monitor.core.quantities import BY_NAME
from monitor.core.zones import days_ms, zone_of
from monitor.errors import InputError
from monitor.ports import DiaryStore, NightStore, ReadingStore
from monitor.ports.exporting import Archive

Kind = Literal["readings", "nights", "exposures", "findings"]
Form = Literal["csv", "line-protocol"]

KINDS: tuple[Kind, ...] = ("readings", "nights", "exposures", "findings")
ENDINGS: dict[Form, str] = {"csv": "csv", "line-protocol": "lp"}
"""How the name of a file of each form ends."""


class Piece(NamedTuple):
    """Some text, and how many of what was asked for are in it."""

    text: str
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What to export: dates of waking, or local days, both included (None: from the first, to the last).

    Sensors and quantities empty: all. `raw`: as the sensors sent it, without calibration.
    """

    since: date | None = None
    until: date | None = None
    sensors: Collection[str] = ()
    quantities: Collection[str] = ()
    raw: bool = False

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.until < self.since:
            raise InputError(f"--to: expected a date from {self.since} on, got {self.until}")
        for quantity in self.quantities:
            if quantity not in BY_NAME:
                raise InputError(
                    f"--quantity: expected one of {', '.join(BY_NAME)}, got {quantity!r}"
                    f"{did_you_mean(quantity, BY_NAME)}"
                )

    def holds(self, wake_date: date) -> bool:
        """Whether the night is among them."""
        return (self.since is None or wake_date >= self.since) and (self.until is None or wake_date <= self.until)

    def span_ms(self, zone: str) -> tuple[int, int]:
        """The local days as `from <= t < to`, UTC Unix ms."""
        return days_ms(self.since, self.until, zone_of(zone))


class Exporting:
    """Writes what is kept; `zone` is the home's IANA zone."""

    def __init__(
        self, readings: ReadingStore, nights: NightStore, diary: DiaryStore, archive: Archive, zone: str
    ) -> None:
        self._readings = readings
        self._nights = nights
        self._diary = diary
        self._archive = archive
        self._zone = zone

    def pieces(self, kind: Kind, form: Form, choice: Choice) -> Iterator[Piece]:
        """The text from its first line to its last; raises InputError for a sensor nobody has seen."""
        ways: dict[tuple[Kind, Form], Callable[[Choice], Iterator[Piece]]] = {
            ("readings", "csv"): self._readings_csv,
            ("readings", "line-protocol"): self._readings_lines,
            ("nights", "csv"): self._nights_csv,
            ("nights", "line-protocol"): self._nights_lines,
            ("exposures", "csv"): self._exposures_csv,
            ("exposures", "line-protocol"): self._exposures_lines,
            ("findings", "csv"): self._findings_csv,
            ("findings", "line-protocol"): self._findings_lines,
        }
        return ways[kind, form](choice)

    def check(self, choice: Choice) -> None:
        """Raises InputError for a sensor nobody has seen."""
        known = {sensor for sensor, _ in self._readings.series_names()}
        for sensor in choice.sensors:
            if sensor not in known:
                seen = ", ".join(sorted(known)) or "none yet"
                raise InputError(f"--sensor: expected one of those that were heard ({seen}), got {sensor!r}")

    def _readings_csv(self, choice: Choice) -> Iterator[Piece]:
        yield _header(READING_COLUMNS)
        for sensor, quantity in self._series(choice):
            for kept in self._archive.pieces(sensor, quantity, *choice.span_ms(self._zone), raw=choice.raw):
                yield Piece(csv_text(reading_rows(sensor, quantity, kept)), len(kept))

    def _readings_lines(self, choice: Choice) -> Iterator[Piece]:
        for sensor, quantity in self._series(choice):
            for kept in self._archive.pieces(sensor, quantity, *choice.span_ms(self._zone), raw=choice.raw):
                lines = reading_lines(sensor, quantity, ((one.time_ms, one.value) for one in kept))
                yield _lines(lines, of=quantity)

    def _series(self, choice: Choice) -> list[tuple[str, str]]:
        return [
            (sensor, quantity)
            for sensor, quantity in sorted(self._readings.series_names())
            if (not choice.sensors or sensor in choice.sensors)
            and (not choice.quantities or quantity in choice.quantities)
        ]

    def _nights_csv(self, choice: Choice) -> Iterator[Piece]:
        entries = [entry for entry in self._diary.entries() if choice.holds(entry.wake_date)]
        factors = factor_columns(entries)
        yield _header((*NIGHT_COLUMNS, *factors))
        yield Piece(csv_text(night_row(entry, factors) for entry in entries), len(entries))

    def _nights_lines(self, choice: Choice) -> Iterator[Piece]:
        for entry in self._diary.entries():
            if choice.holds(entry.wake_date):
                yield _lines(diary_lines(entry, self._zone), of="diary")

    def _exposures_csv(self, choice: Choice) -> Iterator[Piece]:
        yield _header(EXPOSURE_COLUMNS)
        excluded = self._nights.excluded()
        for night in self._nights.nights():
            wake_date = night.window.wake_date
            why = excluded.pop(wake_date, None)
            if choice.holds(wake_date):
                yield _rows(list(exposure_rows(night.window, night.exposures, why)))
        for wake_date, why in sorted(excluded.items()):
            if choice.holds(wake_date):
                row = dict.fromkeys(EXPOSURE_COLUMNS) | {"wake_date": wake_date.isoformat(), "left_out": why}
                yield Piece(csv_text([list(row.values())]), 0)  # a night without a number

    def _exposures_lines(self, choice: Choice) -> Iterator[Piece]:
        excluded = self._nights.excluded()
        for night in self._nights.nights():
            out = night.window.wake_date in excluded
            if choice.holds(night.window.wake_date):
                lines = night_lines(night.window, night.exposures, excluded=out, home_zone=self._zone)
                yield _lines(lines, of="exposure")

    def _findings_csv(self, choice: Choice) -> Iterator[Piece]:
        yield _header(FINDING_COLUMNS)
        for run in self._archive.runs(*choice.span_ms(self._zone)):
            yield _rows(list(finding_rows(run.number, run.ran_ms, run.version, run.result)))

    def _findings_lines(self, choice: Choice) -> Iterator[Piece]:
        for run in self._archive.runs(*choice.span_ms(self._zone)):
            yield _lines(finding_lines(run.result, (), run.ran_ms), of="finding")


def _header(columns: Sequence[str]) -> Piece:
    return Piece(csv_text([columns]), 0)


def _rows(rows: Sequence[Sequence[Cell]]) -> Piece:
    return Piece(csv_text(rows), len(rows))


def _lines(lines: Sequence[str], of: str) -> Piece:
    """The lines; points of the measurement `of` count, others, such as the night of its exposures, do not."""
    return Piece("".join(f"{line}\n" for line in lines), sum(line.startswith((f"{of},", f"{of} ")) for line in lines))
