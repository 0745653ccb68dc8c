"""zwave-js-ui: one JSON value a node, class and property."""

from monitor.core.decoding import NOTHING, Decoded, Dialect
from monitor.core.known import Known
from monitor.core.readings import Message


def _decode(message: Message, known: Known) -> Decoded:
    del message, known
    return NOTHING


DIALECT = Dialect(
    name="zwave_js_ui",
    subscriptions=(),
    words=frozenset(),
    claims=lambda _topic: False,
    decode=_decode,
)
