"""What is known grows and shrinks with the announcements."""

from monitor.core.known import Attribute, Fact, Known


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


def test_a_new_announcement_replaces_the_old_one_of_its_topic() -> None:
    known = Known()
    known.learn("m", (a_fact(),))
    known.learn("m", (a_fact(state_topic="c"),))
    assert set(known.by_state_topic) == {"c"}


def test_an_announcement_without_facts_is_forgotten() -> None:
    known = Known()
    known.learn("m", (a_fact(), a_fact(path=("h",))))
    known.learn("m", ())
    assert known == Known()


def test_facts_of_one_state_topic_are_found_by_path() -> None:
    known = Known()
    known.learn("m", (a_fact(), a_fact(path=("h",), quantity="humidity")))
    assert set(known.facts("a/b")) == {("t",), ("h",)}


def test_what_the_publisher_says_counts_before_home_assistant_discovery_in_either_order() -> None:
    own, told = a_fact(unit="kPa"), a_fact(unit="hPa", second_hand=True)
    found = []
    for order in ((("m", own), ("ha", told)), (("ha", told), ("m", own))):
        known = Known()
        for topic, fact in order:
            known.learn(topic, (fact,))
        found.append(known.facts("a/b")["t",].unit)
    assert found == ["kPa", "kPa"]


def test_what_is_left_counts_when_the_better_word_is_taken_back() -> None:
    known = Known()
    known.learn("ha", (a_fact(unit="hPa", second_hand=True),))
    known.learn("m", (a_fact(unit="kPa"),))
    known.learn("m", ())
    assert known.facts("a/b")["t",].unit == "hPa"


def test_attributes_of_a_state_topic_are_told_one_by_one_and_taken_back() -> None:
    known = Known()
    known.learn("x/unit", Attribute("x", "unit", "K", "homie"))
    known.learn("x/name", Attribute("x", "name", "Air", "homie"))
    known.learn("x/unit", Attribute("x", "unit", None, "homie"))
    assert (dict(known.attributes("x")), known.spoken_by) == ({"name": "Air"}, {"x": "homie"})


def test_a_topic_without_attributes_is_nobody_s_again() -> None:
    known = Known()
    known.learn("x/unit", Attribute("x", "unit", "K", "homie"))
    known.learn("x/unit", Attribute("x", "unit", None, "homie"))
    assert known == Known()


def test_nothing_is_known_of_a_foreign_topic() -> None:
    assert (dict(Known().facts("x")), dict(Known().attributes("x"))) == ({}, {})
