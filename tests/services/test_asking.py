"""Devices that tell what they are only when asked are asked once a day; nobody else is."""

import json

import pytest

from monitor.core.decoding import covers
from monitor.core.readings import Message
from monitor.decoders import shelly_gen2
from monitor.services.asking import Asking, question_to, questions
from tests.services.fakes import FakeClock
from tests.services.rig import NOW_MS

DAY_S = 86_400


def online(prefix: str, word: bytes = b"true") -> Message:
    return Message(f"{prefix}/online", word, True, NOW_MS)


class Hall:
    """Who is there, and what was said to them."""

    def __init__(self, *there: Message) -> None:
        self.there = list(there)
        self.said: list[tuple[str, bytes]] = []
        self.clock = FakeClock(NOW_MS)
        self.asking = Asking(lambda: self.there, lambda *words: self.said.append(words), self.clock)

    def go_on(self, seconds: float, *, looks: int = 5) -> list[str]:
        """The topics that were spoken to."""
        before = len(self.said)
        for _look in range(looks):
            self.asking.ask()
            self.clock.pass_by(seconds / looks)
        return [topic for topic, _ in self.said[before:]]


def document(prefix: str) -> dict[str, object]:
    question = question_to(online(prefix))
    assert question is not None
    asked: dict[str, object] = json.loads(question[1])
    return asked


def test_a_shelly_that_is_there_is_asked_once_a_day() -> None:
    hall = Hall(online("shellyblugwg3-aabbccddeeff"))
    days = [hall.go_on(DAY_S, looks=100) for _day in range(3)]
    assert days == [["shellyblugwg3-aabbccddeeff/rpc"]] * 3


def test_one_that_comes_later_is_asked_then_and_nobody_twice() -> None:
    hall = Hall(online("first"))
    hall.go_on(60)
    hall.there.append(online("home/second"))
    assert hall.go_on(60) == ["home/second/rpc"]


def test_each_is_asked_for_what_it_relays_and_how_that_is() -> None:
    asked = document("gateway")
    assert (asked["method"], asked["params"]) == (
        "Shelly.GetComponents",
        {"dynamic_only": True, "include": ["config", "status"]},
    )


@pytest.mark.parametrize("prefix", ["gateway", "home/bedroom/gateway", "Käfer 1", "a+b#c"])
def test_the_answer_comes_where_the_decoder_listens(prefix: str) -> None:
    answer = f"{document(prefix)['src']}/rpc"
    assert any(covers(each, answer) for each in shelly_gen2.DIALECT.metadata)


def test_each_answers_on_a_topic_of_its_own() -> None:
    assert len({str(document(prefix)["src"]) for prefix in ("home/first", "home/second", "first")}) == 3


@pytest.mark.parametrize(
    "message",
    [
        online("gateway", b"false"),
        online("gateway", b""),
        online("shellies/shellyht-1"),
        Message("online", b"true", True, NOW_MS),
        Message("/online", b"true", True, NOW_MS),
        Message("zigbee2mqtt/bedroom/availability", b"true", True, NOW_MS),
    ],
)
def test_nobody_else_is_asked(message: Message) -> None:
    assert question_to(message) is None


def test_the_first_generation_is_asked_all_at_once() -> None:
    assert questions() == (("shellies/command", b"announce"),)
