"""The contract: what is known, who decodes, which filters cover a topic."""

import pytest

from monitor.core import decoding
from monitor.core.announced import BINARY, value_at, value_of
from monitor.core.decoding import (
    NOTHING,
    OVERSIZE,
    OVERSIZE_BYTES,
    UNCLAIMED,
    Decoded,
    Decoders,
    Dialect,
    Fact,
    Known,
    covers,
)
from monitor.core.readings import Measurement, Message


def a_fact(**changes: object) -> Fact:
    plain: dict[str, object] = {
        "state_topic": "a/b",
        "path": ("t",),
        "quantity": "temperature",
        "unit": None,
        "sensor": "x:a",
        "name": "a",
    }
    return Fact(**(plain | changes))  # type: ignore[arg-type]


def a_dialect(name: str = "one", prefix: str = "one/", **changes: object) -> Dialect:
    plain: dict[str, object] = {
        "name": name,
        "metadata": (),
        "subscriptions": (),
        "claims": lambda topic: topic.startswith(prefix),
        "decode": lambda message, known: Decoded((Measurement(name, "temperature", 20.0),)),
    }
    return Dialect(**(plain | changes))  # type: ignore[arg-type]


def a_message(topic: str = "one/a", payload: bytes = b"20") -> Message:
    return Message(topic, payload, False, 0)


def test_the_first_dialect_that_claims_a_topic_decodes_it() -> None:
    decoders = Decoders((a_dialect("one", "one/"), a_dialect("two", "")))
    assert decoders.decode(a_message("one/a"), Known()).measurements[0].sensor == "one"


def test_a_topic_that_nobody_claims_is_ignored() -> None:
    assert Decoders((a_dialect(),)).decode(a_message("two/a"), Known()) == UNCLAIMED


def test_a_dialect_is_asked_once_per_topic() -> None:
    asked: list[str] = []

    def claims(topic: str) -> bool:
        asked.append(topic)
        return True

    decoders = Decoders((a_dialect(claims=claims),))
    assert decoders.dialect_of("a") is decoders.dialect_of("a")
    assert asked == ["a"]


def test_the_memory_of_topics_starts_anew_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "REMEMBERED_TOPICS", 2)
    decoders = Decoders((a_dialect(metadata=("one/meta",)),))
    found = [(decoders.dialect_of(f"{n}"), decoders.announces(f"{n}")) for n in range(9)]
    assert found == [(None, False)] * 9
    assert len(decoders._by_topic) <= 3


def test_a_topic_of_metadata_announces() -> None:
    decoders = Decoders((a_dialect(metadata=("one/+/config",)),))
    assert [decoders.announces(topic) for topic in ("one/a/config", "one/a/config", "one/a")] == [
        True,
        True,
        False,
    ]


def test_a_payload_beyond_64_kib_is_not_decoded() -> None:
    assert Decoders((a_dialect(),)).decode(a_message(payload=b"x" * (OVERSIZE_BYTES + 1)), Known()) == OVERSIZE


def test_a_message_that_announces_nothing_leaves_the_same_knowledge() -> None:
    known = Known()
    assert Decoders((a_dialect(),)).learn(a_message(), known) is known


def test_a_new_announcement_replaces_the_old_one_of_its_topic() -> None:
    known = Known().learning("m", (a_fact(),)).learning("m", (a_fact(state_topic="c"),))
    assert set(known.by_state_topic) == {"c"}


def test_an_announcement_without_facts_is_forgotten() -> None:
    decoders = Decoders((a_dialect(), a_dialect("two", "two/", learn=lambda message: ())))
    known = decoders.learn(a_message("m"), Known().learning("m", (a_fact(),)))
    assert known.announced == {}


def test_facts_of_one_state_topic_are_found_by_path() -> None:
    known = Known().learning("m", (a_fact(), a_fact(path=("h",), quantity="humidity")))
    assert set(known.by_state_topic["a/b"]) == {("t",), ("h",)}


@pytest.mark.parametrize(
    ("topic_filter", "topic"),
    [
        ("a/b", "a/b"),
        ("a/+", "a/b"),
        ("a/#", "a/b/c"),
        ("a/#", "a"),
        ("#", "a/b"),
        ("+/+/c", "a/b/c"),
        ("$SYS/#", "$SYS/a"),
    ],
)
def test_a_filter_covers_a_topic(topic_filter: str, topic: str) -> None:
    assert covers(topic_filter, topic)


@pytest.mark.parametrize(
    ("topic_filter", "topic"),
    [
        ("a/b", "a/c"),
        ("a/+", "a/b/c"),
        ("a/+", "a"),
        ("a/b/#", "a"),
        ("#", "$SYS/a"),
        ("+/a", "$SYS/a"),
        ("a", "A"),
    ],
)
def test_a_filter_does_not_cover_a_topic(topic_filter: str, topic: str) -> None:
    assert not covers(topic_filter, topic)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), {"a": [1, {"b": 2}]}),
        (("a", 0), 1),
        (("a", 1, "b"), 2),
        (("a", 9), None),
        (("a", "b"), None),
        (("a", 0, 0), None),
    ],
)
def test_a_path_leads_to_its_value_or_to_none(path: decoding.Path, found: object) -> None:
    assert value_at({"a": [1, {"b": 2}]}, path) == found


@pytest.mark.parametrize(
    ("fact", "raw", "value"),
    [
        (a_fact(unit="°F"), "71.6", 22.0),
        (a_fact(scale=0.01), 2050, 20.5),
        (a_fact(unit="bananas"), 20, None),
        (a_fact(quantity=None), 20, None),
        (a_fact(), "warm", None),
        (a_fact(scale=1e10), 1e300, None),
        (a_fact(quantity="occupancy"), "ON", 1.0),
        (a_fact(quantity="occupancy", on="present"), "Present", 1.0),
        (a_fact(quantity="occupancy", on="present"), "OFF", 0.0),
        (a_fact(quantity="occupancy", off="away"), "away", 0.0),
        (a_fact(quantity="occupancy", on="1", off="0"), "ON", None),
    ],
)
def test_a_fact_explains_a_raw_value(fact: Fact, raw: object, value: float | None) -> None:
    assert value_of(fact, raw) == value


def test_occupancy_motion_and_movement_are_yes_or_no() -> None:
    assert {"occupancy", "motion", "movement"} == BINARY


def test_a_message_without_a_reading_says_why() -> None:
    assert NOTHING.ignored
