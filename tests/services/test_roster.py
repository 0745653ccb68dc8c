"""Who speaks on which topic: what the store is told of each sensor, once, and whether it can be reached."""

from collections.abc import Iterable

import orjson
import pytest

from monitor.core.decoding import Decoders
from monitor.core.known import Attribute, Availability, Fact, Known
from monitor.core.readings import Message
from monitor.ports import Heard, Reach, Seen
from monitor.services import roster as module
from monitor.services.roster import LONGEST_WORD_BYTES, TOLD_AT_MOST, TOPICS_AT_MOST, Roster
from tests.services.rig import BEDROOM, NOW_MS, SENSOR, Rig, a_delivery, dialects

DECODERS = Decoders(dialects())
TOPIC = "node/sensor/warmth/state"
ESPHOME = "esphome:node/warmth"
WHERE = Availability("node/status")
THEENGS = "home/TheengsGateway/BTtoMQTT/A4C138000001"


def a_message(topic: str = TOPIC, payload: bytes = b"20.0", at_ms: int = NOW_MS) -> Message:
    return Message(topic, payload, False, at_ms)


def a_fact(**changes: object) -> Fact:
    """An announced temperature of the ESPHome sensor."""
    said = {"state_topic": TOPIC, "path": (), "quantity": "temperature", "unit": "°C", "sensor": ESPHOME}
    return Fact(**{**said, "name": "Warmth", **changes})  # type: ignore[arg-type]


def a_roster(*facts: Fact, heard: Iterable[Heard] = (), auto_place: bool = True) -> Roster:
    """A roster that has heard nothing yet in a house where these facts are announced."""
    known = Known()
    for number, fact in enumerate(facts):
        known.learn(f"announcement/{number}", (fact,))
    return Roster(DECODERS, known, heard, auto_place=auto_place)


def met(roster: Roster, sensor: str = ESPHOME, topic: str = TOPIC, called: str | None = None) -> Seen:
    return roster.met(a_message(topic), sensor, called)


def said(roster: Roster, word: bytes, topic: str = WHERE.topic, at_ms: int = NOW_MS) -> list[Reach]:
    return list(roster.reach(a_message(topic, word, at_ms)))


def test_a_sensor_is_known_on_a_topic_once_it_was_met_there() -> None:
    roster = a_roster()
    before = roster.knows(ESPHOME, TOPIC)
    met(roster)
    assert (before, roster.knows(ESPHOME, TOPIC)) == (False, True)


def test_a_sensor_is_known_neither_on_other_topics_nor_for_others() -> None:
    roster = a_roster()
    met(roster)
    assert not roster.knows(ESPHOME, "elsewhere")
    assert not roster.knows("esphome:node/other", TOPIC)


def test_the_store_is_told_once_of_a_sensor_on_a_topic(rig: Rig) -> None:
    rig.hear(*(a_delivery({"temperature": 20.0 + number}) for number in range(3)))
    assert [(one.sensor, one.topic) for one in rig.store.seen] == [(SENSOR, BEDROOM)]


def test_the_store_is_told_of_each_sensor_and_of_each_of_its_topics(rig: Rig) -> None:
    chips = {"AM2301": {"Temperature": 20.0}, "DS18B20": {"Temperature": 21.0}, "TempUnit": "C"}
    rig.hear(
        *(a_delivery(chips, topic=topic) for topic in ("tele/node/SENSOR", "stat/node/STATUS8", "tele/node/SENSOR")),
    )
    told = [(one.sensor, one.topic) for one in rig.store.seen]
    assert len(told) == len(set(told))
    assert {("tasmota:node/AM2301", "tele/node/SENSOR"), ("tasmota:node/DS18B20", "tele/node/SENSOR")} <= set(told)


def test_what_nobody_announces_is_called_as_its_publisher_calls_it() -> None:
    assert met(a_roster(), called="Warm corner").name == "Warm corner"


def test_an_announced_name_counts_before_that_of_the_publisher() -> None:
    assert met(a_roster(a_fact(name="Warmth")), called="Warm corner").name == "Warmth"


def test_a_sensor_without_a_name_is_placed_by_its_key() -> None:
    seen = met(a_roster(), "esphome:bedroom/warmth", "bedroom/sensor/warmth/state")
    assert (seen.name, seen.place) == (None, "bedroom")


