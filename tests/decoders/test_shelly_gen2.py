"""Shelly Gen2 and later: one sensor whatever the topic, what is learned, what the user's prefix is good for."""

import json

import pytest

from monitor.core.decoding import Decoded, Decoders, covers
from monitor.core.known import Attribute, Fact, Known
from monitor.core.readings import Message
from monitor.decoders import generic
from monitor.decoders.shelly_gen2 import DIALECT
from tests.decoders.test_shared_fixtures import ZONE

DECODERS = Decoders((DIALECT, generic.dialect(ZONE)))
SRC = "shellyhtg3-aabbccddeeff"
SYSTEM = Message("bedroom-ht/status/sys", b'{"mac":"AABBCCDDEEFF"}', False, 0)
COMPONENTS = {"components": [{"key": "bthomesensor:200", "config": {"addr": "fc:4d:6a:38:e2:f2", "obj_id": 69}}]}


def decoded(topic: str, content: object, *told: Message) -> Decoded:
    known = Known()
    for message in told:
        DECODERS.learn(message, known)
    return DECODERS.decode(Message(topic, json.dumps(content).encode(), False, 0), known)


def notified(**states: object) -> dict[str, object]:
    return {"src": SRC, "dst": f"{SRC}/events", "method": "NotifyStatus", "params": states}


def learned(topic: str, content: object) -> tuple[Fact, ...] | Attribute | None:
    payload = b"" if content is None else json.dumps(content).encode()
    return DIALECT.learn(Message(topic, payload, False, 0))


@pytest.mark.parametrize(
    "topic",
    [
        f"{SRC}/events/rpc",
        f"{SRC}/status/temperature:0",
        f"{SRC}/status/presence",
        "shellies/bed/events/rpc",
        "home/upstairs/bed/status/humidity:100",
    ],
)
def test_frames_and_states_are_claimed_and_subscribed(topic: str) -> None:
    assert DECODERS.dialect_of(topic) is DIALECT
    assert any(covers(each, topic) for each in DIALECT.subscriptions)


@pytest.mark.parametrize("topic", ["bed/status", "bed/status/online", "/status/temperature:0", "bed/rpc", "rpc"])
def test_a_topic_of_another_shape_is_not_claimed(topic: str) -> None:
    assert not DIALECT.claims(topic)


@pytest.mark.parametrize(
    ("topic", "content"),
    [
        (f"{SRC}/status/humidity:0", {"rh": 48.6}),
        ("home/" + SRC + "/status/humidity:0", {"rh": 48.6}),
        (f"{SRC}/events/rpc", notified(**{"humidity:0": {"rh": 48.6}})),
        ("bedroom-ht/events/rpc", notified(**{"humidity:0": {"rh": 48.6}})),
        ("bedroom-monitor/rpc", {"src": SRC, "dst": "bedroom-monitor", "result": {"humidity:0": {"rh": 48.6}}}),
    ],
)
def test_a_device_is_one_sensor_on_every_topic(topic: str, content: object) -> None:
    assert decoded(topic, content).measurements[0].sensor == "shelly_gen2:aabbccddeeff"


def test_a_prefix_of_the_user_is_that_device_once_it_told_its_address() -> None:
    found = decoded("bedroom-ht/status/humidity:0", {"rh": 48.6}, SYSTEM)
    assert found.measurements[0].sensor == "shelly_gen2:aabbccddeeff"


def test_the_history_under_a_prefix_goes_over_to_the_device() -> None:
    told = learned(SYSTEM.topic, {"mac": "AABBCCDDEEFF"})
    assert isinstance(told, tuple)
    assert (told[0].sensor, told[0].formerly) == ("shelly_gen2:aabbccddeeff/", "shelly_gen2:bedroom-ht/")


@pytest.mark.parametrize("content", [None, {}, {"mac": 7}, {"mac": "no address"}])
def test_a_system_state_without_an_address_tells_nothing(content: object) -> None:
    assert learned("bedroom-ht/status/sys", content) == ()


def test_a_prefix_that_is_the_id_needs_no_telling() -> None:
    assert learned(f"{SRC}/status/sys", {"mac": "AABBCCDDEEFF"}) == ()


def test_other_states_are_no_announcement() -> None:
    assert learned(f"{SRC}/status/wifi", {"mac": "AABBCCDDEEFF"}) is None


def test_a_lone_sensor_is_called_as_the_user_named_the_prefix() -> None:
    assert decoded("bedroom-ht/events/rpc", notified(**{"humidity:0": {"rh": 48.6}})).called == "bedroom-ht"


def test_what_another_device_passes_on_is_not_called_after_it() -> None:
    beacon = {"BTHome_version": 2, "address": "bc:02:6e:c3:7a:7f", "temperature": 20.5}
    event = {"component": "script:1", "event": "shelly-blu", "data": beacon}
    found = decoded("bedroom/events/rpc", {"src": SRC, "method": "NotifyEvent", "params": {"events": [event]}})
    assert (found.called, found.measurements[0].sensor) == (None, "bluetooth:BC026EC37A7F")


def test_probes_of_one_message_are_not_called_after_the_device() -> None:
    probes = {"temperature:100": {"tC": 20.5}, "temperature:101": {"tC": 21.5}}
    assert decoded(f"{SRC}/events/rpc", notified(**probes)).called is None


def test_the_components_of_a_gateway_are_learned_from_the_answer_that_was_asked_for() -> None:
    told = learned("bedroom-monitor/shelly/1/rpc", {"src": SRC, "result": COMPONENTS})
    assert isinstance(told, tuple)
    assert {fact.state_topic for fact in told} == {f"{SRC}/events/rpc", f"{SRC}/status/bthomesensor:200"}


@pytest.mark.parametrize(
    ("content", "told"), [(None, ()), ({"src": SRC, "method": "X"}, None), ({"src": 7, "result": {}}, None)]
)
def test_only_an_answer_tells_of_components(content: object, told: object) -> None:
    assert learned("bedroom-monitor/shelly/1/rpc", content) == told


@pytest.mark.parametrize("components", [None, 7, [], [7], [{"key": 7}], [{"key": "bthomesensor:1", "config": None}]])
def test_odd_components_tell_of_no_quantity(components: object) -> None:
    told = learned("bedroom-monitor/shelly/1/rpc", {"src": SRC, "result": {"components": components}})
    assert isinstance(told, tuple)
    assert all(fact.quantity is None for fact in told)


def test_a_device_says_beside_its_frames_whether_it_is_there() -> None:
    topics = ("a/b/events/rpc", "a/b/status/temperature:0", "any/topic")
    assert [DIALECT.availability(topic) for topic in topics] == ["a/b/online", "a/b/online", None]
