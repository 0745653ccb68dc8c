"""What the mirror has to say to people: lost once, back once, and what the server does not take at most once a day."""

import logging
from collections.abc import Sequence

from monitor.core.wording import counted
from monitor.ports import Answer, Overflow

log = logging.getLogger(__name__)

TELL_AGAIN_S = 86_400.0
"""Seconds after which what goes on is told once more; `mirror status` has it all the time."""


class Telling:
    """Remembers what was told; `name` is what the server is called. Moments are seconds of the monotonic clock."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._verdict: str | None = None
        self._told_s: dict[str, float] = {}

    def trouble(self, answer: Answer) -> None:
        """Nothing can be sent: told once, and once more where it turns out that a person must do something."""
        if self._verdict is None or (answer.verdict == "refused" and self._verdict != "refused"):
            log.warning(
                "mirror %s: %s; what is measured waits in the database, trying again by itself", self._name, answer.said
            )
            self._verdict = answer.verdict

    def well(self) -> None:
        """Something was taken."""
        if self._verdict is not None:
            log.info("mirror %s: back", self._name)
            self._verdict = None

    def caught_up(self) -> None:
        """Nothing of the past waits any more."""
        log.info("mirror %s: caught up", self._name)

    def overflow(self, lost: Overflow, now_s: float) -> None:
        """Some left the queue unsent."""
        if self._due("overflow", now_s):
            log.warning(
                "mirror %s: the queue is full or too old: %s left it unsent just now, and the next ones will; "
                "the database has them all, and `bedroom-monitor mirror resync` sends them once the server is back",
                self._name,
                counted(lost.readings, "reading"),
            )

    def refusals(self, aside: Sequence[tuple[str, str]], dropped: int, said: str, now_s: float) -> None:
        """What the server did not take of a parcel, if anything."""
        if aside and self._due("aside", now_s):
            line, reason = aside[0]
            log.warning(
                "mirror %s: %s set aside, the first: %s (%s); `bedroom-monitor mirror status` shows them",
                self._name,
                counted(len(aside), "line"),
                line.partition(" ")[0],
                reason,
            )
        if dropped and self._due("dropped", now_s):
            log.warning(
                "mirror %s: the server dropped %s: %s; `bedroom-monitor mirror status` counts them",
                self._name,
                counted(dropped, "line"),
                said,
            )

    def _due(self, subject: str, now_s: float) -> bool:
        told_s = self._told_s.get(subject)
        if told_s is not None and now_s - told_s < TELL_AGAIN_S:
            return False
        self._told_s[subject] = now_s
        return True