def test_an_announced_name_places() -> None:
    assert met(a_roster(a_fact(name="Bedroom warmth"))).place == "bedroom"


def test_an_announced_area_places_where_the_name_does_not() -> None:
    assert met(a_roster(a_fact(area="Schlafzimmer"))).place == "bedroom"


def test_an_announced_area_may_say_that_it_is_elsewhere() -> None:
    assert met(a_roster(a_fact(name="Bedroom warmth", area="Kids"))).place is None


def test_without_auto_place_nothing_is_placed() -> None:
    assert met(a_roster(a_fact(name="Bedroom warmth"), auto_place=False)).place is None


def test_a_sensor_whose_topic_is_nobodys_is_not_placed() -> None:
    roster = Roster(Decoders(()), Known(), (), auto_place=True)
    assert met(roster, "own:bedroom", "bedroom/warmth") == Seen("own:bedroom", topic="bedroom/warmth", seen_ms=NOW_MS)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (THEENGS, {"id": "A4:C1:38:00:00:01", "name": "Bedroom", "tempc": 20.1, "hum": 50}),
        ("rtl_433/bedroom/events", {"model": "Acurite", "id": 7, "temperature_C": 20.0}),
    ],
    ids=["theengs", "rtl_433"],
)
def test_what_a_radio_overhears_is_never_placed_by_its_name(rig: Rig, topic: str, payload: object) -> None:
    rig.hear(a_delivery(payload, topic=topic))
    assert [(one.topic, one.place) for one in rig.store.seen] == [(topic, None)]


def test_not_even_where_an_announcement_names_it() -> None:
    fact = a_fact(state_topic=THEENGS, sensor="bluetooth:A4C138000001", name="Bedroom", area="Bedroom")
    assert met(a_roster(fact), "bluetooth:A4C138000001", THEENGS).place is None


def test_a_part_of_an_announced_device_is_called_by_device_and_part() -> None:
    fact = a_fact(state_topic="tele/x/SENSOR", sensor="tasmota:00C0/", name="Lamp")
    assert met(a_roster(fact), "tasmota:00C0/AM2301", "tele/x/SENSOR").name == "Lamp AM2301"


def test_of_several_that_are_announced_on_a_topic_each_is_called_by_its_own_name() -> None:
    facts = [a_fact(path=(key,), sensor=f"own:{key}", name=key.upper()) for key in ("a", "b")]
    assert [met(a_roster(*facts), f"own:{key}").name for key in ("a", "b")] == ["A", "B"]


def test_a_sensor_that_is_announced_under_another_key_is_called_as_announced() -> None:
    fact = a_fact(sensor="homeassistant:node-1", name="Bedroom warmth")
    seen = met(a_roster(fact))
    assert (seen.name, seen.place) == ("Bedroom warmth", "bedroom")


def test_how_long_it_may_be_silent_is_told_as_announced() -> None:
    assert met(a_roster(a_fact(expire_after_s=600.0))).expire_after_s == 600.0


def test_without_an_announcement_the_publisher_s_way_of_saying_that_it_is_there_counts() -> None:
    roster = a_roster()
    assert met(roster).availability == "node/status"
    assert said(roster, b"offline") == [Reach(ESPHOME, False, NOW_MS)]


def test_an_announced_availability_counts_before_that_of_the_dialect() -> None:
    roster = a_roster(a_fact(availability=(Availability("node/there", "yes", "no"),)))
    assert met(roster).availability == "node/there"
    assert set(roster.availabilities) == {"node/there"}


def test_an_announced_availability_is_read_in_its_own_words() -> None:
    roster = a_roster(a_fact(availability=(Availability("node/there", "yes", "no"),)))
    met(roster)
    words = (b"online", b"no", b"YES")
    assert [said(roster, word, "node/there") for word in words] == [
        [],
        [Reach(ESPHOME, False, NOW_MS)],
        [Reach(ESPHOME, True, NOW_MS)],
    ]


def test_each_of_several_announced_availability_topics_is_heeded() -> None:
    roster = a_roster(a_fact(availability=(Availability("bridge/state"), Availability("node/there"))))
    met(roster)
    assert [len(said(roster, b"offline", "bridge/state")), len(said(roster, b"online", "node/there"))] == [1, 1]


