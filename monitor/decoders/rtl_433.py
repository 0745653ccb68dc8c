"""rtl_433: what a radio hears, one JSON object a transmission or one plain value a key."""

from monitor.core.decoding import NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.readings import Message


def _decode(message: Message, known: Known) -> Decoded:
    del message, known
    return NOTHING


DIALECT = Dialect(
    name="rtl_433",
    subscriptions=(),
    words=frozenset(),
    claims=lambda _topic: False,
    decode=_decode,
)
