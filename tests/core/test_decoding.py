"""The contract: what is known, who decodes, which filters cover a topic."""

import pytest

from monitor.core import decoding
from monitor.core.announced import BINARY, value_at, value_of
from monitor.core.decoding import NOTHING, OVERSIZE, OVERSIZE_BYTES, UNCLAIMED, Decoded, Decoders, Dialect, covers
from monitor.core.known import Attribute, Fact, Known, Path
from monitor.core.readings import Measurement, Message
from monitor.errors import DecodeError


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
        "words": None,
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
    found = [(decoders.dialect_of(f"{n}"), decoders.announcer_of(f"{n}")) for n in range(9)]
    assert found == [(None, None)] * 9
    assert len(decoders._by_topic) <= 3


@pytest.mark.parametrize("metadata", ["one/+/config", "one/+/+", "one/#"])
def test_a_topic_of_metadata_announces(metadata: str) -> None:
    one = a_dialect(metadata=(metadata,))
    assert [Decoders((one,)).announcer_of(topic) for topic in ("one/a/config", "two/a")] == [one, None]


def test_a_dialect_with_words_is_asked_only_about_topics_that_have_one() -> None:
    asked: list[str] = []

    def claims(topic: str) -> bool:
        asked.append(topic)
        return True

    decoders = Decoders((a_dialect(words=frozenset({"tele"}), claims=claims),))
    assert [decoders.dialect_of(topic) is None for topic in ("a/tele/b", "a/b", "television")] == [False, True, True]
    assert asked == ["a/tele/b"]


def test_of_two_dialects_with_a_word_in_the_topic_the_first_decodes_it() -> None:
    one, two = (a_dialect(name, "", words=frozenset({word})) for name, word in (("one", "b"), ("two", "a")))
    assert Decoders((one, two)).dialect_of("a/b") is one


def test_a_payload_with_the_keys_of_a_signature_is_decoded_by_its_dialect() -> None:
    signed = a_dialect("signed", "signed/", words=frozenset({"signed"}), signatures=(frozenset({"rco2", "boot"}),))
    decoders = Decoders((signed, a_dialect("all", "", fallback=True)))
    payloads = (b'{"rco2":1,"boot":2}', b'{"rco2":1}', b'"rco2" "boot"')
    found = [decoders.decode(a_message("x", payload), Known()).measurements[0].sensor for payload in payloads]
    assert found == ["signed", "all", "all"]


def test_a_mapped_topic_is_the_last_dialect_s_whatever_claims_it_and_whatever_it_carries() -> None:
    signed = a_dialect("signed", "map/", words=frozenset({"map"}), signatures=(frozenset({"rco2", "boot"}),))
    decoders = Decoders((signed, a_dialect("all", "", fallback=True)), mapped=("map/#",))
    assert decoders.decode(a_message("map/x", b'{"rco2":1,"boot":2}'), Known()).measurements[0].sensor == "all"


def test_a_topic_whose_attributes_were_told_is_decoded_by_who_told_them() -> None:
    decoders = Decoders((a_dialect("one", ""), a_dialect("two", "two/")))
    known = Known()
    known.learn("x/unit", Attribute("x", "unit", "K", "two"))
    told = decoders.decode(a_message("x"), known).measurements[0].sensor
    known.learn("x/unit", Attribute("x", "unit", None, "two"))
    assert (told, decoders.decode(a_message("x"), known).measurements[0].sensor) == ("two", "one")


def test_a_payload_beyond_64_kib_is_not_decoded() -> None:
    assert Decoders((a_dialect(),)).decode(a_message(payload=b"x" * (OVERSIZE_BYTES + 1)), Known()) == OVERSIZE


def test_a_message_that_announces_nothing_leaves_the_same_knowledge() -> None:
    known = Known()
    assert Decoders((a_dialect(),)).learn(a_message(), known) is None
    assert known == Known()


def test_what_a_dialect_learns_is_known() -> None:
    known = Known()
    Decoders((a_dialect(metadata=("m",), learn=lambda message: (a_fact(),)),)).learn(a_message("m"), known)
    assert known.facts("a/b") == {("t",): a_fact()}


def test_an_announcement_beyond_16_mib_is_an_error() -> None:
    decoders = Decoders((a_dialect(metadata=("m",)),))
    with pytest.raises(DecodeError, match="16 MiB"):
        decoders.learn(a_message("m", b"x" * (decoding.LONGEST_ANNOUNCEMENT_BYTES + 1)), Known())


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
def test_a_path_leads_to_its_value_or_to_none(path: Path, found: object) -> None:
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
