"""The daily backup: made when it is due, the old ones cleared away, one line when it fails and one when it is back."""

import logging
from dataclasses import dataclass
from datetime import time, tzinfo

from monitor.core.backups import due_since, kept
from monitor.core.wording import size
from monitor.errors import BackupError, StoreError
from monitor.ports import BackupFile, Backups, Clock

log = logging.getLogger(__name__)

TRY_AGAIN_S = 3_600
"""Seconds after a failed backup before the next attempt: a full disk is not freed within minutes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackupRules:
    """When a backup is made, and which are kept."""

    at: time
    zone: tzinfo
    keep_daily: int
    keep_weekly: int


class BackingUp:
    """A step that may run as often as one likes; what there is in the folder says when it was last done.

    `wanted` only looks at the clock; `make` looks at the disk and may take minutes, so it runs in a thread of its own.
    """

    def __init__(self, backups: Backups, clock: Clock, rules: BackupRules) -> None:
        self._backups = backups
        self._clock = clock
        self._rules = rules
        self._done: int | None = None
        self._not_before_s: float | None = None
        self._failing = False

    def wanted(self) -> bool:
        """Whether a backup may be due: the time of day has come since the last look that found or made one."""
        if self._not_before_s is not None and self._clock.elapsed_s() < self._not_before_s:
            return False
        return self._due_since() != self._done

    def make(self) -> None:
        """Make the backup that is due, if one is; never raises what is due to disk or database."""
        due = self._due_since()
        try:
            if self._is_due(due):
                self._make_one()
            self._done = due
        except (BackupError, StoreError) as exc:
            self._not_before_s = self._clock.elapsed_s() + TRY_AGAIN_S
            if not self._failing:
                log.warning("no backup could be made: %s (tried again every hour)", exc)
            self._failing = True
        else:
            self._not_before_s = None

    def _due_since(self) -> int:
        return due_since(self._clock.now_ms(), self._rules.at, self._rules.zone)

    def _is_due(self, due: int) -> bool:
        """One of a time to come, made while the clock stood wrong, does not count."""
        now_ms = self._clock.now_ms()
        if any(due <= one.created_ms <= now_ms for one in self._backups.made()):
            return False
        since_ms = self._backups.data_since_ms()
        return since_ms is not None and since_ms < due

    def _make_one(self) -> None:
        now_ms = self._clock.now_ms()
        made = self._backups.make(now_ms)
        log.info("backup written: %s, %s", self._backups.where(made), size(made.size))
        self._failing = False
        self._clear_away([one for one in self._backups.made() if one.created_ms <= now_ms])

    def _clear_away(self, made: list[BackupFile]) -> None:
        rules = self._rules
        keep = kept([one.created_ms for one in made], rules.zone, daily=rules.keep_daily, weekly=rules.keep_weekly)
        for one in made:
            if one.created_ms not in keep:
                self._remove(one)

    def _remove(self, one: BackupFile) -> None:
        try:
            self._backups.remove(one)
        except BackupError as exc:
            log.warning("an old backup stays: %s", exc)
        else:
            log.debug("old backup removed: %s", one.name)
