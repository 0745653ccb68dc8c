"""Severity levels, effective sample size and covariates against science.md 1.2."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.outcome import (
    covariates,
    effective_sample_size,
    filled,
    is_bad,
    merged_levels,
    severity_levels,
    standardised,
)
from monitor.core.spline import time_spline
from monitor.errors import InputError

severities = st.lists(st.integers(0, 10), max_size=60).map(np.array).map(lambda array: array.astype(np.int64))
NO_SPLINE = np.empty((40, 0))


def a_factor(seed: int = 0, missing: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).standard_normal(40)
    values[:missing] = np.nan
    return values


def test_eleven_severities_make_six_levels():
    each = severity_levels(np.repeat(np.arange(11), 3))[::3]
    assert each.tolist() == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_a_level_of_two_nights_joins_its_milder_neighbour():
    assert severity_levels(np.array([0, 0, 0, 3, 3, 3, 9, 9])).tolist() == [0, 0, 0, 1, 1, 1, 1, 1]


def test_a_level_of_three_nights_stands():
    assert severity_levels(np.array([0, 0, 0, 9, 9, 9])).tolist() == [0, 0, 0, 1, 1, 1]


def test_sparse_levels_gather_from_the_worst_down():
    assert severity_levels(np.array([0, 0, 0, 5, 7, 9])).tolist() == [0, 0, 0, 1, 1, 1]


def test_a_sparse_mildest_level_joins_the_next_worse_one():
    assert severity_levels(np.array([0, 3, 3, 3, 9, 9, 9])).tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_nights_all_alike_are_one_level():
    assert severity_levels(np.full(9, 7)).tolist() == [0] * 9


def test_too_few_nights_for_any_level_are_one_level():
    assert severity_levels(np.array([0, 9])).tolist() == [0, 0]


def test_no_nights_have_no_levels():
    assert severity_levels(np.array([], dtype=np.int64)).tolist() == []


@given(severities)
def test_merging_never_turns_the_order_of_two_nights(severity):
    levels = severity_levels(severity)
    assert all(
        levels[one] <= levels[other]
        for one in range(len(severity))
        for other in range(len(severity))
        if severity[one] < severity[other]
    )


@given(severities.filter(lambda severity: len(severity) >= 3))
def test_every_level_has_three_nights_and_none_is_left_out(severity):
    counts = np.bincount(severity_levels(severity))
    assert (counts >= 3).all()


def test_a_scale_of_four_levels_is_used_as_it_is():
    codes = np.repeat([0, 1, 2, 3], [16, 10, 10, 4])
    assert merged_levels(codes).tolist() == codes.tolist()


@pytest.mark.parametrize("severity", [[-1], [11], [[1]]], ids=["below", "above", "table"])
def test_a_severity_off_the_scale_is_refused(severity):
    with pytest.raises(InputError, match=r"0\.\.10"):
        severity_levels(np.array(severity))


def test_a_night_is_bad_from_severity_five_and_unknown_is_not():
    assert is_bad(np.array([4.0, 5.0, np.nan])).tolist() == [False, True, False]


def test_the_printed_counts_have_the_printed_effective_size():
    assert effective_sample_size(np.repeat([0, 1, 2, 3], [16, 10, 10, 4])) == pytest.approx(36.15)  # 1.2


@pytest.mark.parametrize("levels", [[], [0] * 20], ids=["none", "alike"])
def test_nights_that_tell_nothing_have_no_effective_size(levels):
    assert effective_sample_size(np.array(levels, dtype=np.int64)) == 0.0


@pytest.mark.parametrize("size", [1e-300, 1.0, 1e300])
def test_values_of_any_size_are_standardised(size):
    scaled = standardised(np.array([-1.0, 1.0, np.nan]) * size)
    assert scaled.z == pytest.approx([-1, 1, np.nan], nan_ok=True)
    assert scaled.sd == pytest.approx(size)


@pytest.mark.parametrize("values", [[], [np.nan] * 3, [0.0] * 3, [0.1] * 3], ids=["none", "nan", "0", "0.1"])
def test_values_without_variation_have_no_sd(values):
    assert standardised(np.array(values)).sd == 0.0


def test_missing_stays_missing_among_constant_values():
    assert np.isnan(standardised(np.array([3.0, np.nan])).z).tolist() == [False, True]


def test_an_infinite_value_is_refused():
    with pytest.raises(InputError, match="infinity"):
        standardised(np.array([1.0, np.inf]))


def test_a_few_missing_values_become_the_median():
    columns = filled(np.array([*range(39), np.nan]))
    assert [column[-1] for column in columns] == [19.0]


def test_many_missing_values_are_marked_as_well():
    _, indicator = filled(a_factor(missing=3))
    assert indicator.tolist() == [1.0] * 3 + [0.0] * 37


def test_five_percent_missing_is_not_yet_many():
    assert len(filled(a_factor(missing=2))) == 1


def test_a_factor_never_said_is_left_out():
    used = covariates({"stress": np.full(40, np.nan), "alcohol": a_factor()}, NO_SPLINE, 36.0)
    assert used.names == ("alcohol",)


def test_a_constant_factor_is_left_out():
    assert covariates({"magnesium": np.ones(40)}, NO_SPLINE, 36.0).names == ()


def test_a_factor_that_repeats_an_earlier_one_is_left_out():
    same = {"alcohol": a_factor(), "wine": a_factor() * 2 + 1}
    assert covariates(same, NO_SPLINE, 36.0).names == ("alcohol",)


def test_a_factor_that_only_follows_the_calendar_is_left_out():
    line = np.arange(40.0)
    assert covariates({"diary_day": line}, time_spline(np.arange(40)), 36.0).names == ()


def test_factors_missing_on_the_same_nights_share_one_indicator():
    silent = {"alcohol": a_factor(1, missing=8), "stress": a_factor(2, missing=8)}
    assert covariates(silent, NO_SPLINE, 36.0).matrix.shape == (40, 3)


def test_factors_are_dropped_from_the_end_until_five_nights_stand_behind_each_column():
    ranked = {name: a_factor(seed) for seed, name in enumerate("abcdefgh")}
    used = covariates(ranked, time_spline(np.arange(40)), 29.9)
    assert used.names == ("a", "b", "c", "d")
    assert used.matrix.shape[1] == 5


def test_a_factor_leaves_with_its_indicator():
    ranked = {"a": a_factor(1), "b": a_factor(2, missing=8)}
    assert covariates(ranked, time_spline(np.arange(40)), 15.0).names == ("a",)


def test_a_spline_that_the_nights_cannot_carry_is_shortened():
    spline = time_spline(np.arange(40), df=9)
    assert covariates({"a": a_factor()}, spline, 20.0).matrix == pytest.approx(spline[:, :4])


def test_the_straight_line_always_stays():
    assert covariates({}, time_spline(np.arange(40)), 1.0).matrix.shape == (40, 1)


def test_covariates_are_standardised():
    matrix = covariates({"a": a_factor() * 1e9}, time_spline(np.arange(40)), 36.0).matrix
    assert matrix.std(axis=0) == pytest.approx([1.0, 1.0])


def test_a_factor_of_another_length_is_refused():
    with pytest.raises(InputError, match="factor a: expected 40 values"):
        covariates({"a": np.ones(39)}, NO_SPLINE, 36.0)
