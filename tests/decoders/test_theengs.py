"""Theengs Gateway's topics, and the devices it names."""

import json

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders import openmqttgateway, theengs

THERMOMETER = {"id": "A4:C1:38:00:00:01", "brand": "Xiaomi", "model": "TH Sensor", "model_id": "X", "tempc": 21.5}
ADDRESS = "A4C138000001"


def sensors(topic: str, **more: object) -> set[str]:
    decoders = Decoders((theengs.DIALECT, openmqttgateway.DIALECT))
    payload = json.dumps(THERMOMETER | more).encode()
    return {found.sensor for found in decoders.decode(Message(topic, payload, False, 0), Known()).measurements}


@pytest.mark.parametrize(
    ("topic", "claimed"),
    [
        ("home/TheengsGateway/BTtoMQTT/A4C138000001", True),
        ("home/TheengsGateway/LWT", True),
        ("house/attic/TheengsGateway/presence", True),
        ("home/OpenMQTTGateway/BTtoMQTT/A4C138000001", False),
        ("TheengsGateway2", False),
    ],
)
def test_the_gateways_name_in_the_topic_is_its_mark(topic: str, claimed: bool) -> None:
    assert theengs.DIALECT.claims(topic) is claimed


def test_a_device_heard_by_two_gateways_is_one_sensor() -> None:
    own = sensors(f"home/TheengsGateway/BTtoMQTT/{ADDRESS}")
    assert own == sensors(f"home/OMG_attic/BTtoMQTT/{ADDRESS}") == {f"bluetooth:{ADDRESS}"}


def test_the_topics_address_counts_before_a_placeholder_inside() -> None:
    found = sensors(f"home/TheengsGateway/BTtoMQTT/{ADDRESS}", id="AA:BB:CC:DD:EE:FF", mac="AA:BB:CC:DD:EE:FF")
    assert found == {f"bluetooth:{ADDRESS}"}


def test_a_device_is_called_by_maker_and_model() -> None:
    message = Message(f"home/TheengsGateway/BTtoMQTT/{ADDRESS}", json.dumps(THERMOMETER).encode(), False, 0)
    assert theengs.DIALECT.decode(message, Known()).called == "Xiaomi TH Sensor"


@pytest.mark.parametrize(("name", "called"), [("ATC_1", "ATC_1"), ("", None), (7, None)])
def test_an_undecoded_device_is_called_by_its_own_name(name: object, called: str | None) -> None:
    payload = json.dumps({"name": name, "servicedatauuid": "fcd2", "servicedata": "400161"}).encode()
    message = Message(f"home/TheengsGateway/BTtoMQTT/{ADDRESS}", payload, False, 0)
    assert theengs.DIALECT.decode(message, Known()).called == called


@pytest.mark.parametrize(
    ("state_topic", "topic"),
    [
        (f"home/TheengsGateway/BTtoMQTT/{ADDRESS}", "home/TheengsGateway/LWT"),
        (f"a/b/c/BTtoMQTT/{ADDRESS}", "a/b/c/LWT"),
        ("ble/attic", None),
    ],
)
def test_the_last_will_stands_beside_the_advertisements(state_topic: str, topic: str | None) -> None:
    assert theengs.DIALECT.availability(state_topic) == topic


def test_it_subscribes_to_its_advertisements() -> None:
    assert any(covers(each, f"home/TheengsGateway/BTtoMQTT/{ADDRESS}") for each in theengs.DIALECT.subscriptions)


def test_its_radio_hears_the_neighbours() -> None:
    assert theengs.DIALECT.overheard
