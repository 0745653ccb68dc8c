"""Messages in, stored readings out: decode, sort out, one transaction per batch, then acknowledge."""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from struct import Struct
from zlib import crc32

from monitor.core.decoding import Decoders
from monitor.core.known import Attribute, Known
from monitor.core.readings import Message, Reading, SetAside, implausible, trusted_time_ms
from monitor.errors import DecodeError, StoreUnavailable
from monitor.ports import Batch, Clock, Delivery, MessageSource, Problem, ReadingStore

log = logging.getLogger(__name__)

WINDOW = 16
"""Unacknowledged messages after which an idle worker stores at once: brokers send no more than about 20 before
the first acknowledgement (mosquitto's max_inflight_messages), so waiting longer would only slow them down."""

REMEMBERED = 8_192
"""Deliveries remembered to recognise them when the broker sends them again; more than any usual broker keeps open."""

REPEAT_MS = 2_000
"""ms: the same value of a series again within this time, without a time of its own, is a repeated radio message."""

LATE_MS = 600_000
"""ms: a reading older than this on arrival may belong to a night that is closed already."""

RETRY_S = 2.0
"""Seconds between two attempts to store while the database cannot."""

LOGGED_AT_MOST = 1_000
"""Topic and reason pairs that are logged; each once."""

TOPICS_AT_MOST = 10_000
"""Topics and series whose last arrival is remembered; beyond that the memory starts anew rather than grows."""

_REMEMBER = Struct("<HIq")


