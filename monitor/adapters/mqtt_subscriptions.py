"""Which topic filters a broker was told, and which it should be told next."""

import logging
from collections.abc import Iterator

import paho.mqtt.client as mqtt
from paho.mqtt.reasoncodes import ReasonCode

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Topic filters in one packet: brokers refuse packets that are very long."""


class Subscriptions:
    """What is wanted may be set from any thread; everything else happens in the network thread.

    `unwanted` are filters that an earlier run told the broker.
    """

    def __init__(self, wanted: tuple[str, ...], unwanted: tuple[str, ...] = ()) -> None:
        self.wanted = wanted
        self._unwanted = unwanted
        self._told: tuple[str, ...] | None = None
        self._open: dict[int, tuple[str, ...]] = {}
        self.answered: tuple[str, ...] | None = None

    @property
    def settled(self) -> bool:
        """Whether the broker was told what is wanted."""
        return self._told == self.wanted

    def begin(self, client: mqtt.Client, *, anew: bool) -> None:
        """On a new connection: tell everything where the broker does not remember, else what has changed."""
        self._open.clear()
        if anew:
            self._told = None
        self.tell(client)

    def tell(self, client: mqtt.Client) -> None:
        """Tell the broker what it does not know yet."""
        wanted = self.wanted
        before = () if self._told is None else self._told
        dropped = [topic for topic in dict.fromkeys((*self._unwanted, *before)) if topic not in set(wanted)]
        for some in _parts(tuple(dropped)):
            client.unsubscribe(list(some))
        known = set(before)
        for some in _parts(tuple(topic for topic in wanted if topic not in known)):
            _, mid = client.subscribe([(topic, 1) for topic in some])
            if mid is not None:
                self._open[mid] = some
        self._told = wanted
        self._unwanted = ()
        if not self._open:
            self.answered = wanted

    def hear(self, mid: int, reasons: list[ReasonCode]) -> bool:
        """The broker's answer; whether everything is answered now."""
        for topic, reason in zip(self._open.pop(mid, ()), reasons, strict=False):
            if reason.is_failure:
                log.warning("the broker does not let us subscribe to %s (%s); check its access rules", topic, reason)
        if not self._open:
            self.answered = self._told
        return not self._open


def _parts(topics: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return (topics[start : start + AT_ONCE] for start in range(0, len(topics), AT_ONCE))
