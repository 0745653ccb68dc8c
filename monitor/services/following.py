"""Which topics to listen to: all that may carry a sensor while one is looked for, then those of the accepted ones."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import Literal, Protocol

from monitor.core.decoding import covers
from monitor.core.known import Fact, Known
from monitor.ports import Heard, ReadingStore, Sensor

log = logging.getLogger(__name__)

UNUSUAL_AT_MOST = 4_000
"""Topics that are listened to besides the usual ones while sensors are looked for."""

COVERED_AT_MOST = 20_000
"""Topics remembered for which it is known whether a filter covers them."""

Accepts = Callable[[str, str], bool]
"""Whether a sensor (key) on a topic is stored."""


class Subscriber(Protocol):
    """Who listens to topics."""

    def want(self, topics: tuple[str, ...]) -> None:
        """Listen to these from now on, and to nothing else."""
        ...


class Listener(Protocol):
    """Who takes the messages; `accepts` None stores every sensor."""

    accepts: Accepts | None

    @property
    def known(self) -> Known:
        """What the announcements have told so far."""
        ...

    def forget(self, sensors: Collection[str]) -> None:
        """The store knows nothing of these sensors any more."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The topic filters of the settings: announcements, values of the dialects, and those the person names.

    `named` takes the place of everything but the announcements; `mapped` is always listened to.
    """

    announcements: tuple[str, ...]
    values: tuple[str, ...]
    mapped: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    listen: Literal["auto", "all", "placed"] = "auto"

    @property
    def choice(self) -> str:
        """Which sensors are listened to; of topics that the person has named, all."""
        return "all" if self.named else self.listen

    @property
    def looking(self) -> tuple[str, ...]:
        """The filters while sensors are looked for."""
        return tuple(dict.fromkeys((*self.announcements, *(self.named or self.values), *self.mapped)))


class Following:
    """Keeps the subscriptions to what the person has accepted; a step that may run as often as one likes."""

    def __init__(self, store: ReadingStore, source: Subscriber, ingest: Listener, plan: Plan) -> None:
        self._store = store
        self._source = source
        self._ingest = ingest
        self._plan = plan
        self._spoke: frozenset[tuple[str, str]] = frozenset()
        self._wanted: frozenset[str] | None = None
        self._was_decided: bool | None = None
        self._is_covered = lru_cache(maxsize=COVERED_AT_MOST)(lambda topic: any(covers(f, topic) for f in plan.looking))

    def follow(self) -> None:
        """Listen to what is wanted now."""
        sensors, heard = self._store.sensors(), self._store.heard()
        self._forget(heard)
        decided = is_decided(self._plan.listen, sensors, {one.sensor for one in heard})
        placed = frozenset(sensor.key for sensor in sensors if sensor.place is not None)
        if self._plan.named:
            wanted: Iterable[str] = self._plan.looking
        elif decided:
            wanted = (*self._plan.announcements, *self._plan.mapped, *self._topics_of(placed, heard))
        else:
            wanted = (*self._plan.looking, *self._unusual(heard), *_availabilities(placed, heard))
        self._ingest.accepts = self._accepting(placed) if decided and not self._plan.named else None
        self._tell(decided, len(placed))
        if frozenset(wanted) != self._wanted:
            self._wanted = frozenset(wanted)
            self._source.want(tuple(dict.fromkeys(wanted)))

    def _forget(self, heard: Iterable[Heard]) -> None:
        """Find what was known at the last look and is not any more; a key alone may have come back since."""
        spoke = frozenset((one.sensor, one.topic) for one in heard)
        gone = frozenset(sensor for sensor, _ in self._spoke - spoke)
        if gone:
            self._ingest.forget(gone)
        self._spoke = spoke

    def _accepting(self, placed: frozenset[str]) -> Accepts:
        mapped, known = self._plan.mapped, self._ingest.known

        @lru_cache(maxsize=1024)
        def is_mapped(topic: str) -> bool:
            return any(covers(each, topic) for each in mapped)

        def accepts(sensor: str, topic: str) -> bool:
            if sensor in placed or is_mapped(topic):
                return True
            return any(_former_key(sensor, fact) in placed for fact in known.facts(topic).values())

        return accepts

    def _topics_of(self, placed: frozenset[str], heard: Iterable[Heard]) -> Iterator[str]:
        """Where the sensors were heard and where they are announced to speak, with their availability."""
        for one in heard:
            if one.sensor in placed:
                yield one.topic
        yield from _availabilities(placed, heard)
        devices = {f"{device}/" for key in placed for device in (key, key.rpartition("/")[0])}
        for facts in self._ingest.known.announced.values():
            for fact in facts:
                if fact.sensor in placed or fact.sensor in devices:
                    yield fact.state_topic
                    yield from (one.topic for one in fact.availability)

    def _unusual(self, heard: Iterable[Heard]) -> Iterator[str]:
        """Topics that no usual filter covers: those where a sensor was heard before, and those announced now."""
        announced = (
            topic
            for topic, facts in self._ingest.known.by_state_topic.items()
            if any(fact.quantity is not None for fact in facts.values())
        )
        every = chain((one.topic for one in heard), announced)
        return islice((topic for topic in every if not self._is_covered(topic)), UNUSUAL_AT_MOST)

    def _tell(self, decided: bool, placed: int) -> None:  # noqa: FBT001 - what was found, not a choice
        if decided != self._was_decided:
            self._was_decided = decided
            log.info(
                "listening to the %d sensors that have a place"
                if decided
                else "listening to every sensor (%d have a place by their names) until you place one",
                placed,
            )


def is_decided(listen: str, sensors: Iterable[Sensor], heard: Collection[str]) -> bool:
    """Whether the person has said which sensors of the broker (keys in `heard`) count; others are not listened to."""
    if listen != "auto":
        return listen == "placed"
    return any(one.placed_by == "person" and one.place is not None and one.key in heard for one in sensors)


def _former_key(sensor: str, fact: Fact) -> str | None:
    """The key that the sensor had before this announcement, under which the store may still know it."""
    if fact.formerly is None:
        return None
    if sensor == fact.sensor:
        return fact.formerly
    levels = f"{sensor}/"
    is_part = fact.sensor.endswith("/") and levels.startswith(fact.sensor)
    return (fact.formerly + levels[len(fact.sensor) :])[:-1] if is_part else None


def _availabilities(placed: frozenset[str], heard: Iterable[Heard]) -> Iterator[str]:
    return (one.availability for one in heard if one.sensor in placed and one.availability is not None)
