"""The clocks: the real one, and one that the demo and the tests set by hand."""

import time


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """UTC Unix ms."""
        return time.time_ns() // 1_000_000

    def elapsed_s(self) -> float:
        """Seconds since some start; never goes back."""
        return time.monotonic()


class SimulatedClock:
    """A clock that stands where it was set; elapsed time stays real, so that batches still end."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """UTC Unix ms."""
        return self._now_ms

    def elapsed_s(self) -> float:
        """Real seconds since some start."""
        return time.monotonic()

    def set(self, now_ms: int) -> None:
        """Set the time."""
        self._now_ms = now_ms
