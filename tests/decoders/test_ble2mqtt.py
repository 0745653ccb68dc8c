"""ble2mqtt's topics."""

import pytest

from monitor.core.decoding import covers
from monitor.decoders import ble2mqtt

DEVICE = "ble2mqtt/0xa4c138aabb01"


@pytest.mark.parametrize(
    ("topic", "claimed"),
    [(DEVICE, True), (f"{DEVICE}/availability", True), ("ble2mqtt", False), ("a/ble2mqtt/b", False)],
)
def test_a_topic_is_claimed_by_its_base(topic: str, claimed: bool) -> None:
    assert ble2mqtt.DIALECT.claims(topic) is claimed


def test_it_subscribes_to_its_devices() -> None:
    assert any(covers(each, DEVICE) for each in ble2mqtt.DIALECT.subscriptions)


@pytest.mark.parametrize(
    ("state_topic", "topic"),
    [(DEVICE, f"{DEVICE}/availability"), (f"{DEVICE}/kettle", None), ("ble2mqtt/a4c138aabb01", None)],
)
def test_each_device_has_its_own_availability(state_topic: str, topic: str | None) -> None:
    assert ble2mqtt.DIALECT.availability(state_topic) == topic


def test_its_devices_are_configured_and_so_the_owners() -> None:
    assert not ble2mqtt.DIALECT.overheard
