"""Whatever arrives: a decoder raises only DecodeError and returns only finite values of known quantities."""

import json
import random
from contextlib import suppress
from math import isfinite
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.decoding import OVERSIZE_BYTES, Decoded, Decoders
from monitor.core.known import Known
from monitor.core.quantities import BY_NAME
from monitor.core.readings import Message
from monitor.errors import DecodeError

ARRIVAL_MS = 1_790_812_800_000
ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)

KEYS = (
    "temperature",
    "temp_f",
    "humidity",
    "pressure",
    "co2",
    "voc",
    "battery",
    "illuminance",
    "illuminance_lux",
    "occupancy",
    "presence",
    "action",
    "vibration",
    "last_seen",
    "time",
    "ts",
    "timestamp",
    "Time",
    "TempUnit",
    "PressureUnit",
    "StatusSNS",
    "ZbReceived",
    "Device",
    "Id",
    "BME280",
    "ANALOG",
    "Temperature",
    "Temperature1",
    "Humidity",
    "Pressure",
    "People",
    "AqaraVibrationMode",
    "ESP32",
    "Flora-1",
    "data",
    "payload",
    "value",
    "unit",
    "units",
    "name",
    "device_id",
    "friendly_name",
    "definition",
    "exposes",
    "features",
    "property",
    "access",
    "category",
    "disabled",
    "state_topic",
    "~",
    "cmps",
    "p",
    "stat_t",
    "dev_cla",
    "val_tpl",
    "unit_of_meas",
    "uniq_id",
    "pl_on",
    "ent_cat",
    "dev",
)
WORDS = (
    "21.5",
    "1e308",
    "-1e308",
    "nan",
    "None",
    "2024-01-01T00:00:00",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:59",
    "0001-01-01T00:00:00",
    "ON",
    "°F",
    "kPa",
    "ppm",
    "sensor",
    "temperature",
    "occupancy",
    "{{ value_json.t }}",
    "{{ value * 999999 }}",
    "x/y",
    "0x1",
    "1,5",
    "47 %",
    "diagnostic",
)
TOPICS = (
    "zigbee2mqtt/bridge/devices",
    "zigbee2mqtt/a/b",
    "zigbee2mqtt/a/temperature",
    "zigbee2mqtt/a/action",
    "zigbee2mqtt/",
    "tele/a/SENSOR",
    "a/SENSOR",
    "stat/a/STATUS8",
    "tele/zb/RESULT",
    "tele",
    "node/sensor/temperature_f/state",
    "node/binary_sensor/motion/state",
    "homeassistant/sensor/a/config",
    "homeassistant/device/a/config",
    "x/y",
    "room/temperature",
    "room/bed/occupancy",
    "",
    "/",
    "a",
)
GOLDEN_ROWS = [
    json.loads(line)
    for path in sorted((Path(__file__).parent / "golden").glob("*/*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]
GOLDEN_TOPICS = sorted({row["topic"] for row in GOLDEN_ROWS})
ANNOUNCING = sorted({entry["topic"] for row in GOLDEN_ROWS for entry in row.get("context", ())})


def keys_of(content: object) -> set[str]:
    """Every key in a JSON value, at any depth."""
    if isinstance(content, dict):
        return set(content).union(*map(keys_of, content.values()))
    return set().union(*map(keys_of, content)) if isinstance(content, list) else set()


def documents_of(rows: list[dict[str, object]]) -> list[object]:
    found = []
    for row in rows:
        with suppress(ValueError, RecursionError):
            found.append(json.loads(str(row["payload"])))
    return found


GOLDEN_DOCUMENTS = [one for one in documents_of(GOLDEN_ROWS) if isinstance(one, dict) and len(str(one)) < 5_000]
GOLDEN_KEYS = sorted(set().union(*map(keys_of, GOLDEN_DOCUMENTS)))

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from((1e308, -1e308, 5e-324, 2**64, 85, -127)),
    st.sampled_from(WORDS),
    st.text(max_size=8),
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(st.sampled_from(KEYS), st.sampled_from(GOLDEN_KEYS), st.text(max_size=4)), inner, max_size=6
        ),
    ),
    max_leaves=24,
)
PAYLOADS = st.one_of(
    st.binary(max_size=64),
    st.sampled_from(WORDS).map(str.encode),
    DOCUMENTS.map(lambda document: json.dumps(document).encode()),
)
ANY_TOPIC = st.one_of(
    st.sampled_from(TOPICS), st.sampled_from(GOLDEN_TOPICS), st.sampled_from(ANNOUNCING), st.text(max_size=20)
)