class Ingest:
    """The worker's part of the way of a reading; `commit` is the only thing that lets a message be acknowledged."""

    def __init__(self, decoders: Decoders, store: ReadingStore, clock: Clock, *, rows: int, age_s: float) -> None:
        self._decoders = decoders
        self._store = store
        self._clock = clock
        self._rows = rows
        self._age_s = age_s
        self._known = Known()
        self._begun_s: float | None = None
        self._retry_s = 0.0
        self._failing = False
        self._logged: set[tuple[str, str]] = set()
        self._arrivals: dict[str, int] = {}
        self._latest_ms = 0
        self._last: dict[tuple[str, str], tuple[int, float]] = {}
        self._remembered: OrderedDict[int, tuple[int, int]] = OrderedDict()
        self.messages = 0
        self.stored = 0
        self._fresh()
        for mid, checksum, received_ms in _REMEMBER.iter_unpack(store.deliveries()[-REMEMBERED * _REMEMBER.size :]):
            self._remember(mid, checksum, received_ms)
            self._latest_ms = max(self._latest_ms, received_ms)

    @property
    def known(self) -> Known:
        """What the announcements have told so far."""
        return self._known

    @property
    def pending(self) -> int:
        """Messages taken and not committed yet."""
        return len(self._pending)

    @property
    def failing(self) -> bool:
        """Whether the store cannot take anything just now."""
        return self._failing

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Decode and keep for the next commit; a message that cannot be used is counted and hurts nothing else."""
        if deliveries and self._begun_s is None:
            self._begun_s = self._clock.elapsed_s()
        for delivery in deliveries:
            message = self._stamped(delivery)
            try:
                self._decode(message)
            except DecodeError as exc:
                self._count(message, exc.reason)
            except Exception:  # a defect in one decoder must not stop every other sensor
                log.exception("a message on %s met a defect of its decoder", message.topic)
                self._count(message, "defect of the decoder")
        self._pending.extend(deliveries)
        self.messages += len(deliveries)

    def due(self, *, idle: bool) -> bool:
        """Whether it is time to commit: enough rows, old enough, or the broker waits for acknowledgements."""
        if self._begun_s is None:
            return False
        now = self._clock.elapsed_s()
        if self._failing:
            return now >= self._retry_s
        if len(self._readings) >= self._rows or now - self._begun_s >= self._age_s:
            return True
        return idle and len(self._pending) >= WINDOW

    def wait_s(self) -> float:
        """Seconds until `due` may change by itself, at most a second."""
        if self._begun_s is None:
            return 1.0
        until = self._retry_s if self._failing else self._begun_s + self._age_s
        return min(1.0, max(0.0, until - self._clock.elapsed_s()))

    @property
    def full(self) -> bool:
        """Whether to take nothing more before a commit succeeds: memory stays bounded while the disk is full."""
        return self._failing and len(self._pending) >= self._rows

    def commit(self, source: MessageSource) -> bool:
        """Store what was taken, then acknowledge it; whether that worked. Nothing is acknowledged otherwise."""
        batch = Batch(
            readings=self._readings,
            set_aside=self._set_aside,
            problems=list(self._problems.values()),
            names=self._names,
            deliveries=b"".join(self._deliveries),
            late=self._late,
        )
        try:
            self._store.save(batch)
        except StoreUnavailable as exc:
            if not self._failing:
                log.error(  # noqa: TRY400 - told in one line; no defect of ours
                    "readings cannot be stored (%s); nothing is acknowledged, trying again every %g s",
                    exc,
                    RETRY_S,
                )
            self._failing = True
            self._retry_s = self._clock.elapsed_s() + RETRY_S
            return False
        if self._failing:
            log.info("readings are stored again; nothing that was acknowledged is lost")
            self._failing = False
        source.acknowledge(self._pending)
        self.stored += len(self._readings)
        self._fresh()
        return True

    def _fresh(self) -> None:
        self._begun_s = None
        self._pending: list[Delivery] = []
        self._readings: list[Reading] = []
        self._set_aside: list[SetAside] = []
        self._problems: dict[tuple[str, str], Problem] = {}
        self._names: list[tuple[str, str]] = []
        self._deliveries: list[bytes] = []
        self._late: tuple[int, int] | None = None

    def _decode(self, message: Message) -> None:
        if self._decoders.announcer_of(message.topic) is not None:
            self._learn(message)
            return
        received_ms = message.received_ms
        for sensor, quantity, value, own_ms, word in self._decoders.decode(message, self._known).measurements:
            time_ms = trusted_time_ms(own_ms, received_ms)
            if time_ms is None:
                if message.retain or self._is_repeat(sensor, quantity, value, received_ms):
                    continue
                time_ms = received_ms
            elif time_ms < received_ms - LATE_MS:
                self._late = _widened(self._late, time_ms)
            why = implausible(quantity, value)
            if why is None:
                self._readings.append(Reading(sensor, quantity, time_ms, value, word))
            else:
                self._set_aside.append(SetAside(sensor, quantity, time_ms, value, why))

    def _learn(self, message: Message) -> None:
        learned = self._decoders.learn(message, self._known)
        if learned is not None and not isinstance(learned, Attribute):
            self._names.extend((fact.sensor, fact.name) for fact in learned)

    def _is_repeat(self, sensor: str, quantity: str, value: float, received_ms: int) -> bool:
        key = (sensor, quantity)
        last = self._last.get(key)
        if last is not None and last[1] == value and 0 <= received_ms - last[0] <= REPEAT_MS:
            return True
        if len(self._last) >= TOPICS_AT_MOST:
            self._last.clear()
        self._last[key] = (received_ms, value)
        return False

    def _stamped(self, delivery: Delivery) -> Message:
        """The message at its time of arrival: the first one where it comes again, and no two of a topic in one ms.

        A flood runs ahead of the clock by that; a topic not heard since the start begins after all that was stored.
        """
        message, mid, qos, redelivered, _connection = delivery
        checksum = crc32(message.payload, crc32(message.topic.encode())) if qos else 0
        known = self._remembered.get(mid) if redelivered else None
        if known is not None and known[0] == checksum:
            return message._replace(received_ms=known[1])
        before = self._arrivals.get(message.topic, self._latest_ms)
        arrival = message.received_ms
        if before >= arrival > before - LATE_MS:
            arrival = before + 1
            message = message._replace(received_ms=arrival)
        if len(self._arrivals) >= TOPICS_AT_MOST:
            self._latest_ms = max(self._arrivals.values())
            self._arrivals.clear()
        self._arrivals[message.topic] = arrival
        if qos:
            self._remember(mid, checksum, arrival)
            self._deliveries.append(_REMEMBER.pack(mid, checksum, arrival))
        return message

    def _remember(self, mid: int, checksum: int, received_ms: int) -> None:
        """A broker uses an id again once it was acknowledged: only the last message of an id can come again."""
        self._remembered[mid] = (checksum, received_ms)
        self._remembered.move_to_end(mid)
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    def _count(self, message: Message, reason: str) -> None:
        key = (message.topic, reason)
        known = self._problems.get(key)
        first_ms = known.first_ms if known else message.received_ms
        self._problems[key] = Problem(*key, (known.times if known else 0) + 1, first_ms, message.received_ms)
        if key not in self._logged and len(self._logged) < LOGGED_AT_MOST:
            self._logged.add(key)
            log.warning("a message on %s cannot be used: %s (told once; counted from now on)", *key)


def _widened(span: tuple[int, int] | None, time_ms: int) -> tuple[int, int]:
    if span is None:
        return (time_ms, time_ms + 1)
    return (min(span[0], time_ms), max(span[1], time_ms + 1))
