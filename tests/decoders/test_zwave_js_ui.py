"""zwave-js-ui: which topics are its own, one key a node, where a node says that it is there."""

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders import generic
from monitor.decoders.zwave_js_ui import DIALECT
from tests.decoders.test_shared_fixtures import ZONE

DECODERS = Decoders((DIALECT, generic.dialect(ZONE)))
NAMED = "zwave/bedroom/multisensor/sensor_multilevel/endpoint_0/Humidity"


@pytest.mark.parametrize(
    "topic",
    [
        NAMED,
        "zwave/8/49/0/Humidity",
        "zwavejs/bed/sensor_binary/endpoint_0/Motion",
        "z/up/bed/sensor_multilevel/Humidity",
    ],
)
def test_its_topics_are_claimed_and_subscribed(topic: str) -> None:
    assert DECODERS.dialect_of(topic) is DIALECT
    assert any(covers(each, topic) for each in DIALECT.subscriptions)


@pytest.mark.parametrize("topic", ["sensor_multilevel/a", "a/sensor_binary", "home/battery/level", "zwavejs/a"])
def test_a_topic_of_another_shape_is_not_claimed(topic: str) -> None:
    assert not DIALECT.claims(topic)


@pytest.mark.parametrize(
    "topic",
    ["zwave/8/49/0/Humidity", "zwave/bedroom/8/49/0/Humidity", "zwave/nodeID_8/sensor_multilevel/endpoint_0/Humidity"],
)
def test_a_node_is_one_sensor_by_its_number(topic: str) -> None:
    found = DECODERS.decode(Message(topic, b"48", False, 0), Known())
    assert found.measurements[0].sensor == "zwave_js_ui:zwave/8"


def test_a_node_is_called_by_its_name_where_the_payload_has_it() -> None:
    found = DECODERS.decode(Message(NAMED, b'{"value":48,"nodeName":"Multisensor"}', False, 0), Known())
    assert found.called == "Multisensor"


def test_a_node_says_below_its_own_topic_whether_it_is_there() -> None:
    told = [DIALECT.availability(topic) for topic in (NAMED, "zwave/8/49/0/Humidity", "any/topic")]
    assert told == ["zwave/bedroom/multisensor/status", "zwave/8/status", None]
