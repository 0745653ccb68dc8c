"""What ESPHome's dialect says of topics."""

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.decoders.esphome import DIALECT


@pytest.mark.parametrize("topic", ["node/sensor/air/state", "home/node/binary_sensor/bed/state"])
def test_the_states_of_sensors_are_claimed_and_subscribed(topic: str) -> None:
    assert DIALECT.claims(topic)
    assert any(covers(each, topic) for each in DIALECT.subscriptions)


@pytest.mark.parametrize("topic", ["node/number/x/state", "node/switch/x/state", "esphome/discover/node"])
def test_settings_are_claimed_so_that_nobody_takes_them_for_readings(topic: str) -> None:
    assert Decoders((DIALECT,)).dialect_of(topic) is DIALECT


def test_a_node_says_on_its_status_topic_whether_it_can_be_reached() -> None:
    assert DIALECT.availability("home/node/sensor/air/state") == "home/node/status"


def test_another_topic_has_no_status_topic() -> None:
    assert DIALECT.availability("home/node") is None
