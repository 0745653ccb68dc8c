"""From what a decoder measured to what is stored: canonical units, plausibility, time."""

from typing import NamedTuple

from monitor.core.quantities import BY_NAME, shown_unit

YEAR_2015_MS = 1_420_070_400_000
"""Unix ms: a device that claims an earlier time has not set its clock."""

FUTURE_TOLERANCE_MS = 300_000
"""ms: a time further ahead than this is a wrong device clock, not a fast one."""

DAY_MS = 86_400_000


class Message(NamedTuple):
    """One MQTT message as it arrived; `received_ms` is UTC Unix ms."""

    topic: str
    payload: bytes
    retain: bool
    received_ms: int


class Measurement(NamedTuple):
    """What a decoder read: `value` is already in the quantity's canonical unit.

    `sensor` is the stable key of one device. `time_ms` is the device's own UTC Unix ms, None where it sent none.
    `word` is what an event is called; its value is 1.
    """

    sensor: str
    quantity: str
    value: float
    time_ms: int | None = None
    word: str | None = None


class Reading(NamedTuple):
    """One value of one quantity from one sensor at one instant (UTC Unix ms), in the canonical unit.

    `word` is what an event is called, None for a measurement.
    """

    sensor: str
    quantity: str
    time_ms: int
    value: float
    word: str | None = None


class SetAside(NamedTuple):
    """A value kept out of every statistic, with the reason a person can read.

    `awaiting`: the next value of the series decides whether it is one after all.
    """

    sensor: str
    quantity: str
    time_ms: int
    value: float
    reason: str
    awaiting: bool = False


def implausible(quantity: str, value: float) -> str | None:
    """Why `value` (canonical unit) cannot be a true reading of `quantity`; None if it can.

    A not-a-number is implausible. Raises KeyError for an unknown quantity.
    """
    row = BY_NAME[quantity]
    if value in row.absent:
        return f"{value:g} {shown_unit(row.unit)} is what devices send for no value"
    if row.low <= value <= row.high and not (row.low_open and value == row.low):
        return None
    return f"outside {row.low:g} to {row.high:g} {shown_unit(row.unit)}".rstrip()


def trusted_time_ms(time_ms: int | None, received_ms: int) -> int | None:
    """The device's own time if it can be believed, else None (then arrival counts).

    A clock that stands before 2015 or more than 5 minutes after arrival was never set.
    """
    if time_ms is None or time_ms < YEAR_2015_MS or time_ms > received_ms + FUTURE_TOLERANCE_MS:
        return None
    return time_ms
