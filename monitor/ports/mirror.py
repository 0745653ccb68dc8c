"""What waits to be mirrored, and the server that it is sent to."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple, Protocol


def night_record(wake_date: date) -> str:
    """What a night is called in the queue."""
    return f"night/{wake_date.isoformat()}"


def diary_record(wake_date: date) -> str:
    """What the diary's entry of a night is called in the queue."""
    return f"diary/{wake_date.isoformat()}"


def analysis_record(number: int) -> str:
    """What an analysis is called in the queue."""
    return f"analysis/{number}"


class Stretch(NamedTuple):
    """Readings of one series, calibrated, by time."""

    sensor: str
    quantity: str
    rows: list[tuple[int, float]]


class Parcel(NamedTuple):
    """What is to be sent next: readings, and the names of records such as `night/2026-01-31`.

    `first` and `last` are the rows of the queue that are done with it, only the live ones where `live`;
    `rest` is the row of which a part remains, with the time from which on.
    """

    stretches: Sequence[Stretch] = ()
    records: Sequence[str] = ()
    first: int = 0
    last: int = -1
    live: bool = False
    rest: tuple[int, int] | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return self.last < self.first and self.rest is None


class Sent(NamedTuple):
    """What became of a parcel: lines taken, lines the server dropped, lines set aside with the reason."""

    lines: int = 0
    dropped: int = 0
    aside: Sequence[tuple[str, str]] = ()


class Overflow(NamedTuple):
    """What left the queue because it was too old or too much, with the span of its readings."""

    readings: int
    from_ms: int
    to_ms: int


class Waiting(NamedTuple):
    """How much waits: rows of the queue, and when the oldest that was never sent was queued (UTC Unix ms)."""

    rows: int
    oldest_ms: int | None


class MirrorStatus(NamedTuple):
    """How the mirror is: what waits, what became of the rest. Times are UTC Unix ms, None for never.

    `readings` counts what waits, `records` nights and analyses; `oldest_ms` is when the oldest that was never sent was
    queued. `lost` is what left the queue unsent, `lost_from_ms` to `lost_to_ms` its span.
    """

    readings: int = 0
    records: int = 0
    oldest_ms: int | None = None
    sent: int = 0
    sent_ms: int | None = None
    trouble: str | None = None
    trouble_ms: int | None = None
    dropped: int = 0
    aside: int = 0
    lost: int = 0
    lost_from_ms: int | None = None
    lost_to_ms: int | None = None


class MirrorQueue(Protocol):
    """What waits to be mirrored, in the order in which it was stored."""

    def oldest(self, at_most: int) -> Parcel:
        """The oldest of what waits, about `at_most` lines."""
        ...

    def newest(self, at_most: int) -> Parcel:
        """The newest of what was measured just now, about `at_most` lines; nothing where one batch is more."""
        ...

    def settle(self, parcel: Parcel, sent: Sent, now_ms: int) -> None:
        """The parcel is done with; what became of it is kept. A parcel of which nothing was sent says nothing."""
        ...

    def well(self, now_ms: int) -> None:
        """Keep that the server took something, and that there is no trouble any more."""
        ...

    def troubled(self, trouble: str, now_ms: int) -> None:
        """Keep why nothing can be sent."""
        ...

    def shorten(self, before_ms: int, at_most: int) -> Overflow | None:
        """Let go of what was queued before, and of the oldest where more than `at_most` rows wait; what that was."""
        ...

    def again(self, from_ms: int, to_ms: int, records: Sequence[str]) -> int:
        """Queue every reading of the span once more, and these records; how many readings that are."""
        ...

    def status(self) -> MirrorStatus:
        """How the mirror is."""
        ...

    def waiting(self) -> Waiting:
        """How much waits; quick however much that is."""
        ...

    def set_aside(self, count: int) -> list[tuple[int, str, str]]:
        """The newest lines that the server refused: when, the line, why."""
        ...


Verdict = Literal["taken", "bad", "too large", "refused", "busy", "away"]


class Answer(NamedTuple):
    """What a server made of a write.

    taken: done, but for `dropped` lines. bad: a line cannot be read. too large: send less at once. refused: it does
    not let us in, or not write there. busy: ask again after `wait_s`, None if it did not say. away: no answer that
    means anything. `said` is for people; `slow` where the answer did not come in time.
    """

    verdict: Verdict
    said: str = ""
    dropped: int = 0
    wait_s: float | None = None
    slow: bool = False


class MirrorServer(Protocol):
    """Who takes lines of the line protocol."""

    def write(self, lines: Sequence[str]) -> Answer:
        """Send the lines in one request; the same line twice is one point. Raises nothing."""
        ...
