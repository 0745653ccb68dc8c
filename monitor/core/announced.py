"""From a fact and what its topic carries to a canonical value."""

from monitor.core.known import Fact, Path
from monitor.core.payload import flag, number
from monitor.core.quantities import QUANTITIES
from monitor.core.units import to_canonical

BINARY = frozenset(quantity.name for quantity in QUANTITIES if (quantity.unit, quantity.low) == ("1", 0.0))
"""Quantities that are yes (1) or no (0)."""


def value_at(document: object, path: Path) -> object:
    """What stands at `path` in a JSON value, None where nothing does."""
    for step in path:
        if isinstance(document, dict):
            document = document.get(str(step))
        elif isinstance(document, list) and isinstance(step, int) and 0 <= step < len(document):
            document = document[step]
        else:
            return None
    return document


def value_of(fact: Fact, raw: object) -> float | None:
    """The canonical value of `raw` as `fact` explains it; None for no value and for no quantity of ours."""
    if fact.quantity is None:
        return None
    if fact.quantity in BINARY:
        return flag(raw) if fact.on is None and fact.off is None else _flag_in_words(fact, raw)
    value = number(raw)
    return None if value is None else to_canonical(fact.quantity, value * fact.scale, fact.unit)


def _flag_in_words(fact: Fact, raw: object) -> float | None:
    word = str(raw).strip().lower()
    if word == (fact.on or "on"):
        return 1.0
    return 0.0 if word == (fact.off or "off") else None
