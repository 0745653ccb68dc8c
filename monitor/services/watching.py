"""Watching the sensors: each is told once when it is lost and once when it is back, and what else needs a person."""

import logging

from monitor.ports import Clock
from monitor.services.health import FAILING, Health, SensorHealth

log = logging.getLogger(__name__)

TELL_AGAIN_MS = 7 * 86_400_000
"""ms after which what still needs a person is told once more."""


class Watching:
    """A step that may run as often as one likes; only placed sensors are watched."""

    def __init__(self, health: Health, clock: Clock) -> None:
        self._health = health
        self._clock = clock
        self._lost: set[str] = set()
        self._told: dict[str, int] = {}

    def watch(self) -> None:
        """Tell what has changed since the last look."""
        now_ms = self._clock.now_ms()
        for one in self._health.of_all(now_ms):
            if one.sensor.place is not None:
                self._watch_one(one, now_ms)

    def compare(self) -> None:
        """Tell which sensors of one place disagree."""
        now_ms = self._clock.now_ms()
        for sentence in self._health.disagreements(now_ms):
            self._tell_once(sentence, now_ms)

    def _watch_one(self, one: SensorHealth, now_ms: int) -> None:
        key, name = one.sensor.key, one.sensor.name
        failing = one.state.state in FAILING
        if failing and key not in self._lost:
            log.warning("sensor %s: %s", name, one.state.sentence)
        elif not failing and key in self._lost:
            log.info("sensor %s is back: %s", name, one.state.sentence)
        self._lost = self._lost | {key} if failing else self._lost - {key}
        for note in one.notes:
            self._tell_once(f"sensor {name}: {note}", now_ms)

    def _tell_once(self, sentence: str, now_ms: int) -> None:
        """Told again only after a week; numbers in it that move from day to day make it no other sentence."""
        subject = "".join(letter for letter in sentence if not letter.isdigit())
        if now_ms - self._told.get(subject, -TELL_AGAIN_MS) >= TELL_AGAIN_MS:
            self._told[subject] = now_ms
            log.warning("%s", sentence)
