"""The doctor: each part looked at on its own, so that one fault hides no other."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from monitor.errors import MonitorError


class Examined(NamedTuple):
    """What was found of one part; `says` tells what is right, or what is wrong and what to do."""

    subject: str
    ok: bool
    says: str


class Part(NamedTuple):
    """A part to look at; `look` returns what it found, or raises a MonitorError that says what is wrong."""

    subject: str
    look: Callable[[], str]


def examine(parts: Iterable[Part]) -> list[Examined]:
    """Look at every part, in order."""
    return [_examined(part) for part in parts]


def _examined(part: Part) -> Examined:
    try:
        return Examined(part.subject, ok=True, says=part.look())
    except MonitorError as exc:
        return Examined(part.subject, ok=False, says=str(exc))
    except OSError as exc:  # a folder that this user may not enter
        return Examined(part.subject, ok=False, says=f"{exc.filename}: {exc.strerror}; does it take sudo?")
