"""What an availability topic says is understood in plain words and in JSON, and no payload does harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.availability import OFFLINE, ONLINE, says_online
from monitor.core.known import Availability

PLAIN = Availability("zigbee2mqtt/bedroom/availability")


def with_words(online: str | None = None, offline: str | None = None) -> Availability:
    return PLAIN._replace(online=online, offline=offline)


@pytest.mark.parametrize("word", sorted(ONLINE))
def test_the_usual_words_for_online_are_understood(word: str) -> None:
    assert says_online(f" {word.title()}\n".encode(), PLAIN) is True


@pytest.mark.parametrize("word", sorted(OFFLINE))
def test_the_usual_words_for_offline_are_understood(word: str) -> None:
    assert says_online(word.upper().encode(), PLAIN) is False


@pytest.mark.parametrize(
    ("payload", "online"),
    [
        (b'{"state": "online"}', True),
        (b'{"state": "Offline"}', False),
        (b'{"state": true}', True),
        (b'{"state": 0}', False),
        (b'"online"', True),
        (b"\xef\xbb\xbfonline", True),
        (b'{"state": null}', None),
        (b'{"state": {"state": "online"}}', None),
        (b'{"status": "online"}', None),
        (b'["online"]', None),
        (b"1.0", None),
    ],
)
def test_json_is_understood_at_state(payload: bytes, online: bool | None) -> None:
    assert says_online(payload, PLAIN) is online


def test_json_is_understood_at_the_path_that_was_announced() -> None:
    told = PLAIN._replace(path=("device", "up"))
    assert says_online(b'{"device": {"up": true}, "state": "offline"}', told) is True


def test_a_plain_word_is_understood_where_a_path_was_announced() -> None:
    assert says_online(b"offline", PLAIN._replace(path=("state",))) is False


@pytest.mark.parametrize(
    ("payload", "online"), [(b"Running", True), (b"stopped", False), (b"online", None), (b"offline", None)]
)
def test_the_announced_words_take_the_place_of_the_usual_ones(payload: bytes, online: bool | None) -> None:
    assert says_online(payload, with_words("running", "stopped")) is online


def test_a_side_without_an_announced_word_keeps_the_usual_ones() -> None:
    assert says_online(b"offline", with_words(online="running")) is False
    assert says_online(b"online", with_words(offline="stopped")) is True


def test_announced_words_count_even_where_they_usually_mean_the_other() -> None:
    assert says_online(b"off", with_words(online="off")) is True


@pytest.mark.parametrize("payload", [b"", b"sleeping", b"unavailable", b"\xff\xfe", b'{"state":', b'{"state": "\xff"}'])
def test_what_says_neither_is_none(payload: bytes) -> None:
    assert says_online(payload, PLAIN) is None


@given(payload=st.binary(max_size=200), path=st.lists(st.text() | st.integers(), max_size=3))
def test_no_payload_raises(payload: bytes, path: list[str | int]) -> None:
    assert says_online(payload, PLAIN._replace(path=tuple(path))) in {True, False, None}
