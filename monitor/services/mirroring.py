"""Stored readings to the mirror: one request at a time from the queue, whatever the server answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from monitor.ports import Answer, Clock, MirrorServer, Sent
from monitor.services.mirror_loading import Load, Loading
from monitor.services.mirror_telling import Telling

FRESH_EVERY_S = 60.0
"""Seconds between two looks at what is new while the past is caught up with: dashboards stay live."""

FRESH_LINES = 1_000
"""Lines of such a look: more than a bedroom says in a minute."""

REFUSED_S = 300.0
"""Seconds until a server that refuses us is asked again: a person must do something first."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
"""Seconds; the pauses after failures double from one to the other, each with full jitter."""

LONGEST_WAIT_S = 3_600.0
"""Seconds that a busy server may ask us to wait; it may have meant something else by more."""

FEWEST_LINES = 100
"""Lines of a request that a slow server is not asked to take less than."""

T = TypeVar("T")


class Ask(Protocol):
    """Has something done by the thread that may use the database."""

    def __call__(self, call: Callable[[], T], /) -> T:
        """What it returns; raises what it raises."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class MirrorRules:
    """How much is sent and kept; `name` is what the server is called in messages."""

    name: str
    batch_lines: int
    flush_s: float
    keep_ms: int
    keep_rows: int


@dataclass(slots=True)
class _Delivery:
    """What became of the lines of a parcel so far."""

    lines: int = 0
    dropped: int = 0
    aside: list[tuple[str, str]] = field(default_factory=list)
    first_dropped: str = ""
    split: bool = False


class Mirroring:
    """Sends what waits; a step never raises for anything that the server does.

    `chance` gives numbers from 0 to 1, for the jitter of the pauses.
    """

    def __init__(
        self,
        loading: Loading,
        server: MirrorServer,
        rules: MirrorRules,
        clock: Clock,
        ask: Ask,
        chance: Callable[[], float],
    ) -> None:
        self._loading = loading
        self._server = server
        self._rules = rules
        self._clock = clock
        self._ask = ask
        self._chance = chance
        self._lines = rules.batch_lines
        self._not_before_s = 0.0
        self._fresh_s = clock.elapsed_s() - FRESH_EVERY_S
        self._failures = 0
        self._behind = False
        self._refused = False
        self._telling = Telling(rules.name)
        self._clean = False

    def step(self) -> float:
        """Send one parcel, if it is time to; seconds until the next step."""
        now_s = self._clock.elapsed_s()
        if now_s < self._not_before_s:
            return self._not_before_s - now_s
        trouble = self._no_server() if self._refused else None
        if trouble is not None:
            return self._hold(trouble)
        if self._refused:
            self._is_well()
        if now_s - self._fresh_s >= FRESH_EVERY_S:
            return self._send_fresh(now_s)
        return self._send_oldest()

    def _send_fresh(self, now_s: float) -> float:
        """How the sensors are just now; while the past is caught up with, the newest readings too."""
        at_most = min(self._lines, FRESH_LINES) if self._behind else 0
        trouble = self._send(self._ask(lambda: self._loading.newest(at_most)))
        if trouble is not None:
            return self._hold(trouble)
        self._fresh_s = now_s
        return 0.0

    def _send_oldest(self) -> float:
        load = self._ask(lambda: self._loading.oldest(self._lines))
        trouble = self._send(load)
        if trouble is not None:
            return self._hold(trouble)
        was_behind = self._behind
        rows = load.parcel.last - load.parcel.first + 1
        self._behind = load.parcel.rest is not None or max(rows, len(load.lines)) * 2 >= self._lines
        self._shorten(0)
        if was_behind and not self._behind:
            self._telling.caught_up()
        return 0.0 if self._behind else self._rules.flush_s

    def _send(self, load: Load) -> Answer | None:
        """Send and settle; the answer where nothing can be sent just now, None where all went well."""
        delivery = _Delivery()
        if load.lines:
            trouble = self._deliver(load.lines, delivery)
            if trouble is not None:
                # a parcel that takes many requests may be more than the server grants at a time
                self._lines = max(1, self._lines // 2) if delivery.split else self._lines
                return trouble
            self._is_well()
        if not load.parcel.empty:
            sent = Sent(delivery.lines, delivery.dropped, delivery.aside)
            self._ask(lambda: self._loading.queue.settle(load.parcel, sent, self._clock.now_ms()))
            self._lines = self._lines if delivery.split else min(self._rules.batch_lines, self._lines * 2)
        self._telling.refusals(delivery.aside, delivery.dropped, delivery.first_dropped, self._clock.elapsed_s())
        return None

    def _deliver(self, lines: Sequence[str], delivery: _Delivery) -> Answer | None:
        """Send the lines, in parts where they are too many or one of them is bad; the answer that holds it up."""
        answer = self._server.write(lines)
        if answer.verdict == "taken":
            dropped = min(answer.dropped, len(lines))
            delivery.lines += len(lines) - dropped
            delivery.dropped += dropped
            delivery.first_dropped = delivery.first_dropped or answer.said
            return None
        if answer.verdict not in {"bad", "too large"}:
            return answer
        if len(lines) == 1:
            return self._set_aside(lines[0], answer, delivery)
        delivery.split = True
        middle = len(lines) // 2
        trouble = self._deliver(lines[:middle], delivery) or self._deliver(lines[middle:], delivery)
        if answer.verdict == "too large":
            self._lines = max(1, min(self._lines, middle))
        return trouble

    def _set_aside(self, line: str, answer: Answer, delivery: _Delivery) -> Answer | None:
        """A line that stays bad when it is alone, if the server takes a good one."""
        trouble = self._no_server()
        if trouble is None:
            delivery.aside.append((line, answer.said))
        return trouble

    def _no_server(self) -> Answer | None:
        """Why the server does not even take a line that is good for certain; None if it does."""
        answer = self._server.write(self._ask(self._loading.sign_of_life))
        if answer.verdict in {"bad", "too large"}:
            return answer._replace(verdict="refused")
        return None if answer.verdict == "taken" else answer

    def _hold(self, answer: Answer) -> float:
        self._failures += 1
        self._refused = answer.verdict == "refused"
        if answer.slow:
            self._lines = max(min(FEWEST_LINES, self._rules.batch_lines), self._lines // 2)
        wait_s = self._pause_s(answer)
        self._not_before_s = self._clock.elapsed_s() + wait_s
        if self._refused or self._failures > 1:
            self._telling.trouble(answer)
            self._clean = False
            self._ask(lambda: self._loading.queue.troubled(answer.said, self._clock.now_ms()))
        self._shorten(self._clock.now_ms() - self._rules.keep_ms)
        return wait_s

    def _pause_s(self, answer: Answer) -> float:
        if answer.verdict == "refused":
            return REFUSED_S
        if answer.wait_s is not None:
            return min(max(answer.wait_s, FIRST_PAUSE_S), LONGEST_WAIT_S)
        return self._chance() * min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self._failures - 1, 16))

    def _is_well(self) -> None:
        self._failures = 0
        self._refused = False
        self._not_before_s = 0.0
        self._telling.well()
        if not self._clean:
            self._clean = True
            self._ask(lambda: self._loading.queue.well(self._clock.now_ms()))

    def _shorten(self, before_ms: int) -> None:
        """Keep the queue within its bounds; what is old leaves it only where the server takes nothing."""
        lost = self._ask(lambda: self._loading.queue.shorten(before_ms, self._rules.keep_rows))
        if lost is not None:
            self._telling.overflow(lost, self._clock.elapsed_s())
