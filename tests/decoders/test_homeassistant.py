"""What a discovery config tells of a sensor besides its readings."""

import json

import pytest

from monitor.core.known import Attribute, Availability, Fact
from monitor.core.readings import Message
from monitor.decoders import homeassistant

STATE = "node/sensor/air/state"
MAC = "a1b2c3d4e5f6"


def learned(config: dict[str, object], topic: str = "homeassistant/sensor/x/config", **parameters: str) -> list[Fact]:
    """What a config teaches; what it leaves out is a temperature on `a/b`."""
    whole = {"stat_t": "a/b", "dev_cla": "temperature", "uniq_id": "x"} | config
    message = Message(topic, json.dumps(whole).encode(), True, 0)
    facts = homeassistant.dialect(**parameters).learn(message)
    assert facts is not None
    assert not isinstance(facts, Attribute)
    return list(facts)


def in_device(root: dict[str, object], entity: dict[str, object]) -> list[Fact]:
    entity = {"p": "sensor", "dev_cla": "temperature", "uniq_id": "x"} | entity
    return learned({"dev_cla": None, "dev": {"ids": ["box"]}, "cmps": {"t": entity}} | root, DEVICE)


DEVICE = "homeassistant/device/box/config"


def test_whatever_is_announced_is_told_second_hand() -> None:
    assert [fact.second_hand for fact in learned({})] == [True]


def test_the_first_identifier_names_the_device() -> None:
    assert learned({"dev": {"ids": ["box", "other"]}})[0].device == "box"


def test_the_suggested_area_is_where_the_sensor_is() -> None:
    assert learned({"dev": {"sa": "Bedroom"}})[0].area == "Bedroom"


@pytest.mark.parametrize(("expires", "after_s"), [(900, 900.0), (0, None), (-5, None), ("soon", None), (None, None)])
def test_a_value_expires_after_a_positive_time_only(expires: object, after_s: float | None) -> None:
    assert learned({"exp_aft": expires})[0].expire_after_s == after_s


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"name": "Air", "dev": {"name": "Bedroom"}}, "Bedroom Air"),
        ({"name": "Bedroom Air", "dev": {"name": "Bedroom"}}, "Bedroom Air"),
        ({"name": None, "dev": {"name": "Bedroom"}}, "Bedroom temperature"),
        ({"dev_cla": "carbon_dioxide"}, "carbon dioxide"),
        ({"dev_cla": None, "unit_of_meas": "ppm", "obj_id": "y"}, "room co2"),
    ],
)
def test_a_sensor_is_called_by_its_device_and_its_entity(config: dict[str, object], name: str) -> None:
    assert learned(config, "homeassistant/sensor/room_co2/config")[0].name == name


def test_an_esphome_sensor_is_named_by_its_mac_and_formerly_by_its_prefix() -> None:
    fact = learned({"stat_t": STATE, "dev": {"ids": MAC}})[0]
    assert (fact.sensor, fact.formerly, fact.device) == (f"esphome:{MAC}/air", "esphome:node/air", MAC)


def test_an_announced_sensor_without_a_mac_was_heard_by_its_prefix() -> None:
    fact = learned({"stat_t": STATE, "dev": {"ids": "diy"}})[0]
    assert (fact.sensor, fact.formerly) == ("homeassistant:x", "esphome:node/air")


def test_a_topic_of_another_shape_was_heard_by_no_key() -> None:
    assert learned({"dev": {"ids": MAC}})[0].formerly is None


def test_an_entity_on_a_topic_of_another_component_was_not_heard_as_esphomes() -> None:
    assert learned({"stat_t": "node/switch/air/state", "dev": {"ids": MAC}})[0].formerly is None


def test_a_key_does_not_end_as_those_of_whole_devices_do() -> None:
    assert learned({"uniq_id": None, "stat_t": "a/b/"})[0].sensor == "homeassistant:a/b"


def test_two_nodes_with_one_unique_id_are_two_sensors() -> None:
    keys = {learned({"uniq_id": "ESPsensorair", "dev": {"ids": mac}})[0].sensor for mac in (MAC, "ffffffffffff")}
    assert len(keys) == 2


def test_what_is_announced_in_a_way_that_we_do_not_read_is_known_and_no_reading() -> None:
    assert [fact.quantity for fact in learned({"val_tpl": "{{ value | multiply(2) }}"})] == [None]


@pytest.mark.parametrize(
    ("config", "availability"),
    [
        ({}, ()),
        ({"avty_t": "a/lwt"}, (Availability("a/lwt"),)),
        ({"avty_t": ""}, ()),
        ({"avty_t": "a/lwt", "pl_avail": "Online", "pl_not_avail": "Off"}, (Availability("a/lwt", "online", "off"),)),
        (
            {"avty_t": "a/lwt", "avty_tpl": "{{ value_json.state }}"},
            (Availability("a/lwt", None, None, ("state",)),),
        ),
        ({"avty_t": "a/lwt", "avty_tpl": "{{ 'online' if value == 1 else 'offline' }}"}, ()),
        (
            {"avty": [{"t": "a/lwt", "val_tpl": "{{ value_json.state }}"}, {"topic": "b/lwt", "pl_avail": True}]},
            (Availability("a/lwt", None, None, ("state",)), Availability("b/lwt", "true")),
        ),
        ({"avty": {"t": "a/lwt"}}, (Availability("a/lwt"),)),
        ({"avty": ["a/lwt", {"pl_avail": "on"}, {"t": 7}]}, ()),
        ({"~": "a", "avty": [{"t": "~/lwt"}, {"t": "x/~"}]}, (Availability("a/lwt"), Availability("x/a"))),
        ({"~": "a", "avty_t": "~/lwt"}, (Availability("a/lwt"),)),
    ],
)
def test_the_availability_topics_are_those_of_the_config(
    config: dict[str, object], availability: tuple[Availability, ...]
) -> None:
    assert learned(config)[0].availability == availability


def test_an_entity_inherits_topic_and_availability_of_its_device() -> None:
    fact = in_device({"~": "box", "stat_t": "~/s", "avty_t": "~/lwt", "pl_avail": "up"}, {})[0]
    assert (fact.state_topic, fact.availability) == ("box/s", (Availability("box/lwt", "up"),))


def test_an_entity_with_an_availability_of_its_own_inherits_none() -> None:
    fact = in_device({"avty": [{"t": "box/lwt"}]}, {"avty_t": "own/lwt"})[0]
    assert fact.availability == (Availability("own/lwt"),)


def test_an_empty_config_takes_everything_back() -> None:
    assert homeassistant.dialect().learn(Message(DEVICE, b"", True, 0)) == ()


def test_a_state_topic_of_ours_teaches_nothing() -> None:
    assert learned({"stat_t": "mine/7f3a/state"}, own="mine") == []


@pytest.mark.parametrize("identifiers", ["bedroom_monitor_7f3a", ["x", "bedroom_monitor_7f3a"]])
def test_a_device_of_ours_teaches_nothing(identifiers: object) -> None:
    assert learned({"dev": {"ids": identifiers}}) == []


def test_the_prefix_of_discovery_is_a_parameter() -> None:
    assert learned({}, "ha/sensor/x/config", prefix="ha")[0].sensor == "homeassistant:x"
