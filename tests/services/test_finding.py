"""What is found on a broker: candidates by what is announced and heard, and who may stand in the bedroom."""

import json

import pytest

from monitor.core.decoding import Decoders
from monitor.core.readings import Message
from monitor.errors import InputError
from monitor.ports import Sensor
from monitor.services.finding import NAMED_AT_MOST, Candidate, Found, LastValue, sensor_called
from tests.services.rig import NOW_MS, dialects

ADDRESS = "0x00158d0001a2b3c4"
CLIMATE = f"zigbee2mqtt:{ADDRESS}"
RTL_433 = "rtl_433/attic/events"


def a_message(topic: str, payload: object, *, retain: bool = False) -> Message:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Message(topic, raw, retain, NOW_MS)


def found(*messages: Message) -> Found:
    everything = Found(Decoders(dialects()))
    for message in messages:
        everything.take(message)
    return everything


def candidates(*messages: Message) -> list[Candidate]:
    return found(*messages).candidates()


def only(*messages: Message) -> Candidate:
    every = candidates(*messages)
    assert len(every) == 1, every
    return every[0]


def a_climate(name: str, **more: object) -> Message:
    return a_message(f"zigbee2mqtt/{name}", {"temperature": 21.5, "humidity": 48} | more)


def z2m_devices(name: str = "Bedroom") -> Message:
    exposes = [{"property": one, "access": 1, "unit": unit} for one, unit in (("temperature", "°C"), ("co2", "ppm"))]
    device = {"ieee_address": ADDRESS, "friendly_name": name, "definition": {"exposes": exposes}}
    return a_message("zigbee2mqtt/bridge/devices", [device], retain=True)


def announced(state_topic: str, *, device: dict[str, object] | None = None, **config: object) -> Message:
    """A discovery config of Home Assistant."""
    told = {"device_class": "temperature", "unit_of_measurement": "°C", "unique_id": "node-1", "name": "Temperature"}
    document = told | {"state_topic": state_topic, "device": {"identifiers": ["node"]} | (device or {})} | config
    return a_message("homeassistant/sensor/node/temperature/config", document, retain=True)


def a_radio_signal(**more: object) -> Message:
    signal = {"model": "Prologue-TH", "id": 70, "channel": 1, "temperature_C": 21.5, "humidity": 50}
    return a_message(RTL_433, signal | more)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Schlafzimmer Klima", "bedroom"), ("chambre", "bedroom"), ("master bedroom", "bedroom"), ("bed", "bed"),
        ("Garden", "outdoor"), ("outdoor bbq", None), ("bedroom fridge", None), ("freezer", None), ("pool", None),
        ("attic", None), ("climate 3", None),
    ],
)  # fmt: skip
def test_a_name_with_a_word_of_the_bedroom_is_suggested(name: str, place: str | None) -> None:
    assert only(a_climate(name)).suggestion == place


@pytest.mark.parametrize(("area", "place"), [("Bedroom", "bedroom"), ("Kitchen", None), ("Garden", "outdoor")])
def test_an_area_counts_as_the_name_does(area: str, place: str | None) -> None:
    assert only(announced("node/climate", device={"suggested_area": area})).suggestion == place


def test_a_sensor_elsewhere_by_its_area_is_not_suggested_by_its_name() -> None:
    one = only(announced("node/climate", name="Bedroom wall, other side", device={"suggested_area": "Bathroom"}))
    assert (one.suggestion, one.score[0]) == (None, 4)


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        ({"battery": 90}, None),
        ({"temperature": 20}, "bedroom"),
        ({"occupancy": True}, "bedroom"),
        ({"pressure": 999}, None),
    ],
)
def test_only_what_measures_the_air_or_the_sleeper_is_suggested(payload: dict[str, object], place: str | None) -> None:
    assert only(a_message("zigbee2mqtt/bedroom", {"battery": 100} | payload)).suggestion == place


def test_what_a_radio_hears_is_never_suggested() -> None:
    one = only(a_radio_signal(model="Bedroom"))
    assert (one.name, one.overheard, one.suggestion) == ("Bedroom", True, None)


