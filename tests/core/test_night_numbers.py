"""Numbers of a grid agree with numpy, and say nothing where they have nothing to say from."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import night_noise, night_numbers
from monitor.core.grid import Grid, difference_grid, median_grid
from monitor.core.night_numbers import mean_of_first, mean_of_part, percentile, spread

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50)
bins = st.lists(st.none() | st.floats(-50.0, 50.0), min_size=6, max_size=6).map(lambda row: Grid(tuple(row)))


@given(values, st.floats(0.0, 100.0))
def test_a_percentile_is_that_of_numpy(some, percent):
    # numpy.percentile(some, percent), method "linear"
    assert percentile(some, percent) == pytest.approx(float(np.percentile(some, percent)), rel=1e-9, abs=1e-6)


@given(values, st.floats(0.0, 100.0), st.floats(0.0, 100.0))
def test_a_percentile_lies_within_the_values_and_rises_with_the_percentage(some, one, other):
    low, high = sorted((one, other))
    assert min(some) <= percentile(some, low) <= percentile(some, high) + 1e-6 <= max(some) + 2e-6


@given(values)
def test_a_spread_is_the_standard_deviation_of_numpy(some):
    assert spread(Grid(tuple(some))) == pytest.approx(float(np.std(some)), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("part", "mean"),
    [
        ([1.0] * 7 + [None] * 3, 1.0),
        ([1.0] * 6 + [None] * 4, None),
        ([0.0, 0.0], 0.0),
        ([None], None),
        ([], None),
    ],
)
def test_a_part_of_the_night_needs_70_percent_of_its_bins(part, mean):
    assert mean_of_part(part) == mean


def test_a_night_shorter_than_the_part_has_no_mean_of_it():
    assert mean_of_first(10, Grid((1.0,) * 6)) is None


@given(st.lists(bins, min_size=1, max_size=4))
def test_a_median_of_grids_is_that_of_numpy_and_absent_only_where_all_are(grids):
    rows = np.array([[np.nan if value is None else value for value in grid.values] for grid in grids])
    for value, column in zip(median_grid(grids).values, rows.T, strict=True):
        present = column[~np.isnan(column)]
        # numpy.nanmedian(column), where any is present
        assert value == (None if len(present) == 0 else pytest.approx(float(np.median(present))))


def test_a_difference_of_grids_is_known_where_both_are():
    difference = difference_grid(Grid((3.0, None, 5.0)), Grid((1.0, 1.0, None)))
    assert difference.values == (2.0, None, None)


@pytest.mark.parametrize("module", [night_numbers, night_noise], ids=lambda module: module.__name__)
def test_the_examples_in_the_docstrings_are_true(module):
    result = doctest.testmod(module)
    assert (result.attempted > 0, result.failed) == (True, 0)
