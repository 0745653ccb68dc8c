"""When messages arrived: the first time where a message comes again, and no two of a topic in one millisecond."""

from collections import OrderedDict
from struct import Struct
from zlib import crc32

from monitor.core.readings import Message
from monitor.ports import Delivery

REMEMBERED = 8_192
"""Deliveries remembered to recognise them when the broker sends them again; more than any usual broker keeps open."""

TOPICS_AT_MOST = 10_000
"""Topics whose last arrival is remembered; beyond that the memory starts anew rather than grows."""

BACK_MS = 600_000
"""ms: a clock that was set back by more than this begins a new order of arrivals."""

_REMEMBER = Struct("<HIq")


class Arrivals:
    """Stamps messages; what it must remember over a restart is `journal`, to be stored with the readings."""

    def __init__(self, journal: bytes) -> None:
        self._arrivals: dict[str, int] = {}
        self._latest_ms = 0
        self._remembered: OrderedDict[int, tuple[int, int]] = OrderedDict()
        self._journal: list[bytes] = []
        for mid, checksum, received_ms in _REMEMBER.iter_unpack(journal[-REMEMBERED * _REMEMBER.size :]):
            self._remember(mid, checksum, received_ms)
            self._latest_ms = max(self._latest_ms, received_ms)

    @property
    def journal(self) -> bytes:
        """What was stamped since `stored`."""
        return b"".join(self._journal)

    def stored(self) -> None:
        """The journal is safe."""
        self._journal = []

    def knows(self, delivery: Delivery) -> bool:
        """Whether the broker sends again what was stamped before."""
        return self._first_ms(delivery) is not None

    def stamped(self, delivery: Delivery) -> Message:
        """The message at its time of arrival.

        A flood runs ahead of the clock by that; a topic not heard since the start begins after all that was stored.
        """
        message, mid, qos, _redelivered, _connection = delivery
        first_ms = self._first_ms(delivery)
        if first_ms is not None:
            return message._replace(received_ms=first_ms)
        before = self._arrivals.get(message.topic, self._latest_ms)
        arrival = message.received_ms
        if before >= arrival > before - BACK_MS:
            arrival = before + 1
            message = message._replace(received_ms=arrival)
        if len(self._arrivals) >= TOPICS_AT_MOST:
            self._latest_ms = max(self._arrivals.values())
            self._arrivals.clear()
        self._arrivals[message.topic] = arrival
        if qos:
            checksum = _checksum(message)
            self._remember(mid, checksum, arrival)
            self._journal.append(_REMEMBER.pack(mid, checksum, arrival))
        return message

    def _first_ms(self, delivery: Delivery) -> int | None:
        known = self._remembered.get(delivery.mid) if delivery.redelivered and delivery.qos else None
        return known[1] if known is not None and known[0] == _checksum(delivery.message) else None

    def _remember(self, mid: int, checksum: int, received_ms: int) -> None:
        """A broker uses an id again once it was acknowledged: only the last message of an id can come again."""
        self._remembered[mid] = (checksum, received_ms)
        self._remembered.move_to_end(mid)
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)


def _checksum(message: Message) -> int:
    return crc32(message.payload, crc32(message.topic.encode()))
