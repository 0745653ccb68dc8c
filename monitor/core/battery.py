"""From what a sensor says of its battery to a warning days before it is empty."""

from collections.abc import Sequence
from itertools import combinations
from math import isfinite
from statistics import median
from typing import NamedTuple

DAY_MS = 86_400_000

LOW_PCT = 15.0
"""%; below it most sensors on coin cells and AAA cells fail at the next cold night, whatever the pace was."""

FEW_DAYS = 14.0
"""Days; time to buy a cell, with a holiday in between."""

PAST_DAYS = 30
"""Days of history that tell the pace: longer ones mix seasons, and cells sag in the cold."""

FEWEST_DAYS = 7.0
"""Days between the first and the last daily median; a shorter history shows the steps of the scale, no pace."""

LEAST_FALL_PCT = 5.0
"""Points of charge; a smaller fall is within the steps and the sag of one cold night."""

REPLACED_PCT = 20.0
"""Points of charge; no cell recovers by so much: it was replaced or charged."""

RECENT = 3
"""Readings; their median is the charge now, and a rise is one above all of them: a single odd value changes nothing."""


class BatteryWarning(NamedTuple):
    """The charge now (%), the days left (None: no pace is known), and a sentence for people."""

    charge_pct: float
    days_left: float | None
    sentence: str


def battery_warning(history: Sequence[tuple[int, float]], now_ms: int) -> BatteryWarning | None:
    """Whether a battery is low or will be empty within two weeks (R20).

    The pace is the Theil-Sen slope of the daily medians: the median of the slopes of all pairs of days.

    Parameters
    ----------
    history : sequence of (int, float)
        Charge as (UTC Unix ms, %) in any order. Readings later than now or older than 30 days, and values that are
        not finite, are left out; days without a reading are missing. A reading 20 points or more above each of the
        three before it begins a new battery, and what stands before it is left out.
    now_ms : int
        UTC Unix ms.

    Returns
    -------
    BatteryWarning or None
        A warning where the median of the newest three readings is at most 15 %, or it will be 0 % in less than 14 days.
        The pace counts where it spans 7 days or more and a fall of 5 points or more; days left are counted from now.
        None without readings.

    References
    ----------
    Sen P. K. (1968), Estimates of the regression coefficient based on Kendall's tau. J. Am. Stat. Assoc. 63, 1379-1389,
    doi:10.1080/01621459.1968.10480934

    Examples
    --------
    >>> battery_warning([(day * 86_400_000, 40.0 - day) for day in range(29)], 28 * 86_400_000).sentence
    'battery 13 %; about 13 days left at the pace of the last 4 weeks'
    """
    readings = _of_this_battery(_checked(history, now_ms))
    if not readings:
        return None
    charge = median(value for _, value in readings[-RECENT:])
    pace = _pace(readings)
    since_days = (now_ms - readings[-1][0]) / DAY_MS
    left = None if pace is None else max(0.0, charge / pace[0] - since_days)
    if charge > LOW_PCT and (left is None or left >= FEW_DAYS):
        return None
    ending = "; it is low" if left is None or pace is None else f"; {_days(left)} left at the pace of {_span(pace[1])}"
    return BatteryWarning(charge, left, f"battery {charge:.0f} %{ending}")


def _checked(history: Sequence[tuple[int, float]], now_ms: int) -> list[tuple[int, float]]:
    since_ms = now_ms - PAST_DAYS * DAY_MS
    return sorted((time_ms, value) for time_ms, value in history if since_ms <= time_ms <= now_ms and isfinite(value))


def _of_this_battery(readings: list[tuple[int, float]]) -> list[tuple[int, float]]:
    begun = 0
    for index in range(1, len(readings)):
        before = max(value for _, value in readings[max(begun, index - RECENT) : index])
        if readings[index][1] - before >= REPLACED_PCT:
            begun = index
    return readings[begun:]


def _pace(readings: list[tuple[int, float]]) -> tuple[float, float] | None:
    """Points a day (above 0) and the days they were seen over; None where that cannot be told yet."""
    by_day: dict[int, list[tuple[int, float]]] = {}
    for reading in readings:
        by_day.setdefault((readings[-1][0] - reading[0]) // DAY_MS, []).append(reading)
    days = [(median(at for at, _ in day) / DAY_MS, median(value for _, value in day)) for day in by_day.values()]
    span = days[-1][0] - days[0][0]
    if span < FEWEST_DAYS:
        return None
    fall = -median((late[1] - early[1]) / (late[0] - early[0]) for early, late in combinations(days, 2))
    return (fall, span) if fall * span >= LEAST_FALL_PCT else None


def _days(left: float) -> str:
    if left < 1:
        return "less than a day"
    return "about 1 day" if left < 1.5 else f"about {left:.0f} days"


def _span(days: float) -> str:
    return f"the last {days:.0f} days" if days < 14 else f"the last {days / 7:.0f} weeks"
