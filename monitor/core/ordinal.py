"""The ordinal model: levels and covariates -> a penalised proportional-odds fit and its residuals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from monitor.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MAX_ITERATIONS = 60
TOLERANCE = 1e-6
"""Largest Newton step that counts as standing still, in log-odds."""
MAX_HALVINGS = 40
ROUNDING = 1e-12
"""Relative fall of the objective that is rounding, not a step too far."""
INVERTIBLE = 1e-10
"""Added to the information's diagonal: without a prior, separated data would leave nothing to invert."""


@dataclass(frozen=True, kw_only=True)
class OrdinalFit:
    """A fitted proportional-odds model: logit P(Y > j) = X coefficients - thresholds[j].

    `covariance` is the inverse penalised information of the coefficients, `loglik` the plain log-likelihood,
    `probabilities` has shape (N, K), `residual` is the probability-scale residual of every night.
    """

    coefficients: Floats
    thresholds: Floats
    covariance: Floats
    loglik: float
    probabilities: Floats
    residual: Floats


def fit_ordinal(levels: Integers, design: Floats, prior_sd: Floats) -> OrdinalFit:
    """Proportional-odds regression with independent Gaussian priors, by Newton's method with step halving.

    Maximises log-likelihood - 0.5 * sum((coefficient / prior_sd)**2). The weak priors keep the estimate
    finite under separation; with infinite `prior_sd` it is the maximum-likelihood fit.

    Parameters
    ----------
    levels : ndarray of int, shape (N,)
        Severity level of each night, 0 = mildest; every level 0..K-1 occurs, K >= 2. None may be missing.
    design : ndarray of float, shape (N, p)
        Standardised columns, without intercept; no NaN.
    prior_sd : ndarray of float, shape (p,)
        Prior SD per coefficient, in log-odds per SD; inf = none.

    Returns
    -------
    OrdinalFit
        Coefficients in log-odds of a worse night per unit of the column.

    Raises
    ------
    InputError
        If shapes disagree, a value is missing or infinite, a level is empty, or a prior SD is not positive.

    References
    ----------
    McCullagh (1980), JRSS B 42:109, doi:10.1111/j.2517-6161.1980.tb01109.x.
    Gelman et al. (2008), Ann Appl Stat 2:1360, doi:10.1214/08-AOAS191.

    Examples
    --------
    >>> fit = fit_ordinal(np.array([0, 1, 0, 1]), np.array([[-1.0], [-0.5], [0.5], [1.0]]), np.array([1.5]))
    >>> bool(fit.coefficients[0] > 0)
    True
    """
    model = _checked(levels, design, prior_sd)
    parameters = _newton(model)
    cut = model.cuts
    thresholds, coefficients = parameters[:cut], parameters[cut:]
    information = model.derivatives(parameters)[1]
    probabilities = level_probabilities(design, coefficients, thresholds)
    return OrdinalFit(
        coefficients=coefficients,
        thresholds=thresholds,
        covariance=np.asarray(np.linalg.inv(information)[cut:, cut:], dtype=np.float64),
        loglik=model.loglik(parameters),
        probabilities=probabilities,
        residual=probability_scale_residual(levels, probabilities),
    )


def level_probabilities(design: Floats, coefficients: Floats, thresholds: Floats) -> Floats:
    """P(Y = k) of every night.

    Parameters
    ----------
    design : ndarray of float, shape (N, p)
        No NaN.
    coefficients : ndarray of float, shape (p,)
        Log-odds per unit of the column.
    thresholds : ndarray of float, shape (K - 1,)
        Increasing, in log-odds.

    Returns
    -------
    ndarray of float, shape (N, K)
        Rows sum to 1.

    Examples
    --------
    >>> print(level_probabilities(np.zeros((1, 1)), np.ones(1), np.zeros(1)))
    [[0.5 0.5]]
    """
    at_most = expit(thresholds[None, :] - (design @ coefficients)[:, None])
    return np.diff(at_most, axis=1, prepend=0.0, append=1.0)


def probability_scale_residual(levels: Integers, probabilities: Floats) -> Floats:
    """P(Y < y) + P(Y <= y) - 1 of every night: between -1 and 1, mean 0 under the model.

    Parameters
    ----------
    levels : ndarray of int, shape (N,)
        Observed levels; none missing.
    probabilities : ndarray of float, shape (N, K)
        Fitted P(Y = k).

    Returns
    -------
    ndarray of float, shape (N,)
        No unit; positive = worse than the model expects.

    References
    ----------
    Li & Shepherd (2012), Biometrika 99:473, doi:10.1093/biomet/asr073.

    Examples
    --------
    >>> print(probability_scale_residual(np.array([1]), np.array([[0.5, 0.25, 0.25]])))
    [0.25]
    """
    rows = np.arange(len(levels))
    at_most = np.cumsum(probabilities, axis=1)[rows, levels]
    return np.asarray(2.0 * at_most - probabilities[rows, levels] - 1.0)


def psr_variance(probabilities: Floats) -> Floats:
    """Variance of the probability-scale residual under the model: (1 - sum_k p_k^3) / 3.

    Parameters
    ----------
    probabilities : ndarray of float, shape (N, K)
        Fitted P(Y = k), rows sum to 1.

    Returns
    -------
    ndarray of float, shape (N,)

    References
    ----------
    Li & Shepherd (2012), Biometrika 99:473, doi:10.1093/biomet/asr073.

    Examples
    --------
    >>> print(psr_variance(np.array([[0.5, 0.25, 0.15, 0.10]])).round(3))
    [0.285]
    """
    return np.asarray((1.0 - (probabilities**3).sum(axis=1)) / 3.0)


