"""`init` against a real mosquitto: what it finds, what it suggests, what it asks, and what it leaves behind."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from monitor import settings
from tests.conftest import Mosquitto
from tests.e2e.daemon_process import DaemonProcess, Speaker, subscribed, wait_for
from tests.e2e.shell import DONE, FAULT, UNREACHABLE, USAGE, Answer, Say
from tests.services.home import Home

pytestmark = pytest.mark.broker

ADDRESS = "0x00158d0001a2b3c4"
CLIMATE = f"zigbee2mqtt:{ADDRESS}"
FILE = Path("monitor.toml")
HOME = ("broker.lan", "1883", "Europe/Brussels", "22:30", "06:30")
"""Answers to the questions about the home."""


@pytest.fixture
def speaker(mosquitto: Mosquitto) -> Iterator[Speaker]:
    speaking = Speaker(mosquitto.port)
    yield speaking
    speaking.stop()


Init = Callable[..., Answer]


@pytest.fixture
def init(say: Say, mosquitto: Mosquitto) -> Init:
    """Look for sensors on the broker, for a moment."""

    def typed(*words: object, answers: tuple[str, ...] = (), listen: float = 0.5) -> Answer:
        where = ("--host", "127.0.0.1", "--port", mosquitto.port, "--listen", listen, "--output", FILE)
        return say("init", *where, *words, answer="".join(f"{one}\n" for one in answers))

    return typed


def devices(*names: str, base: str = "zigbee2mqtt") -> tuple[str, str]:
    """A Zigbee2MQTT's list of its devices; the first has the address ADDRESS."""
    exposes = [{"property": "temperature", "access": 1, "unit": "°C"}]
    told = [
        {"ieee_address": f"{ADDRESS[:-1]}{4 + number}", "friendly_name": name, "definition": {"exposes": exposes}}
        for number, name in enumerate(names)
    ]
    return f"{base}/bridge/devices", json.dumps(told)


def keep(speaker: Speaker, topic: str, payload: str) -> None:
    speaker.say(topic, payload, retain=True).wait_for_publish(5)


def a_home(speaker: Speaker) -> None:
    """A sensor in the bedroom and one in the kitchen announced, one in the garden kept, one by radio."""
    keep(speaker, *devices("Bedroom climate", "Kitchen"))
    keep(speaker, "tele/garden/SENSOR", '{"BME280":{"Temperature":8.5,"Humidity":80},"TempUnit":"C"}')
    keep(speaker, "rtl_433/attic/events", '{"model":"Prologue-TH","id":70,"channel":1,"temperature_C":21.5}')


def placed(say: Say) -> dict[str, str | None]:
    return {one["key"]: one["place"] for one in say("sensors", "list", "--json").document["sensors"]}


def shown(answer: Answer) -> str:
    return " ".join(answer.out.split())


def test_what_is_suggested_is_taken_where_nothing_is_asked(init: Init, say: Say, speaker: Speaker) -> None:
    a_home(speaker)
    answer = init("--yes")
    assert (answer.code, "2 sensors placed" in answer.out) == (DONE, True)
    assert placed(say) == {CLIMATE: "bedroom", "tasmota:garden/BME280": "outdoor"}


def test_what_was_found_is_shown_with_its_age_and_the_neighbours_told(init: Init, speaker: Speaker) -> None:
    a_home(speaker)
    told = shown(init("--yes"))
    assert f"1 Bedroom climate bedroom announced: temperature {CLIMATE}" in told
    assert "outdoor age unknown: 8.5 °C 80 % RH" in told
    assert "age unknown: 21.5 °C by radio, a neighbour's?" in told


def test_a_live_value_is_shown_as_current(init: Init, speaker: Speaker) -> None:
    over = threading.Event()

    def chat() -> None:
        while not over.wait(0.05):
            speaker.say("zigbee2mqtt/Bedroom", '{"temperature":21.53}')

    thread = threading.Thread(target=chat)
    thread.start()
    told = init("--yes").out
    over.set()
    thread.join()
    assert ("21.5 °C" in told, "age unknown" in told) == (True, False)


