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
    """

    state_topic: str
    path: Path
    quantity: str | None
    unit: str | None
    sensor: str
    name: str
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
    `learn` returns the facts that an announcement holds, None where the message is no announcement.
    """

    name: str
    metadata: tuple[str, ...]
    subscriptions: tuple[str, ...]
    claims: Callable[[str], bool]
    decode: Callable[[Message, Known], Decoded]
    learn: Callable[[Message], tuple[Fact, ...] | None] = lambda _message: None


UNCLAIMED = Decoded(ignored="no decoder for this topic")
OVERSIZE = Decoded(ignored="larger than 64 KiB")
OVERSIZE_BYTES = 65_536
"""Bytes; camera pictures and firmware are real topics on a home broker, and no reading is this long."""


class Decoders:
    """The dialects in their order; the first that claims a topic decodes it (remembered per topic)."""

    def __init__(self, dialects: tuple[Dialect, ...]) -> None:
        self._dialects = dialects
        self._by_topic: dict[str, Dialect | None] = {}

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

    def learn(self, message: Message, known: Known) -> Known:
        """What is known after this message; the same object where it announces nothing."""
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
