"""OpenMQTTGateway's topics."""

import pytest

from monitor.core.decoding import covers
from monitor.decoders import openmqttgateway, theengs

GATEWAY = openmqttgateway.DIALECT


@pytest.mark.parametrize(
    ("topic", "claimed"),
    [
        ("home/OMG/BTtoMQTT/A4C138000001", True),
        ("home/OMG/CLIMAtoMQTT/ds1820/0x28", True),
        ("home/OMG/SYStoMQTT", True),
        ("home/home_presence/OMG", True),
        ("home/OMG/RTL_433toMQTT/Nexus-TH/1", False),
        ("home/OMG/LWT", False),
        ("DHTtoMQTT", False),
        ("", False),
    ],
)
def test_a_topic_is_claimed_by_the_level_behind_the_gateway(topic: str, claimed: bool) -> None:
    assert GATEWAY.claims(topic) is claimed


@pytest.mark.parametrize(
    "topic",
    [
        "home/OMG/BTtoMQTT/A4C138000001",
        "home/OMG/DHTtoMQTT",
        "home/OMG/CLIMAtoMQTT/htu",
        "home/OMG/OneWiretoMQTT/ds1820/0x28",
    ],
)
def test_it_subscribes_to_every_topic_with_readings(topic: str) -> None:
    assert any(covers(each, topic) for each in GATEWAY.subscriptions)


def test_it_shares_the_filter_for_advertisements_with_theengs() -> None:
    assert set(theengs.DIALECT.subscriptions) < set(GATEWAY.subscriptions)


@pytest.mark.parametrize(
    ("state_topic", "topic"),
    [
        ("home/OMG/BTtoMQTT/A4C138000001", "home/OMG/LWT"),
        ("home/OMG/DHTtoMQTT", "home/OMG/LWT"),
        ("a/b/OMG/CLIMAtoMQTT/ds1820/0x28", "a/b/OMG/LWT"),
        ("home/home_presence/OMG", None),
        ("x/y", None),
    ],
)
def test_the_last_will_is_the_gateways(state_topic: str, topic: str | None) -> None:
    assert GATEWAY.availability(state_topic) == topic


def test_its_radio_hears_the_neighbours() -> None:
    assert GATEWAY.overheard
