"""From what stood for the room in one night to the numbers that the analysis compares between nights."""

from typing import NamedTuple

from monitor.core.exposure_kinds import EXPOSURES, LAST_NIGHT, ExposureKind
from monitor.core.night_room import NightRoom

__all__ = ["EXPOSURES", "Exposure", "ExposureKind", "exposures_of_night"]


class Exposure(NamedTuple):
    """One number summarising one night; `value` None means that it cannot be said.

    `coverage` is the share of the night that was there to compute it from.
    """

    name: str
    value: float | None
    coverage: float


def exposures_of_night(room: NightRoom) -> tuple[Exposure, ...]:
    """Every number of one night, outcomes among them, in the order of `EXPOSURES`.

    Parameters
    ----------
    room : NightRoom
        What stood for the room, see `room_of_night`.

    Returns
    -------
    tuple of Exposure
        `value` is None where fewer than 70 % of the 5-minute bins are present, where more than 60 minutes in a row
        are absent in the first four hours, or where the number does not apply (`HI_max` below 27 degC, `lux_mean`
        of a night outside 23:00 to 06:00). Never a zero for a missing value: zero movements of a vibration sensor
        that lives is 0, of one that was not heard None. For `T_lag1`, coverage is 1.0 where the night before is
        known, else 0.0.

    Notes
    -----
    Sums over time (hours above a limit, degree-hours, loud minutes, hours in bed) are scaled from what is present to
    the whole night. A number about a part of the night (its first half hour, 23:00 to 06:00) needs 70 % of that part.
    """
    return tuple(_exposure(kind, room) for kind in EXPOSURES)


def _exposure(kind: ExposureKind, room: NightRoom) -> Exposure:
    if kind.source == LAST_NIGHT:
        return Exposure(kind.name, kind.compute(room), 0.0 if room.previous_t_mean is None else 1.0)
    measured = room.measured(kind.source)
    return Exposure(kind.name, kind.compute(room) if measured.valid else None, measured.coverage)
