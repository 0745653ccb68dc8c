"""Simulated nights of the room: weather and habits played through, in 5-minute steps from 20:00 to 09:00."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from statistics import fmean
from typing import NamedTuple

from monitor.core.simulation.habits import MINUTE_MS, Evening, some_evening, use_at, usual_evening
from monitor.core.simulation.room import OUTDOOR_CO2_PPM, Room, stepped
from monitor.core.simulation.weather import CALM, Outdoors, outdoors, passed_on
from monitor.core.zones import local_time, unix_ms

STEP_MS = 5 * MINUTE_MS
"""ms; the night's step, short against an airing."""
DAY_STEP_MS = 30 * MINUTE_MS
"""ms; by day only the sun and the walls' memory matter."""

NIGHT_BEGINS, NIGHT_ENDS = time(20), time(9)

WARM_UP = timedelta(days=10)
"""The room forgets how it was begun with a time constant of a day."""


class Step(NamedTuple):
    """The room and the outdoors at one instant (UTC Unix ms)."""

    time_ms: int
    room: Room
    outside: Outdoors


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomNight:
    """One night of the room; the means are over the time in bed.

    `warmth_c` is how much warmer it was than this room on this date in seasonal weather with usual habits.
    """

    evening: Evening
    steps: tuple[Step, ...]
    temperature_c: float
    warmth_c: float


class _Bedroom:
    """A room that lives from step to step; without `rng` in weather exactly as the season has it."""

    def __init__(self, zone: tzinfo, rng: random.Random | None) -> None:
        self._zone = zone
        self._rng = rng
        self._fronts = CALM
        self._room = Room(20.0, 8.0, OUTDOOR_CO2_PPM)

    def lived(self, edges_ms: Sequence[int], evening: Evening) -> Iterator[Step]:
        """Live from the first to the last edge; yields the state at the beginning of each step."""
        for start_ms, end_ms in pairwise(edges_ms):
            hours = (end_ms - start_ms) / 3_600_000
            outside = outdoors(local_time(start_ms, self._zone), self._fronts)
            yield Step(start_ms, self._room, outside)
            use = use_at(start_ms, evening, self._room, outside)
            self._room = stepped(self._room, outside, use, hours)
            if self._rng is not None:
                self._fronts = passed_on(self._fronts, hours, self._rng)


def room_nights(first_evening: date, nights: int, zone: tzinfo, rng: random.Random) -> Iterator[RoomNight]:
    """The nights of one bedroom, one after the other; the days between are lived and not shown."""
    habits = random.Random(rng.random())  # noqa: S311 - whims of a simulated person, no secret
    bedroom, usual_bedroom = _Bedroom(zone, rng), _Bedroom(zone, None)
    for number in range(-WARM_UP.days, nights):
        evening_date = first_evening + timedelta(days=number)
        evening = some_evening(evening_date + timedelta(days=1), zone, habits)
        usual = usual_evening(evening.wake_date, zone)
        day, night = _edges(evening_date, zone)
        for _ in (*bedroom.lived(day, evening), *usual_bedroom.lived(day, usual)):
            pass
        steps, usual_steps = tuple(bedroom.lived(night, evening)), tuple(usual_bedroom.lived(night, usual))
        temperature_c = _mean_in_bed(steps, evening)
        if number >= 0:
            yield RoomNight(
                evening=evening,
                steps=steps,
                temperature_c=temperature_c,
                warmth_c=temperature_c - _mean_in_bed(usual_steps, usual),
            )


def climate_at(steps: Sequence[Step], time_ms: int) -> tuple[Room, Outdoors]:
    """Room and outdoors between two steps, on the straight line; beyond the ends as at the ends."""
    index, rest_ms = divmod(time_ms - steps[0].time_ms, STEP_MS)
    if not 0 <= index < len(steps) - 1:
        edge = steps[0] if index < 0 else steps[-1]
        return edge.room, edge.outside
    here, there = steps[index], steps[index + 1]
    share = rest_ms / STEP_MS
    room = Room(*(a + (b - a) * share for a, b in zip(here.room, there.room, strict=True)))
    return room, Outdoors(*(a + (b - a) * share for a, b in zip(here.outside, there.outside, strict=True)))


def _edges(evening_date: date, zone: tzinfo) -> tuple[range, range]:
    """Where the steps of a day and of its night begin, and where the last one ends."""
    morning, begin, end = (
        unix_ms(datetime.combine(day, wall, zone))
        for day, wall in (
            (evening_date, NIGHT_ENDS),
            (evening_date, NIGHT_BEGINS),
            (evening_date + timedelta(days=1), NIGHT_ENDS),
        )
    )
    return range(morning, begin + 1, DAY_STEP_MS), range(begin, end + 1, STEP_MS)


def _mean_in_bed(steps: Sequence[Step], evening: Evening) -> float:
    return fmean(step.room.temperature_c for step in steps if evening.bed_ms <= step.time_ms < evening.rise_ms)
