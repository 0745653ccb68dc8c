"""Who speaks on which topic: sensors as they are first heard, announced, and said to be reachable or not."""

from collections.abc import Collection, Iterable, Iterator

from monitor.core.availability import says_online
from monitor.core.decoding import Decoders
from monitor.core.known import Attribute, Availability, Fact, Known, Learned
from monitor.core.places import place_by_name
from monitor.core.readings import Message
from monitor.ports import Heard, Reach, Seen

TOPICS_AT_MOST = 10_000
"""Sensors on topics that are remembered, and words of availability topics; beyond that the memory starts anew rather
than grows."""

TOLD_AT_MOST = 50_000
"""Sensors whose announcements are remembered so as not to repeat them to the store; likewise."""

AVAILABILITY_LEVELS = frozenset({"availability", "LWT", "online", "status", "state", "$state", "gw_status"})
"""Last levels of topics by which publishers say whether they are there."""

LONGEST_WORD_BYTES = 64
"""Bytes of a payload that says whether somebody is there."""


class Roster:
    """Remembers the sensors of each topic, so that the store is told of each once."""

    def __init__(self, decoders: Decoders, known: Known, heard: Iterable[Heard], *, auto_place: bool) -> None:
        self._decoders = decoders
        self._known = known
        self._auto_place = auto_place
        self._sensors: dict[str, set[str]] = {}
        self._met = 0
        self._told: dict[str, list[Seen]] = {}
        self._reach: dict[str, bool] = {}
        self._said: dict[str, Message] = {}
        self._watched: dict[str, dict[str, None]] = {}
        self.availabilities: dict[str, dict[str, Availability]] = {}
        for one in heard:
            if one.availability is not None:
                self._watch(one.sensor, Availability(one.availability))

    def knows(self, sensor: str, topic: str) -> bool:
        """Whether the store was told that the sensor speaks on this topic."""
        known = self._sensors.get(topic)
        return known is not None and sensor in known

    def met(self, message: Message, sensor: str, called: str | None) -> Seen:
        """A sensor heard on a topic for the first time since the start."""
        topic = message.topic
        if self._met >= TOPICS_AT_MOST:
            self._begin_anew()
        self._met += 1
        self._sensors.setdefault(topic, set()).add(sensor)
        dialect = self._decoders.speaker_of(message, self._known)
        fact = _fact_of(sensor, self._known.facts(topic).values())
        availability = [*(fact.availability if fact else ())]
        told = dialect.availability(topic) if dialect else None
        if not availability and told is not None:
            availability = [Availability(told)]
        for one in availability:
            self._watch(sensor, one)
        name = _name_of(sensor, fact) or called
        return Seen(
            sensor,
            name=name,
            place=None if dialect is None or dialect.overheard else self._guess(name or sensor, fact),
            topic=topic,
            seen_ms=message.received_ms,
            availability=availability[0].topic if availability else None,
            expire_after_s=fact.expire_after_s if fact else None,
        )

    def announced(self, learned: Learned) -> Iterator[Seen]:
        """What an announcement tells of sensors that may have been heard before."""
        told: dict[str, list[Seen]] = {}
        for fact in () if isinstance(learned, Attribute) else learned:
            told.setdefault(fact.sensor, []).append(self._told_by(fact))
        for sensor, every in told.items():
            seen = list(dict.fromkeys(every))
            if self._told.get(sensor) != seen:
                if len(self._told) >= TOLD_AT_MOST:
                    self._told.clear()
                self._told[sensor] = seen
                yield from seen

    def forget(self, sensors: Collection[str]) -> None:
        """The store knows nothing of these sensors any more: it is to be told everything again."""
        for sensor in sensors:
            self._told.pop(sensor, None)
            self._reach.pop(sensor, None)
            for topic in self._watched.pop(sensor, ()):
                del self.availabilities[topic][sensor]
                if not self.availabilities[topic]:
                    del self.availabilities[topic]
        for speaking in self._sensors.values():
            before = len(speaking)
            speaking.difference_update(sensors)
            self._met -= before - len(speaking)

    def overhear(self, message: Message) -> None:
        """Keep what may be an availability topic said: its sensors may speak later than it."""
        if len(message.payload) <= LONGEST_WORD_BYTES and message.topic.rpartition("/")[2] in AVAILABILITY_LEVELS:
            if len(self._said) >= TOPICS_AT_MOST:
                self._said.clear()
            self._said[message.topic] = message

    def overheard(self, sensor: str) -> Iterator[Reach]:
        """What availability topics of a sensor said before it was heard itself."""
        for topic in self._watched.get(sensor, ()):
            if topic in self._said:
                yield from self.reach(self._said[topic])

    def there(self) -> list[Message]:
        """What topics by which publishers say whether they are there said last."""
        return list(self._said.values())

    def reach(self, message: Message) -> Iterator[Reach]:
        """What an availability topic says of its sensors, where it says something new."""
        for sensor, availability in self.availabilities[message.topic].items():
            online = says_online(message.payload, availability)
            if online is not None and self._reach.get(sensor) != online:
                self._reach[sensor] = online
                yield Reach(sensor, online, message.received_ms)

    def _watch(self, sensor: str, availability: Availability) -> None:
        self._watched.setdefault(sensor, {})[availability.topic] = None
        self.availabilities.setdefault(availability.topic, {})[sensor] = availability

    def _begin_anew(self) -> None:
        self._sensors.clear()
        self._reach.clear()
        self._watched.clear()
        self.availabilities.clear()
        self._met = 0

    def _told_by(self, fact: Fact) -> Seen:
        told = Seen(fact.sensor, formerly=fact.formerly)
        if fact.sensor.endswith("/"):
            return told
        return told._replace(name=fact.name, place=self._guess(fact.name, fact), expire_after_s=fact.expire_after_s)

    def _guess(self, name: str, fact: Fact | None) -> str | None:
        if not self._auto_place:
            return None
        return place_by_name(f"{name} {fact.area or ''}" if fact else name)


def _fact_of(sensor: str, facts: Iterable[Fact]) -> Fact | None:
    """The fact about the sensor itself or its whole device, else one of a topic that a single device speaks on."""
    found = list(facts)
    own = (fact for fact in found if fact.sensor == sensor or _is_part(sensor, fact.sensor))
    single = len({fact.device or fact.sensor for fact in found}) == 1
    return next(own, found[0] if single else None)


def _is_part(sensor: str, device: str) -> bool:
    return device.endswith("/") and sensor.startswith(device)


def _name_of(sensor: str, fact: Fact | None) -> str | None:
    if fact is None:
        return None
    return f"{fact.name} {sensor[len(fact.sensor) :]}" if _is_part(sensor, fact.sensor) else fact.name
