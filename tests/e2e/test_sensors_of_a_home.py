"""Real parts of a home: a radio receiver, a renamed Zigbee device, a device that says that it is gone."""

import json
import shutil
import subprocess
import time

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.daemon_process import Speaker, subscribed, wait_for
from tests.e2e.radio import prologue

pytestmark = [pytest.mark.broker, pytest.mark.slow]

ADDRESS = "0x00158d0001a2b3c4"
ROWS = "SELECT sensor, quantity, value FROM reading JOIN series ON series.id = series ORDER BY ts_ms, quantity"


@pytest.fixture
def speaker(mosquitto):
    speaking = Speaker(mosquitto.port)
    yield speaking
    speaking.stop()


def devices(name: str) -> str:
    exposes = [{"property": "temperature", "access": 1, "unit": "°C"}]
    return json.dumps([{"ieee_address": ADDRESS, "friendly_name": name, "definition": {"exposes": exposes}}])


def test_a_radio_signal_becomes_one_reading_of_each_quantity(start_daemon, mosquitto, speaker, tmp_path):
    program = shutil.which("rtl_433")
    assert program, "rtl_433 is needed: apt install rtl-433"
    signal = tmp_path / "prologue_433.92M_250k.cu8"
    signal.write_bytes(prologue(70, 1, 24.8, 49))
    decoded = subprocess.run([program, "-r", str(signal), "-F", "json"], capture_output=True, text=True, check=True)
    daemon = start_daemon(mosquitto.port)
    assert subscribed(daemon)
    for line in decoded.stdout.splitlines() * 3:
        speaker.say("rtl_433/attic/events", line)
    assert wait_for(lambda: len(daemon.query(ROWS)) >= 3)
    key = "rtl_433:Prologue-TH/1/70"
    assert daemon.query(ROWS) == [(key, "battery", 100.0), (key, "humidity", 49.0), (key, "temperature", 24.8)]


def test_a_renamed_zigbee_device_keeps_its_history_in_the_running_daemon(start_daemon, mosquitto, speaker):
    speaker.say("zigbee2mqtt/bedroom", '{"temperature":20.5}')
    daemon = start_daemon(mosquitto.port)
    assert subscribed(daemon)
    heard = [("bedroom", 20.5), ("bedroom", 20.6), ("by the bed", 20.7)]
    for number, (name, value) in enumerate(heard):
        if number > 0:
            speaker.say("zigbee2mqtt/bridge/devices", devices(name), retain=True)
        speaker.say(f"zigbee2mqtt/{name}", json.dumps({"temperature": value}))
        assert wait_for(lambda count=number + 1: len(daemon.query(ROWS)) == count)
    assert [row[0] for row in daemon.query(ROWS)] == [f"zigbee2mqtt:{ADDRESS}"] * 3
    assert daemon.query("SELECT name FROM sensor") == [("by the bed",)]


def test_a_device_that_says_it_is_gone_is_known_to_be(start_daemon, mosquitto, speaker):
    speaker.say("tele/node/LWT", "Online", retain=True)
    daemon = start_daemon(mosquitto.port)
    assert subscribed(daemon)
    speaker.say("tele/node/SENSOR", '{"BME280":{"Temperature":20.5}}')
    assert wait_for(lambda: daemon.query("SELECT online FROM sensor") == [(1,)])
    speaker.say("tele/node/LWT", "Offline", retain=True)
    assert wait_for(lambda: daemon.query("SELECT online FROM sensor") == [(0,)])


def test_what_waited_for_the_daemon_is_read_with_what_was_announced_meanwhile(start_daemon, start_mosquitto):
    broker = start_mosquitto()
    daemon = start_daemon(broker.port)
    assert subscribed(daemon)
    daemon.stop()
    speaker = Speaker(broker.port)
    config = {"stat_t": "node/sensor/air/state", "dev_cla": "temperature", "unit_of_meas": "°F", "uniq_id": "air"}
    speaker.say("node/sensor/air/state", "68")
    speaker.say("homeassistant/sensor/node/air/config", json.dumps(config), retain=True)
    time.sleep(0.3)
    speaker.stop()
    daemon.start()
    assert wait_for(lambda: len(daemon.query(ROWS)) == 1)
    assert daemon.query(ROWS)[0][2] == pytest.approx(20.0)


def test_a_gateway_is_asked_what_its_bluetooth_sensors_are_and_they_are_read_then(start_daemon, mosquitto):
    """The test answers as a Shelly would: its sensors' states do not say what they measure."""
    gateway = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="shelly")
    components = [
        {"key": "bthomedevice:200", "config": {"id": 200, "addr": "3c:2e:f5:71:d5:2a", "name": "Nightstand"}},
        {"key": "bthomesensor:200", "config": {"id": 200, "addr": "3c:2e:f5:71:d5:2a", "obj_id": 69, "idx": 0}},
    ]
    source = "shellyblugwg3-aabbccddeeff"

    def answer(client, _userdata, message):
        asked = json.loads(message.payload)
        said = {"id": asked["id"], "src": source, "dst": asked["src"], "result": {"components": components}}
        client.publish(f"{asked['src']}/rpc", json.dumps(said), qos=1)

    gateway.on_message = answer
    gateway.connect("127.0.0.1", mosquitto.port)
    gateway.subscribe(f"{source}/rpc", 1)
    gateway.publish(f"{source}/online", "true", qos=1, retain=True)
    gateway.loop_start()
    daemon = start_daemon(mosquitto.port)
    state = {"bthomesensor:200": {"id": 200, "value": 21.5, "last_updated_ts": int(time.time())}}
    told = {"src": source, "dst": "x", "method": "NotifyStatus", "params": {"ts": time.time(), **state}}

    def is_read() -> bool:
        gateway.publish(f"{source}/events/rpc", json.dumps(told), qos=1)
        return bool(daemon.query(ROWS))

    assert wait_for(is_read, 60)
    gateway.loop_stop()
    assert daemon.query(ROWS)[0] == ("bluetooth:3C2EF571D52A", "temperature", 21.5)
    assert daemon.query("SELECT name FROM sensor") == [("Nightstand",)]
