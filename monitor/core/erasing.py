"""What deleting some nights means: which span of readings, which points of the mirror, and what stays out of reach."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from monitor.core.mirrored import noon_ms
from monitor.core.zones import ALL_TIME_MS, unix_ms, zone_of

DAY = timedelta(days=1)

OF_NIGHTS = ("night", "exposure", "diary")
"""Measurements of the mirror that stand at noon of the date of waking."""
OF_ANALYSES = ("analysis", "finding", "advice")
"""Measurements of the mirror that stand when an analysis ran."""
OF_THE_DAEMON = ("sensor", "monitor")
"""Measurements of the mirror that say how the monitor and its sensors were."""


class ErasedNights(NamedTuple):
    """Nights by date of waking, both included, with the readings `from_ms <= t < to_ms` (UTC Unix ms)."""

    first: date
    last: date
    from_ms: int
    to_ms: int


class Edges(NamedTuple):
    """Around a range of nights: the end of the one before, its own first start and last end, the start of the next.

    UTC Unix ms.
    """

    before_ms: int
    start_ms: int
    end_ms: int
    after_ms: int


class Points(NamedTuple):
    """Points of the mirror: of one measurement, of one sensor (None: of any), `from_ms <= t < to_ms` (UTC Unix ms)."""

    measurement: str
    sensor: str | None
    from_ms: int
    to_ms: int


def erased_nights(first: date, last: date, home_zone: str, edges: Edges) -> ErasedNights:
    """The nights with their readings: from noon before the first to noon after the last, local time of the home.

    Where somebody sleeps at noon, the edge moves to the end of the night before, or to the start of the next one; the
    nights themselves are always inside.
    """
    zone = zone_of(home_zone)
    noon_before, noon_after = (unix_ms(datetime.combine(day, time(12), zone)) for day in (first - DAY, last))
    from_ms = min(max(noon_before, edges.before_ms), edges.start_ms)
    to_ms = max(min(noon_after, edges.after_ms), edges.end_ms)
    return ErasedNights(first, last, from_ms, to_ms)


def points_of(nights: ErasedNights, series: Iterable[tuple[str, str]], home_zone: str) -> list[Points]:
    """The points of the mirror that tell of these nights; `series` are (sensor, quantity).

    Of analyses, all since the first night: each holds every night before it.
    """
    first_ms, last_ms = (noon_ms(day, home_zone) for day in (nights.first, nights.last))
    return [
        *_of_sensors(series, nights.from_ms, nights.to_ms),
        *(Points(name, None, first_ms, last_ms + 1) for name in OF_NIGHTS),
        *(Points(name, None, first_ms, ALL_TIME_MS) for name in OF_ANALYSES),
    ]


def points_to_renew(nights: ErasedNights, home_zone: str) -> list[Points]:
    """The exposures of the night after: some told of the last erased night. What is left of them is sent anew."""
    after_ms = noon_ms(nights.last + DAY, home_zone)
    return [Points("exposure", None, after_ms, after_ms + 1)]


def all_points(series: Iterable[tuple[str, str]]) -> list[Points]:
    """Every point of the mirror that is ours; `series` are (sensor, quantity)."""
    return [
        *_of_sensors(series, 0, ALL_TIME_MS),
        *(Points(name, None, 0, ALL_TIME_MS) for name in (*OF_NIGHTS, *OF_ANALYSES)),
    ]


def as_mirrored(text: str) -> str:
    """A tag's value as the mirror keeps it: the line protocol knows no line breaks, nor a backslash at the end."""
    kept = text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f"{kept} " if kept.endswith("\\") else kept


def out_of_reach(*, backups: bool, mirror: str | None) -> list[str]:
    """What deleting does not reach; `mirror` says why it was not, None where it was."""
    return [
        "files that were exported, and copies of the database that were put elsewhere",
        *([] if backups else ["backups (--backups deletes them too)"]),
        *([f"the mirror: {mirror}"] if mirror else []),
        "what Home Assistant and other programs recorded from the same sensors",
        "messages that the broker keeps: retained ones, and those that wait for somebody",
        "blocks of an SD card or SSD that its controller has put aside, and snapshots of the file system",
        "screens, logs and notifications that showed it already",
    ]


def _of_sensors(series: Iterable[tuple[str, str]], from_ms: int, to_ms: int) -> Iterator[Points]:
    known = sorted(series)
    for sensor, quantity in known:
        yield Points(quantity, sensor, from_ms, to_ms)
    for sensor in dict.fromkeys(sensor for sensor, _ in known):
        yield Points(OF_THE_DAEMON[0], sensor, from_ms, to_ms)
    yield Points(OF_THE_DAEMON[1], None, from_ms, to_ms)
