"""Which stretch of time is a night: from the diary or from usual times, named by the local date of waking."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from types import MappingProxyType
from typing import Literal

from monitor.core.zones import local_time, unix_ms, zone_of
from monitor.errors import DiaryError

KnownBy = Literal["diary", "usual"]

HOUR_MS = 3_600_000
LONGEST_MS = 20 * HOUR_MS
"""ms; whoever is in bed for longer is ill or made a slip of the pen, and the night before would overlap."""

SHORTEST_USUAL = timedelta(hours=3)
"""Usual times leave at least this much asleep and awake: more than any clock change, so nights stay apart."""

LONGEST_USUAL = timedelta(hours=18)
"""Usual nights are at most this long by the clock: a change of clocks cannot make them longer than 20 h."""

_WALL = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?")
_DAY = timedelta(days=1)


def wall_time(text: str, field_name: str = "time") -> time:
    """The wall time written as `23:05` (seconds are dropped). Raises DiaryError naming the field."""
    found = _WALL.fullmatch(text.strip())
    if found is None:
        raise DiaryError(f"{field_name}: expected a time from 00:00 to 23:59 such as 23:05, got {text!r}")
    return time(int(found[1]), int(found[2]))


@dataclass(frozen=True, kw_only=True, slots=True)
class UsualTimes:
    """When this person goes to bed and rises, as wall times; used where the diary is silent.

    `weekdays` overrides (bed, rise) by the weekday of *waking*, 0 is Monday. Raises DiaryError where a night
    would be shorter than 3 h, longer than 18 h, or within 3 h of the next one.
    """

    bed: str = "23:00"
    rise: str = "07:00"
    weekdays: Mapping[int, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        for day in self.weekdays:
            if day not in range(7):
                raise DiaryError(f"weekdays: expected 0 (Monday) to 6 (Sunday), got {day!r}")
        monday = date(2024, 1, 1)
        week = [self.walls(monday + day * _DAY) for day in range(8)]
        for bed, rise in week:
            if not SHORTEST_USUAL <= rise - bed <= LONGEST_USUAL:
                raise DiaryError(f"bed, rise: expected 3 to 18 hours from bed to rise, got {bed:%H:%M} to {rise:%H:%M}")
        for (_, rise), (bed, _) in pairwise(week):
            if bed - rise < SHORTEST_USUAL:
                raise DiaryError(
                    f"weekdays: expected 3 hours awake between nights, got rise {rise:%a %H:%M}, bed {bed:%a %H:%M}"
                )

    def walls(self, wake_date: date) -> tuple[datetime, datetime]:
        """Naive local bed and rise of one night: bed is the latest one before rise."""
        bed, rise = self.weekdays.get(wake_date.weekday(), (self.bed, self.rise))
        rise_wall = datetime.combine(wake_date, wall_time(rise, "rise"))
        return _latest_before(wall_time(bed, "bed"), rise_wall), rise_wall


@dataclass(frozen=True, kw_only=True, slots=True)
class NightWindow:
    """One night in bed, `start_ms <= t < end_ms` (UTC Unix ms), named by the local date of waking.

    `known_by` is "diary" where the person gave bed or rise, else "usual".
    Raises DiaryError unless it lasts more than 0 and at most 20 h.
    """

    wake_date: date
    zone: str
    start_ms: int
    end_ms: int
    known_by: KnownBy

    def __post_init__(self) -> None:
        length_ms = self.end_ms - self.start_ms
        if not 0 < length_ms <= LONGEST_MS:
            raise DiaryError(
                f"bed, rise: expected a night of more than 0 and at most 20 hours, "
                f"got {length_ms / HOUR_MS:.2f} hours for {self.wake_date}"
            )

    @property
    def hours(self) -> float:
        """Elapsed hours, whatever the clocks did meanwhile."""
        return (self.end_ms - self.start_ms) / HOUR_MS


def window_from_usual(wake_date: date, zone: str, usual: UsualTimes) -> NightWindow:
    """The night that ends on `wake_date` if all was as usual.

    A wall time that spring leaves out counts as if the clocks had not been changed (02:30 is then 03:30 on
    the clock); one that autumn shows twice is its first occurrence. Raises InputError for an unknown zone.
    """
    bed, rise = usual.walls(wake_date)
    rules = zone_of(zone)
    return NightWindow(
        wake_date=wake_date,
        zone=zone,
        start_ms=_instant_ms(bed, rules),
        end_ms=_instant_ms(rise, rules),
        known_by="usual",
    )


def window_from_diary(
    wake_date: date,
    zone: str,
    bed: str | datetime | None,
    rise: str | datetime | None,
    usual: UsualTimes,
) -> NightWindow:
    """The night as the diary tells it; what the diary leaves out (None) comes from the usual times.

    A rise given as wall time is on `wake_date`, a bed given as wall time is the latest one before rise.
    Datetimes are taken as they stand, naive ones as local. Wall times that do not exist or exist twice are as
    in `window_from_usual`. Raises DiaryError where the night is not one (rise on another date, 0 or over 20
    hours).
    """
    if bed is None and rise is None:
        return window_from_usual(wake_date, zone, usual)
    rules = zone_of(zone)
    usual_bed, usual_rise = usual.walls(wake_date)
    rise_at = _localised(usual_rise if rise is None else _rise_on(wake_date, rise), rules)
    if rise_at.date() != wake_date:
        raise DiaryError(f"rise: expected a time on the date of waking, {wake_date}, got {rise_at:%Y-%m-%d %H:%M}")
    if isinstance(bed, datetime):
        bed_at = bed
    else:
        wall = usual_bed.time() if bed is None else wall_time(bed, "bed")
        bed_at = _latest_before(wall, rise_at.replace(tzinfo=None))
    return NightWindow(
        wake_date=wake_date,
        zone=zone,
        start_ms=_instant_ms(bed_at, rules),
        end_ms=_instant_ms(rise_at, rules),
        known_by="diary",
    )


def wake_date_at(time_ms: int, zone: str, usual: UsualTimes) -> date:
    """The wake date of the night that holds this instant or, by day, of the last one before it."""
    wake_date = local_time(time_ms, zone_of(zone)).date() + _DAY
    while window_from_usual(wake_date, zone, usual).start_ms > time_ms:
        wake_date -= _DAY
    return wake_date


def finished_nights(after_ms: int, until_ms: int, zone: str, usual: UsualTimes) -> tuple[NightWindow, ...]:
    """The usual nights that ended in `after_ms < end <= until_ms`, by date: what catching up has to close.

    Give as `after_ms` the end of the last night that was closed. Empty where there are none.
    """
    if until_ms <= after_ms:
        return ()
    wake_date = wake_date_at(after_ms, zone, usual)
    last = wake_date_at(until_ms, zone, usual)
    windows = (window_from_usual(wake_date + days * _DAY, zone, usual) for days in range((last - wake_date).days + 1))
    return tuple(window for window in windows if after_ms < window.end_ms <= until_ms)


def _latest_before(bed: time, rise: datetime) -> datetime:
    """The last naive moment before `rise` at which the clock shows `bed`."""
    same_day = datetime.combine(rise.date(), bed)
    return same_day if same_day < rise else same_day - _DAY


def _rise_on(wake_date: date, rise: str | datetime) -> datetime:
    """A rise given as wall time is on the date of waking."""
    return rise if isinstance(rise, datetime) else datetime.combine(wake_date, wall_time(rise, "rise"))


def _localised(moment: datetime, zone: tzinfo) -> datetime:
    """The moment in local time; a naive one is local already."""
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _instant_ms(moment: datetime, zone: tzinfo) -> int:
    """UTC Unix ms of a moment; a naive one is local."""
    return unix_ms(_localised(moment, zone))
