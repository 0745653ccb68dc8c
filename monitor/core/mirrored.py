"""What the mirror and exports show of readings, nights, findings and advice, as lines of the line protocol."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from itertools import chain
from typing import NamedTuple

from monitor.core.advice import Advice
from monitor.core.diary import DiaryEntry
from monitor.core.exposure import Exposure
from monitor.core.findings import AnalysisResult, Finding
from monitor.core.line_protocol import line, series_key
from monitor.core.nights import HOUR_MS, NightWindow
from monitor.core.zones import local_time, unix_ms, zone_of


class Health(NamedTuple):
    """How one sensor is just now; `age_s` is None where nothing was ever received."""

    sensor: str
    name: str
    place: str | None
    age_s: float | None
    silent: bool


def reading_lines(sensor: str, quantity: str, rows: Iterable[tuple[int, float]]) -> list[str]:
    """One line per reading.

    Parameters
    ----------
    sensor, quantity : str
        The series: the quantity's name is the measurement, the sensor's key the only tag.
    rows : iterable of (int, float)
        (UTC Unix ms, canonical unit), calibrated.

    Returns
    -------
    list of str
        In the order of `rows`; a value that is no finite number has no line.
    """
    key = series_key(quantity, {"sensor": sensor})
    return _there(line(key, {"value": value}, time_ms) for time_ms, value in rows)


def night_lines(window: NightWindow, exposures: Sequence[Exposure], *, excluded: bool, home_zone: str) -> list[str]:
    """A night and its exposures, at noon of the date of waking in the home's zone.

    Parameters
    ----------
    window : NightWindow
        The night.
    exposures : sequence of Exposure
        Its numbers; of one that cannot be said only the coverage is told.
    excluded : bool
        Whether it is left out of the analysis.
    home_zone : str
        IANA zone of the home.

    Returns
    -------
    list of str
        `night` with fields `bed_h`, `rise_h` (local hours after midnight of the date of waking, negative before it),
        `hours` and `excluded` (0 or 1); for each exposure `exposure` with the tag `name`, fields `value` and
        `coverage`.
    """
    at_ms = noon_ms(window.wake_date, home_zone)
    night = {
        "bed_h": _wall_hours(window.start_ms, window),
        "rise_h": _wall_hours(window.end_ms, window),
        "hours": (window.end_ms - window.start_ms) / HOUR_MS,
        "excluded": float(excluded),
    }
    return _there(
        chain(
            [line("night", night, at_ms)],
            (
                line(series_key("exposure", {"name": one.name}), {"value": one.value, "coverage": one.coverage}, at_ms)
                for one in exposures
            ),
        )
    )


def diary_lines(entry: DiaryEntry, home_zone: str) -> list[str]:
    """The numbers of a diary entry, at noon of the date of waking; notes stay at home.

    Parameters
    ----------
    entry : DiaryEntry
        What was said.
    home_zone : str
        IANA zone of the home.

    Returns
    -------
    list of str
        One line: `diary` with the fields `severity`, `count` and one per factor that was said.
    """
    fields: dict[str, float | None] = {**entry.factors, "severity": entry.severity, "count": entry.count}
    return _there([line("diary", fields, noon_ms(entry.wake_date, home_zone))])


def finding_lines(result: AnalysisResult, advice: Sequence[Advice], ran_ms: int) -> list[str]:
    """An analysis with its findings and the advice that follows, at the time when it ran.

    Parameters
    ----------
    result : AnalysisResult
        What was found.
    advice : sequence of Advice
        The most important one first.
    ran_ms : int
        UTC Unix ms.

    Returns
    -------
    list of str
        `analysis` with `nights`, `bad`, `tried`; for each finding `finding` with the tags `exposure`, `verdict`,
        `grade` and its numbers; for each advice `advice` with the tags `rank`, `grade`, `what` and the field
        `given` (1).
    """
    analysis = {"nights": result.nights, "bad": result.bad, "tried": result.tried}
    ranked = enumerate(advice, start=1)
    return _there(
        chain(
            [line("analysis", analysis, ran_ms)],
            (line(_finding_key(one), _finding_fields(one), ran_ms) for one in result.findings),
            (
                line(
                    series_key("advice", {"rank": str(rank), "grade": one.grade, "what": one.what}),
                    {"given": 1},
                    ran_ms,
                )
                for rank, one in ranked
            ),
        )
    )


def health_lines(sensors: Iterable[Health], counts: Mapping[str, float | None], now_ms: int) -> list[str]:
    """How the monitor and its sensors are just now; not kept for later, since later it is not true any more.

    Parameters
    ----------
    sensors : iterable of Health
        Every sensor.
    counts : mapping of str to (float or None)
        Fields of the measurement `monitor`.
    now_ms : int
        UTC Unix ms.

    Returns
    -------
    list of str
        `monitor`, and for each sensor that was ever heard `sensor` with the tags `sensor`, `name`, `place` and the
        fields `age_s` and `silent` (0 or 1).
    """
    lines = (
        line(
            series_key("sensor", {"sensor": one.sensor, "name": one.name, "place": one.place or ""}),
            {"age_s": one.age_s, "silent": float(one.silent)},
            now_ms,
        )
        for one in sensors
        if one.age_s is not None
    )
    return _there(chain([line("monitor", counts, now_ms)], lines))


def noon_ms(wake_date: date, home_zone: str) -> int:
    """Where the points of a night stand: it does not move when the night's times are corrected."""
    return unix_ms(datetime.combine(wake_date, time(12), zone_of(home_zone)))


def _wall_hours(time_ms: int, window: NightWindow) -> float:
    """What the clock on the wall showed, in hours after midnight of the date of waking; clock changes do not count."""
    wall = local_time(time_ms, zone_of(window.zone))
    days = (wall.date() - window.wake_date).days
    return days * 24 + wall.hour + wall.minute / 60 + wall.second / 3600


def _finding_key(finding: Finding) -> str:
    return series_key("finding", {"exposure": finding.exposure, "verdict": finding.verdict, "grade": finding.grade})


def _finding_fields(finding: Finding) -> dict[str, float | None]:
    low, high = finding.ci or (None, None)
    return {
        "nights": finding.nights,
        "bad": finding.bad,
        "odds_ratio": finding.odds_ratio,
        "ci_low": low,
        "ci_high": high,
        "p": finding.p,
        "q": finding.q,
        "p_shift": finding.p_shift,
        "nights_needed": finding.nights_needed,
    }


def _there(lines: Iterable[str | None]) -> list[str]:
    return [one for one in lines if one is not None]
