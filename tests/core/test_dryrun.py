"""The dry run tells what would be stored, or why nothing would."""

import pytest

from monitor.core.decoding import Decoded, Decoders, Dialect
from monitor.core.dryrun import dry_run, dry_run_line
from monitor.core.known import Fact, Known
from monitor.core.readings import Measurement, Message
from monitor.errors import DecodeError

NOW_MS = 1_790_812_800_000


def decoded(message: Message, known: Known) -> Decoded:
    """Payload `quantity value time_ms;...`, `!` for an error; the unit is known once `meta` was seen."""
    if message.payload.startswith(b"!"):
        raise DecodeError("broken")
    found = []
    for part in message.payload.decode().split(";"):
        quantity, value, time = part.split(" ")
        factor = 10.0 if known.announced else 1.0
        found.append(Measurement("x:a", quantity, float(value) * factor, int(time) or None))
    return Decoded(tuple(found))


def learned(message: Message) -> tuple[Fact, ...] | None:
    if message.topic != "meta":
        return None
    if message.payload == b"!":
        raise DecodeError("broken")
    return (Fact(state_topic="a", path=(), quantity="temperature", unit=None, sensor="x:a", name="a"),)


@pytest.fixture
def decoders() -> Decoders:
    return Decoders(
        (
            Dialect(
                name="x",
                metadata=("meta",),
                subscriptions=(),
                words=None,
                claims=lambda topic: topic == "a",
                decode=decoded,
                learn=learned,
            ),
        )
    )


def line(payload: object = "temperature 21.5 0", **more: object) -> dict[str, object]:
    return {"topic": "a", "payload": payload, "retain": False, **more}


def test_a_reading_is_printed_with_sensor_quantity_value_and_time(decoders: Decoders) -> None:
    printed = dry_run_line(decoders, line("temperature 21.5 1700000000000"), NOW_MS)
    reading = {"sensor": "x:a", "quantity": "temperature", "value": 21.5, "time": "2023-11-14T22:13:20Z"}
    assert printed == {"readings": [reading], "ignored": None}


@pytest.mark.parametrize(
    ("time_ms", "time"),
    [
        (0, None),
        (1_000, None),
        (NOW_MS + 300_001, None),
        (1_700_000_000_250, "2023-11-14T22:13:20.250Z"),
        (1_420_070_400_000, "2015-01-01T00:00:00Z"),
    ],
)
def test_a_time_is_printed_where_it_can_be_believed(decoders: Decoders, time_ms: int, time: str | None) -> None:
    printed = dry_run_line(decoders, line(f"temperature 21.5 {time_ms}"), NOW_MS)
    assert [reading["time"] for reading in printed["readings"]] == [time]  # type: ignore[attr-defined]


def test_an_implausible_value_is_ignored_with_its_reason(decoders: Decoders) -> None:
    printed = dry_run_line(decoders, line("temperature 85 0;humidity 104 0"), NOW_MS)
    reason = "temperature: 85 °C is what devices send for no value; humidity: outside 0 to 100 %"
    assert printed == {"readings": [], "ignored": reason}


def test_one_implausible_value_leaves_the_others(decoders: Decoders) -> None:
    message = Message("a", b"temperature 85 0;humidity 44 0", True, NOW_MS)
    assert dry_run(decoders, Known(), message).accepted == (Measurement("x:a", "humidity", 44.0),)


def test_a_message_that_cannot_be_read_gives_the_reason(decoders: Decoders) -> None:
    assert dry_run_line(decoders, line("!"), NOW_MS) == {"readings": [], "ignored": "broken"}


def test_a_topic_of_nobody_gives_the_reason(decoders: Decoders) -> None:
    assert dry_run_line(decoders, line() | {"topic": "b"}, NOW_MS)["ignored"] == "no decoder for this topic"


def test_a_base64_payload_is_the_bytes_it_stands_for(decoders: Decoders) -> None:
    printed = dry_run_line(decoders, line("dGVtcGVyYXR1cmUgMjEuNSAw", payload_encoding="base64"), NOW_MS)
    assert printed["ignored"] is None


@pytest.mark.parametrize(
    "seen",
    [
        [{"topic": "meta", "payload": "1"}],
        [{"topic": "meta", "payload": "1"}, {"topic": "meta", "payload": "!"}],
    ],
)
def test_what_was_announced_before_counts(decoders: Decoders, seen: list[object]) -> None:
    printed = dry_run_line(decoders, line("temperature 2.15 0", context=seen), NOW_MS)
    assert [reading["value"] for reading in printed["readings"]] == [21.5]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (7, "JSON object"),
        ({"payload": "x"}, "topic and payload"),
        (line({"t": 1}), "topic and payload"),
        (line(retain="yes"), "retain"),
        (line("%", payload_encoding="base64"), "base64"),
        (line("x", payload_encoding="hex"), "payload_encoding"),
        (line("\ud800"), "Unicode"),
        (line(context=7), "context"),
        (line(context=[7]), "JSON object"),
    ],
)
def test_a_bad_line_is_ignored_with_what_is_wrong(decoders: Decoders, bad: object, said: str) -> None:
    printed = dry_run_line(decoders, bad, NOW_MS)
    assert printed["readings"] == []
    assert said in str(printed["ignored"])
