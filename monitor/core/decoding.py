"""The contract between a message and its readings: what a dialect is, what is known, who decodes what."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from monitor.core.known import Known, Learned
from monitor.core.readings import Measurement, Message
from monitor.errors import DecodeError


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldMap:
    """What the configuration says of one value on the topics of a filter (`+` and `#` as in MQTT).

    `path` is `data.temp` within JSON (a list is counted from 0), or empty for a plain payload. `sensor` None
    names the sensor by its topic. The value is multiplied by `scale` first.
    """

    topic: str
    path: str
    quantity: str
    unit: str | None = None
    sensor: str | None = None
    scale: float = 1.0


class Decoded(NamedTuple):
    """What a message held; `ignored` says why there is nothing to take from it, None where there is.

    `called` is what the publisher calls the device, for a message of one sensor that nobody announces.
    """

    measurements: tuple[Measurement, ...] = ()
    ignored: str | None = None
    called: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """One publisher's way of using MQTT.

    `words`: every topic that it claims has one of them as a level; None where that cannot be said.
    `claims` says whether a topic is this publisher's by its shape.
    `decode` returns readings, returns `Decoded(ignored=...)` for a message that is not a reading, or raises
    DecodeError for one that should be readable and is not; nothing else, whatever arrives.
    `learn` returns what an announcement tells (no facts: forget it), None where the message is no
    announcement, or raises DecodeError for an announcement that cannot be read.
    `signatures`: a JSON object with all keys of one of them is this publisher's on whatever topic it stands;
    `decode` must then cope with a topic that it does not claim.
    `fallback`: it takes what is nobody else's, by the words of people; a signature counts before it.
    `availability` names the topic that says whether the publisher of a state topic can be reached.
    `overheard`: its radio hears the neighbours' sensors too, so that none is ever accepted unasked.
    """

    name: str
    metadata: tuple[str, ...] = ()
    subscriptions: tuple[str, ...]
    words: frozenset[str] | None
    claims: Callable[[str], bool]
    decode: Callable[[Message, Known], Decoded]
    learn: Callable[[Message], Learned | None] = lambda _message: None
    signatures: tuple[frozenset[str], ...] = ()
    availability: Callable[[str], str | None] = lambda _topic: None
    overheard: bool = False
    fallback: bool = False


CONTROL = Decoded(ignored="control topic")
ANNOUNCEMENT = Decoded(ignored="an announcement, no reading")
EMPTY = Decoded(ignored="empty payload")
NO_VALUE = Decoded(ignored="no value")
NOTHING = Decoded(ignored="no reading in it")
UNCLAIMED = Decoded(ignored="no decoder for this topic")
OVERSIZE = Decoded(ignored="larger than 64 KiB")
OVERSIZE_BYTES = 65_536
"""Bytes; camera pictures and firmware are real topics on a home broker, and no reading is this long."""

LONGEST_ANNOUNCEMENT_BYTES = 16 * 1024 * 1024
"""Bytes; the device list of 200 Zigbee devices is over 1 MB, and nothing sensible is this long."""

REMEMBERED_TOPICS = 10_000
"""A broker with more topics than this makes the memory start anew rather than grow."""


class Decoders:
    """The dialects in their order; the first that claims a topic decodes it.

    Finding it costs the levels of the topic, not the number of dialects, and is remembered per topic. Topics of the
    `mapped` filters are the last dialect's, which knows the map.
    """

    def __init__(self, dialects: tuple[Dialect, ...], mapped: tuple[str, ...] = ()) -> None:
        self._mapped = mapped
        self._last = dialects[-1] if dialects else None
        self._by_name = {dialect.name: dialect for dialect in dialects}
        self._ranked = {dialect.name: rank for rank, dialect in enumerate(dialects)}
        self._by_word: dict[str, list[Dialect]] = {}
        for dialect in dialects:
            for word in dialect.words or ():
                self._by_word.setdefault(word, []).append(dialect)
        self._for_all = [dialect for dialect in dialects if dialect.words is None]
        self._signed = [
            (tuple(b'"%s"' % key.encode() for key in keys), dialect)
            for dialect in dialects
            for keys in map(sorted, dialect.signatures)
        ]
        self._gate = _gate_of([keys[0] for keys, _ in self._signed])
        self._announcing: dict[str, list[tuple[str, Dialect]]] = {}
        for dialect in dialects:
            for each in dialect.metadata:
                self._announcing.setdefault(each.rpartition("/")[2], []).append((each, dialect))
        self._by_topic: dict[str, Dialect | None] = {}
        self._announcers: dict[str, Dialect | None] = {}

    def dialect_of(self, topic: str) -> Dialect | None:
        """The dialect whose topic this is by its shape, None if nobody's."""
        try:
            return self._by_topic[topic]
        except KeyError:
            if len(self._by_topic) > REMEMBERED_TOPICS:
                self._by_topic.clear()
            found = self._by_topic[topic] = self._claimant(topic)
            return found

    def announcer_of(self, topic: str) -> Dialect | None:
        """The dialect for which messages on this topic tell about sensors, None for other topics."""
        try:
            return self._announcers[topic]
        except KeyError:
            if len(self._announcers) > REMEMBERED_TOPICS:
                self._announcers.clear()
            last = topic.rpartition("/")[2]
            filters = (one for bucket in (last, "+", "#") for one in self._announcing.get(bucket, ()))
            found = next((dialect for each, dialect in filters if covers(each, topic)), None)
            self._announcers[topic] = found
            return found

    def learn(self, message: Message, known: Known) -> Learned | None:
        """What the message announces, put into `known`; None for no announcement. Raises DecodeError."""
        dialect = self.announcer_of(message.topic)
        if dialect is None:
            return None
        if len(message.payload) > LONGEST_ANNOUNCEMENT_BYTES:
            raise DecodeError("an announcement larger than 16 MiB")
        learned = dialect.learn(message)
        if learned is not None:
            known.learn(message.topic, learned)
        return learned

    def decode(self, message: Message, known: Known) -> Decoded:
        """What the message holds. Raises DecodeError, and nothing else."""
        if len(message.payload) > OVERSIZE_BYTES:
            return OVERSIZE
        dialect = self.speaker_of(message, known)
        return UNCLAIMED if dialect is None else dialect.decode(message, known)

    def speaker_of(self, message: Message, known: Known) -> Dialect | None:
        """The dialect that reads this message: told by its attributes, by the topic, or by the payload's keys."""
        if known.spoken_by:
            told = known.spoken_by.get(message.topic)
            if told is not None:
                return self._by_name[told]
        dialect = self.dialect_of(message.topic)
        if (dialect is None or dialect.fallback) and message.payload.startswith(b"{"):
            return self._signatory(message) or dialect
        return dialect

    def _claimant(self, topic: str) -> Dialect | None:
        if self._is_mapped(topic):
            return self._last
        candidates = {dialect.name: dialect for level in topic.split("/") for dialect in self._by_word.get(level, ())}
        ranked = sorted(candidates.values(), key=lambda dialect: self._ranked[dialect.name])
        return next((dialect for dialect in (*ranked, *self._for_all) if dialect.claims(topic)), None)

    def _signatory(self, message: Message) -> Dialect | None:
        payload = message.payload
        if self._gate is None or not self._gate.search(payload):
            return None
        found = next((dialect for keys, dialect in self._signed if all(key in payload for key in keys)), None)
        return None if found is not None and self._is_mapped(message.topic) else found

    def _is_mapped(self, topic: str) -> bool:
        return any(covers(each, topic) for each in self._mapped)


def _gate_of(keys: list[bytes]) -> "re.Pattern[bytes] | None":
    """Finds any of these words at once: most payloads bear nobody's signature."""
    return re.compile(b"|".join(map(re.escape, keys))) if keys else None


def covers(topic_filter: str, topic: str) -> bool:
    """Whether an MQTT topic filter matches a topic: `+` is one level, a last `#` is the rest, even none."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and not topic_filter.startswith("$"):
        return False
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        levels = levels[: len(wanted)]
    return len(wanted) == len(levels) and all(one in ("+", other) for one, other in zip(wanted, levels, strict=True))
