"""What an export reads: everything of a series, and every analysis, a piece at a time."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from monitor.core.exporting import Kept
from monitor.core.findings import AnalysisResult


class KeptRun(NamedTuple):
    """One analysis that was run: its number, when (UTC Unix ms), by which version."""

    number: int
    ran_ms: int
    version: str
    result: AnalysisResult


class Archive(Protocol):
    """What is kept, read in pieces that end before the next begins: a daemon beside it is never held up."""

    def pieces(self, sensor: str, quantity: str, from_ms: int, to_ms: int, *, raw: bool) -> Iterator[list[Kept]]:
        """A series, `from_ms <= t < to_ms`, by time, calibrated or as it was sent; no instant twice."""
        ...

    def runs(self, from_ms: int, to_ms: int) -> Iterator[KeptRun]:
        """The analyses that ran in `from_ms <= t < to_ms`, oldest first."""
        ...
