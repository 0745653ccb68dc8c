"""RuuviBridge's topics, and the names of its tags."""

import pytest

from monitor.core.decoding import covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders import ruuvibridge

BRIDGE = ruuvibridge.DIALECT
TAG = "E3:75:CF:37:4E:23"


@pytest.mark.parametrize(
    ("topic", "claimed"),
    [
        (f"ruuvibridge/{TAG}", True),
        (f"ruuvibridge/{TAG}/pressure", True),
        ("ruuvibridge", False),
        ("a/ruuvibridge/b", False),
    ],
)
def test_a_topic_is_claimed_by_its_base(topic: str, claimed: bool) -> None:
    assert BRIDGE.claims(topic) is claimed


@pytest.mark.parametrize("topic", [f"ruuvibridge/{TAG}", f"ruuvibridge/{TAG}/pressure"])
def test_it_subscribes_to_what_it_claims_once(topic: str) -> None:
    assert sum(covers(each, topic) for each in BRIDGE.subscriptions) == 1


@pytest.mark.parametrize(("name", "called"), [(b'"Bedroom"', "Bedroom"), (b'""', None), (b"7", None)])
def test_a_tag_is_called_as_the_bridge_names_it(name: bytes, called: str | None) -> None:
    message = Message(f"ruuvibridge/{TAG}", b'{"temperature":21.5,"name":' + name + b"}", False, 0)
    assert BRIDGE.decode(message, Known()).called == called


def test_its_last_will_has_a_topic_that_only_its_owner_knows() -> None:
    assert BRIDGE.availability(f"ruuvibridge/{TAG}") is None


def test_its_radio_hears_the_neighbours() -> None:
    assert BRIDGE.overheard
