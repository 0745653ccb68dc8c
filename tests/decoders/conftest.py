"""The dialects in the order in which bootstrap joins them."""

from zoneinfo import ZoneInfo

import pytest

from monitor.core.decoding import Decoders
from monitor.decoders import esphome, generic, homeassistant, tasmota, zigbee2mqtt

ZONE = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="session")
def decoders() -> Decoders:
    """Five dialects, the generic one last."""
    return Decoders(
        (
            zigbee2mqtt.dialect(),
            tasmota.dialect(ZONE),
            homeassistant.dialect(),
            esphome.DIALECT,
            generic.dialect(ZONE),
        )
    )
