"""What announcements have told: which topic carries which quantity of which sensor, in which unit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

Path = tuple[str | int, ...]
"""Where a value stands in a JSON payload; `()` is the whole payload."""


class Availability(NamedTuple):
    """A topic that says whether a sensor can be reached; the words are in lower case, None for the usual ones."""

    topic: str
    online: str | None = None
    offline: str | None = None
    path: Path = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """What an announcement says of one value: where it is published and what it means.

    `quantity` None means: announced, and known not to be a reading of the room (a chip, a setting).
    `unit` is as announced, None where the announcement has none. The value is multiplied by `scale` first.
    `on` and `off` are the words of a yes or no in lower case, None for the usual ones.
    `sensor` is the stable key; `formerly` the key under which the same sensor is heard while it is not announced.
    `device` is the publisher's own identifier of the device, `area` where the announcement puts it.
    `second_hand`: told by Home Assistant discovery; what the publisher says itself counts before it.
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
    formerly: str | None = None
    device: str | None = None
    area: str | None = None
    availability: tuple[Availability, ...] = ()
    expire_after_s: float | None = None
    second_hand: bool = False


class Attribute(NamedTuple):
    """One property of a state topic that is announced on a topic of its own; `value` None: taken back.

    `dialect` is who tells it: that dialect decodes the state topic from then on.
    """

    state_topic: str
    name: str
    value: str | None
    dialect: str


Learned = tuple[Fact, ...] | Attribute
"""What one announcement tells; no facts: what its topic announced is taken back."""

_NO_FACTS: Mapping[Path, Fact] = MappingProxyType({})
_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Known:
    """All that was learned, by the topic that announced it; grows and shrinks with the announcements.

    Learning one announcement costs the same however many are known.
    """

    announced: dict[str, tuple[Fact, ...]] = field(default_factory=dict)
    by_state_topic: dict[str, dict[Path, Fact]] = field(default_factory=dict)
    spoken_by: dict[str, str] = field(default_factory=dict)
    _told: dict[tuple[str, Path], dict[str, Fact]] = field(default_factory=dict)
    _attributes: dict[str, dict[str, str]] = field(default_factory=dict)

    def facts(self, state_topic: str) -> Mapping[Path, Fact]:
        """The facts of a state topic by the path of the value; empty where none is known."""
        return self.by_state_topic.get(state_topic, _NO_FACTS)

    def attributes(self, state_topic: str) -> Mapping[str, str]:
        """What was told of a state topic property by property; empty where nothing was."""
        return self._attributes.get(state_topic, _NO_ATTRIBUTES)

    def learn(self, topic: str, learned: Learned) -> None:
        """Put `learned` in place of what `topic` announced before."""
        if isinstance(learned, Attribute):
            self._learn_attribute(learned)
            return
        for fact in self.announced.pop(topic, ()):
            self._told[fact.state_topic, fact.path].pop(topic, None)
            self._settle(fact.state_topic, fact.path)
        if learned:
            self.announced[topic] = learned
        for fact in learned:
            self._told.setdefault((fact.state_topic, fact.path), {})[topic] = fact
            self._settle(fact.state_topic, fact.path)

    def _settle(self, state_topic: str, path: Path) -> None:
        """The newest word of the publisher itself counts, else the newest of Home Assistant discovery."""
        told = self._told[state_topic, path]
        if told:
            facts = list(told.values())
            own = [fact for fact in facts if not fact.second_hand]
            self.by_state_topic.setdefault(state_topic, {})[path] = (own or facts)[-1]
            return
        del self._told[state_topic, path]
        left = self.by_state_topic[state_topic]
        del left[path]
        if not left:
            del self.by_state_topic[state_topic]

    def _learn_attribute(self, told: Attribute) -> None:
        held = self._attributes.setdefault(told.state_topic, {})
        if told.value is None:
            held.pop(told.name, None)
        else:
            held[told.name] = told.value
            self.spoken_by[told.state_topic] = told.dialect
        if not held:
            del self._attributes[told.state_topic]
            self.spoken_by.pop(told.state_topic, None)
