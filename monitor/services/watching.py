"""Watching the sensors: each is told once when it is lost and once when it is back, and what else needs a person."""

import logging
from collections.abc import Hashable

from monitor.ports import Clock
from monitor.services.health import FAILING, Health, SensorHealth

log = logging.getLogger(__name__)

TELL_AGAIN_MS = 7 * 86_400_000
"""ms after which what still needs a person is told once more."""


class Watching:
    """A step that may run as often as one likes; only placed sensors are watched.

    Nobody listened before its first run: a silence that began earlier counts from there.
    """

    def __init__(self, health: Health, clock: Clock) -> None:
        self._health = health
        self._clock = clock
        self._lost: set[str] = set()
        self._told: dict[Hashable, int] = {}
        self._since_ms: int | None = None

    def watch(self) -> None:
        """Tell what has changed since the last look."""
        now_ms = self._clock.now_ms()
        if self._since_ms is None:
            self._since_ms = now_ms
        for one in self._health.of_placed(now_ms, since_ms=self._since_ms):
            self._watch_one(one, now_ms)

    def compare(self) -> None:
        """Tell which sensors of one place disagree."""
        now_ms = self._clock.now_ms()
        for sensors, quantity, sentence in self._health.disagreeing(now_ms):
            self._tell_once((sensors, quantity), sentence, now_ms)

    def _watch_one(self, one: SensorHealth, now_ms: int) -> None:
        key, name = one.sensor.key, one.sensor.name
        failing = one.state.state in FAILING
        if failing and key not in self._lost:
            log.warning("sensor %s: %s", name, one.state.sentence)
        elif not failing and key in self._lost:
            log.info("sensor %s is back: %s", name, one.state.sentence)
        self._lost = self._lost | {key} if failing else self._lost - {key}
        for note in one.notes:
            self._tell_once((key, note.partition(" ")[0]), f"sensor {name}: {note}", now_ms)

    def _tell_once(self, subject: Hashable, sentence: str, now_ms: int) -> None:
        """Told again only after a week: numbers in the sentence move from day to day, its subject does not."""
        if now_ms - self._told.get(subject, -TELL_AGAIN_MS) >= TELL_AGAIN_MS:
            self._told[subject] = now_ms
            log.warning("%s", sentence)
