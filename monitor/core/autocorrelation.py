"""How much a night resembles the next: levels -> AR(1) correlation, and how it widens a standard error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from monitor.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

PHI_GRID = np.linspace(0.0, 0.90, 19)
"""0 to 0.90: beyond, so few nights are independent that nothing could be said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Phi:
    """Night-to-night correlation: the most likely value on the grid, the mean over it under a flat prior."""

    mode: float
    mean: float


def normal_scores(levels: Integers) -> Floats:
    """Phi^-1(rank / (N + 1)) with mid-ranks.

    Parameters
    ----------
    levels : ndarray of int, shape (N,)
        Severity levels; none missing.

    Returns
    -------
    ndarray of float, shape (N,)
        In SDs of a normal distribution; ties share one score.

    References
    ----------
    van der Waerden (1952), Indag Math 14:453. Conover (1999), Practical Nonparametric Statistics, section
    5.10.

    Examples
    --------
    >>> print(normal_scores(np.array([0, 1, 2])).round(4))
    [-0.6745  0.      0.6745]
    """
    _, which, counts = np.unique(levels, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2.0
    return np.asarray(ndtri(middle[which] / (len(levels) + 1)))


def reml_phi(values: Floats, covariates: Floats, nights: Integers) -> Phi:
    """AR(1) correlation of regression errors by restricted likelihood on the grid 0, 0.05 .. 0.90.

    The errors of nights t_i and t_j correlate phi**|t_i - t_j|, so that gaps count with their length. Each
    grid point costs O(N): consecutive nights are whitened pairwise, no N x N matrix is formed.

    Parameters
    ----------
    values : ndarray of float, shape (N,)
        Response, e.g. normal scores; no NaN.
    covariates : ndarray of float, shape (N, k)
        Without intercept, which is added; no NaN; columns independent; k + 1 < N.
    nights : ndarray of int, shape (N,)
        Night numbers, increasing.

    Returns
    -------
    Phi
        The posterior mean exceeds the mode where N is small, which protects small samples.

    Raises
    ------
    InputError
        If shapes disagree, nights do not increase or there are too few of them.

    References
    ----------
    Patterson & Thompson (1971), Biometrika 58:545, doi:10.1093/biomet/58.3.545.

    Examples
    --------
    >>> reml_phi(np.array([1.0, -1.0, 1.0, -1.0, 1.0]), np.empty((5, 0)), np.arange(5)).mode
    0.0
    """
    gaps = _checked_gaps(nights)
    if covariates.shape[:1] != values.shape or len(nights) != len(values):
        raise InputError(
            f"phi: expected as many rows as nights ({len(nights)}), got {values.shape}, {covariates.shape}"
        )
    if covariates.shape[1] + 1 >= len(values):
        raise InputError(f"phi: expected more nights than columns, got {len(values)} for {covariates.shape[1] + 1}")
    columns = np.column_stack([np.ones(len(values)), covariates, values])
    loglik = np.array([_restricted_loglik(columns, gaps, phi) for phi in PHI_GRID])
    weight = np.exp(loglik - loglik.max())
    mean = float(weight @ PHI_GRID / weight.sum())
    return Phi(mode=float(PHI_GRID[np.argmax(loglik)]), mean=mean)


def ar1_vif(residual: Floats, sd: Floats, nights: Integers, phi: float) -> float:
    """How many times autocorrelation widens the variance of sum(residual * outcome): never below 1.

    sum_ij g_i g_j phi**|t_i - t_j| / sum g_i**2 with g = residual * sd, by an O(N) recursion.

    Parameters
    ----------
    residual : ndarray of float, shape (N,)
        The exposure less what the covariates explain; no NaN.
    sd : ndarray of float, shape (N,)
        SD of the outcome's residual on each night.
    nights : ndarray of int, shape (N,)
        Night numbers, increasing.
    phi : float
        0 <= phi < 1.

    Returns
    -------
    float
        1 where the residual is all zero.

    Raises
    ------
    InputError
        If shapes disagree, nights do not increase or phi is out of range.

    References
    ----------
    Bartlett (1946), JRSS Suppl 8:27, doi:10.2307/2983611.

    Examples
    --------
    >>> ar1_vif(np.array([1.0, 1, 1, -1, -1, -1]), np.ones(6), np.array([0, 1, 2, 4, 5, 6]), 0.5)
    1.578125
    """
    gaps = _checked_gaps(nights)
    if residual.shape != nights.shape or sd.shape != nights.shape:
        raise InputError(f"vif: expected one value per night ({len(nights)}), got {residual.shape}, {sd.shape}")
    if not 0.0 <= phi < 1.0:
        raise InputError(f"vif: phi: expected 0 <= phi < 1, got {phi}")
    scores = residual * sd
    own = float(scores @ scores)
    if own == 0.0:
        return 1.0
    carried = crossed = 0.0
    before = scores[:-1].tolist()
    for decay, last, score in zip((phi**gaps).tolist(), before, scores[1:].tolist(), strict=True):
        carried = decay * (carried + last)
        crossed += score * carried
    return max(1.0, (own + 2.0 * crossed) / own)


def _checked_gaps(nights: Integers) -> Floats:
    gaps = np.diff(nights).astype(np.float64)
    if len(nights) == 0 or (gaps <= 0).any():
        raise InputError("nights: expected increasing night numbers, at least one")
    return gaps


def _restricted_loglik(columns: Floats, gaps: Floats, phi: float) -> float:
    """Of phi, the error variance profiled out; the last of `columns` is the response."""
    decay = phi**gaps
    fresh = 1.0 - decay**2
    whitened = columns.copy()
    whitened[1:] = (columns[1:] - decay[:, None] * columns[:-1]) / np.sqrt(fresh)[:, None]
    diagonal = np.abs(np.diagonal(np.linalg.qr(whitened, mode="r")))
    left_over = max(float(diagonal[-1]), 1e-9 * float(np.linalg.norm(whitened[:, -1])), 1e-150)
    freedom = len(columns) - (columns.shape[1] - 1)
    return float(-0.5 * np.log(fresh).sum() - np.log(diagonal[:-1]).sum() - freedom * np.log(left_over))
