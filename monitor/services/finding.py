"""Finding sensors on a broker: what is announced and heard, who may stand in the bedroom, and which one is meant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from monitor.core.decoding import Decoders, Dialect
from monitor.core.known import Fact, Known
from monitor.core.places import is_elsewhere, place_by_name
from monitor.core.readings import Message, implausible
from monitor.core.staleness import EVENT_LIKE
from monitor.errors import DecodeError, InputError
from monitor.ports import Sensor

WANTED = frozenset({"temperature", "humidity", "co2", "pm25", "pm10", "voc", "voc_mass", "illuminance", "noise"})
"""Quantities of the air that make a sensor worth suggesting by itself; a bed's own are suggested too."""

NAMED_AT_MOST = 20
"""Keys in a message to a person: a radio hears the whole street."""


class LastValue(NamedTuple):
    """The newest value (canonical unit); `live` False: the broker had kept it, and its age is unknown."""

    value: float
    word: str | None
    live: bool


@dataclass(slots=True)
class Candidate:
    """A sensor that was heard or announced, while the broker is listened to.

    `topics` are those it speaks on, each with the topic of its availability if one is known.
    """

    key: str
    name: str
    area: str | None = None
    overheard: bool = False
    topics: dict[str, str | None] = field(default_factory=dict)
    values: dict[str, LastValue] = field(default_factory=dict)
    announced: set[str] = field(default_factory=set)
    heard: int = 0

    def take_over(self, other: "Candidate") -> None:
        """Be the other one too, which was heard under another key."""
        self.topics = other.topics | self.topics
        self.values |= {
            quantity: last
            for quantity, last in other.values.items()
            if quantity not in self.values or (last.live and not self.values[quantity].live)
        }
        self.heard += other.heard
        self.overheard = self.overheard or other.overheard

    @property
    def suggestion(self) -> str | None:
        """Where it seems to stand, as far as name and area tell; None where the person must say.

        What a radio hears may be the neighbours', and what only measures itself (a battery) is no sensor of a room.
        """
        guess = place_by_name(f"{self.name} {self.area or ''}")
        quantities = self.values.keys() | self.announced
        useful = bool(quantities & WANTED) or bool(quantities & (EVENT_LIKE - {"battery"}))
        return guess if useful and not self.overheard else None

    @property
    def score(self) -> tuple[int, int, int, str]:
        """Sorts the list: suggested ones first, then what was heard, most quantities first."""
        rank = 0 if self.suggestion in ("bedroom", "bed") else 1 if self.suggestion else 2
        if is_elsewhere(f"{self.name} {self.area or ''}"):
            rank = 4
        elif self.overheard:
            rank = 3
        return rank, -bool(self.heard), -len(self.values.keys() | self.announced), self.name.lower()


