"""The thread that sends to the mirror: steps on its own, and ends in time whatever the server does."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError

from monitor.errors import MonitorError

log = logging.getLogger(__name__)

STOP_S = 2.0
"""Seconds to wait for an answer that is under way; then it is left to itself, and sent anew at the next start."""

STORE_S = 5.0
"""Seconds until the next look where the database cannot be used just now; who stores readings tells of that."""

DEFECT_S = 60.0
"""Seconds until the next look after a defect of ours."""

Step = Callable[[], float]


class Sender:
    """Runs steps in a thread of its own; `make` gives the step, in that thread, since that may take a second."""

    def __init__(self, name: str, make: Callable[[], Step]) -> None:
        self._make = make
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End, within a moment."""
        self._ended.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        step, wait_s = self._made(), 0.0
        while step is not None and not self._ended.wait(wait_s):
            try:
                wait_s = step()
            except CancelledError:
                return
            except MonitorError as exc:
                log.debug("%s: %s", self._thread.name, exc)
                wait_s = STORE_S
            except Exception:
                log.exception("%s met a defect; everything else goes on", self._thread.name)
                wait_s = DEFECT_S

    def _made(self) -> Step | None:
        try:
            return self._make()
        except Exception:
            log.exception("%s cannot start; everything else goes on", self._thread.name)
            return None
