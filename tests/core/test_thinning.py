"""Rows of five minutes: weighted by time, within their bounds, the same however the readings are split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.grid import BIN_MS
from monitor.core.thinning import HOLD_MS, LEAST_READINGS, READING_BYTES, Thinned, bin_of, bytes_a_day, merged, thin

START_MS = 1_790_812_800_000
MINUTE_MS = 60_000

series = st.dictionaries(
    st.integers(0, 12 * BIN_MS - 1), st.floats(-40, 60, allow_nan=False), min_size=1, max_size=120
).map(lambda found: sorted((START_MS + offset, value) for offset, value in found.items()))


def at(minutes: float, value: float) -> tuple[int, float]:
    return START_MS + round(minutes * MINUTE_MS), value


def a_row(**more: object) -> Thinned:
    told = {"mean": 20.0, "median": 20.0, "low": 19.0, "high": 21.0, "covered_s": 300.0, "readings": 3}
    return Thinned(start_ms=START_MS, **(told | more))  # type: ignore[arg-type]


def only(*readings: tuple[int, float], before: tuple[int, float] | None = None) -> Thinned:
    (row,) = thin(readings, before)
    return row


def test_the_mean_is_weighted_by_how_long_a_value_held():
    assert only(at(0, 10.0), at(1, 20.0), at(4, 30.0)).mean == (10 * 1 + 20 * 3 + 30 * 1) / 5


def test_the_median_is_that_of_the_readings():
    assert only(at(0, 10.0), at(1, 20.0), at(4, 90.0), at(4.5, 40.0)).median == 30.0


def test_what_came_before_the_first_reading_is_not_covered_where_nothing_holds_over():
    assert only(at(2, 10.0), at(3, 20.0), at(4, 30.0)).covered_s == 180.0


def test_a_value_from_before_holds_over_and_counts_in_mean_and_bounds():
    row = only(at(2, 10.0), at(3, 20.0), at(4, 30.0), before=at(-1, 5.0))
    assert (row.covered_s, row.mean, row.low) == (300.0, (5 * 2 + 10 + 20 + 30) / 5, 5.0)


def test_a_value_from_before_holds_no_longer_than_stated():
    row = only(at(2, 10.0), at(3, 20.0), at(4, 30.0), before=(START_MS - HOLD_MS + MINUTE_MS, 5.0))
    assert (row.covered_s, row.mean) == (240.0, (5 + 10 + 20 + 30) / 4)


def test_a_value_from_long_ago_does_not_count():
    row = only(at(2, 10.0), at(3, 20.0), at(4, 30.0), before=(START_MS - HOLD_MS, 5.0))
    assert (row.covered_s, row.low) == (180.0, 10.0)


def test_a_value_from_before_counts_for_nothing_where_a_reading_stands_at_the_start():
    assert only(at(0, 10.0), at(1, 10.0), at(2, 10.0), before=at(-1, 5.0)).low == 10.0


def test_five_minutes_with_few_readings_stay_as_they_came():
    assert thin([at(number, 20.0) for number in range(LEAST_READINGS - 1)]) == []


def test_a_row_tells_when_its_readings_were():
    assert only(at(0, 1.0), at(1, 2.0), at(2, 3.0)).offsets == (0, 60_000, 120_000)


def test_the_middle_of_five_minutes_lies_in_them():
    assert bin_of(a_row().middle_ms) == START_MS


def test_a_calibration_with_a_negative_gain_turns_the_bounds_around():
    row = a_row(mean=20.5).corrected(1.0, -2.0)
    assert (row.mean, row.median, row.low, row.high) == (-40.0, -39.0, -41.0, -37.0)


def test_an_empty_series_has_no_rows():
    assert thin([]) == []


@given(series)
def test_mean_and_median_lie_between_the_bounds(readings):
    for row in thin(readings):
        assert row.low <= row.mean <= row.high
        assert row.low <= row.median <= row.high


@given(series, st.floats(-40, 60), st.integers(1, 2 * HOLD_MS))
def test_no_more_than_five_minutes_are_covered_and_never_nothing(readings, value, ago_ms):
    assert all(0 < row.covered_s <= 300 for row in thin(readings, (readings[0][0] - ago_ms, value)))


@given(series)
def test_every_reading_is_in_one_row_or_in_none_that_is_too_small(readings):
    rows = {row.start_ms: row for row in thin(readings)}
    for start_ms in {bin_of(time_ms) for time_ms, _ in readings}:
        inside = [time_ms for time_ms, _ in readings if bin_of(time_ms) == start_ms]
        told = [start_ms + offset for offset in rows[start_ms].offsets] if start_ms in rows else []
        assert told == (inside if len(inside) >= LEAST_READINGS else [])
        assert start_ms not in rows or rows[start_ms].readings == len(inside)


@given(series, st.integers(0, 12))
def test_the_rows_do_not_depend_on_how_the_readings_are_split(readings, bins):
    cut_ms = START_MS + bins * BIN_MS
    first = [reading for reading in readings if reading[0] < cut_ms]
    second = [reading for reading in readings if reading[0] >= cut_ms]
    assert thin(first) + thin(second, first[-1] if first else None) == thin(readings)


def test_two_rows_of_the_same_minutes_stand_for_the_readings_of_both():
    one = a_row(low=18.0, offsets=(0, 1, 2))
    other = a_row(mean=26.0, median=23.0, high=30.0, covered_s=150.0, readings=6, offsets=(2, 3, 4, 5, 6, 7))
    row = merged(one, other)
    assert (row.low, row.high, row.readings, row.offsets) == (18.0, 30.0, 8, (0, 1, 2, 3, 4, 5, 6, 7))
    assert (row.mean, row.median, row.covered_s) == (22.0, 22.0, 300.0)


def test_two_rows_that_stand_for_nothing_weigh_the_same():
    nothing = a_row(covered_s=0.0, readings=0)
    assert merged(nothing, nothing._replace(mean=30.0, median=22.0)).mean == 25.0


@pytest.mark.parametrize(
    ("quantity", "a_day", "thinned"),
    [("temperature", 144.0, True), ("noise", 1_440.0, True), ("temperature", 1_440.0, False)],
)
def test_what_is_not_thinned_takes_its_room_for_each_reading(quantity, a_day, thinned):
    assert bytes_a_day(quantity, a_day, thinned=thinned) == a_day * READING_BYTES


def test_what_is_thinned_takes_less_than_half_at_a_reading_every_ten_seconds():
    assert bytes_a_day("co2", 8_640.0, thinned=True) < bytes_a_day("co2", 8_640.0, thinned=False) / 2
