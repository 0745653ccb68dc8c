"""Settings to the dialects and the topics to listen to."""

from zoneinfo import ZoneInfo

from monitor.bootstrap.home import zone_name
from monitor.core.decoding import Decoders, Dialect, FieldMap
from monitor.decoders import (
    airgradient,
    airthings,
    awair,
    bed,
    ble2mqtt,
    esphome,
    generic,
    govee2mqtt,
    homeassistant,
    homie,
    hubitat,
    mitemperature2,
    openmqttgateway,
    rtl_433,
    ruuvi_gateway,
    ruuvibridge,
    shelly_gen1,
    shelly_gen2,
    sleep_as_android,
    smartbed,
    statestream,
    switchbot,
    tasmota,
    theengs,
    zigbee2mqtt,
    zwave_js_ui,
)
from monitor.services.following import Plan
from monitor.settings import Settings


def dialects(settings: Settings) -> tuple[Dialect, ...]:
    """Every decoder, in the order in which they are asked."""
    zone = ZoneInfo(zone_name(settings))
    maps = tuple(FieldMap(**row.model_dump()) for row in settings.decoders.map)
    return (
        homeassistant.dialect(
            settings.decoders.homeassistant_prefix,
            own=settings.mqtt.status_topic.rpartition("/")[0] or "bedroom-monitor",
        ),
        zigbee2mqtt.dialect(settings.decoders.zigbee2mqtt_bases),
        shelly_gen1.DIALECT,
        shelly_gen2.DIALECT,
        rtl_433.dialect(zone),
        theengs.DIALECT,
        openmqttgateway.DIALECT,
        ruuvi_gateway.DIALECT,
        ruuvibridge.DIALECT,
        airgradient.DIALECT,
        awair.DIALECT,
        switchbot.dialect(zone),
        govee2mqtt.DIALECT,
        ble2mqtt.DIALECT,
        mitemperature2.DIALECT,
        airthings.dialect(zone),
        homie.DIALECT,
        sleep_as_android.dialect(settings.decoders.sleep_as_android_bases),
        smartbed.DIALECT,
        zwave_js_ui.DIALECT,
        hubitat.DIALECT,
        tasmota.dialect(zone),
        statestream.DIALECT,
        esphome.DIALECT,
        bed.dialect(otherwise=generic.dialect(zone, maps).decode),
        generic.dialect(zone, maps),
    )


def decoders(settings: Settings) -> Decoders:
    """Who reads what."""
    return Decoders(dialects(settings), tuple(row.topic for row in settings.decoders.map))


def plan(settings: Settings) -> Plan:
    """What to listen to, as the settings say."""
    every = dialects(settings)
    return Plan(
        announcements=tuple(dict.fromkeys(topic for dialect in every for topic in dialect.metadata)),
        values=tuple(dict.fromkeys(topic for dialect in every for topic in dialect.subscriptions)),
        mapped=tuple(dict.fromkeys(row.topic for row in settings.decoders.map)),
        named=settings.mqtt.topics,
        listen=settings.sensors.listen,
    )
