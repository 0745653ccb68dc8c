"""From the sensors of a night to what stood for the room: the bed's own sensor, else the median of the bedroom's."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Generic, NamedTuple, Protocol, TypeVar

from monitor.core.grid import BIN_MS, MAX_GAP, Grid, Series, difference_grid, grid_of, median_grid
from monitor.core.night_events import LOOK_BACK, Movements, Presence, movements_of, presence_of
from monitor.core.night_noise import Sound, sound_of
from monitor.core.nights import HOUR_MS, NightWindow

DAY = timedelta(days=1)
DAY_MS = 24 * HOUR_MS

BED = "bed"
PRESSURE = "pressure"
MOISTURE = "moisture"
"""The grid of temperature where humidity is known too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One thing that a night is known by: a quantity of sensors at `places`, the first place first.

    `before` is how long before the night its readings are needed. `name` is what the sensors that stood for it are
    kept under.
    """

    name: str
    quantity: str
    places: tuple[str, ...] = (BED, "bedroom")
    before: timedelta = timedelta(0)


LEVELS = (
    Source(name="temperature", quantity="temperature"),
    Source(name="humidity", quantity="humidity"),
    Source(name="co2", quantity="co2"),
    Source(name="pm25", quantity="pm25"),
    Source(name="voc", quantity="voc"),
    Source(name="illuminance", quantity="illuminance"),
    Source(name=PRESSURE, quantity="pressure", places=(BED, "bedroom", "outdoor"), before=DAY),
    Source(name="outdoor_temperature", quantity="temperature", places=("outdoor",)),
)
"""What changes slowly: grids of 5-minute medians. Pressure is the same indoors and out."""
NOISE = Source(name="noise", quantity="noise")
MOVEMENT = Source(name="movement", quantity="movement", before=LOOK_BACK)
OCCUPANCY = Source(name="occupancy", quantity="occupancy", before=LOOK_BACK)
SOURCES = (*LEVELS, NOISE, MOVEMENT, OCCUPANCY)
"""Everything that a night is known by."""


class SensorReadings(NamedTuple):
    """One quantity of one sensor around a night; `place` says where the sensor is.

    `alive` says whether the sensor said anything else in that time; it matters to a silent vibration sensor only.
    """

    sensor: str
    place: str
    quantity: str
    readings: Series
    alive: bool = False


class Measured(Protocol):
    """What a number may be computed from, and how much of the night it covers."""

    @property
    def coverage(self) -> float:
        """Share of the night, 0 to 1."""
        ...

    @property
    def valid(self) -> bool:
        """Whether the night may get a number."""
        ...


M = TypeVar("M", bound=Measured)


class _Heard(NamedTuple, Generic[M]):
    """What one sensor measured."""

    sensor: str
    place: str
    measured: M


class _Standing(NamedTuple, Generic[M]):
    """What stands for the room, and the sensors that it is from."""

    sensors: tuple[str, ...]
    measured: M


@dataclass(frozen=True, kw_only=True)
class NightRoom:
    """What stood for the room in one night; `sensors` says by source which sensors that were.

    `grids` has the sources of `LEVELS`, for pressure the change since 24 hours before, and `MOISTURE`.
    """

    window: NightWindow
    sensors: Mapping[str, tuple[str, ...]]
    grids: Mapping[str, Grid]
    sound: Sound
    movements: Movements
    presence: Presence
    previous_t_mean: float | None = None

    def measured(self, source: str) -> Measured:
        """What the numbers of a source are computed from; raises KeyError for an unknown one."""
        of_one: dict[str, Measured] = {
            NOISE.name: self.sound,
            MOVEMENT.name: self.movements,
            OCCUPANCY.name: self.presence,
        }
        return of_one.get(source) or self.grids[source]

    @cached_property
    def moist(self) -> tuple[tuple[float, float], ...]:
        """(degC, %) of the bins where both are known, in order."""
        pairs = zip(self.grids[MOISTURE].values, self.grids["humidity"].values, strict=True)
        return tuple((t, rh) for t, rh in pairs if t is not None and rh is not None)


def room_of_night(
    window: NightWindow,
    readings: Sequence[SensorReadings],
    *,
    previous_t_mean: float | None = None,
    max_gap: timedelta = MAX_GAP,
) -> NightRoom:
    """What stands for the room, of everything that sensors said around a night.

    Parameters
    ----------
    window : NightWindow
        The night.
    readings : sequence of SensorReadings
        By the time when the sensors were first seen; readings in any order. Those up to `max_gap` outside the night
        help to bridge its edges, `Source.before` says how much earlier ones are needed. A series whose quantity
        and place are of no source takes no part.
    previous_t_mean : float or None
        `T_mean` of the night before, degC; None if it is not known.
    max_gap : timedelta
        Longest stretch without readings that is bridged, see `grid_of`; noise and events are never bridged.

    Returns
    -------
    NightRoom
        Of the sensors in the bed the one with the best coverage stands for the room, if its night is valid. Else it
        is the median, bin by bin, of the bedroom's sensors whose nights are valid; where none is, of all of them. Of
        noise and events, where a median means nothing, the bedroom's valid sensor with the best coverage. Of equals
        the one that was seen first. `sensors` has no row where nothing was measured. The temperature that goes with
        humidity is that of the same sensors, if they measure it.
    """
    empty = Grid((None,) * ((window.end_ms - window.start_ms) // BIN_MS))
    grids = {source.name: _grids(source, window, readings, max_gap) for source in LEVELS}
    levels = {source.name: _level(source, grids[source.name], empty) for source in LEVELS}
    sound = _best(NOISE, _each(NOISE, readings, lambda one: sound_of(window, one.readings)), sound_of(window, ()))
    movements = _best(
        MOVEMENT,
        _each(MOVEMENT, readings, lambda one: movements_of(window, one.readings, alive=one.alive)),
        movements_of(window, ()),
    )
    presence = _best(
        OCCUPANCY,
        _each(OCCUPANCY, readings, lambda one: presence_of(window, one.readings)),
        presence_of(window, ()),
    )
    events = {NOISE.name: sound.sensors, MOVEMENT.name: movements.sensors, OCCUPANCY.name: presence.sensors}
    sensors = {name: level.sensors for name, level in levels.items()} | events
    room_grids = {name: level.measured for name, level in levels.items()}
    room_grids[MOISTURE] = _moisture(levels["temperature"].measured, levels["humidity"], grids["temperature"])
    return NightRoom(
        window=window,
        sensors=MappingProxyType({name: keys for name, keys in sensors.items() if keys}),
        grids=MappingProxyType(room_grids),
        sound=sound.measured,
        movements=movements.measured,
        presence=presence.measured,
        previous_t_mean=previous_t_mean,
    )


def _each(
    source: Source, readings: Iterable[SensorReadings], measure: Callable[[SensorReadings], M]
) -> list[_Heard[M]]:
    """What each sensor of the source measured."""
    return [
        _Heard(one.sensor, one.place, measure(one))
        for one in readings
        if one.quantity == source.quantity and one.place in source.places
    ]


def _grids(
    source: Source, window: NightWindow, readings: Iterable[SensorReadings], max_gap: timedelta
) -> list[_Heard[Grid]]:
    def grid(one: SensorReadings) -> Grid:
        now = grid_of(window, one.readings, source.quantity, max_gap)
        return difference_grid(now, grid_of(day_before, one.readings, source.quantity, max_gap)) if changes else now

    changes = source.name == PRESSURE
    day_before = replace(window, start_ms=window.start_ms - DAY_MS, end_ms=window.end_ms - DAY_MS)
    return _each(source, readings, grid)


def _level(source: Source, heard: Sequence[_Heard[Grid]], empty: Grid) -> _Standing[Grid]:
    """The best of the bed's sensors, or the median of another place's."""
    there = _at_first_place(source, heard)
    if not there or there[0].place == BED:
        return _best_of(there, empty)
    return _Standing(tuple(one.sensor for one in there), median_grid([one.measured for one in there]))


def _best(source: Source, heard: Sequence[_Heard[M]], nothing: M) -> _Standing[M]:
    return _best_of(_at_first_place(source, heard), nothing)


def _best_of(there: Sequence[_Heard[M]], nothing: M) -> _Standing[M]:
    """The sensor with the best coverage, of equals the first."""
    best = max(there, key=lambda one: one.measured.coverage, default=None)
    return _Standing((), nothing) if best is None else _Standing((best.sensor,), best.measured)


def _at_first_place(source: Source, heard: Sequence[_Heard[M]]) -> list[_Heard[M]]:
    """The valid sensors of the first place that has some; without any, all sensors of a place, the bed last."""
    present = [one for one in heard if one.measured.coverage > 0]
    valid = [one for one in present if one.measured.valid]
    bed_last = sorted(source.places, key=lambda place: place == BED)
    for ones, places in ((valid, source.places), (present, bed_last)):
        for place in places:
            there = [one for one in ones if one.place == place]
            if there:
                return there
    return []


def _moisture(room: Grid, humidity: _Standing[Grid], thermometers: Sequence[_Heard[Grid]]) -> Grid:
    """The temperature where humidity is known too: that beside the hygrometers if it is valid, else the room's."""
    by_sensor = {one.sensor: one.measured for one in thermometers}
    beside = [by_sensor[sensor] for sensor in humidity.sensors if sensor in by_sensor]
    grid = median_grid(beside) if beside and len(beside) == len(humidity.sensors) else room
    temperature = (grid if grid.valid else room).values
    return Grid(tuple(None if rh is None else t for t, rh in zip(temperature, humidity.measured.values, strict=True)))
