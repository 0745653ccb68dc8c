"""Ruuvi Gateway's topics, and one key with whoever else hears the tag."""

import json

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders import ble2mqtt, ruuvi_gateway, ruuvibridge, theengs

GATEWAY = ruuvi_gateway.DIALECT
TAG = "E3:75:CF:37:4E:23"


@pytest.mark.parametrize(
    ("topic", "claimed"),
    [
        (f"ruuvi/AA:CC:EE:00:11:22/{TAG}", True),
        (f"ruuvi/{TAG}", True),
        ("ruuvi/AA:CC:EE:00:11:22/gw_status", True),
        ("ruuvi/bedroom/temperature", False),
        (f"home/ruuvi/{TAG}", False),
    ],
)
def test_a_topic_is_claimed_by_prefix_and_address(topic: str, claimed: bool) -> None:
    assert GATEWAY.claims(topic) is claimed


@pytest.mark.parametrize("topic", [f"ruuvi/AA:CC:EE:00:11:22/{TAG}", f"ruuvi/{TAG}"])
def test_it_subscribes_to_what_it_claims_once(topic: str) -> None:
    assert sum(covers(each, topic) for each in GATEWAY.subscriptions) == 1


@pytest.mark.parametrize(
    ("state_topic", "topic"),
    [
        (f"ruuvi/AA:CC:EE:00:11:22/{TAG}", "ruuvi/AA:CC:EE:00:11:22/gw_status"),
        (f"home/office/{TAG}", "home/office/gw_status"),
        (TAG, None),
        ("home/office/tag", None),
    ],
)
def test_the_gateways_status_stands_beside_its_tags(state_topic: str, topic: str | None) -> None:
    assert GATEWAY.availability(state_topic) == topic


def test_a_tag_heard_by_four_publishers_is_one_sensor() -> None:
    decoders = Decoders((theengs.DIALECT, GATEWAY, ruuvibridge.DIALECT, ble2mqtt.DIALECT))
    told = {
        f"ruuvi/AA:CC:EE:00:11:22/{TAG}": {"dataFormat": 5, "temperature": 21.5},
        f"ruuvibridge/{TAG}": {"temperature": 21.5},
        "home/TheengsGateway/BTtoMQTT/E375CF374E23": {"tempc": 21.5},
        "ble2mqtt/0xe375cf374e23": {"temperature": 21.5},
    }
    messages = [Message(topic, json.dumps(payload).encode(), False, 0) for topic, payload in told.items()]
    found = [one.sensor for message in messages for one in decoders.decode(message, Known()).measurements]
    assert found == ["bluetooth:E375CF374E23"] * 4


def test_its_radio_hears_the_neighbours() -> None:
    assert GATEWAY.overheard
