"""Sleep as Android: what the phone tells of the night, one event a message."""

from monitor.core.decoding import EMPTY, NO_VALUE, NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.payload import mapping
from monitor.core.readings import Measurement, Message
from monitor.errors import DecodeError

_LONGEST_WORD = 64
"""Characters; the longest event of the app has 23, and a word is kept beside each reading."""


def dialect(bases: tuple[str, ...] = ("SleepAsAndroid",)) -> Dialect:
    """Sleep as Android on these topics and below them, whatever stands before.

    The topic is the person's own choice, and `{"event"}` alone does not show who says it.
    """
    within = tuple(f"/{base}/" for base in bases)

    def claims(topic: str) -> bool:
        framed = f"/{topic}/"
        return any(base in framed for base in within)

    return Dialect(
        name="sleep_as_android",
        subscriptions=tuple(f"{prefix}{base}/#" for base in bases for prefix in ("", "+/")),
        words=frozenset(base.rpartition("/")[2] for base in bases),
        claims=claims,
        decode=_decode,
    )


def _decode(message: Message, known: Known) -> Decoded:  # noqa: ARG001 - the contract of every dialect
    """The event by its word; `value1` of an alarm is the time it is set to, so arrival counts."""
    if not message.payload:
        return EMPTY
    data = mapping(message.payload)
    if "event" not in data:
        return NOTHING
    event = data["event"]
    if event is None or event == "":
        return NO_VALUE
    if not isinstance(event, str) or len(event) > _LONGEST_WORD or not event.isprintable() or event.isspace():
        raise DecodeError("not the word of an event")
    return Decoded((Measurement(f"sleep_as_android:{message.topic}", "sleep_event", 1.0, word=event),))
