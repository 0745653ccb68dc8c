"""What the dialects subscribe to, claim and keep apart."""

from zoneinfo import ZoneInfo

import pytest

from monitor.core.decoding import Decoders, Dialect, covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders import esphome, generic, homeassistant, tasmota, zigbee2mqtt
from monitor.errors import DecodeError

ZONE = ZoneInfo("Europe/Berlin")
DIALECTS = (
    zigbee2mqtt.dialect(("zigbee2mqtt", "home/z2m")),
    tasmota.dialect(ZONE),
    homeassistant.dialect(),
    esphome.DIALECT,
    generic.dialect(ZONE),
)


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("zigbee2mqtt/bedroom", "zigbee2mqtt"),
        ("home/z2m/bedroom", "zigbee2mqtt"),
        ("tele/bedroom/SENSOR", "tasmota"),
        ("bedroom/tele/SENSOR", "tasmota"),
        ("bedroom/SENSOR", "tasmota"),
        ("tasmota/discovery/A/config", "tasmota"),
        ("homeassistant/sensor/a/config", "homeassistant"),
        ("homeassistant/sensor/node/a/config", "homeassistant"),
        ("node/sensor/a/state", "esphome"),
        ("esphome/discover/node", "esphome"),
        ("homeassistant/sensor/a/state", "generic"),
        ("SENSOR", "generic"),
        ("tele", "generic"),
        ("airthings/tele/STATE", "generic"),
    ],
)
def test_a_topic_belongs_to_the_dialect_of_its_shape(topic: str, name: str) -> None:
    dialect = Decoders(DIALECTS).dialect_of(topic)
    assert dialect is not None
    assert dialect.name == name


@pytest.mark.parametrize("dialect", DIALECTS[:4], ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("topic", ["", "/", "nobody/knows", "a/b/state"])
def test_a_dialect_has_nothing_to_say_of_a_foreign_topic(dialect: Dialect, topic: str) -> None:
    decoded = dialect.decode(Message(topic, b"{}", False, 0), Known())
    assert decoded.measurements == ()


@pytest.mark.parametrize(
    ("dialect", "topic"),
    [
        (DIALECTS[0], "home/z2m/deep/name"),
        (DIALECTS[1], "tele/a/b/SENSOR"),
        (DIALECTS[1], "stat/a/STATUS8"),
        (DIALECTS[1], "emon/a/b/tele/SENSOR"),
        (DIALECTS[3], "node/sensor/a/state"),
        (DIALECTS[3], "home/node/binary_sensor/a/state"),
    ],
)
def test_a_dialect_subscribes_to_what_it_claims(dialect: Dialect, topic: str) -> None:
    assert any(covers(each, topic) for each in dialect.subscriptions)


@pytest.mark.parametrize("topic", ["zigbee2mqtt/bridge/devices", "home/z2m/bridge/devices"])
def test_the_device_list_of_each_base_is_metadata(topic: str) -> None:
    assert Decoders(DIALECTS).announcer_of(topic) is DIALECTS[0]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("zigbee2mqtt/bridge/devices", b'{"a":1}'),
        ("zigbee2mqtt/bridge/devices", b"[{"),
        ("homeassistant/sensor/a/config", b"[]"),
    ],
)
def test_an_announcement_that_cannot_be_read_is_an_error(topic: str, payload: bytes) -> None:
    with pytest.raises(DecodeError):
        Decoders(DIALECTS).learn(Message(topic, payload, True, 0), Known())


@pytest.mark.parametrize(
    "devices",
    [
        b"[7]",
        b'[{"friendly_name":7,"definition":{}}]',
        b'[{"friendly_name":"a","definition":null}]',
        b'[{"friendly_name":"a","definition":{"exposes":7}}]',
        b'[{"friendly_name":"a","definition":{"exposes":[7,{"property":["x"]},{"property":"state"}]}}]',
        b'[{"friendly_name":"a","definition":{"exposes":[' + b'{"features":[' * 20 + b"]}" * 20 + b"]}}]",
    ],
)
def test_odd_devices_announce_nothing_and_harm_nothing(devices: bytes) -> None:
    known = Known()
    Decoders(DIALECTS).learn(Message("zigbee2mqtt/bridge/devices", devices, True, 0), known)
    assert known.by_state_topic == {}


def test_an_empty_device_list_forgets_every_device() -> None:
    decoders = Decoders(DIALECTS)
    devices = b'[{"friendly_name":"a","definition":{"exposes":[{"property":"voc","unit":"ppb"}]}}]'
    known, told = Known(), []
    for payload in (devices, b""):
        decoders.learn(Message("zigbee2mqtt/bridge/devices", payload, True, 0), known)
        told.append(len(known.announced))
    assert told == [1, 0]


def test_a_fact_is_named_after_device_and_entity() -> None:
    config = b'{"stat_t":"a/b","dev_cla":"humidity","name":"Humidity","dev":{"name":"Bedroom"}}'
    facts = homeassistant.dialect().learn(Message("homeassistant/sensor/h/config", config, True, 0))
    assert facts is not None
    assert facts[0].name == "Bedroom Humidity"


def test_a_state_below_the_discovery_prefix_is_no_announcement() -> None:
    assert homeassistant.dialect().learn(Message("homeassistant/status", b"online", True, 0)) is None


def test_a_very_long_template_is_not_read() -> None:
    config = b'{"stat_t":"a/b","dev_cla":"humidity","val_tpl":"{{ value' + b" " * 300 + b'}}"}'
    facts = homeassistant.dialect().learn(Message("homeassistant/sensor/h/config", config, True, 0))
    assert facts is not None
    assert facts[0].quantity is None
