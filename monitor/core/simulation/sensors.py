"""Simulated sensors: one night of the room as Zigbee2MQTT, ESPHome and Tasmota publish it."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, tzinfo

from monitor.core.simulation.bedroom import STEP_MS, Step, climate_at
from monitor.core.simulation.habits import MINUTE_MS
from monitor.core.simulation.publication import Publication
from monitor.core.zones import local_time

CLIMATE_TOPIC = "zigbee2mqtt/Bedroom climate"
CO2_TOPIC = "bedroom-air/sensor/bedroom_co2/state"
GARDEN_TOPIC = "tele/garden/SENSOR"

REPORT_C = 0.1
"""degC; the Zigbee sensor reports a change of this size at once."""
SOONEST_MS, LATEST_MS = round(2.5 * MINUTE_MS), 10 * MINUTE_MS
PERIOD_MS = 10 * MINUTE_MS
"""ms; how often the ESPHome and Tasmota devices publish."""

DOUBLED_CHANCE = 0.1
"""Per Zigbee report: temperature and humidity come one after the other, the first with the old humidity."""

Sensor = Callable[[Sequence[Step], tzinfo, random.Random], Iterator[Publication]]
"""A night's steps, the zone of the device's clock and chance, to its publications in time order."""


def bedroom_climate(steps: Sequence[Step], _zone: tzinfo, rng: random.Random) -> Iterator[Publication]:
    """A Zigbee thermometer behind Zigbee2MQTT: on change, at least each 10 minutes, `last_seen` in UTC."""
    battery = 100 - steps[0].time_ms // (24 * 60 * MINUTE_MS) % 60
    time_ms = steps[0].time_ms + rng.randrange(LATEST_MS)
    end_ms = steps[-1].time_ms + STEP_MS
    humidity_pct = steps[0].room.humidity_pct
    while time_ms < end_ms:
        room, _ = climate_at(steps, time_ms)
        state = {
            "battery": battery,
            "humidity": round(humidity_pct, 2),
            "last_seen": _utc_text(time_ms),
            "linkquality": rng.randrange(90, 180),
            "temperature": round(room.temperature_c + rng.gauss(0.0, 0.03), 2),
        }
        humidity_pct = min(max(room.humidity_pct + rng.gauss(0.0, 0.4), 1.0), 100.0)
        if rng.random() < DOUBLED_CHANCE:
            yield Publication(CLIMATE_TOPIC, _json(state), retain=False, time_ms=time_ms)
            time_ms += rng.randrange(11, 900)
        state |= {"humidity": round(humidity_pct, 2), "last_seen": _utc_text(time_ms)}
        yield Publication(CLIMATE_TOPIC, _json(state), retain=False, time_ms=time_ms)
        soon, _ = climate_at(steps, time_ms + STEP_MS)
        pace_c = max(abs(soon.temperature_c - room.temperature_c), 1e-3)
        wait_ms = min(max(REPORT_C / pace_c * STEP_MS, SOONEST_MS), LATEST_MS)
        time_ms += round(wait_ms * rng.uniform(0.8, 0.99))


def bedroom_co2(steps: Sequence[Step], _zone: tzinfo, rng: random.Random) -> Iterator[Publication]:
    """An ESPHome carbon dioxide sensor: plain numbers, no time."""
    for time_ms in _regular(steps, rng):
        room, _ = climate_at(steps, time_ms)
        yield Publication(CO2_TOPIC, b"%d" % round(room.co2_ppm + rng.gauss(0.0, 12.0)), retain=False, time_ms=time_ms)


def garden(steps: Sequence[Step], zone: tzinfo, rng: random.Random) -> Iterator[Publication]:
    """A Tasmota device with a BME280 in the shade and a DS18B20 at the wall; its clock shows local time."""
    for time_ms in _regular(steps, rng):
        _, outside = climate_at(steps, time_ms)
        wall = local_time(time_ms, zone).replace(tzinfo=None)
        state = {
            "Time": wall.isoformat(timespec="seconds"),
            "BME280": {
                "Temperature": round(outside.temperature_c + rng.gauss(0.0, 0.05), 1),
                "Humidity": round(outside.humidity_pct, 1),
                "Pressure": round(outside.pressure_hpa, 1),
            },
            "DS18B20": {
                "Id": "3C01D607A1F2",
                "Temperature": round(outside.temperature_c + 0.4 + rng.gauss(0.0, 0.05), 1),
            },
            "PressureUnit": "hPa",
            "TempUnit": "C",
        }
        yield Publication(GARDEN_TOPIC, _json(state), retain=False, time_ms=time_ms)


SENSORS: tuple[Sensor, ...] = (bedroom_climate, bedroom_co2, garden)


def announcements(time_ms: int) -> tuple[Publication, ...]:
    """What stands retained on the broker before the first night, among it an old carbon dioxide value.

    Published before the monitor subscribes, as in a home; live copies would not carry the retain flag.
    """
    return (
        Publication("zigbee2mqtt/bridge/devices", _json(_BRIDGE_DEVICES), retain=True, time_ms=time_ms),
        Publication(
            "homeassistant/sensor/bedroom-air/bedroom_co2/config",
            _json(_CO2_DISCOVERY),
            retain=True,
            time_ms=time_ms,
        ),
        Publication("bedroom-air/status", b"online", retain=True, time_ms=time_ms),
        Publication("tele/garden/LWT", b"Online", retain=True, time_ms=time_ms),
        Publication(CO2_TOPIC, b"2611", retain=True, time_ms=time_ms),
    )


_BRIDGE_DEVICES = [
    {
        "ieee_address": "0x00124b0024c2a1f0",
        "type": "Coordinator",
        "friendly_name": "Coordinator",
        "supported": True,
        "definition": None,
    },
    {
        "ieee_address": "0x00158d0005a1b2c3",
        "type": "EndDevice",
        "friendly_name": "Bedroom climate",
        "supported": True,
        "power_source": "Battery",
        "definition": {
            "model": "SNZB-02D",
            "vendor": "SONOFF",
            "description": "Temperature and humidity sensor",
            "exposes": [
                {"type": "numeric", "name": name, "property": name, "unit": unit, "access": 1}
                for name, unit in (
                    ("battery", "%"),
                    ("temperature", "°C"),
                    ("humidity", "%"),
                    ("linkquality", "lqi"),
                )
            ],
        },
    },
]

_CO2_DISCOVERY = {
    "dev_cla": "carbon_dioxide",
    "unit_of_meas": "ppm",
    "stat_cla": "measurement",
    "name": "Bedroom CO2",
    "stat_t": CO2_TOPIC,
    "avty_t": "bedroom-air/status",
    "uniq_id": "ESPsensorbedroom_co2",
    "dev": {
        "ids": "a1b2c3d4e5f6",
        "name": "bedroom-air",
        "sw": "esphome v2024.10.2",
        "mdl": "esp32dev",
        "mf": "Espressif",
    },
}


def _regular(steps: Sequence[Step], rng: random.Random) -> range:
    """Each 10 minutes from a chance minute on, to the end of the night."""
    return range(steps[0].time_ms + rng.randrange(PERIOD_MS), steps[-1].time_ms + STEP_MS, PERIOD_MS)


def _utc_text(time_ms: int) -> str:
    return local_time(time_ms, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
