"""From a message and the facts of its topic to its readings."""

from collections.abc import Mapping

from monitor.core.announced import value_at, value_of
from monitor.core.decoding import NO_VALUE, NOTHING, Decoded
from monitor.core.known import Fact, Path
from monitor.core.payload import document, says_nothing, text
from monitor.core.readings import Measurement, Message
from monitor.errors import DecodeError

NOT_A_READING = Decoded(ignored="announced as no reading of the room, or in a way that needs configuration")
OWN = Decoded(ignored="our own value, published again by Home Assistant")


def explained(message: Message, facts: Mapping[Path, Fact]) -> Decoded:
    """The values that facts explain, of a plain payload or of JSON. Raises DecodeError."""
    whole = facts.get(())
    if whole is not None and len(facts) == 1:
        return whole_value(message, whole)
    content = document(message.payload)
    found = []
    for fact in facts.values():
        value = value_of(fact, value_at(content, fact.path))
        if fact.quantity is not None and value is not None:
            found.append(Measurement(fact.sensor, fact.quantity, value))
    if found:
        return Decoded(tuple(found))
    return NOTHING if any(fact.quantity for fact in facts.values()) else NOT_A_READING


def whole_value(message: Message, fact: Fact, *, time_ms: int | None = None, called: str | None = None) -> Decoded:
    """The value that the whole payload is, as `fact` explains it. Raises DecodeError."""
    if fact.quantity is None:
        return NOT_A_READING
    word = text(message.payload)
    value = value_of(fact, word)
    if value is not None:
        return Decoded((Measurement(fact.sensor, fact.quantity, value, time_ms),), called=called)
    if says_nothing(word):
        return NO_VALUE
    raise DecodeError(f"not a value of {fact.quantity} in {fact.unit or 'its usual unit'}")
