"""One sensor has one key, whichever dialect makes it."""

import pytest

from monitor.core.identity import esphome_key, esphome_topic, mac_in


@pytest.mark.parametrize("topic", ["home/node/sensor/air/state", "node/binary_sensor/bed/state", "n/switch/x/state"])
def test_a_state_topic_of_esphome_has_a_prefix_and_an_object_id(topic: str) -> None:
    place = esphome_topic(topic)
    assert place is not None
    assert f"{place.prefix}/{place.component}/{place.object_id}/state" == topic


@pytest.mark.parametrize(
    "topic",
    [
        "sensor/air/state",
        "node/sensor/air/config",
        "node/sensor//state",
        "node/light/air/state",
        "homeassistant/sensor/air/state",
        "$SYS/sensor/air/state",
        "",
    ],
)
def test_another_topic_is_not_esphomes(topic: str) -> None:
    assert esphome_topic(topic) is None


def test_a_sensor_is_named_by_its_prefix_until_its_mac_is_known() -> None:
    place = esphome_topic("home/node/sensor/air/state")
    assert place is not None
    assert [esphome_key(place), esphome_key(place, "a1b2c3d4e5f6")] == [
        "esphome:home/node/air",
        "esphome:a1b2c3d4e5f6/air",
    ]


@pytest.mark.parametrize("written", ["a1b2c3d4e5f6", "A1B2C3D4E5F6", "A1:B2:C3:D4:E5:F6", "a1-b2-c3-d4-e5-f6"])
def test_a_mac_is_one_mac_however_it_is_written(written: str) -> None:
    assert mac_in(written) == "a1b2c3d4e5f6"


@pytest.mark.parametrize("identifier", [None, "", "bx9", "a1b2c3d4e5", "g1b2c3d4e5f6", "0xa1b2c3d4e5f6"])
def test_an_identifier_that_is_no_mac_is_none(identifier: str | None) -> None:
    assert mac_in(identifier) is None
