"""From what a decoder measured to what is stored of it: its time, copies left out, implausible values kept apart."""

from collections.abc import Collection

from monitor.core.jumps import JUDGED, REMEMBERED, Trail, judge, resumed
from monitor.core.quantities import BY_NAME
from monitor.core.readings import Measurement, Message, Reading, SetAside, implausible, trusted_time_ms
from monitor.ports import ReadingStore
from monitor.services.draft import Draft

REPEAT_MS = 2_000
"""ms: the same value of a series again within this time, one of them without a time of its own, is one reading that
came twice: a radio repeats, a gateway says it on two topics, two gateways hear one tag."""

LATE_MS = 600_000
"""ms: a reading older than this on arrival may belong to a night that is closed already."""

SERIES_AT_MOST = 10_000
"""Series whose last values are remembered; beyond that the memory starts anew rather than grows."""

_Last = tuple[int, float, str | None, bool]
"""Arrival in UTC Unix ms, value, word, and whether the reading had a time of its own."""


class Sorting:
    """Sorts measurements into a draft; what it knows of a series it takes from the store where it has forgotten it."""

    def __init__(self, store: ReadingStore) -> None:
        self._store = store
        self._last: dict[tuple[str, str], _Last] = {}
        self._trails: dict[tuple[str, str], Trail] = {}

    def forget(self, sensors: Collection[str]) -> None:
        """The store knows nothing of these sensors any more."""
        gone = [key for key in self._trails if key[0] in sensors]
        for key in gone:
            del self._trails[key]

    def sort(self, message: Message, found: Measurement, draft: Draft) -> None:
        """Put one measurement where it belongs. Raises KeyError for an unknown quantity, StoreUnavailable."""
        sensor, quantity, value, own_ms, word = found
        received_ms = message.received_ms
        own_ms = trusted_time_ms(own_ms, received_ms)
        time_ms = received_ms if own_ms is None else own_ms
        key = (sensor, quantity)
        if own_ms is None and message.retain:
            return
        if self._is_repeat(key, (received_ms, value, word, own_ms is not None)):
            return
        if own_ms is not None and own_ms < received_ms - LATE_MS:
            draft.is_late(own_ms)
        why = implausible(quantity, value)
        if why is not None:
            draft.set_aside.append(SetAside(sensor, quantity, time_ms, value, why))
        elif quantity in JUDGED:
            self._judge(key, time_ms, value, draft)
        else:
            draft.readings.append(Reading(sensor, quantity, time_ms, value, word))

    def _is_repeat(self, key: tuple[str, str], now: _Last) -> bool:
        """Two readings with times of their own are told apart by these."""
        last = self._last.get(key)
        if (
            last is not None
            and last[1] == now[1]
            and last[2] == now[2]
            and not (last[3] and now[3])
            and 0 <= now[0] - last[0] <= REPEAT_MS
        ):
            return True
        if len(self._last) >= SERIES_AT_MOST:
            self._last.clear()
        self._last[key] = now
        return False

    def _judge(self, key: tuple[str, str], time_ms: int, value: float, draft: Draft) -> None:
        sensor, quantity = key
        trail = self._trails.get(key) or self._trail(key)
        if time_ms <= trail.newest_ms and self._store.was_set_aside(sensor, quantity, time_ms):
            return
        draft.judged(Reading(sensor, quantity, time_ms, value), judge(trail, time_ms, value))

    def _trail(self, key: tuple[str, str]) -> Trail:
        if len(self._trails) >= SERIES_AT_MOST:
            self._trails.clear()
        recent = self._store.recent(*key, REMEMBERED)
        trail = self._trails[key] = resumed(BY_NAME[key[1]], recent.values, recent.awaiting)
        return trail