class Found:
    """Everything that was found so far; messages come in any order, announcements are best first."""

    def __init__(self, decoders: Decoders) -> None:
        self._decoders = decoders
        self.known = Known()
        self.messages = 0
        self.unusable = 0
        self._candidates: dict[str, Candidate] = {}

    def take(self, message: Message) -> None:
        """Learn or read one message; one that cannot be used is counted."""
        self.messages += 1
        try:
            self._decoders.learn(message, self.known)
            self._hear(message)
        except DecodeError:
            self.unusable += 1

    @property
    def heard(self) -> list[str]:
        """The keys of the sensors that were heard so far."""
        return list(self._candidates)

    def candidates(self) -> list[Candidate]:
        """Every sensor, the likeliest of the bedroom first."""
        told: dict[str, list[Fact]] = {}
        for facts in self.known.announced.values():
            for fact in facts:
                told.setdefault(fact.state_topic, []).append(fact)
                self._rename(fact)
                self._announce(fact)
        for candidate in self._candidates.values():
            candidate.area = candidate.area or _area_of(candidate, told)
        return sorted(self._candidates.values(), key=lambda one: one.score)

    def _hear(self, message: Message) -> None:
        decoded = self._decoders.decode(message, self.known)
        if not decoded.measurements:
            return
        dialect = self._decoders.speaker_of(message, self.known)
        overheard = dialect is not None and dialect.overheard
        for sensor, quantity, value, _time, word in decoded.measurements:
            candidate = self._candidate(sensor, decoded.called, overheard=overheard)
            candidate.overheard = candidate.overheard and overheard
            candidate.topics.setdefault(message.topic, _availability(dialect, message.topic))
            candidate.heard += not message.retain
            if implausible(quantity, value) is None:
                before = candidate.values.get(quantity)
                if before is None or not message.retain or not before.live:
                    candidate.values[quantity] = LastValue(value, word, live=not message.retain)

    def _rename(self, fact: Fact) -> None:
        """What was heard before its announcement has come is not another sensor."""
        formerly, key = fact.formerly, fact.sensor
        if formerly is None or formerly == key:
            return
        if not formerly.endswith("/"):
            renamed = {formerly: key} if formerly in self._candidates else {}
        else:
            parts = [one for one in self._candidates if f"{one}/".startswith(formerly)]
            renamed = {one: (key + f"{one}/"[len(formerly) :])[:-1] for one in parts}
        for old, new in renamed.items():
            self._candidate(new).take_over(self._candidates.pop(old))

    def _announce(self, fact: Fact) -> None:
        """A value that was announced is a candidate too: some sensors speak every few hours only."""
        if fact.sensor.endswith("/"):
            self._call(fact)
        if fact.sensor.endswith("/") or fact.quantity is None:
            return
        speaker = self._decoders.dialect_of(fact.state_topic)
        if fact.second_hand and fact.sensor.startswith("homeassistant:") and _reads_itself(speaker):
            return
        candidate = self._candidate(fact.sensor)
        candidate.name, candidate.area = fact.name, fact.area or candidate.area
        told = fact.availability[0].topic if fact.availability else _availability(speaker, fact.state_topic)
        candidate.topics[fact.state_topic] = told
        candidate.announced.add(fact.quantity)

    def _call(self, fact: Fact) -> None:
        """All sensors of a device are called by its name."""
        for key, candidate in self._candidates.items():
            if key.startswith(fact.sensor):
                candidate.name, candidate.area = f"{fact.name} {key[len(fact.sensor) :]}", fact.area or candidate.area

    def _candidate(self, key: str, called: str | None = None, *, overheard: bool = False) -> Candidate:
        candidate = self._candidates.get(key)
        if candidate is None:
            name = called or key.partition(":")[2] or key
            candidate = self._candidates[key] = Candidate(key, name, overheard=overheard)
        return candidate


def _availability(dialect: Dialect | None, topic: str) -> str | None:
    return None if dialect is None else dialect.availability(topic)


def _area_of(candidate: Candidate, told: Mapping[str, Sequence[Fact]]) -> str | None:
    """Where Home Assistant discovery puts the only device that speaks on a topic of the candidate."""
    for topic in candidate.topics:
        facts = [fact for fact in told.get(topic, ()) if fact.second_hand]
        if len({fact.device or fact.sensor for fact in facts}) == 1:
            return next((fact.area for fact in facts if fact.area), None)
    return None


def _reads_itself(dialect: Dialect | None) -> bool:
    """Whether the topic's own dialect reads it, so that its sensor has another key than the announcement says."""
    return dialect is not None and not dialect.fallback and dialect.name not in ("esphome", "homeassistant")


Called = TypeVar("Called", Sensor, Candidate)


def sensor_called(sensors: Sequence[Called], wanted: str) -> Called:
    """The sensor that a person means by its key, its name, or a part of either that fits one only.

    Raises InputError with the sensors that there are.
    """
    folded = wanted.strip().casefold()
    if not folded:
        raise InputError("expected the key or name of a sensor, got nothing")
    for fits in (
        lambda one: one.key == wanted,
        lambda one: one.name.casefold() == folded,
        lambda one: folded in one.key.casefold() or folded in one.name.casefold(),
    ):
        found = [one for one in sensors if fits(one)]
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            raise InputError(f"{wanted!r} fits several sensors, name one by its key: {_keys(found)}")
    raise InputError(f"no sensor {wanted!r}; seen so far: {_keys(sensors) or 'none yet'}")


def _keys(sensors: Iterable[Sensor | Candidate]) -> str:
    keys = [one.key for one in sensors]
    more = f" and {len(keys) - NAMED_AT_MOST} more" if len(keys) > NAMED_AT_MOST else ""
    return ", ".join(keys[:NAMED_AT_MOST]) + more