def decoded(decoders: Decoders, topic: str, payload: bytes, known: Known | None = None) -> Decoded:
    """What the message holds, nothing where it is refused as it may be."""
    with suppress(DecodeError):
        return decoders.decode(Message(topic, payload, False, ARRIVAL_MS), known or Known())
    return Decoded()


def is_sound(found: Decoded) -> bool:
    return all(isfinite(one.value) and one.quantity in BY_NAME for one in found.measurements)


def damaged(document: object, chance: random.Random, scalar: object) -> object:
    """The same JSON with one value in it put in another's place."""
    if isinstance(document, dict) and document:
        key = chance.choice(sorted(document))
        return document | {key: damaged(document[key], chance, scalar)}
    if isinstance(document, list) and document:
        place = chance.randrange(len(document))
        return [*document[:place], damaged(document[place], chance, scalar), *document[place + 1 :]]
    return scalar


@ANY
@given(row=st.sampled_from(GOLDEN_ROWS), chance=st.randoms(use_true_random=False), scalar=SCALARS)
def test_any_golden_message_with_one_wrong_value_is_decoded_soundly_or_refused(
    row: dict[str, object], chance: random.Random, scalar: object, decoders: Decoders
) -> None:
    known = Known()
    for entry in row.get("context", ()):  # type: ignore[attr-defined]
        with suppress(DecodeError):
            decoders.learn(Message(entry["topic"], entry["payload"].encode(), True, ARRIVAL_MS), known)
    documents = documents_of([row])
    payload = json.dumps(damaged(documents[0], chance, scalar)).encode() if documents else b"x"
    assert is_sound(decoded(decoders, str(row["topic"]), payload, known))


@ANY
@given(topic=ANY_TOPIC, payload=PAYLOADS)
def test_any_message_is_decoded_soundly_or_refused(topic: str, payload: bytes, decoders: Decoders) -> None:
    assert is_sound(decoded(decoders, topic, payload))


@ANY
@given(topic=ANY_TOPIC, announcement=PAYLOADS, payload=PAYLOADS, announced=ANY_TOPIC)
def test_any_announcement_leaves_decoding_sound(
    topic: str, announcement: bytes, payload: bytes, announced: str, decoders: Decoders
) -> None:
    known = Known()
    with suppress(DecodeError):
        decoders.learn(Message(announced, announcement, True, ARRIVAL_MS), known)
    assert is_sound(decoded(decoders, topic, payload, known))


@ANY
@given(
    entity=st.fixed_dictionaries(
        {"stat_t": st.just("x/y"), "dev_cla": st.sampled_from(("temperature", "pressure", "occupancy"))},
        optional={
            "val_tpl": st.sampled_from(("{{ value_json.t }}", "{{ value * 999999 }}", "{{ value_json[0] / 2 }}")),
            "unit_of_meas": st.sampled_from(("°F", "kPa", "K")),
            "pl_on": st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(WORDS)),
        },
    ),
    payload=PAYLOADS,
)
def test_any_value_of_an_announced_entity_is_sound(
    entity: dict[str, object], payload: bytes, decoders: Decoders
) -> None:
    config = json.dumps(entity).encode()
    known = Known()
    decoders.learn(Message("homeassistant/sensor/a/config", config, True, 0), known)
    assert is_sound(decoded(decoders, "x/y", payload, known))


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"data":', "}"), ('[{"data":', "}]")])
@pytest.mark.parametrize("depth", [300, 900, 20_000])
def test_deep_nesting_is_refused_or_empty(
    topic: str, brackets: tuple[str, str], depth: int, decoders: Decoders
) -> None:
    payload = (brackets[0] * depth + "1" + brackets[1] * depth).encode()
    assert decoded(decoders, topic, payload).measurements == ()


@pytest.mark.parametrize("topic", TOPICS)
def test_a_huge_payload_is_dropped_unread(topic: str, decoders: Decoders) -> None:
    payload = b'{"temperature":21.5,"blob":"' + b"A" * OVERSIZE_BYTES + b'"}'
    assert decoded(decoders, topic, payload).measurements == ()


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b'"nan"', b'"1e999"'])
def test_a_number_that_is_none_gives_no_reading(topic: str, number: bytes, decoders: Decoders) -> None:
    assert decoded(decoders, topic, b'{"temperature":' + number + b"}").measurements == ()
