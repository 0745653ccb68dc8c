"""What the configuration maps is read as it says, and nothing else of those topics is."""

from zoneinfo import ZoneInfo

import pytest

from monitor.core.decoding import Decoded, FieldMap
from monitor.core.known import Known
from monitor.core.readings import Measurement, Message
from monitor.decoders import generic
from monitor.errors import DecodeError

ZONE = ZoneInfo("Europe/Berlin")


def a_map(**changes: object) -> FieldMap:
    return FieldMap(**{"topic": "lab/+/air", "path": "data.temp", "quantity": "temperature", **changes})  # type: ignore[arg-type]


def decoded(payload: bytes, *maps: FieldMap, topic: str = "lab/7/air") -> Decoded:
    return generic.dialect(ZONE, maps).decode(Message(topic, payload, False, 1_790_812_800_000), Known())


def test_a_mapped_field_names_its_sensor_by_topic_and_path() -> None:
    found = decoded(b'{"data":{"temp":20.5,"humidity":40}}', a_map())
    assert found.measurements == (Measurement("generic:lab/7/air/data", "temperature", 20.5),)


def test_a_mapped_field_has_the_name_scale_and_unit_of_its_map() -> None:
    found = decoded(b'{"data":{"temp":716}}', a_map(sensor="lab", unit="°F", scale=0.1))
    assert found.measurements == (Measurement("generic:lab", "temperature", 22.0),)


def test_a_mapped_message_keeps_its_own_time() -> None:
    found = decoded(b'{"Time":"2024-07-01T12:00:00","data":{"temp":20.5}}', a_map())
    assert found.measurements[0].time_ms == 1_719_828_000_000


def test_a_plain_payload_is_mapped_with_an_empty_path() -> None:
    found = decoded(b"20.5", a_map(path=""))
    assert found.measurements == (Measurement("generic:lab/7/air", "temperature", 20.5),)


def test_a_path_may_count_in_a_list() -> None:
    found = decoded(b'[{"v":1},{"v":20.5}]', a_map(path="1.v"))
    assert found.measurements[0].value == 20.5


def test_a_map_wins_over_what_the_topic_looks_like() -> None:
    found = decoded(b"19", a_map(topic="valve/set", path=""), topic="valve/set")
    assert found.measurements[0].value == 19.0


def test_a_field_that_is_absent_is_no_error() -> None:
    assert decoded(b'{"data":{}}', a_map()).ignored == "no reading in it"


def test_a_field_that_says_no_value_is_no_error() -> None:
    assert decoded(b'{"data":{"temp":"unavailable"}}', a_map()).measurements == ()


def test_a_field_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(DecodeError, match="not a value of temperature in °F"):
        decoded(b'{"data":{"temp":"warm"}}', a_map(unit="°F"))


def test_one_unreadable_field_leaves_the_others() -> None:
    found = decoded(b'{"data":{"temp":"warm"},"co2":812}', a_map(), a_map(path="co2", quantity="co2"))
    assert [one.quantity for one in found.measurements] == ["co2"]


def test_topics_and_maps_are_subscribed_once_each() -> None:
    maps = (a_map(), a_map(path="data.hum", quantity="humidity"))
    assert generic.dialect(ZONE, maps, ("sensors/#",)).subscriptions == ("sensors/#", "lab/+/air")
