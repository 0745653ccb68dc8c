"""Homie 3, 4 and 5: plain values of described properties."""

from monitor.core.decoding import NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.readings import Message


def _decode(message: Message, known: Known) -> Decoded:
    del message, known
    return NOTHING


DIALECT = Dialect(
    name="homie",
    subscriptions=(),
    words=frozenset(),
    claims=lambda _topic: False,
    decode=_decode,
)
