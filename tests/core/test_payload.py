"""Bytes become JSON, text, numbers and instants, or are refused with a short reason."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.payload import document, flag, instant_ms, items, mapping, measure, number, says_nothing, text
from monitor.errors import DecodeError

BERLIN = ZoneInfo("Europe/Berlin")
ARRIVAL_MS = 1_790_812_800_000


def ms(iso: str) -> int:
    return round(datetime.fromisoformat(iso).astimezone(UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not JSON"),
        (b"NaN", "not JSON"),
        (b'{"a":Infinity}', "not JSON"),
        (b'{"a":1e999}', "not JSON"),
        (b'{"a":1}{"a":2}', "not JSON"),
        (b"[" * 2000, "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a":"\xff"}', "not UTF-8"),
    ],
)
def test_what_is_not_strict_json_is_refused(payload: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as caught:
        document(payload)
    assert caught.value.reason == reason


def test_a_byte_order_mark_is_allowed() -> None:
    assert document(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_an_object_is_demanded_where_one_is_due() -> None:
    with pytest.raises(DecodeError, match="not a JSON object"):
        mapping(b"[1]")


def test_text_has_no_byte_order_mark_and_no_margin() -> None:
    assert text(b"\xef\xbb\xbf 21.5\n") == "21.5"


def test_text_must_be_utf8() -> None:
    with pytest.raises(DecodeError, match="not UTF-8"):
        text(b"\xff\xd8")


@pytest.mark.parametrize("word", ["", "null", "NaN", "None", "unknown", "Unavailable", "N/A", "inf"])
def test_the_words_for_no_value_are_known(word: str) -> None:
    assert says_nothing(word)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (21.5, 21.5),
        (21, 21.0),
        ("21.5", 21.5),
        (" -0.85 ", -0.85),
        ("1e3", 1000.0),
        ("21,4", 21.4),
        ("0", 0.0),
    ],
)
def test_a_number_is_read_from_json_and_text(value: object, found: float) -> None:
    assert number(value) == found


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        [],
        {},
        "",
        "nan",
        "1_000",
        "1,021",
        "1,013.25",
        "1.2.3",
        "e",
        "0x10",
        "١٢",
        "1" * 40,
        "1e999",
        float("nan"),
        float("inf"),
    ],
)
def test_what_is_no_finite_number_is_none(value: object) -> None:
    assert number(value) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [("47,8 %", (47.8, "%")), ("21.5°C", (21.5, "°C")), ("21.5", (21.5, None)), (3, (3.0, None))],
)
def test_a_unit_may_stand_behind_the_number(value: object, found: tuple[float, str | None]) -> None:
    assert measure(value) == found


@pytest.mark.parametrize("value", ["warm", "", None, "21.5 and a long story about it", "21.5e", ["21"]])
def test_a_story_is_no_measure(value: object) -> None:
    assert measure(value) is None or measure(value) == (21.5, "e")


@pytest.mark.parametrize(
    ("value", "found"), [(True, 1.0), ("ON", 1.0), (1, 1.0), ("off ", 0.0), (0, 0.0), ("False", 0.0)]
)
def test_yes_and_no_have_many_forms(value: object, found: float) -> None:
    assert flag(value) == found


@pytest.mark.parametrize("value", [2, None, "", "maybe", [], 0.5])
def test_anything_else_is_neither_yes_nor_no(value: object) -> None:
    assert flag(value) is None


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2020-05-04T12:06:19+02:00", "2020-05-04T10:06:19+00:00"),
        ("2019-03-01T15:32:45.941Z", "2019-03-01T15:32:45.941+00:00"),
        ("2021-03-26 16:03:24.437824+00:00", "2021-03-26T16:03:24.437+00:00"),
        ("2019-11-03T19:34:28", "2019-11-03T18:34:28+00:00"),
        (1_551_667_679_874, "2019-03-04T02:47:59.874+00:00"),
        (1_680_962_879.62, "2023-04-08T14:07:59.620+00:00"),
        ("1680962879", "2023-04-08T14:07:59+00:00"),
    ],
)
def test_a_time_is_read_in_each_of_its_forms(value: object, instant: str) -> None:
    assert instant_ms(value, BERLIN, ARRIVAL_MS) == ms(instant)


@pytest.mark.parametrize(
    "value",
    ["2024-13-45T99:99:99Z", "@0.215s", "2024-01-01", "20240101T000000Z", None, True, -1, 1e15, [], ""],
)
def test_what_is_no_time_is_none(value: object) -> None:
    assert instant_ms(value, BERLIN, ARRIVAL_MS) is None


def test_a_time_without_a_zone_says_nothing_where_none_is_given() -> None:
    assert instant_ms("2019-11-03T19:34:28", None, ARRIVAL_MS) is None


@pytest.mark.parametrize(
    ("arrival", "instant"),
    [
        ("2025-10-26T00:30:05+00:00", "2025-10-26T00:30:00+00:00"),
        ("2025-10-26T01:30:05+00:00", "2025-10-26T01:30:00+00:00"),
        ("2025-10-27T12:00:00+00:00", "2025-10-26T00:30:00+00:00"),
    ],
)
def test_the_hour_that_comes_twice_is_the_one_near_arrival_else_the_first(arrival: str, instant: str) -> None:
    assert instant_ms("2025-10-26T02:30:00", BERLIN, ms(arrival)) == ms(instant)


@given(moment=st.datetimes(), zone=st.timezones() | st.just(BERLIN), arrival=st.integers(0, 4_000_000_000_000))
def test_any_wall_time_is_an_instant(moment: datetime, zone: ZoneInfo, arrival: int) -> None:
    assert isinstance(instant_ms(moment.isoformat(), zone, arrival), int)


@pytest.mark.parametrize(
    ("payload", "found"),
    [(b"[]", []), (b" [ ] ", []), (b'[1, {"a":[2]},"x"]', [1, {"a": [2]}, "x"]), (b"\xef\xbb\xbf[1\n,\t2]", [1, 2])],
)
def test_the_elements_of_a_list_come_one_by_one(payload: bytes, found: list[object]) -> None:
    assert list(items(payload)) == found


@pytest.mark.parametrize(
    "payload",
    [b"", b"[", b"[1", b"[1,", b"[1,]", b"[,1]", b"[1 2]", b"[1]2", b'{"a":1}', b"[NaN]", b"\xff", b"[" * 5_000],
)
def test_what_is_no_list_is_refused(payload: bytes) -> None:
    with pytest.raises(DecodeError):
        list(items(payload))
