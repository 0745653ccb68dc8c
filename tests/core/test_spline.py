"""The time spline against science.md 8.2, and why it must be orthonormalised (1.2)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.ordinal import fit_ordinal
from monitor.core.spline import detrended, spline_df, time_spline
from monitor.errors import InputError

spans = st.integers(3, 400)


@pytest.mark.parametrize(("span", "df"), [(30, 1), (60, 2), (119, 2), (180, 4), (365, 7)])
def test_a_span_has_the_specified_degrees_of_freedom(span, df):
    assert spline_df(np.arange(span)) == df  # science.md 1.2


def test_the_span_counts_gaps_and_not_where_it_starts():
    assert spline_df(np.array([1000, 1003, 1059])) == 2


@pytest.mark.parametrize(
    ("row", "expected"), [(0, (-1.70342, 1.94226)), (30, (0.02887, -1.21740)), (59, (1.70342, 1.94226))]
)
def test_sixty_nights_give_the_printed_rows(row, expected):
    assert time_spline(np.arange(60))[row] == pytest.approx(expected, abs=5e-6)  # science.md 8.2


@given(spans, st.integers(1, 8))
def test_columns_are_centred_uncorrelated_and_of_unit_sd(span, df):
    basis = time_spline(np.arange(span), df)
    gram = np.column_stack([np.ones(span), basis]).T @ np.column_stack([np.ones(span), basis]) / span
    assert gram == pytest.approx(np.eye(1 + basis.shape[1]), abs=1e-8)


@given(spans)
def test_shifting_the_calendar_leaves_the_spline_alone(span):
    assert time_spline(np.arange(span) + 700) == pytest.approx(time_spline(np.arange(span)), abs=1e-9)


def test_a_straight_line_is_the_first_column():
    assert np.diff(time_spline(np.arange(90)), axis=0)[:, 0] == pytest.approx(np.full(89, 0.03849), abs=1e-5)


def test_the_spline_is_straight_beyond_its_end_knots():
    nights = np.array([0, 1, 2, 3, 4, 60, 120])
    assert time_spline(nights, df=2).shape == (7, 2)


def test_columns_that_the_nights_cannot_tell_apart_are_left_out():
    assert time_spline(np.array([0, 1, 500]), df=9).shape[1] <= 2


def test_a_single_night_has_no_trend():
    assert time_spline(np.array([7])).shape == (1, 0)


@pytest.mark.parametrize("nights", [[], [3, 3], [2, 1]], ids=["none", "twice", "backwards"])
def test_nights_that_do_not_increase_are_refused(nights):
    with pytest.raises(InputError, match="increasing"):
        time_spline(np.array(nights, dtype=np.int64))


def test_a_spline_without_columns_is_refused():
    with pytest.raises(InputError, match="df: expected at least 1, got 0"):
        time_spline(np.arange(30), df=0)


def raw_truncated_power(nights: np.ndarray, df: int) -> np.ndarray:
    """The basis of the method's first version: each column standardised by itself."""
    position = nights / nights[-1]
    knots = np.linspace(0.0, 1.0, df + 1)
    bends = [
        (np.maximum(position - knot, 0) ** 3 - np.maximum(position - 1, 0) ** 3) / (1 - knot) for knot in knots[:-1]
    ]
    raw = np.column_stack([position, *(bend - bends[-1] for bend in bends[:-1])])
    return (raw - raw.mean(axis=0)) / raw.std(axis=0)


def deviance_left(basis: np.ndarray, levels: np.ndarray) -> float:
    return -2 * fit_ordinal(levels, basis, np.full(basis.shape[1], 3.0)).loglik


def test_the_prior_does_not_silence_a_spline_of_many_columns():
    """The regression of science.md 1.2: without orthonormal columns, 33 % false findings at N=1000."""
    nights = np.arange(1000)
    season = 1.5 * np.sin(2 * np.pi * nights / 182.6)
    noise = np.random.default_rng(3).logistic(size=1000)
    levels = np.searchsorted([0.0, 1.5], season + noise)
    honest, silenced = time_spline(nights), raw_truncated_power(nights, 17)
    assert deviance_left(honest, levels) < deviance_left(silenced, levels) - 20
    assert detrended(honest @ np.ones(17), silenced).std() < 1e-6  # both span the same curves


def test_detrending_removes_a_trend_and_keeps_gaps():
    line = np.array([1.0, 2.0, np.nan, 4.0])
    assert detrended(line, np.arange(4.0)[:, None]) == pytest.approx([0, 0, np.nan, 0], abs=1e-9, nan_ok=True)


def test_detrending_nothing_gives_nothing():
    assert np.isnan(detrended(np.full(5, np.nan), np.ones((5, 1)))).all()


def test_detrending_refuses_a_basis_of_another_length():
    with pytest.raises(InputError, match=r"got \(3,\) and \(4, 1\)"):
        detrended(np.ones(3), np.ones((4, 1)))