def test_the_settings_are_written_for_this_user_alone_and_can_be_loaded(init: Init, mosquitto: Mosquitto) -> None:
    init("--yes", "--zone", "Asia/Tokyo", "--bed", "22:30")
    loaded = settings.load(FILE)
    assert (loaded.mqtt.port, loaded.night.bed, FILE.stat().st_mode & 0o777) == (mosquitto.port, "22:30", 0o600)


def test_json_says_what_was_found_placed_written_and_tried(init: Init, speaker: Speaker) -> None:
    a_home(speaker)
    keep(speaker, "zigbee2mqtt/broken", "{not JSON")
    document = init("--json").document
    sensors = {one["key"]: (one["place"], one["suggestion"], one["overheard"]) for one in document["sensors"]}
    assert sensors == {
        CLIMATE: ("bedroom", "bedroom", False),
        f"{CLIMATE[:-1]}5": (None, None, False),
        "tasmota:garden/BME280": ("outdoor", "outdoor", False),
        "rtl_433:Prologue-TH/1/70": (None, None, True),
    }
    assert (document["file"], document["unusable"] > 0) == (str(FILE), True)
    assert {check["subject"] for check in document["checks"]} >= {"broker", "sensors", "database"}


def test_json_tells_announced_quantities_and_values_of_unknown_age(init: Init, speaker: Speaker) -> None:
    a_home(speaker)
    by_key = {one["key"]: one for one in init("--json").document["sensors"]}
    assert by_key[CLIMATE]["announced"] == ["temperature"]
    garden = by_key["tasmota:garden/BME280"]
    assert (garden["values"], garden["age_unknown"]) == (
        {"temperature": 8.5, "humidity": 80.0},
        ["humidity", "temperature"],
    )


def test_a_sensor_is_placed_by_its_key_or_its_name(init: Init, say: Say, speaker: Speaker) -> None:
    a_home(speaker)
    init("--yes", "--place", "Kitchen=bedroom", "--place", f"{CLIMATE}=other", "--place", "rtl_433:P=bedroom")
    assert placed(say) == {
        CLIMATE: "other",
        f"{CLIMATE[:-1]}5": "bedroom",
        "tasmota:garden/BME280": "outdoor",
        "rtl_433:Prologue-TH/1/70": "bedroom",
    }


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nobody=bedroom", "--place: no sensor 'nobody'; seen so far: zigbee2mqtt:0x"),
        ("nobody=bedroom", "listen 600"),
        ("zigbee2mqtt=bedroom", "fits several sensors"),
        (f"{CLIMATE}=attic", "--place: expected KEY=PLACE with one of bedroom, bed, outdoor, other"),
        ("bedroom", "expected KEY=PLACE"),
        ("=bedroom", "expected KEY=PLACE"),
    ],
)
def test_a_place_that_cannot_be_is_refused_and_nothing_is_written(
    init: Init, speaker: Speaker, place: str, said: str
) -> None:
    a_home(speaker)
    answer = init("--yes", "--place", place)
    assert (answer.code, said in answer.err) == (USAGE, True)
    assert (FILE.exists(), Path("monitor.db").exists()) == (False, False)


def test_where_no_broker_is_that_is_said_with_advice_and_nothing_is_written(say: Say, free_port: int) -> None:
    answer = say("init", "--yes", "--host", "127.0.0.1", "--port", free_port, "--output", FILE)
    assert (answer.code, f"127.0.0.1:{free_port}: nothing listens there; is the broker" in answer.err) == (
        UNREACHABLE,
        True,
    )
    assert (answer.out, FILE.exists(), Path("monitor.db").exists()) == ("", False, False)


