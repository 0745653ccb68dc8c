"""From one sensor's sound levels of a night to minutes: a bang lasts a second, so no median and no bridging here."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from math import fsum, log10

from monitor.core.grid import BIN_MS, Grid, Series
from monitor.core.night_numbers import percentile
from monitor.core.nights import NightWindow
from monitor.core.readings import implausible

MINUTE_MS = 60_000
MINUTES_PER_BIN = BIN_MS // MINUTE_MS

LOUD_DB = 45.0
"""dB: a louder sound may wake; WHO (1999), Guidelines for Community Noise, restated in WHO (2009), Night Noise."""


@dataclass(frozen=True, kw_only=True)
class Sound:
    """One night's sound by whole minutes from its start, dB; None is a minute in which nothing was heard.

    `maxima` are the highest readings of each minute, `levels` their energy means, so that a burst of readings weighs
    no more than one. Of the same length.
    """

    maxima: tuple[float | None, ...]
    levels: tuple[float | None, ...]

    @cached_property
    def heard(self) -> Grid:
        """The 5-minute bins, present where at least one of their minutes was heard: for coverage and validity."""
        starts = range(0, len(self.maxima) - MINUTES_PER_BIN + 1, MINUTES_PER_BIN)
        bins = (_present(self.maxima[start : start + MINUTES_PER_BIN]) for start in starts)
        return Grid(tuple(max(values, default=None) for values in bins))

    @property
    def coverage(self) -> float:
        """Share of 5-minute bins in which the sensor was heard; nothing is bridged."""
        return self.heard.coverage

    @property
    def valid(self) -> bool:
        """Whether the night may get a number, by the rules of `Grid.valid`."""
        return self.heard.valid


def sound_of(window: NightWindow, readings: Series) -> Sound:
    """The readings of one sound sensor as the night's minutes.

    Parameters
    ----------
    window : NightWindow
        The night; a minute holds `start <= t < start + 60 s`, a part of a minute left at its end is dropped.
    readings : sequence of (int, float)
        (UTC Unix ms, dB) in any order, weighted as the device does it. Implausible ones are left out.

    Returns
    -------
    Sound
        Minutes without a reading are None.
    """
    minutes = (window.end_ms - window.start_ms) // MINUTE_MS
    maxima: list[float | None] = [None] * minutes
    levels: list[float | None] = [None] * minutes
    inside = sorted(
        ((time_ms - window.start_ms) // MINUTE_MS, value)
        for time_ms, value in readings
        if window.start_ms <= time_ms and implausible("noise", value) is None
    )
    for minute, pairs in groupby(inside, key=lambda pair: pair[0]):
        if minute < minutes:
            values = [value for _, value in pairs]
            maxima[minute], levels[minute] = max(values), energy_mean_db(values)
    return Sound(maxima=tuple(maxima), levels=tuple(levels))


def energy_mean_db(levels_db: Sequence[float]) -> float:
    """The steady level with the same sound energy (Leq).

    Parameters
    ----------
    levels_db : sequence of float
        Levels of equally long stretches, dB; at least one.

    Returns
    -------
    float
        dB, within the bounds of the levels.

    References
    ----------
    ISO 1996-1:2016, 3.1.7 (equivalent continuous sound pressure level).

    Examples
    --------
    >>> round(energy_mean_db([30.0, 60.0]), 4)
    56.994
    """
    level = 10.0 * log10(fsum(10.0 ** (level / 10.0) for level in levels_db) / len(levels_db))
    return min(max(level, min(levels_db)), max(levels_db))


def loud_minutes(sound: Sound) -> float:
    """How many minutes of the whole night have a maximum above 45 dB, from the share of the minutes heard.

    A sensor that reports less often than each minute is a sample of the night.
    """
    heard = _present(sound.maxima)
    return len(sound.maxima) * sum(value > LOUD_DB for value in heard) / len(heard)


def level_of_night(sound: Sound) -> float:
    """The energy mean of the minutes heard, dB (LAeq where the sensor weights by A)."""
    return energy_mean_db(_present(sound.levels))


def liveliness(sound: Sound) -> float:
    """L10 - L90, dB: the level exceeded in 10 % of the minutes heard, less that exceeded in 90 % of them."""
    levels = _present(sound.levels)
    return percentile(levels, 90.0) - percentile(levels, 10.0)


def _present(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]
