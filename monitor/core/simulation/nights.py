"""Simulated nights for the demo: what the sensors publish, what the diary says, and the truth."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, tzinfo
from statistics import pstdev

from monitor.core.simulation.bedroom import STEP_MS, RoomNight, room_nights
from monitor.core.simulation.publication import Publication, carried
from monitor.core.simulation.sensors import SENSORS
from monitor.core.simulation.sleeper import NightTruth, SimulatedEntry, Sleeper
from monitor.errors import InputError

LEAST_SPREAD_C = 0.3
"""degC; a run of a few equal nights must not make tenths of a degree unbearable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedNight:
    """One night: publications in the order of their time, the diary entry or None, and what really was."""

    wake_date: date
    publications: tuple[Publication, ...]
    entry: SimulatedEntry | None
    truth: NightTruth


def simulate(nights: int, seed: int, effect: str, first_evening: date, zone: tzinfo) -> Iterator[SimulatedNight]:
    """The nights after `first_evening` and its followers; the same arguments give the same nights.

    `effect` "heat" makes warm nights worse (odds ratio 3 per SD of the room's mean temperature after season),
    "none" plants nothing. Raises InputError for another effect or fewer than one night.
    """
    if nights < 1:
        raise InputError(f"nights: expected at least 1, got {nights}")
    warmths_c = [night.warmth_c for night in _room(nights, seed, first_evening, zone)]
    sleeper = Sleeper(effect, max(pstdev(warmths_c), LEAST_SPREAD_C), _chance(seed, "sleeper"))
    return _nights(sleeper, _room(nights, seed, first_evening, zone), zone, _chance(seed, "sensors"))


def _nights(sleeper: Sleeper, rooms: Iterator[RoomNight], zone: tzinfo, rng: random.Random) -> Iterator[SimulatedNight]:
    for room in rooms:
        truth = sleeper.sleep(room)
        yield SimulatedNight(
            wake_date=truth.wake_date,
            publications=_publications(room, zone, rng),
            entry=sleeper.written(truth, zone),
            truth=truth,
        )


def _publications(room: RoomNight, zone: tzinfo, rng: random.Random) -> tuple[Publication, ...]:
    begin_ms, end_ms = room.steps[0].time_ms, room.steps[-1].time_ms + STEP_MS
    arrived = (
        publication
        for sensor in SENSORS
        for publication in carried(sensor(room.steps, zone, rng), begin_ms, end_ms, rng)
    )
    return tuple(sorted(arrived, key=lambda publication: publication.time_ms))


def _room(nights: int, seed: int, first_evening: date, zone: tzinfo) -> Iterator[RoomNight]:
    """The same rooms each time: the first passage finds out how much their warmth varies."""
    return room_nights(first_evening, nights, zone, _chance(seed, "room"))


def _chance(seed: int, what_for: str) -> random.Random:
    """A stream of its own for each part, so that a change in one leaves the others as they were."""
    return random.Random(f"{seed} {what_for}")  # noqa: S311 - a simulation, no secret