def test_a_tag_that_the_person_s_own_gateway_relays_too_is_no_neighbour_s() -> None:
    component = {"key": "bthomesensor:200", "config": {"id": 200, "addr": "3c:2e:f5:71:d5:2a", "obj_id": 69, "idx": 0}}
    gateway = {"src": "shellyblugwg3-aabbccddeeff", "dst": "x"}
    states = {"ts": NOW_MS / 1000, "bthomesensor:200": {"id": 200, "value": 21.5}}
    one = only(
        a_message("home/radio/BTtoMQTT/3C2EF571D52A", {"id": "3C:2E:F5:71:D5:2A", "name": "Bed", "tempc": 21.4}),
        a_message("x/shelly/gateway/rpc", gateway | {"id": 1, "result": {"components": [component]}}),
        a_message("shellyblugwg3-aabbccddeeff/events/rpc", gateway | {"method": "NotifyStatus", "params": states}),
    )
    assert (one.key, one.overheard) == ("bluetooth:3C2EF571D52A", False)


def test_the_likeliest_of_the_bedroom_comes_first_and_other_rooms_last() -> None:
    every = candidates(
        a_climate("kitchen"),
        a_radio_signal(),
        a_message("zigbee2mqtt/attic", {"temperature": 20}),
        a_climate("loft"),
        a_climate("garden"),
        a_climate("bedroom"),
        announced("node/climate", name="Bedroom, asleep"),
    )
    names = ["bedroom", "Bedroom, asleep", "garden", "loft", "Prologue-TH", "kitchen", "attic"]
    assert [one.name for one in every] == names


def test_a_sensor_that_is_announced_and_silent_is_listed_with_what_it_will_measure() -> None:
    one = only(z2m_devices())
    assert (one.key, one.name, one.values, one.announced, one.heard) == (
        CLIMATE,
        "Bedroom",
        {},
        {"temperature", "co2"},
        0,
    )


def test_a_silent_sensor_is_suggested_too_and_its_topic_is_known() -> None:
    one = only(z2m_devices("Bedroom"))
    assert (one.suggestion, list(one.topics)) == ("bedroom", ["zigbee2mqtt/Bedroom"])


def test_an_announced_sensor_that_is_heard_is_one_candidate() -> None:
    one = only(z2m_devices(), a_climate("Bedroom"))
    assert (one.key, one.heard, one.values["temperature"]) == (CLIMATE, 2, LastValue(21.5, None, live=True))


def test_it_is_one_candidate_too_where_it_spoke_before_it_was_announced() -> None:
    one = only(a_climate("Bedroom"), z2m_devices(), a_climate("Bedroom", temperature=22))
    assert (one.key, one.heard, one.values["temperature"].value) == (CLIMATE, 4, 22.0)
    assert one.topics == {"zigbee2mqtt/Bedroom": "zigbee2mqtt/Bedroom/availability"}


def test_what_the_broker_kept_is_of_unknown_age_until_the_sensor_speaks() -> None:
    kept = a_message("zigbee2mqtt/bedroom", {"temperature": 19}, retain=True)
    assert only(kept).values["temperature"] == LastValue(19.0, None, live=False)
    assert only(kept, a_climate("bedroom"), kept).values["temperature"] == LastValue(21.5, None, live=True)


def test_what_stands_for_no_value_is_not_shown_as_one() -> None:
    one = only(a_climate("bedroom", temperature=85))
    assert one.values.keys() == {"humidity"}


def test_an_announcement_of_a_topic_that_its_own_dialect_reads_makes_no_second_candidate() -> None:
    hass = announced(
        "zigbee2mqtt/Bedroom",
        value_template="{{ value_json.temperature }}",
        unique_id=f"{ADDRESS}_temperature_zigbee2mqtt",
        device={"identifiers": [f"zigbee2mqtt_{ADDRESS}"]},
    )
    assert [one.key for one in candidates(hass, z2m_devices(), a_climate("Bedroom"))] == [CLIMATE]


def test_such_an_announcement_still_says_in_which_area_the_sensor_is() -> None:
    hass = announced(
        "zigbee2mqtt/Climate 3",
        value_template="{{ value_json.temperature }}",
        device={"identifiers": [f"zigbee2mqtt_{ADDRESS}"], "suggested_area": "Schlafzimmer"},
    )
    one = only(hass, a_climate("Climate 3"))
    assert (one.key, one.area, one.suggestion) == (CLIMATE, "Schlafzimmer", "bedroom")


def test_a_sensor_that_only_home_assistant_announces_is_a_candidate_with_device_and_entity_as_name() -> None:
    one = only(announced("node/climate", device={"name": "Bedside"}))
    assert (one.key, one.name) == ("homeassistant:node-1", "Bedside Temperature")


def test_an_announcement_that_was_taken_back_makes_no_candidate() -> None:
    gone = a_message("homeassistant/sensor/node/temperature/config", b"", retain=True)
    assert candidates(announced("node/climate"), gone) == []