def test_a_sensor_that_says_nowhere_whether_it_is_there_has_no_availability() -> None:
    roster = a_roster()
    assert met(roster, "generic:x", "x").availability is None
    assert roster.availabilities == {}


def test_only_what_is_new_is_told() -> None:
    roster = a_roster()
    met(roster)
    assert [len(said(roster, word)) for word in (b"online", b"online", b"offline", b"what?", b"online")] == [
        *(1, 0, 1, 0, 1)
    ]


def test_one_availability_topic_speaks_for_all_its_sensors() -> None:
    roster = a_roster()
    for name in ("warmth", "damp"):
        met(roster, f"esphome:node/{name}", f"node/sensor/{name}/state")
    assert {one.sensor for one in said(roster, b"offline")} == {"esphome:node/warmth", "esphome:node/damp"}


def test_availability_topics_that_the_store_knows_are_heeded_before_their_sensors_speak() -> None:
    roster = a_roster(heard=[Heard(ESPHOME, TOPIC, "node/status"), Heard("generic:x", "x", None)])
    assert said(roster, b"offline", at_ms=NOW_MS + 1) == [Reach(ESPHOME, False, NOW_MS + 1)]
    assert list(roster.availabilities) == ["node/status"]


def test_what_an_availability_topic_said_before_its_sensor_spoke_counts() -> None:
    roster = a_roster()
    roster.overhear(a_message("node/status", b"offline", NOW_MS - 5))
    met(roster)
    assert list(roster.overheard(ESPHOME)) == [Reach(ESPHOME, False, NOW_MS - 5)]


def test_the_newest_word_counts_of_those_said_before() -> None:
    roster = a_roster()
    for word in (b"online", b"offline"):
        roster.overhear(a_message("node/status", word))
    met(roster)
    assert [one.online for one in roster.overheard(ESPHOME)] == [False]


def test_where_nothing_was_said_before_nothing_is_overheard() -> None:
    roster = a_roster()
    roster.overhear(a_message("other/status", b"offline"))
    met(roster)
    assert list(roster.overheard(ESPHOME)) == []


@pytest.mark.parametrize(
    ("topic", "word"),
    [("node/status", b" " * LONGEST_WORD_BYTES + b"offline"), ("node/door", b"offline")],
    ids=["too long", "no such topic"],
)
def test_what_can_be_no_word_of_availability_is_not_kept(topic: str, word: bytes) -> None:
    roster = a_roster(a_fact(availability=(Availability(topic),)))
    roster.overhear(a_message(topic, word))
    met(roster)
    assert list(roster.overheard(ESPHOME)) == []


def test_a_sensor_first_heard_after_its_last_will_is_stored_as_offline(rig: Rig) -> None:
    rig.hear(a_delivery(b"offline", topic=f"{BEDROOM}/availability", retain=True), a_delivery())
    assert rig.store.reach == {SENSOR: False}


def test_an_announcement_tells_name_place_and_how_long_it_may_be_silent() -> None:
    fact = a_fact(name="Bedroom warmth", formerly="esphome:old/warmth", expire_after_s=60.0)
    assert list(a_roster().announced((fact,))) == [
        Seen(ESPHOME, name="Bedroom warmth", place="bedroom", formerly="esphome:old/warmth", expire_after_s=60.0)
    ]


def test_of_a_whole_device_only_its_former_key_is_told() -> None:
    fact = a_fact(sensor="tasmota:00C0/", name="Bedroom", formerly="tasmota:lamp/", expire_after_s=60.0)
    assert list(a_roster().announced((fact,))) == [Seen("tasmota:00C0/", formerly="tasmota:lamp/")]


def test_an_announcement_of_many_values_tells_of_its_sensor_once() -> None:
    facts = tuple(a_fact(path=(key,)) for key in ("temperature", "humidity", "battery"))
    assert len(list(a_roster().announced(facts))) == 1


def test_the_same_announcement_is_told_once() -> None:
    roster = a_roster()
    assert [len(list(roster.announced((a_fact(),)))) for _ in range(3)] == [1, 0, 0]


def test_a_name_that_changes_and_changes_back_is_told_each_time() -> None:
    roster = a_roster()
    told = [list(roster.announced((a_fact(name=name),))) for name in ("Loft", "Attic", "Loft")]
    assert [[one.name for one in seen] for seen in told] == [["Loft"], ["Attic"], ["Loft"]]


