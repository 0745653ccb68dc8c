"""What brings messages, and the clock."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from monitor.core.readings import Message


class Clock(Protocol):
    """The one clock of a process."""

    def now_ms(self) -> int:
        """UTC Unix ms."""
        ...

    def elapsed_s(self) -> float:
        """Seconds since some start; never goes back."""
        ...


class Delivery(NamedTuple):
    """A message with what its acknowledgement needs; `redelivered` is MQTT's DUP flag.

    `connection` counts connections: an acknowledgement is only good on the one that brought the message.
    """

    message: Message
    mid: int
    qos: int
    redelivered: bool
    connection: int


class MessageSource(Protocol):
    """Where messages come from."""

    def take(self, wait_s: float) -> list[Delivery]:
        """The messages that are there, oldest first; waits at most `wait_s` for the first."""
        ...

    def poke(self) -> None:
        """Have a `take` that waits, or else the next one, return at once; from any thread."""
        ...

    def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        """Tell the broker that these are safe; forgetting to is harmless, they come again."""
        ...