def standardised_risk(design: Floats, coefficients: Floats, thresholds: Floats, level: int) -> float:
    """Mean over the nights of P(Y >= level): the share of such nights, were `design` what happened.

    G-computation: set the exposure's column to one value for every night, leave the covariates as they were,
    and compare the means.

    Parameters
    ----------
    design : ndarray of float, shape (N, p)
        No NaN; the exposure's column already set.
    coefficients : ndarray of float, shape (p,)
        Of a fitted model, or with the exposure's replaced by a confidence limit.
    thresholds : ndarray of float, shape (K - 1,)
        Of the fitted model.
    level : int
        1..K-1.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    InputError
        If there is no such level.

    References
    ----------
    Snowden, Rose & Mortimer (2011), Am J Epidemiol 173:731, doi:10.1093/aje/kwq472.

    Examples
    --------
    >>> standardised_risk(np.zeros((3, 1)), np.ones(1), np.zeros(1), level=1)
    0.5
    """
    if not 1 <= level <= len(thresholds):
        raise InputError(f"standardised risk: level: expected 1..{len(thresholds)}, got {level}")
    return float(level_probabilities(design, coefficients, thresholds)[:, level:].sum(axis=1).mean())


@dataclass(frozen=True)
class _Model:
    """Log-likelihood and derivatives; parameters = thresholds, then coefficients."""

    levels: Integers
    design: Floats
    precision: Floats

    @property
    def cuts(self) -> int:
        return int(self.levels.max())

    def _bounds(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Log-odds distance of every night to the threshold above and below its level."""
        fence = np.concatenate([[-np.inf], parameters[: self.cuts], [np.inf]])
        score = self.design @ parameters[self.cuts :]
        return np.asarray(fence[self.levels + 1] - score), np.asarray(fence[self.levels] - score)

    def loglik(self, parameters: Floats) -> float:
        above, below = self._bounds(parameters)
        return float((log_expit(above) + log_expit(-below) + np.log(-np.expm1(below - above))).sum())

    def objective(self, parameters: Floats) -> float:
        if (np.diff(parameters[: self.cuts]) <= 0).any():
            return -np.inf
        return self.loglik(parameters) - 0.5 * float(self.precision @ parameters[self.cuts :] ** 2)

    def derivatives(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Gradient and negative Hessian of the objective."""
        above, below = self._bounds(parameters)
        narrow = np.exp(below - above) / -np.expm1(below - above)
        bend = narrow * (1.0 + narrow)
        slope_above, slope_below = expit(above) * expit(-above), expit(below) * expit(-below)
        is_above = np.equal.outer(self.levels, np.arange(self.cuts)).astype(np.float64)
        is_below = np.equal.outer(self.levels - 1, np.arange(self.cuts)).astype(np.float64)

        to_cuts = is_above.T @ (expit(-above) + narrow) - is_below.T @ (expit(below) + narrow)
        coefficients = parameters[self.cuts :]
        residual = expit(above) + expit(below) - 1.0
        to_slopes = self.design.T @ residual - self.precision * coefficients

        shared = is_above.T @ (is_below * bend[:, None])
        own = np.diag(is_above.T @ (slope_above + bend) + is_below.T @ (slope_below + bend))
        cross = -(is_above * slope_above[:, None] + is_below * slope_below[:, None]).T @ self.design
        curved = self.design.T @ (self.design * (slope_above + slope_below)[:, None])
        information = np.block([[own - shared - shared.T, cross], [cross.T, curved + np.diag(self.precision)]])
        return np.concatenate([to_cuts, to_slopes]), information + INVERTIBLE * np.eye(len(parameters))


def _checked(levels: Integers, design: Floats, prior_sd: Floats) -> _Model:
    if levels.ndim != 1 or design.ndim != 2 or len(design) != len(levels) or prior_sd.shape != design.shape[1:]:
        raise InputError(
            f"ordinal fit: expected shapes (N,), (N, p), (p,), got {levels.shape}, {design.shape}, {prior_sd.shape}"
        )
    if not np.isfinite(design).all():
        raise InputError("ordinal fit: design: expected finite values; drop or fill what is missing first")
    if not (prior_sd > 0).all():
        raise InputError("ordinal fit: prior_sd: expected positive values")
    found = np.unique(levels)
    if len(found) < 2 or not np.array_equal(found, np.arange(len(found))):
        raise InputError(f"ordinal fit: levels: expected every level 0..K-1, at least two, got {found.tolist()}")
    return _Model(levels, design, prior_sd**-2.0)


def _newton(model: _Model) -> Floats:
    at_most = np.cumsum(np.bincount(model.levels))[:-1]
    thresholds = np.log(at_most / (len(model.levels) - at_most))
    parameters = np.concatenate([thresholds, np.zeros(model.design.shape[1])])
    for _ in range(MAX_ITERATIONS):
        gradient, information = model.derivatives(parameters)
        newton_step = np.linalg.solve(information, gradient)
        here = model.objective(parameters)
        halved = (newton_step / 2.0**halving for halving in range(MAX_HALVINGS))
        uphill = (step for step in halved if model.objective(parameters + step) >= here - ROUNDING * abs(here))
        taken = next(uphill, 0.0 * newton_step)
        parameters = parameters + taken
        if np.abs(taken).max() < TOLERANCE:
            break
    return parameters
