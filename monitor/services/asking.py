"""Asking devices that tell what they are only when they are asked: Shelly of both kinds."""

import json
from collections.abc import Callable, Iterable

from monitor.core.readings import DAY_MS, Message
from monitor.ports import Clock

ASK_AGAIN_MS = DAY_MS
"""ms after which a device is asked once more: it may have been given new sensors."""

Question = tuple[str, bytes]
"""A topic and a payload."""


def questions() -> tuple[Question, ...]:
    """What every device of a kind answers."""
    return (("shellies/command", b"announce"),)


def question_to(message: Message) -> Question | None:
    """What to ask the device that has just said that it is there; None for everybody else.

    Shelly of the second kind and later say `true` on `<prefix>/online`. The answer comes on a topic of its own for
    each device, since it takes the place of the one before.
    """
    prefix, _, last = message.topic.rpartition("/")
    if last != "online" or message.payload.strip() != b"true" or not prefix or prefix.startswith("shellies/"):
        return None
    word = "".join(letter if letter.isalnum() else "-" for letter in prefix)
    asked = {
        "id": 1,
        "src": f"bedroom-monitor/shelly/{word}",
        "method": "Shelly.GetComponents",
        "params": {"dynamic_only": True, "include": ["config", "status"]},
    }
    return f"{prefix}/rpc", json.dumps(asked).encode()


class Asking:
    """A step that asks every device that is there, each once a day."""

    def __init__(self, there: Callable[[], Iterable[Message]], say: Callable[[str, bytes], None], clock: Clock) -> None:
        self._there = there
        self._say = say
        self._clock = clock
        self._asked: dict[str, int] = {}

    def ask(self) -> None:
        """Ask whoever has not been asked today."""
        now_ms = self._clock.now_ms()
        for message in self._there():
            question = question_to(message)
            if question is not None and now_ms - self._asked.get(question[0], -ASK_AGAIN_MS) >= ASK_AGAIN_MS:
                self._asked[question[0]] = now_ms
                self._say(*question)