def test_a_broker_that_wants_a_password_says_so_and_the_password_is_never_printed(
    say: Say, start_mosquitto: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    words = tmp_path / "words"
    subprocess.run(["mosquitto_passwd", "-c", "-b", words, "sleeper", "very-secret"], check=True)
    broker = start_mosquitto(f"listener {{port}} 127.0.0.1\nallow_anonymous false\npassword_file {words}\n")
    where = ("init", "--yes", "--host", "127.0.0.1", "--port", broker.port, "--listen", 0.2, "--output", FILE)
    refused = say(*where)
    assert (refused.code, "give init --username NAME and --password-file FILE" in refused.err) == (UNREACHABLE, True)
    (tmp_path / "secret").write_text("very-secret\n")
    (tmp_path / "secret").chmod(0o600)
    answer = say(*where, "--username", "sleeper", "--password-file", "secret")
    assert (answer.code, settings.load(FILE).mqtt.password_file) == (DONE, tmp_path / "secret")
    assert "very-secret" not in answer.out + answer.err + FILE.read_text()


def test_with_nothing_on_the_broker_that_is_said_and_the_settings_are_written_still(init: Init) -> None:
    answer = init("--yes")
    assert (answer.code, "No sensor was found in 0 messages" in answer.out) == (DONE, True)
    assert settings.load(FILE).mqtt.host == "127.0.0.1"


def test_another_base_of_zigbee2mqtt_is_found_and_written(init: Init, say: Say, speaker: Speaker) -> None:
    keep(speaker, *devices("Bedroom", base="home/upstairs/z2m"))
    answer = init("--yes")
    assert (answer.code, settings.load(FILE).decoders.zigbee2mqtt_bases) == (DONE, ("home/upstairs/z2m",))
    assert placed(say) == {CLIMATE: "bedroom"}


def test_what_stood_in_the_settings_is_kept_and_a_copy_of_them_too(init: Init) -> None:
    before = '# mine\n[analysis]\nseed = 7\n[decoders]\nzigbee2mqtt_bases = ["z"]\n[mqtt]\nclient_id = "ü\\\\"\n'
    FILE.write_text(before)
    init("--yes", "--config", FILE)
    loaded = settings.load(FILE)
    assert (loaded.analysis.seed, loaded.decoders.zigbee2mqtt_bases, loaded.mqtt.client_id) == (7, ("z",), "ü\\")
    assert Path("monitor.toml.before-init").read_text() == before


def test_settings_that_cannot_be_used_are_told_before_anybody_is_asked(init: Init) -> None:
    answer = init("--bed", "25:00")
    assert (answer.code, answer.out, "night.bed: expected a time of day" in answer.err) == (FAULT, "", True)


def test_the_questions_are_answered_by_enter_with_what_is_suggested(init: Init, say: Say, speaker: Speaker) -> None:
    a_home(speaker)
    answer = init("--zone", "Europe/Brussels", answers=("",) * 8)
    assert (answer.code, placed(say)) == (DONE, {CLIMATE: "bedroom", "tasmota:garden/BME280": "outdoor"})
    assert settings.load(FILE).night.rise == "07:00"


def test_answers_count_before_suggestions(init: Init, say: Say, speaker: Speaker) -> None:
    a_home(speaker)
    home = ("127.0.0.1", "", "Asia/Tokyo", "22:30", "06:30")
    answer = init(answers=(*home, "0 9", "two", "2, 3", "4", "none"))
    assert answer.out.count("expected numbers from 1 to 4, or none") == 2
    assert placed(say) == {
        "tasmota:garden/BME280": "bedroom",
        "rtl_433:Prologue-TH/1/70": "bedroom",
        f"{CLIMATE[:-1]}5": "bed",
    }
    assert (settings.load(FILE).night.bed, "Asia/Tokyo" in FILE.read_text()) == ("22:30", True)


def test_what_was_put_into_the_bedroom_is_not_suggested_outdoors_again(init: Init, say: Say, speaker: Speaker) -> None:
    a_home(speaker)
    init(answers=("", "", "", "", "", "1 2", "", ""))
    assert placed(say)["tasmota:garden/BME280"] == "bedroom"


def test_answers_that_cannot_be_used_are_told_and_asked_for_again(init: Init) -> None:
    answer = init(answers=("", "", "Mars/Base", "25:00", "", "", "", "Europe/Brussels", "23:00", "", ""))
    assert "night.bed: expected a time of day such as 23:00, got '25:00'" in answer.out
    assert (answer.code, settings.load(FILE).night.bed) == (DONE, "23:00")


def test_a_file_that_is_there_is_not_written_over_against_the_person_s_will(init: Init) -> None:
    FILE.write_text("# mine\n")
    answer = init(answers=("",) * 5 + ("n",))
    assert (answer.code, FILE.read_text(), Path("monitor.db").exists()) == (FAULT, "# mine\n", False)


def test_what_the_person_said_before_counts_before_a_suggestion(init: Init, say: Say, speaker: Speaker) -> None:
    a_home(speaker)
    init("--yes")
    say("sensors", "place", "garden", "none")
    say("sensors", "place", CLIMATE, "bed")
    init("--yes")
    assert placed(say) == {CLIMATE: "bed", "tasmota:garden/BME280": None}


def test_a_sensor_that_is_not_chosen_any_more_is_taken_out(init: Init, say: Say, speaker: Speaker) -> None:
    a_home(speaker)
    init("--yes")
    init(answers=("", "", "", "", "", "none", "", "", "y"))
    assert placed(say) == {CLIMATE: None, "tasmota:garden/BME280": "outdoor"}


@pytest.fixture(params=["silently", "by refusing"])
def guarded(request: pytest.FixtureRequest, start_mosquitto: Callable[..., Mosquitto], tmp_path: Path) -> Mosquitto:
    """A broker that lets us hear only Zigbee2MQTT."""
    rules = tmp_path / "rules"
    if request.param == "silently":
        rules.write_text("topic read zigbee2mqtt/#\ntopic write #\n")
        return start_mosquitto(f"listener {{port}} 127.0.0.1\nallow_anonymous true\nacl_file {rules}\n")
    allowed = {"acltype": "subscribePattern", "topic": "zigbee2mqtt/#", "allow": True}
    document = {
        "defaultACLAccess": {"publishClientSend": True, "publishClientReceive": True, "subscribe": False},
        "roles": [{"rolename": "guest", "acls": [allowed]}],
        "groups": [{"groupname": "guests", "roles": [{"rolename": "guest"}]}],
        "anonymousGroup": "guests",
        "clients": [],
    }
    rules.write_text(json.dumps(document))
    plugin = next(Path("/usr/lib").rglob("mosquitto_dynamic_security.so"))
    return start_mosquitto(
        f"listener {{port}} 127.0.0.1\nallow_anonymous true\nplugin {plugin}\nplugin_opt_config_file {rules}\n"
    )


def test_a_broker_that_forbids_listening_to_everything_is_listened_to_by_patterns(guarded: Mosquitto, say: Say) -> None:
    speaker = Speaker(guarded.port)
    keep(speaker, *devices("Bedroom"))
    keep(speaker, "zigbee2mqtt/Bedroom", '{"temperature":21.5}')
    keep(speaker, "tele/garden/SENSOR", '{"BME280":{"Temperature":8.5}}')
    speaker.stop()
    where = ("--host", "127.0.0.1", "--port", guarded.port, "--listen", 0.5, "--output", FILE)
    answer = say("init", "--yes", *where)
    assert (answer.code, "21.5 °C" in answer.out, placed(say)) == (DONE, True, {CLIMATE: "bedroom"})


def test_after_init_a_daemon_listens_to_the_accepted_sensors_only(
    init: Init, speaker: Speaker, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    a_home(speaker)
    init("--yes")
    daemon = DaemonProcess(tmp_path, mosquitto.port, data=tmp_path)
    with (tmp_path / "log").open("ab") as log:
        daemon.process = subprocess.Popen(
            [sys.executable, "-m", "monitor", "run", "--config", str(FILE)], stdout=log, stderr=log, env=os.environ
        )
    try:
        assert subscribed(daemon), daemon.log
        topics = json.loads(str(daemon.query("SELECT value FROM meta WHERE key = 'topics'")[0][0]))
        assert {"zigbee2mqtt/Bedroom climate", "tele/garden/SENSOR"} <= set(topics)
        assert not {"#", "zigbee2mqtt/#", "zigbee2mqtt/Kitchen", "rtl_433/+/events"} & set(topics)
        for name in ("Kitchen", "Bedroom climate"):
            speaker.say(f"zigbee2mqtt/{name}", '{"temperature":21.5}')
        stored = "SELECT sensor, value FROM reading JOIN series ON series.id = series"
        assert wait_for(lambda: bool(daemon.query(stored))), daemon.log
        assert daemon.query(stored) == [(CLIMATE, 21.5)]
    finally:
        daemon.stop()


def test_the_next_steps_name_the_file_only_where_it_is_not_found_by_itself(init: Init, say: Say) -> None:
    assert "bedroom-monitor run --config monitor.toml" in init("--yes").out
    assert init("--yes", "--output", "~/.config/bedroom-monitor/monitor.toml").out.endswith(
        "\nStart it: bedroom-monitor run\nSensors:  bedroom-monitor sensors list\n"
    )


def test_paths_are_written_whole(init: Init, tmp_path: Path) -> None:
    init("--yes", "--store", "data/monitor.db")
    assert settings.document(FILE)["store"]["path"] == str(tmp_path / "data" / "monitor.db")


def test_a_sensor_placed_by_init_is_listed_before_it_has_spoken(init: Init, say: Say, speaker: Speaker) -> None:
    a_home(speaker)
    init("--yes")
    assert "Bedroom climate" in say("sensors", "list").out
    assert say("sensors", "list").out.split("Bedroom climate")[1].split()[:4] == ["bedroom", "not", "yet", CLIMATE]


def test_what_is_chosen_keeps_its_history(init: Init, say: Say, speaker: Speaker, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.measure((0, 600_000), sensor=CLIMATE)
    home.database.close()
    a_home(speaker)
    init("--yes")
    assert placed(say)[CLIMATE] == "bedroom"
    assert [one["readings"] for one in say("sensors", "list", "--json").document["series"]] == [2]


def test_announced_sensors_are_found_without_listening(init: Init, say: Say, speaker: Speaker) -> None:
    keep(speaker, *devices("Bedroom"))
    assert (init("--yes", listen=0).code, placed(say)) == (DONE, {CLIMATE: "bedroom"})


def test_a_gateway_is_asked_what_it_relays(init: Init, say: Say, speaker: Speaker) -> None:
    component: dict[str, Any] = {
        "key": "bthomesensor:200",
        "config": {"id": 200, "addr": "3c:2e:f5:71:d5:2a", "obj_id": 69, "idx": 0},
    }
    component["config"]["name"] = "Bedroom"
    asked: list[str] = []

    def answer(client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        asked.append(json.loads(message.payload)["src"])
        said = {"id": 1, "src": "shellyblugwg3-aabbccddeeff", "result": {"components": [component]}}
        client.publish(f"{asked[-1]}/rpc", json.dumps(said))

    speaker.client.on_message = answer
    speaker.client.subscribe("gateway/rpc", 1)
    keep(speaker, "gateway/online", "true")
    init("--yes")
    assert (len(asked), placed(say)) == (1, {"bluetooth:3C2EF571D52A": "bedroom"})


def test_a_street_full_of_sensors_is_shown_in_part_and_told_to_be(init: Init, speaker: Speaker) -> None:
    for number in range(62):
        keep(speaker, f"rtl_433/{number}/events", json.dumps({"model": "Prologue-TH", "id": number, "humidity": 50}))
    assert "... and 2 more, all of them numbered on; name them with --place." in init("--yes").out
