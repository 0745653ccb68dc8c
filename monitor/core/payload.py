"""Payload bytes to strict JSON, text, numbers, yes or no, and instants: the only door to JSON."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import isfinite
from zoneinfo import ZoneInfo

import orjson

from monitor.errors import DecodeError

BOM = b"\xef\xbb\xbf"

NO_VALUE = frozenset(
    {
        "",
        "null",
        "nan",
        "none",
        "unknown",
        "unavailable",
        "n/a",
        "inf",
        "-inf",
        "+inf",
        "infinity",
        "-infinity",
    }
)
"""Words, in lower case, by which publishers say that there is no value just now."""

_ON = frozenset({"on", "true", "1"})
_OFF = frozenset({"off", "false", "0"})

_NUMBER_CHARACTERS = "0123456789+-.eE"
_LONGEST_NUMBER = 32
_LONGEST_UNIT = 16

_SPACE = re.compile(r"[ \t\n\r]*")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LEAST_MILLISECONDS = 1e11
"""A Unix time above this counts milliseconds: in seconds it would be the year 5138."""
_MOST_MILLISECONDS = 1e14
_SHORTEST_ISO = len("2024-01-01T00:00")

_NEAR_ARRIVAL_MS = 600_000
"""ms: a message is some minutes on its way at most; decides between the two readings of one wall time."""


def document(payload: bytes) -> object:
    """The one JSON value that the payload holds. Raises DecodeError.

    NaN, Infinity, numbers beyond a double, a second document and nesting deeper than 1024 are not JSON.
    """
    try:
        parsed: object = orjson.loads(payload[3:] if payload.startswith(BOM) else payload)
    except orjson.JSONDecodeError as exc:
        text(payload)
        raise DecodeError("not JSON") from exc
    return parsed


def items(payload: bytes) -> Iterator[object]:
    """The elements of the one JSON array that the payload holds, one at a time: a long list is never held whole.

    Raises DecodeError, also after elements that were read.
    """
    whole = text(payload)
    at = _after_space(whole, 0)
    if whole[at : at + 1] != "[":
        raise DecodeError("not a list" if whole[at:] else "not JSON")
    at = _after_space(whole, at + 1)
    while whole[at : at + 1] != "]":
        try:
            item, at = _ONE_VALUE.raw_decode(whole, at)
        except (ValueError, RecursionError) as exc:
            raise DecodeError("not JSON") from exc
        yield item
        at = _after_space(whole, at)
        last = whole[at : at + 1] == "]"
        if not last:
            at = _after_space(whole, at + 1) if whole[at : at + 1] == "," else len(whole)
        if not last and whole[at : at + 1] in ("", "]"):
            raise DecodeError("not JSON")
    if whole[at + 1 :]:
        raise DecodeError("not JSON")


def mapping(payload: bytes) -> dict[str, object]:
    """The JSON object that the payload holds. Raises DecodeError."""
    parsed = document(payload)
    if not isinstance(parsed, dict):
        raise DecodeError("not a JSON object")
    return parsed


def text(payload: bytes) -> str:
    """The payload as text without surrounding white space. Raises DecodeError."""
    try:
        return payload.decode("utf-8-sig").strip()
    except UnicodeDecodeError as exc:
        raise DecodeError("not UTF-8") from exc


def says_nothing(word: str) -> bool:
    """Whether the word is one of those for "no value"."""
    return word.lower() in NO_VALUE


def number(value: object) -> float | None:
    """A finite number from a JSON number or a string that is one; None for anything else.

    `21,4` is 21.4; a comma before exactly three digits may part thousands, so it makes no number.
    """
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, int):
        return None if isinstance(value, bool) else float(value)
    return _number_in(value) if isinstance(value, str) else None


def measure(value: object) -> tuple[float, str | None] | None:
    """A number and the unit that stands behind it in the same string (`47,8 %`), None where it has none."""
    found = number(value)
    if found is not None or not isinstance(value, str):
        return None if found is None else (found, None)
    whole = value.strip()
    unit = whole.lstrip("0123456789+-.,")
    found = _number_in(whole[: len(whole) - len(unit)])
    return None if found is None or len(unit) > _LONGEST_UNIT else (found, unit.strip())


def flag(value: object) -> float | None:
    """1.0 or 0.0 from true/false, on/off, 1/0 as JSON or text; None for anything else."""
    word = value.strip().lower() if isinstance(value, str) else str(value).lower()
    if word in _ON:
        return 1.0
    return 0.0 if word in _OFF else None


def instant_ms(value: object, zone: ZoneInfo | None, received_ms: int) -> int | None:
    """UTC Unix ms from an ISO 8601 text or Unix seconds or milliseconds (number or text); None if it is none.

    A time without a zone is read in `zone` (None: it says nothing). A wall time that the clock shows twice is
    the one near arrival, else the first.
    """
    if not (isinstance(value, str) and len(value) >= _SHORTEST_ISO and value[4] == "-"):
        return _unix_ms(number(value))
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        return (moment - _EPOCH) // _MILLISECOND
    return None if zone is None else _local_ms(moment, zone, received_ms)


def _after_space(whole: str, at: int) -> int:
    found = _SPACE.match(whole, at)
    return at if found is None else found.end()


def _no_number(word: str) -> object:
    raise ValueError(word)


_ONE_VALUE = json.JSONDecoder(parse_constant=_no_number)


def _unix_ms(stated: float | None) -> int | None:
    if stated is None or not 0 <= stated < _MOST_MILLISECONDS:
        return None
    return round(stated if stated > _LEAST_MILLISECONDS else stated * 1000)


def _local_ms(wall: datetime, zone: ZoneInfo, received_ms: int) -> int:
    first = (wall.replace(tzinfo=zone, fold=0) - _EPOCH) // _MILLISECOND
    if abs(first - received_ms) <= _NEAR_ARRIVAL_MS:
        return first
    second = (wall.replace(tzinfo=zone, fold=1) - _EPOCH) // _MILLISECOND
    return second if abs(second - received_ms) <= _NEAR_ARRIVAL_MS else first


def _number_in(word: str) -> float | None:
    word = word.strip()
    if "," in word:
        word = _with_point(word)
    if not word or len(word) > _LONGEST_NUMBER or word.strip(_NUMBER_CHARACTERS):
        return None
    try:
        found = float(word)
    except ValueError:
        return None
    return found if isfinite(found) else None


def _with_point(word: str) -> str:
    whole, _, decimals = word.partition(",")
    thousands = len(decimals) == 3 or "." in word
    return "" if thousands else f"{whole}.{decimals}"
