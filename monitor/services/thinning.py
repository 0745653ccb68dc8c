"""Thinning old readings: a little at each turn of the worker, so that nothing else waits for it."""

import logging

from monitor.core.readings import DAY_MS
from monitor.errors import StoreError
from monitor.ports import Clock, ThinningStore

log = logging.getLogger(__name__)

TURN_S = 0.03
"""Seconds of work in one step, but for the slice that it is at: messages wait no longer than that."""

REST_S = 600.0
"""Seconds until the next look after everything was done: what is old grows by the day."""

TROUBLE_S = 60.0
"""Seconds until the next try after the store refused, such as on a full disk."""

PAGES_AT_ONCE = 128
"""Pages of the file given back to the disk in one go: 128 kB, of an older file with large pages half a megabyte."""


class Thinning:
    """Thins what is older than `after_days`, 0 for nothing, and gives free room of the file back to the disk."""

    def __init__(self, store: ThinningStore, clock: Clock, after_days: int) -> None:
        self._store = store
        self._clock = clock
        self._after_ms = after_days * DAY_MS
        self._rest_until_s = float("-inf")
        self._replaced = self._rows = 0

    def step(self) -> None:
        """Work for a moment, if there is something to do; raises StoreError."""
        until_s = self._clock.elapsed_s() + TURN_S
        if self._clock.elapsed_s() < self._rest_until_s:
            return
        try:
            while self._thin() or self._give_back():
                if self._clock.elapsed_s() >= until_s:
                    return
        except StoreError:
            self._rest_until_s = self._clock.elapsed_s() + TROUBLE_S
            raise
        self._rest_until_s = self._clock.elapsed_s() + REST_S

    def _thin(self) -> bool:
        """Whether there was a slice to thin."""
        if not self._after_ms:
            return False
        done = self._store.thin_next(self._clock.now_ms() - self._after_ms)
        if done is None:
            self._tell_end()
            return False
        if done.replaced and not self._replaced:
            log.info("readings older than %s days are thinned to five minutes", self._after_ms // DAY_MS)
        self._replaced += done.replaced
        self._rows += done.rows
        return True

    def _give_back(self) -> bool:
        return self._store.give_back(PAGES_AT_ONCE) > 0

    def _tell_end(self) -> None:
        if self._replaced:
            log.info("%s readings are thinned to %s rows of five minutes", f"{self._replaced:,}", f"{self._rows:,}")
        self._replaced = self._rows = 0
