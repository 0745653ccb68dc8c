"""AR(1) correlation and variance inflation against science.md 8.1 and 8.2, and against N x N matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.autocorrelation import PHI_GRID, ar1_vif, normal_scores, reml_phi
from monitor.errors import InputError

# science.md 8.1
NIGHTS = np.setdiff1d(np.arange(44), [6, 7, 19, 33])
LEVELS = np.array([int(digit) for digit in "2112130201000110231312020000100103222200"])
# science.md 8.2
SERIES = np.array([1, 0.8, 0.9, 0.2, -0.5, -0.4, -0.9, -0.1, 0.3, 0.6, 0.1, -0.2, -0.8, -0.6, 0.4])
SERIES_NIGHTS = np.r_[0:4, 5:9, 10:17]


def z(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


CONFOUNDERS = np.column_stack([z((NIGHTS % 7 >= 5).astype(float)), z(NIGHTS.astype(float))])
WARMTH = z(2 * np.sin(2 * np.pi * NIGHTS / 17) + 0.6 * np.cos(1.7 * NIGHTS))


def test_a_short_series_has_the_printed_phi():
    phi = reml_phi(SERIES, np.empty((15, 0)), SERIES_NIGHTS)
    assert phi.mode == pytest.approx(0.75)
    assert phi.mean == pytest.approx(0.64362, abs=5e-6)


def test_the_confounder_model_has_the_printed_phi():
    phi = reml_phi(normal_scores(LEVELS), CONFOUNDERS, NIGHTS)
    assert phi.mode == pytest.approx(0.25)
    assert phi.mean == pytest.approx(0.262464, abs=5e-7)


def test_the_exposure_among_the_covariates_gives_the_printed_phi():
    phi = reml_phi(normal_scores(LEVELS), np.column_stack([WARMTH, CONFOUNDERS]), NIGHTS)
    assert phi.mean == pytest.approx(0.043494, abs=5e-7)


def restricted_loglik(values: np.ndarray, design: np.ndarray, nights: np.ndarray, phi: float) -> float:
    """The textbook form, with the whole correlation matrix."""
    correlation = phi ** np.abs(nights[:, None] - nights[None, :])
    inverse = np.linalg.inv(correlation)
    information = design.T @ inverse @ design
    beta = np.linalg.solve(information, design.T @ inverse @ values)
    left = values - design @ beta
    freedom = len(values) - design.shape[1]
    return -0.5 * (
        np.linalg.slogdet(correlation)[1] + np.linalg.slogdet(information)[1] + freedom * np.log(left @ inverse @ left)
    )


def test_whitening_night_by_night_equals_inverting_the_whole_matrix():
    design = np.column_stack([np.ones(40), CONFOUNDERS])
    scores = normal_scores(LEVELS)
    loglik = np.array([restricted_loglik(scores, design, NIGHTS, phi) for phi in PHI_GRID])
    weight = np.exp(loglik - loglik.max())
    assert reml_phi(scores, CONFOUNDERS, NIGHTS).mean == pytest.approx(weight @ PHI_GRID / weight.sum())


def test_a_response_that_the_covariates_explain_wholly_gives_some_phi():
    phi = reml_phi(CONFOUNDERS[:, 0], CONFOUNDERS, NIGHTS)
    assert 0 <= phi.mean <= 0.9


def test_the_grid_reaches_from_independence_to_nine_tenths():
    assert PHI_GRID[[0, 1, -1]] == pytest.approx([0.0, 0.05, 0.90])


def test_ties_share_their_normal_score():
    assert normal_scores(np.array([0, 1, 1, 2])) == pytest.approx([-0.8416, 0.0, 0.0, 0.8416], abs=5e-5)


@given(st.permutations(range(40)))
def test_normal_scores_follow_their_nights(order):
    assert normal_scores(LEVELS[order]) == pytest.approx(normal_scores(LEVELS)[order])


def test_a_known_series_has_the_printed_inflation():
    signs = np.array([1.0, 1, 1, -1, -1, -1])
    assert ar1_vif(signs, np.ones(6), np.array([0, 1, 2, 4, 5, 6]), 0.5) == 1.578125  # science.md 8.2


@given(st.floats(0.0, 0.95), st.integers(0, 10_000))
def test_inflation_equals_the_double_sum(phi, seed):
    residual = np.random.default_rng(seed).standard_normal(40)
    correlation = phi ** np.abs(NIGHTS[:, None] - NIGHTS[None, :])
    double_sum = residual @ correlation @ residual / (residual @ residual)
    assert ar1_vif(residual, np.ones(40), NIGHTS, phi) == pytest.approx(max(1.0, double_sum))


def test_independent_nights_need_no_inflation():
    assert ar1_vif(WARMTH, np.ones(40), NIGHTS, 0.0) == 1.0


def test_nothing_left_of_the_exposure_needs_no_inflation():
    assert ar1_vif(np.zeros(40), np.ones(40), NIGHTS, 0.5) == 1.0


@pytest.mark.parametrize(
    ("values", "covariates", "nights", "complaint"),
    [
        (SERIES, np.empty((14, 0)), SERIES_NIGHTS, "as many rows"),
        (SERIES, np.empty((15, 0)), SERIES_NIGHTS[:-1], "as many rows"),
        (SERIES, np.ones((15, 14)), SERIES_NIGHTS, "got 15 for 15"),
        (SERIES, np.empty((15, 0)), SERIES_NIGHTS[::-1], "increasing"),
        (SERIES[:0], np.empty((0, 0)), SERIES_NIGHTS[:0], "at least one"),
    ],
)
def test_phi_refuses_what_does_not_fit(values, covariates, nights, complaint):
    with pytest.raises(InputError, match=complaint):
        reml_phi(values, covariates, nights)


@pytest.mark.parametrize(
    ("residual", "sd", "phi", "complaint"),
    [
        (np.ones(3), np.ones(4), 0.5, "one value per night"),
        (np.ones(4), np.ones(3), 0.5, "one value per night"),
        (np.ones(4), np.ones(4), 1.0, "0 <= phi < 1"),
        (np.ones(4), np.ones(4), np.nan, "0 <= phi < 1"),
    ],
)
def test_inflation_refuses_what_does_not_fit(residual, sd, phi, complaint):
    with pytest.raises(InputError, match=complaint):
        ar1_vif(residual, sd, np.arange(4), phi)
