"""The contract between a message and its readings: what a dialect is, what is known, who decodes what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from monitor.core.readings import Measurement, Message

Path = tuple[str | int, ...]
"""Where a value stands in a JSON payload; `()` is the whole payload."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """What an announcement says of one value: where it is published and what it means.

    `quantity` None means: announced, and known not to be a reading of the room (a chip, a setting).
    `unit` is as announced, None where the announcement has none. The value is multiplied by `scale` first.
    `on` and `off` are the words of a yes or no in lower case, None for the usual ones.
    """

    state_topic: str
    path: Path
    quantity: str | None
    unit: str | None
    sensor: str
    name: str
    scale: float = 1.0
    on: str | None = None
    off: str | None = None


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


@dataclass(frozen=True)
class Known:
    """All facts learned from announcements, by the topic that announced them; immutable."""

    announced: Mapping[str, tuple[Fact, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def learning(self, topic: str, facts: tuple[Fact, ...]) -> "Known":
        """The same with what `topic` announced replaced by `facts`; no facts: forgotten."""
        announced = {key: value for key, value in self.announced.items() if key != topic}
        if facts:
            announced[topic] = facts
        return Known(MappingProxyType(announced))

    @cached_property
    def by_state_topic(self) -> Mapping[str, Mapping[Path, Fact]]:
        """The facts of each state topic, by the path of the value."""
        index: dict[str, dict[Path, Fact]] = {}
        for facts in self.announced.values():
            for fact in facts:
                index.setdefault(fact.state_topic, {})[fact.path] = fact
        return index


class Decoded(NamedTuple):
    """What a message held; `ignored` says why there is nothing to take from it, None where there is."""

    measurements: tuple[Measurement, ...] = ()
    ignored: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """One publisher's way of using MQTT.

    `decode` returns readings, returns `Decoded(ignored=...)` for a message that is not a reading, or raises
    DecodeError for one that should be readable and is not; nothing else, whatever arrives.
    `learn` returns the facts that an announcement holds (none: forget it), None where the message is no
    announcement, or raises DecodeError for an announcement that cannot be read.
    """

    name: str
    metadata: tuple[str, ...]
    subscriptions: tuple[str, ...]
    claims: Callable[[str], bool]
    decode: Callable[[Message, Known], Decoded]
    learn: Callable[[Message], tuple[Fact, ...] | None] = lambda _message: None


CONTROL = Decoded(ignored="control topic")
ANNOUNCEMENT = Decoded(ignored="an announcement, no reading")
EMPTY = Decoded(ignored="empty payload")
NO_VALUE = Decoded(ignored="no value")
NOTHING = Decoded(ignored="no reading in it")
UNCLAIMED = Decoded(ignored="no decoder for this topic")
OVERSIZE = Decoded(ignored="larger than 64 KiB")
OVERSIZE_BYTES = 65_536
"""Bytes; camera pictures and firmware are real topics on a home broker, and no reading is this long."""


class Decoders:
    """The dialects in their order; the first that claims a topic decodes it (remembered per topic)."""

    def __init__(self, dialects: tuple[Dialect, ...]) -> None:
        self._dialects = dialects
        self._by_topic: dict[str, Dialect | None] = {}
        self._announcing: dict[str, bool] = {}

    def dialect_of(self, topic: str) -> Dialect | None:
        """The dialect whose topic this is, None if nobody's."""
        try:
            return self._by_topic[topic]
        except KeyError:
            if len(self._by_topic) > REMEMBERED_TOPICS:
                self._by_topic.clear()
            found = next((dialect for dialect in self._dialects if dialect.claims(topic)), None)
            self._by_topic[topic] = found
            return found

    def announces(self, topic: str) -> bool:
        """Whether messages on this topic tell about sensors (remembered per topic)."""
        try:
            return self._announcing[topic]
        except KeyError:
            if len(self._announcing) > REMEMBERED_TOPICS:
                self._announcing.clear()
            filters = (each for dialect in self._dialects for each in dialect.metadata)
            found = self._announcing[topic] = any(covers(each, topic) for each in filters)
            return found

    def learn(self, message: Message, known: Known) -> Known:
        """What is known after this message; the same object if it announces nothing. Raises DecodeError."""
        for dialect in self._dialects:
            facts = dialect.learn(message)
            if facts is not None:
                return known.learning(message.topic, facts)
        return known

    def decode(self, message: Message, known: Known) -> Decoded:
        """What the message holds. Raises DecodeError, and nothing else."""
        if len(message.payload) > OVERSIZE_BYTES:
            return OVERSIZE
        dialect = self.dialect_of(message.topic)
        return UNCLAIMED if dialect is None else dialect.decode(message, known)


REMEMBERED_TOPICS = 10_000
"""A broker with more topics than this makes the memory start anew rather than grow."""


def covers(topic_filter: str, topic: str) -> bool:
    """Whether an MQTT topic filter matches a topic: `+` is one level, a last `#` is the rest, even none."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and not topic_filter.startswith("$"):
        return False
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        levels = levels[: len(wanted)]
    return len(wanted) == len(levels) and all(one in ("+", other) for one, other in zip(wanted, levels, strict=True))
