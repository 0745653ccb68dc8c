"""From what vibration and occupancy sensors say of a night to how often the sleeper moved and how long in bed."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from monitor.core.grid import LEAST_COVERAGE, Series
from monitor.core.nights import HOUR_MS, NightWindow

LOOK_BACK = timedelta(hours=12)
"""How long before the night a sensor of events must have been heard to count as living; its state holds as long."""

LEAST_APART_MS = 1_000
"""ms; one jerk shakes a sensor for a moment: what follows within a second is the same movement."""

YES = 0.5
"""A state of at least this is a 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Movements:
    """Movements of one night by one sensor; `coverage` is 1.0 where the sensor lived, else 0.0."""

    count: int
    coverage: float

    @property
    def valid(self) -> bool:
        """Whether there is a number: of a dead sensor no movement is not zero movements."""
        return self.coverage >= LEAST_COVERAGE


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence:
    """How long one sensor saw somebody in bed; `coverage` is the share of the night for which it had said so or not."""

    hours: float
    coverage: float

    @property
    def valid(self) -> bool:
        """Whether there is a number: for 70 % of the night it must be known."""
        return self.coverage >= LEAST_COVERAGE


def movements_of(window: NightWindow, readings: Series, *, alive: bool = False) -> Movements:
    """How often one vibration sensor felt a movement in a night.

    Parameters
    ----------
    window : NightWindow
        The night, `start <= t < end`.
    readings : sequence of (int, float)
        (UTC Unix ms, 0 or 1) in any order, from 12 hours before the night on; later ones than the night are left out.
    alive : bool
        Whether the sensor said anything else (its battery, a temperature) in that time.

    Returns
    -------
    Movements
        A sensor that says 0 in between is a state: every rise from 0 to 1 counts. One that only ever says 1 tells
        events: each counts. Of those within a second of one that counted, none. `coverage` is 1.0 where the sensor
        said anything within the night or the 12 hours before it: a share of the night cannot be known of a sensor
        that is silent when all is still.
    """
    told = sorted((time_ms, value >= YES) for time_ms, value in readings if time_ms < window.end_ms)
    is_state = not all(moved for _, moved in told)
    before = [False, *(moved for _, moved in told)]
    count, last_ms = 0, window.start_ms - LEAST_APART_MS
    for (time_ms, moved), moved_before in zip(told, before, strict=False):
        begins = moved and not (is_state and moved_before)
        if begins and time_ms >= window.start_ms and time_ms - last_ms >= LEAST_APART_MS:
            count, last_ms = count + 1, time_ms
    return Movements(count=count, coverage=1.0 if told or alive else 0.0)


def presence_of(window: NightWindow, readings: Series) -> Presence:
    """How long one sensor saw the bed or the room occupied in a night.

    Parameters
    ----------
    window : NightWindow
        The night, `start <= t < end`.
    readings : sequence of (int, float)
        (UTC Unix ms, 0 or 1) in any order, from 12 hours before the night on.

    Returns
    -------
    Presence
        A state holds until the next report, the last one to the night's end. `coverage` is the share of the night
        after the first report; `hours` are scaled from it to the whole night.
    """
    told = sorted((time_ms, value >= YES) for time_ms, value in readings if time_ms < window.end_ms)
    known_ms = occupied_ms = 0
    for (from_ms, occupied), (to_ms, _) in pairwise([*told, (window.end_ms, False)]):
        lasted_ms = max(to_ms - max(from_ms, window.start_ms), 0)
        known_ms += lasted_ms
        occupied_ms += lasted_ms if occupied else 0
    length_ms = window.end_ms - window.start_ms
    hours = length_ms / HOUR_MS * (occupied_ms / known_ms) if known_ms else 0.0
    return Presence(hours=hours, coverage=known_ms / length_ms)