def test_what_is_announced_and_is_no_reading_makes_no_candidate() -> None:
    assert candidates(announced("node/chip", entity_category="diagnostic")) == []


def test_the_topics_carry_the_availability_that_was_announced() -> None:
    one = only(announced("node/climate", availability_topic="node/there"))
    assert one.topics == {"node/climate": "node/there"}


@pytest.mark.parametrize(
    ("message", "topics"),
    [
        (a_climate("bedroom"), {"zigbee2mqtt/bedroom": "zigbee2mqtt/bedroom/availability"}),
        (
            a_message("tele/node/SENSOR", {"BME280": {"Temperature": 20.5}}),
            {"tele/node/SENSOR": "tele/node/LWT"},
        ),
        (a_message("home/bedroom/temperature", 20.5), {"home/bedroom/temperature": None}),
    ],
)
def test_the_topics_carry_the_availability_that_the_dialect_knows(message: Message, topics: dict[str, str]) -> None:
    assert only(message).topics == topics


def test_the_sensors_of_a_tasmota_device_are_called_by_its_name_whenever_it_is_told() -> None:
    told = {"t": "node", "ft": "%prefix%/%topic%/", "tp": ["cmnd", "stat", "tele"], "mac": "DC4F22AABBCC"}
    config = a_message("tasmota/discovery/DC4F22AABBCC/config", told | {"dn": "Bedside lamp"}, retain=True)
    heard = a_message("tele/node/SENSOR", {"BME280": {"Temperature": 20.5}, "TempUnit": "C"})
    for one in (only(config, heard), only(heard, config)):
        assert (one.key, one.name) == ("tasmota:DC4F22AABBCC/BME280", "Bedside lamp BME280")


def test_messages_that_cannot_be_used_are_counted_and_hurt_nothing_else() -> None:
    everything = found(a_message("zigbee2mqtt/x", b"{not JSON"), a_message("zigbee2mqtt/bridge/devices", b"{}"))
    everything.take(a_climate("bedroom"))
    assert (everything.messages, everything.unusable, everything.heard) == (3, 2, ["zigbee2mqtt:bedroom"])


def test_what_is_no_reading_is_heard_and_makes_no_candidate() -> None:
    everything = found(a_message("zigbee2mqtt/lamp", {"state": "ON"}), a_message("camera/snapshot", b"\xff" * 100_000))
    assert (everything.messages, everything.unusable, everything.candidates()) == (2, 0, [])


def some_sensors(*rows: tuple[str, str]) -> list[Sensor]:
    return [Sensor(key, name, None, None, 0) for key, name in rows]


SOME = some_sensors(("z:bed", "Bed"), ("z:bedroom", "Climate"), ("z:0x1", "z:bed"), ("z:2", "Twin"), ("z:3", "Twin"))


@pytest.mark.parametrize(
    ("wanted", "key"),
    [("z:bed", "z:bed"), ("CLIMATE", "z:bedroom"), ("bed", "z:bed"), ("limat", "z:bedroom"), ("0X1", "z:0x1")],
)
def test_a_sensor_is_meant_by_its_key_then_its_name_then_a_part_of_either(wanted: str, key: str) -> None:
    assert sensor_called(SOME, wanted).key == key


def test_what_fits_several_sensors_is_refused_with_their_keys() -> None:
    with pytest.raises(InputError, match="'twin' fits several sensors, name one by its key: z:2, z:3"):
        sensor_called(SOME, "twin")


@pytest.mark.parametrize(("sensors", "said"), [(SOME[:2], "seen so far: z:bed, z:bedroom"), ([], "none yet")])
def test_a_sensor_nobody_has_seen_is_refused_with_those_that_there_are(sensors: list[Sensor], said: str) -> None:
    with pytest.raises(InputError, match=said):
        sensor_called(sensors, "attic")


@pytest.mark.parametrize("wanted", ["", "  "])
def test_nothing_is_no_part_of_a_name(wanted: str) -> None:
    with pytest.raises(InputError, match="got nothing"):
        sensor_called(SOME[:1], wanted)


def test_a_street_full_of_sensors_is_not_named_one_by_one() -> None:
    street = some_sensors(*((f"rtl_433:{number}", "x") for number in range(300)))
    with pytest.raises(InputError, match=rf"rtl_433:{NAMED_AT_MOST - 1} and {300 - NAMED_AT_MOST} more$"):
        sensor_called(street, "bedroom")
