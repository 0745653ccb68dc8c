"""Simulated sleeper: how bad each night was, with a planted cause or none, and what the diary says of it."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, tzinfo
from statistics import NormalDist

from monitor.core.simulation.bedroom import RoomNight
from monitor.core.zones import local_time
from monitor.errors import InputError

LOG_ODDS_PER_SD: Mapping[str, float] = {"heat": math.log(3.0), "none": 0.0}
"""Log odds of a worse night per SD of the room's warmth after season, by the name of the planted effect."""

PER_DRINK, PER_STRESS, PER_CUP = 0.45, 0.35, 0.30
"""Log odds of a worse night per drink, per level of stress (0-3), per cup of coffee after 14:00."""

THRESHOLDS = (-0.6, 0.3, 0.95, 1.6, 2.25, 2.95, 3.7, 4.5, 5.3, 6.4)
"""Log odds at which severity 1, 2 ... 10 begins, so that about a quarter of the nights reach 5."""

NIGHT_TO_NIGHT = 0.3
"""Correlation of what neither room nor confounders explain."""

FORGETS, REMEMBERS = 0.045, 0.33
"""Chance per night that the diary lapses, and that it is taken up again: 12 % missing, in bursts of three."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NightTruth:
    """What really was, also of nights the diary leaves out; `heat_sd` is `warmth_c` in SDs of this run."""

    wake_date: date
    bed_ms: int
    rise_ms: int
    temperature_c: float
    warmth_c: float
    heat_sd: float
    factors: Mapping[str, float]
    severity: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatedEntry:
    """What the person writes down; wall times None where not noted."""

    wake_date: date
    severity: int
    factors: Mapping[str, float]
    bed: time | None
    rise: time | None


class Sleeper:
    """One person, night after night; the planted effect is per `spread_c`, the SD of the room's warmth."""

    def __init__(self, effect: str, spread_c: float, rng: random.Random) -> None:
        if effect not in LOG_ODDS_PER_SD:
            raise InputError(f"effect: expected one of {', '.join(LOG_ODDS_PER_SD)}, got {effect!r}")
        self._per_sd = LOG_ODDS_PER_SD[effect]
        self._spread_c = spread_c
        self._rng = rng
        self._residual = rng.gauss(0.0, 1.0)
        self._stress = 1
        self._lapsed = False

    def sleep(self, night: RoomNight) -> NightTruth:
        """What this night did."""
        heat_sd = night.warmth_c / self._spread_c
        factors = self._day(free=night.evening.wake_date.isoweekday() >= 6, heat_sd=heat_sd)
        risk = (
            self._per_sd * heat_sd
            + PER_DRINK * factors["alcohol"]
            + PER_STRESS * factors["stress"]
            + PER_CUP * factors["caffeine"]
            + self._unexplained()
        )
        return NightTruth(
            wake_date=night.evening.wake_date,
            bed_ms=night.evening.bed_ms,
            rise_ms=night.evening.rise_ms,
            temperature_c=night.temperature_c,
            warmth_c=night.warmth_c,
            heat_sd=heat_sd,
            factors=factors,
            severity=sum(risk > threshold for threshold in THRESHOLDS),
        )

    def written(self, truth: NightTruth, zone: tzinfo) -> SimulatedEntry | None:
        """The diary entry of a night, None while the diary lapses."""
        self._lapsed = self._rng.random() < (1 - REMEMBERS if self._lapsed else FORGETS)
        times_noted = self._rng.random() < 0.8
        if self._lapsed:
            return None
        return SimulatedEntry(
            wake_date=truth.wake_date,
            severity=truth.severity,
            factors=truth.factors,
            bed=_noted(truth.bed_ms, zone) if times_noted else None,
            rise=_noted(truth.rise_ms, zone) if times_noted else None,
        )

    def _day(self, *, free: bool, heat_sd: float) -> dict[str, float]:
        """Alcohol goes with free days and with warmth, as people do: the confounder of heat."""
        rng = self._rng
        drinks = 0
        if rng.random() < _chance(-1.6 + 1.5 * free + 0.8 * heat_sd):
            drinks = rng.choice((1, 1, 2, 2, 3, 4))
        if rng.random() < 0.45:
            self._stress = rng.choice((0, 1, 1, 2) if free else (0, 1, 2, 3))
        cups = rng.choice((0, 0, 0, 1, 1, 2))
        return {"alcohol": float(drinks), "stress": float(self._stress), "caffeine": float(cups)}

    def _unexplained(self) -> float:
        """Logistic, correlated from night to night through a normal score."""
        rest = math.sqrt(1 - NIGHT_TO_NIGHT**2)
        self._residual = NIGHT_TO_NIGHT * self._residual + self._rng.gauss(0.0, rest)
        below = NormalDist().cdf(self._residual)
        return math.log(below / (1 - below))


def _chance(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def _noted(time_ms: int, zone: tzinfo) -> time:
    """The wall time as people write it: to 5 minutes."""
    wall = local_time(time_ms, zone)
    return time(wall.hour, wall.minute // 5 * 5)