def test_an_attribute_tells_of_no_sensor() -> None:
    assert list(a_roster().announced(Attribute(TOPIC, "unit", "°C", "homie"))) == []


def test_a_forgotten_sensor_is_unknown_and_the_others_are_not() -> None:
    roster = a_roster()
    met(roster)
    met(roster, "esphome:node/other")
    roster.forget({ESPHOME, "never:heard"})
    assert (roster.knows(ESPHOME, TOPIC), roster.knows("esphome:node/other", TOPIC)) == (False, True)


def test_of_a_forgotten_sensor_the_announcement_is_told_again() -> None:
    roster = a_roster()
    first = list(roster.announced((a_fact(),)))
    roster.forget({ESPHOME})
    assert list(roster.announced((a_fact(),))) == first


def test_of_a_forgotten_sensor_it_is_told_again_whether_it_can_be_reached() -> None:
    roster = a_roster()
    met(roster)
    roster.overhear(a_message("node/status", b"online"))
    said(roster, b"online")
    roster.forget({ESPHOME})
    met(roster)
    assert [one.online for one in roster.overheard(ESPHOME)] == [True]


def test_nobody_waits_for_word_of_a_forgotten_sensor() -> None:
    roster = a_roster()
    met(roster)
    met(roster, "esphome:node/other", "node/sensor/other/state")
    roster.forget({ESPHOME})
    left = {topic: list(sensors) for topic, sensors in roster.availabilities.items()}
    roster.forget({"esphome:node/other"})
    assert (left, roster.availabilities) == ({"node/status": ["esphome:node/other"]}, {})


def sizes(roster: Roster) -> list[int]:
    """How much is remembered of sensors on topics, of reach, and of availability topics and their sensors."""
    sensors = sum(len(each) for each in roster._sensors.values())
    watched = sum(len(each) for each in roster.availabilities.values())
    return [sensors, len(roster._reach), len(roster._watched), watched]


def test_memory_of_passing_sensors_is_bounded_with_all_that_hangs_on_it() -> None:
    roster = a_roster()
    for number in range(TOPICS_AT_MOST + 1):
        met(roster, f"esphome:{number}/warmth", f"{number}/sensor/warmth/state")
        said(roster, b"online", f"{number}/status")
    assert sizes(roster) == [1, 1, 1, 1]


def test_memory_of_passing_sensors_on_one_topic_is_bounded_too() -> None:
    roster = a_roster()
    for number in range(TOPICS_AT_MOST + 1):
        met(roster, f"rtl_433:Tyre/{number}", "rtl_433/host/events")
    assert sizes(roster) == [1, 0, 1, 1]


def test_forgotten_sensors_leave_room() -> None:
    roster = a_roster()
    for number in range(TOPICS_AT_MOST):
        met(roster, f"own:{number}")
    roster.forget({"own:0"})
    met(roster, "own:new")
    assert roster.knows("own:1", TOPIC)


def test_memory_of_words_is_bounded() -> None:
    roster = a_roster()
    for number in range(TOPICS_AT_MOST + 1):
        roster.overhear(a_message(f"{number}/status", b"online"))
    assert len(roster._said) == 1


def test_memory_of_announcements_is_bounded() -> None:
    roster = a_roster()
    for number in range(TOLD_AT_MOST + 1):
        list(roster.announced((a_fact(sensor=f"own:{number}"),)))
    assert len(roster._told) == 1


def test_the_levels_by_which_publishers_say_that_they_are_there_are_those_of_every_dialect() -> None:
    topics = (TOPIC, BEDROOM, THEENGS, "tele/x/SENSOR", "homie/x/y/z", "shellies/x/sensor/temperature")
    told = {one for topic in topics for dialect in dialects() if (one := dialect.availability(topic)) is not None}
    assert {topic.rpartition("/")[2] for topic in told} <= module.AVAILABILITY_LEVELS
    assert told


def test_a_payload_of_json_says_whether_a_sensor_is_there() -> None:
    roster = a_roster()
    met(roster, SENSOR, BEDROOM)
    assert said(roster, orjson.dumps({"state": "offline"}), f"{BEDROOM}/availability") == [Reach(SENSOR, False, NOW_MS)]
