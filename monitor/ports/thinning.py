"""Where old readings are thinned, a slice at a time."""

from typing import NamedTuple, Protocol


class Slice(NamedTuple):
    """What one slice of work did: it looked at `readings`, and put `rows` in the place of `replaced` of them."""

    readings: int
    replaced: int
    rows: int


class ThinningStore(Protocol):
    """Readings that may be thinned."""

    def thin_next(self, before_ms: int) -> Slice | None:
        """Thin one slice of what is older than `before_ms` (UTC Unix ms); None where nothing is left to look at.

        A slice is one short transaction. What a night that is to be closed again needs, what waits for the mirror, and
        what no seven nights have followed is left for later.
        """
        ...

    def measured_since(self, from_ms: int) -> tuple[int | None, list[tuple[str, int]]]:
        """The first reading at or after `from_ms`, None without any; and of every series the quantity and how many."""
        ...

    def give_back(self, at_most_pages: int) -> int:
        """Return free pages of the file to the disk; how many. 0 where there are few, or where the file cannot."""
        ...
