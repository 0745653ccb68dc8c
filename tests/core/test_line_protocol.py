"""Lines are read back by a parser of the tests' own, whatever stands in them."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.core.line_protocol import line, series_key
from tests.line_reader import read

NOW_MS = 1_790_812_800_000

nasty = st.text(
    st.one_of(st.sampled_from(list(" ,=\\\"'#\n\r\t\0ü°😀\u2028")), st.characters(codec="utf-8")), min_size=1
)
numbers = st.floats(allow_nan=False, allow_infinity=False)


def as_kept(text: str) -> str:
    """What the servers keep of a text: no line breaks and tabs, and no backslash that could escape something."""
    following = [*text[1:], "\\"]
    kept = (
        "/" if one == "\\" and next_one in set("\\,= \n\r\t") else one
        for one, next_one in zip(text, following, strict=False)
    )
    return "".join(kept).replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


@given(nasty, st.dictionaries(nasty, nasty), nasty, numbers, st.integers(0, 2**53))
@example("a b", {"x,y": "p=q", "z": "\\"}, "a\\", 0.1, 0)
def test_a_line_is_read_back_as_what_it_was_made_of(measurement, tags, field, value, time_ms):
    written = line(series_key(measurement, tags), {field: value}, time_ms)
    assert written is not None
    point = read(written)
    assert point.measurement == as_kept(measurement)
    assert dict(point.tags) == {as_kept(name): as_kept(tag) for name, tag in tags.items()}
    assert point.fields == {as_kept(field): value}
    assert point.time_ms == time_ms


@given(nasty, st.dictionaries(nasty, nasty), nasty, numbers)
def test_a_line_is_one_line(measurement, tags, field, value):
    written = line(series_key(measurement, tags), {field: value}, NOW_MS)
    assert written is not None
    assert not {"\n", "\r", "\t"} & set(written)


@pytest.mark.parametrize("value", [20, 20.0, -0.0, 0.1, 1e-300, 1.7976931348623157e308, 5e-324, 123456789.123456789])
def test_a_value_is_a_float_to_its_last_bit(value: float) -> None:
    written = line("m", {"value": value}, NOW_MS)
    assert written is not None
    text = written.removeprefix("m value=").partition(" ")[0]
    assert math.copysign(1, float(text)) == math.copysign(1, value)
    assert float(text) == value
    assert set(text) & {".", "e"}


def test_no_backslash_stands_before_what_is_escaped_or_at_the_end() -> None:
    assert series_key("m", {"sensor": 'Garden, "=\\ back\\'}) == 'm,sensor=Garden\\,\\ "\\=/\\ back/'


def test_tags_are_written_sorted_so_that_a_point_is_always_the_same() -> None:
    assert series_key("m", {"b": "2", "a": "1"}) == series_key("m", {"a": "1", "b": "2"}) == "m,a=1,b=2"


def test_an_empty_tag_is_left_out() -> None:
    assert series_key("m", {"place": "", "sensor": "a"}) == "m,sensor=a"


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_left_out(missing: float | None) -> None:
    assert line("m", {"a": missing, "b": 1}, NOW_MS) == f"m b=1.0 {NOW_MS}"


@pytest.mark.parametrize("fields", [{}, {"a": None}, {"a": math.nan, "b": None}])
def test_a_point_without_fields_is_no_line(fields: dict[str, float | None]) -> None:
    assert line("m", fields, NOW_MS) is None


def test_zero_is_a_value() -> None:
    assert line("m", {"a": 0}, 0) == "m a=0.0 0"
