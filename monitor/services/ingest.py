"""Messages in, stored readings out: decode, sort out, one transaction per batch, then acknowledge."""

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from monitor.core.decoding import Decoders
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.errors import DecodeError, StoreUnavailable
from monitor.ports import Clock, Delivery, MessageSource, ReadingStore
from monitor.services.arrivals import Arrivals
from monitor.services.draft import Draft
from monitor.services.roster import Roster
from monitor.services.sorting import Sorting

log = logging.getLogger(__name__)

WINDOW = 16
"""Unacknowledged messages after which an idle worker stores at once: brokers send no more than about 20 before
the first acknowledgement (mosquitto's max_inflight_messages), so waiting longer would only slow them down."""

SOON_S = 1.0
"""Seconds after which much or something new is stored, however long a batch may wait."""

MUCH = 8
"""Unacknowledged messages that are much: some brokers send no more than 10 before the first acknowledgement."""

RETRY_S = 2.0
"""Seconds between two attempts to store while the database cannot."""

LOGGED_AT_MOST = 1_000
"""Topic and reason pairs that are logged; each once."""


class Ingest:
    """The worker's part of the way of a reading; `commit` is the only thing that lets a message be acknowledged."""

    def __init__(
        self, decoders: Decoders, store: ReadingStore, clock: Clock, *, rows: int, age_s: float, auto_place: bool = True
    ) -> None:
        self._decoders = decoders
        self._store = store
        self._clock = clock
        self._rows = rows
        self._age_s = age_s
        self._known = Known()
        self._arrivals = Arrivals(store.deliveries())
        self._sorting = Sorting(store)
        self._roster = Roster(decoders, self._known, store.heard(), auto_place=auto_place)
        self._begun_s: float | None = None
        self._retry_s = 0.0
        self._failing = False
        self._logged: set[tuple[str, str]] = set()
        self._has_learned = False
        self.accepts: Callable[[str, str], bool] | None = None
        self.on_learned: Callable[[], object] | None = None
        self.messages = 0
        self.stored = 0
        self._fresh()

    @property
    def known(self) -> Known:
        """What the announcements have told so far."""
        return self._known

    def forget(self, sensors: Collection[str]) -> None:
        """The store was made to forget these sensors: tell it of them anew when they speak again."""
        self._roster.forget(sensors)
        self._sorting.forget(sensors)

    def there(self) -> list[Message]:
        """What topics by which publishers say whether they are there said last."""
        return self._roster.there()

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
            counted = delivery.redelivered and self._arrivals.knows(delivery)
            message = self._arrivals.stamped(delivery)
            try:
                self._decode(message)
            except DecodeError as exc:
                if not counted:
                    self._count(message, exc.reason)
            except Exception:  # a defect in one decoder must not stop every other sensor
                log.exception("a message on %s met a defect of its decoder", message.topic)
                if not counted:
                    self._count(message, "defect of the decoder")
        self._pending.extend(deliveries)
        self.messages += len(deliveries)
        if self._has_learned and self.on_learned is not None:
            self._has_learned = False
            with suppress(StoreUnavailable):  # who follows looks again by itself
                self.on_learned()

    def due(self, *, idle: bool) -> bool:
        """Whether it is time to commit: enough rows, old enough, news, or the broker waits for acknowledgements."""
        if self._begun_s is None:
            return False
        now = self._clock.elapsed_s()
        if self._failing:
            return now >= self._retry_s
        waited_s = now - self._begun_s
        if len(self._draft.readings) >= self._rows or waited_s >= self._age_s:
            return True
        if waited_s >= SOON_S and (self._draft.seen or len(self._pending) >= MUCH):
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
        try:
            self._store.save(self._draft.batch(self._arrivals.journal, self._clock.now_ms()))
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
        self._arrivals.stored()
        self.stored += len(self._draft.readings)
        self._fresh()
        return True

    def _fresh(self) -> None:
        self._begun_s = None
        self._pending: list[Delivery] = []
        self._draft = Draft()

    def _decode(self, message: Message) -> None:
        topic = message.topic
        if self._decoders.announcer_of(topic) is not None:
            learned = self._decoders.learn(message, self._known)
            if learned is not None:
                self._has_learned = True
                self._draft.seen.extend(self._roster.announced(learned))
        if topic in self._roster.availabilities:
            self._draft.reach.extend(self._roster.reach(message))
        decoded = self._decoders.decode(message, self._known)
        if not decoded.measurements:
            self._roster.overhear(message)
            return
        accepts = self.accepts
        for found in decoded.measurements:
            if accepts is not None and not accepts(found.sensor, topic):
                self._pass_over(found.sensor)
                continue
            if not self._roster.knows(found.sensor, topic):
                self._draft.seen.append(self._roster.met(message, found.sensor, decoded.called))
                self._draft.reach.extend(self._roster.overheard(found.sensor))
            self._sorting.sort(message, found, self._draft)

    def _pass_over(self, sensor: str) -> None:
        """A sensor that nobody has accepted, on a topic that it shares with one that somebody has."""
        self._log_once(
            (sensor, "not placed"),
            "sensor %s is heard and not stored: %s; `bedroom-monitor sensors place` takes it in (told once)",
        )

    def _count(self, message: Message, reason: str) -> None:
        self._draft.count(message.topic, reason, message.received_ms)
        self._log_once((message.topic, reason), "a message on %s cannot be used: %s (told once; counted from now on)")

    def _log_once(self, key: tuple[str, str], text: str) -> None:
        if key not in self._logged and len(self._logged) < LOGGED_AT_MOST:
            self._logged.add(key)
            log.warning(text, *key)
