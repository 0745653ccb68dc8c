"""Which topic filters a broker was told, and which it should be told next."""

import logging
from collections.abc import Iterable, Iterator

import paho.mqtt.client as mqtt
from paho.mqtt.reasoncodes import ReasonCode

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Topic filters in one packet: brokers refuse packets that are very long."""


class Subscriptions:
    """What is wanted may be set from any thread; everything else happens in the network thread.

    `unwanted` are filters that an earlier run told the broker. `answered` are those that the broker has taken last.
    """

    def __init__(self, wanted: tuple[str, ...], unwanted: tuple[str, ...] = ()) -> None:
        self.wanted = wanted
        self.answered: tuple[str, ...] | None = None
        self._told: tuple[str, ...] | None = None
        self._asked: set[str] = set()
        self._may_be_held = dict.fromkeys(unwanted)
        self._coming: dict[int, tuple[str, ...]] = {}
        self._going: dict[int, tuple[str, ...]] = {}
        self._refused: set[str] = set()

    @property
    def settled(self) -> bool:
        """Whether the broker was told what is wanted."""
        return self._told == self.wanted

    def begin(self, client: mqtt.Client, *, anew: bool) -> None:
        """On a new connection: tell everything where the broker does not remember, else what has changed.

        Where the last connection ended before an answer, nobody knows what the broker has heard.
        """
        if anew or self._coming or self._going:
            self._asked.clear()
        self._coming.clear()
        self._going.clear()
        self.tell(client)

    def tell(self, client: mqtt.Client) -> None:
        """Tell the broker what it does not know yet: the new ones first, so that nothing is missed in between.

        Where the connection has just ended, the next one begins with it.
        """
        wanted = self.wanted
        for some in _parts(topic for topic in dict.fromkeys(wanted) if topic not in self._asked):
            _, mid = client.subscribe([(topic, 1) for topic in some])
            if mid is None:
                return
            self._coming[mid] = some
            self._asked.update(some)
            self._may_be_held.update(dict.fromkeys(some))
        kept = set(wanted)
        for some in _parts(topic for topic in self._may_be_held if topic not in kept):
            _, mid = client.unsubscribe(list(some))
            if mid is None:
                return
            self._going[mid] = some
            self._asked.difference_update(some)
        self._told = wanted
        self._conclude()

    def hear(self, mid: int, reasons: list[ReasonCode]) -> bool:
        """The broker's answer to a subscription; whether everything is answered now."""
        for topic, reason in zip(self._coming.pop(mid, ()), reasons, strict=False):
            if not reason.is_failure:
                self._refused.discard(topic)
                continue
            self._asked.discard(topic)
            if topic not in self._refused:
                self._refused.add(topic)
                log.warning("the broker does not let us subscribe to %s (%s); check its access rules", topic, reason)
        return self._conclude()

    def hear_gone(self, mid: int) -> bool:
        """The broker has dropped some; whether everything is answered now."""
        for topic in self._going.pop(mid, ()):
            if topic not in self._asked:
                self._may_be_held.pop(topic, None)
        return self._conclude()

    def _conclude(self) -> bool:
        if self._coming or self._going:
            return False
        self.answered = tuple(topic for topic in self._told or () if topic in self._asked)
        return True


def _parts(topics: Iterable[str]) -> Iterator[tuple[str, ...]]:
    every = tuple(topics)
    return (every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE))
