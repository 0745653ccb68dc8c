"""SwitchBot: whose topics, and where its bridge says that it is there."""

from zoneinfo import ZoneInfo

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.decoders.switchbot import dialect

DIALECT = dialect(ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    "topic",
    [
        "room1/meter",
        "homeassistant/switch/switchbot/aa:bb:cc:dd:ee:ff/battery-percentage",
        "homeassistant/cover/switchbot-curtain/aa:bb:cc:dd:ee:ff/battery-percentage",
        "switch/switchbot/aa:bb:cc:dd:ee:ff/battery-percentage",
    ],
)
def test_it_subscribes_to_what_it_reads(topic: str) -> None:
    assert DIALECT.claims(topic)
    assert any(covers(each, topic) for each in DIALECT.subscriptions)


@pytest.mark.parametrize(
    "topic",
    [
        "meter",
        "/meter",
        "home/room1/meter",
        "switchbot/a/b",
        "light/switchbot/aa:bb:cc:dd:ee:ff/battery-percentage",
        "switch/switchbot/config",
        "switchbot-mqtt/other",
    ],
)
def test_other_topics_are_not_claimed(topic: str) -> None:
    assert not DIALECT.claims(topic)


@pytest.mark.parametrize(
    ("topic", "status"),
    [
        (
            "homeassistant/switch/switchbot/aa:bb:cc:dd:ee:ff/battery-percentage",
            "homeassistant/switchbot-mqtt/status",
        ),
        ("cover/switchbot-curtain/aa:bb:cc:dd:ee:ff/battery-percentage", "switchbot-mqtt/status"),
        ("homeassistant/switchbot-mqtt/status", None),
        ("room1/meter", None),
    ],
)
def test_the_bridge_says_on_one_topic_whether_it_is_there(topic: str, status: str | None) -> None:
    assert DIALECT.availability(topic) == status


def test_its_announcements_are_for_home_assistant(decoders: Decoders) -> None:
    dialect = decoders.dialect_of("homeassistant/switch/switchbot/config")
    assert dialect is not None
    assert dialect.name == "homeassistant"
