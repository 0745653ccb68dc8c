"""The proportional-odds fit against science.md 8.1 (there checked with statsmodels OrderedModel)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.ordinal import (
    fit_ordinal,
    level_probabilities,
    probability_scale_residual,
    psr_variance,
    standardised_risk,
)
from monitor.errors import InputError

# science.md 8.1: nights 0..43 without 6, 7, 19, 33
NIGHTS = np.setdiff1d(np.arange(44), [6, 7, 19, 33])
LEVELS = np.array([int(digit) for digit in "2112130201000110231312020000100103222200"])
WARMTH = 21 + 2 * np.sin(2 * np.pi * NIGHTS / 17) + 0.6 * np.cos(1.7 * NIGHTS)


def z(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


CONFOUNDERS = np.column_stack([z((NIGHTS % 7 >= 5).astype(float)), z(NIGHTS.astype(float))])
DESIGN = np.column_stack([z(WARMTH), CONFOUNDERS])
NO_PRIOR = np.full(3, np.inf)
PRIOR = np.array([1.5, 3.0, 3.0])


def test_the_unpenalised_coefficients_are_those_of_statsmodels():
    # statsmodels: OrderedModel(LEVELS, DESIGN, distr="logit"), fitted by bfgs
    fit = fit_ordinal(LEVELS, DESIGN, NO_PRIOR)
    assert fit.coefficients == pytest.approx([1.666931, 0.403855, -0.289091], abs=1e-6)


def test_the_unpenalised_thresholds_are_those_of_statsmodels():
    fit = fit_ordinal(LEVELS, DESIGN, NO_PRIOR)
    assert fit.thresholds == pytest.approx([-0.699269, 0.937556, 3.104143], abs=1e-6)


def test_the_unpenalised_standard_error_and_likelihood_are_those_of_statsmodels():
    fit = fit_ordinal(LEVELS, DESIGN, NO_PRIOR)
    assert np.sqrt(fit.covariance[0, 0]) == pytest.approx(0.415126, abs=1e-6)
    assert fit.loglik == pytest.approx(-40.085027, abs=1e-6)


def test_the_weak_prior_gives_the_printed_estimate():
    assert fit_ordinal(LEVELS, DESIGN, PRIOR).coefficients[0] == pytest.approx(1.55107, abs=5e-6)


def test_the_null_model_gives_the_printed_residuals():
    residual = fit_ordinal(LEVELS, CONFOUNDERS, np.full(2, 3.0)).residual
    assert residual[:4] == pytest.approx([0.47849, -0.05321, -0.04511, 0.49627], abs=5e-6)


def test_the_residual_variance_is_the_printed_one():
    assert psr_variance(np.array([[0.5, 0.25, 0.15, 0.10]])) == pytest.approx([0.285])  # science.md 8.2


def test_the_residual_is_the_score_of_the_coefficients():
    fit = fit_ordinal(LEVELS, DESIGN, NO_PRIOR)
    assert DESIGN.T @ fit.residual == pytest.approx(np.zeros(3), abs=1e-6)


def test_separated_data_keep_a_finite_estimate_under_the_prior():
    fit = fit_ordinal(np.repeat([0, 1], 10), z(np.arange(20.0))[:, None], np.array([1.5]))
    assert 1 < fit.coefficients[0] < 10


def test_separated_data_without_a_prior_end_without_a_warning():
    fit = fit_ordinal(np.repeat([0, 1], 10), z(np.arange(20.0))[:, None], np.array([np.inf]))
    assert np.isfinite(fit.coefficients).all()


def test_a_step_that_would_cross_thresholds_is_shortened():
    random = np.random.default_rng(131)
    nights, top = int(random.integers(6, 30)), int(random.integers(2, 6))
    levels = np.sort(np.concatenate([np.arange(top), random.integers(0, top, nights)]))
    heavy_tailed = z(np.sort(random.standard_cauchy(len(levels))))[:, None] * float(random.choice([1, 5, 20]))
    fit = fit_ordinal(levels, heavy_tailed, np.array([np.inf]))
    assert (np.diff(fit.thresholds) > 0).all()


def test_no_columns_give_the_shares_of_the_levels():
    fit = fit_ordinal(LEVELS, np.empty((40, 0)), np.empty(0))
    assert fit.probabilities[0] == pytest.approx(np.array([16, 10, 10, 4]) / 40, abs=1e-6)


@settings(deadline=None)
@given(st.permutations(range(40)))
def test_the_order_of_the_nights_does_not_matter(order):
    fit = fit_ordinal(LEVELS[order], DESIGN[order], PRIOR)
    assert fit.coefficients[0] == pytest.approx(1.55107, abs=5e-6)


def test_turning_a_column_turns_its_coefficient():
    turned = fit_ordinal(LEVELS, DESIGN * [-1, 1, 1], PRIOR).coefficients
    assert turned == pytest.approx(fit_ordinal(LEVELS, DESIGN, PRIOR).coefficients * [-1, 1, 1], abs=1e-6)


def test_turning_the_scale_turns_every_coefficient():
    turned = fit_ordinal(3 - LEVELS, DESIGN, PRIOR).coefficients
    assert turned == pytest.approx(-fit_ordinal(LEVELS, DESIGN, PRIOR).coefficients, abs=1e-6)


def test_probabilities_of_a_night_sum_to_one():
    fit = fit_ordinal(LEVELS, DESIGN, PRIOR)
    assert fit.probabilities.sum(axis=1) == pytest.approx(np.ones(40))


def test_a_worse_night_than_expected_has_a_positive_residual():
    expected = level_probabilities(np.zeros((2, 1)), np.ones(1), np.array([-1.0, 1.0]))
    mild, bad = probability_scale_residual(np.array([0, 2]), expected)
    assert mild < 0 < bad


def test_the_standardised_risks_of_a_step_are_the_printed_ones():
    step = (WARMTH > 21.5).astype(float)
    fit = fit_ordinal(LEVELS, np.column_stack([z(step), CONFOUNDERS]), PRIOR)
    risks = [
        standardised_risk(
            np.column_stack([np.full(40, (value - step.mean()) / step.std()), CONFOUNDERS]),
            fit.coefficients,
            fit.thresholds,
            level=2,
        )
        for value in (1.0, 0.0)
    ]
    assert risks == pytest.approx([0.6255, 0.1338], abs=5e-5)


@pytest.mark.parametrize("level", [0, 2])
def test_a_level_that_is_not_there_has_no_risk(level):
    with pytest.raises(InputError, match=f"level: expected 1..1, got {level}"):
        standardised_risk(np.zeros((3, 1)), np.ones(1), np.zeros(1), level)


@pytest.mark.parametrize(
    ("levels", "design", "prior_sd", "complaint"),
    [
        ([0, 1], np.zeros((3, 1)), [1.5], "shapes"),
        ([0, 1], np.zeros((2, 1)), [1.5, 3.0], "shapes"),
        ([0, 1], np.array([[0.0], [np.nan]]), [1.5], "finite"),
        ([0, 1], np.zeros((2, 1)), [0.0], "positive"),
        ([0, 2], np.zeros((2, 1)), [1.5], r"got \[0, 2\]"),
        ([0, 0], np.zeros((2, 1)), [1.5], "at least two"),
    ],
)
def test_unusable_input_is_refused_with_a_reason(levels, design, prior_sd, complaint):
    with pytest.raises(InputError, match=complaint):
        fit_ordinal(np.array(levels), design, np.array(prior_sd))
