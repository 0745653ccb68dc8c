"""MiTemperature2: Xiaomi thermometers, JSON on one topic for all or plain values."""

from monitor.core.decoding import NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.readings import Message


def _decode(message: Message, known: Known) -> Decoded:
    del message, known
    return NOTHING


DIALECT = Dialect(
    name="mitemperature2",
    subscriptions=(),
    words=frozenset(),
    claims=lambda _topic: False,
    decode=_decode,
)
