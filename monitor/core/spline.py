"""The time trend: nights -> a natural cubic spline of time, and what is left of a series without it."""

import numpy as np
from numpy.typing import NDArray

from monitor.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NIGHTS_PER_DEGREE = 60
"""Nights of span per further degree of freedom: about six a year, as air-pollution studies take."""

INDEPENDENT = 1e-9
"""Share of a column's length that must be new to the columns before it; below, it is rounding."""


def spline_df(nights: Integers) -> int:
    """Degrees of freedom of the time spline: 1 + floor(T / 60), T the calendar span in nights.

    Parameters
    ----------
    nights : ndarray of int, shape (N,)
        Night numbers, increasing, gaps allowed; N >= 1.

    Returns
    -------
    int
        At least 1 (a straight line).

    Raises
    ------
    InputError
        If `nights` is empty or not increasing.

    Examples
    --------
    >>> spline_df(np.arange(180))
    4
    """
    checked = _checked(nights)
    return 1 + int(checked[-1] - checked[0] + 1) // NIGHTS_PER_DEGREE


def time_spline(nights: Integers, df: int | None = None) -> Floats:
    """Natural cubic spline of time, orthonormalised: columns with mean 0, SD 1 and no correlation.

    The raw truncated-power columns are nearly collinear, so that a prior of fixed width on their coefficients
    would silence the spline beyond 6 degrees of freedom; orthonormal columns are all held alike.

    Parameters
    ----------
    nights : ndarray of int, shape (N,)
        Night numbers, increasing, gaps allowed. Unit: nights.
    df : int, optional
        Columns wanted, by default `spline_df(nights)`. Knots lie evenly from the first to the last night.

    Returns
    -------
    ndarray of float, shape (N, k)
        k <= df: columns that these nights cannot tell apart are left out. Never NaN. The first column rises.

    Raises
    ------
    InputError
        If `nights` is empty or not increasing, or `df` is below 1.

    References
    ----------
    Hastie, Tibshirani & Friedman (2009), The Elements of Statistical Learning, section 5.2.1,
    doi:10.1007/978-0-387-84858-7.

    Examples
    --------
    >>> print(time_spline(np.arange(60))[0].round(5))
    [-1.70342  1.94226]
    """
    checked = _checked(nights)
    wanted = spline_df(nights) if df is None else df
    if wanted < 1:
        raise InputError(f"time spline: df: expected at least 1, got {wanted}")
    if len(checked) == 1:
        return np.empty((1, 0))
    position = (checked - checked[0]) / (checked[-1] - checked[0])
    return _orthonormal(_natural_cubic(position, np.linspace(0.0, 1.0, wanted + 1)))


def detrended(values: Floats, basis: Floats) -> Floats:
    """What is left of `values` after least squares on [1, basis].

    Parameters
    ----------
    values : ndarray of float, shape (N,)
        Any unit, of moderate size (standardise first); NaN where missing.
    basis : ndarray of float, shape (N, k)
        Columns to remove; no NaN.

    Returns
    -------
    ndarray of float, shape (N,)
        The unit of `values`; NaN where `values` is.

    Raises
    ------
    InputError
        If the shapes do not fit.

    Examples
    --------
    >>> print(detrended(np.array([1.0, 2.0, np.nan, 4.0]), np.arange(4.0)[:, None]).round(9) + 0.0)
    [ 0.  0. nan  0.]
    """
    if values.ndim != 1 or basis.ndim != 2 or len(basis) != len(values):
        raise InputError(f"detrending: expected shapes (N,) and (N, k), got {values.shape} and {basis.shape}")
    left = np.full(len(values), np.nan)
    present = ~np.isnan(values)
    if present.any():
        design = np.column_stack([np.ones(int(present.sum())), basis[present]])
        coefficients = np.linalg.lstsq(design, values[present], rcond=None)[0]
        left[present] = values[present] - design @ coefficients
    return left


def _checked(nights: Integers) -> Floats:
    if nights.ndim != 1 or len(nights) == 0 or (np.diff(nights) <= 0).any():
        raise InputError("time spline: nights: expected increasing night numbers, at least one")
    return nights.astype(np.float64)


def _natural_cubic(position: Floats, knots: Floats) -> Floats:
    """The truncated-power form: position, then one column per inner knot, straight beyond the outer knots."""

    def bend(knot: float) -> Floats:
        beyond_knot = np.maximum(position - knot, 0.0) ** 3
        beyond_last = np.maximum(position - knots[-1], 0.0) ** 3
        return np.asarray((beyond_knot - beyond_last) / (knots[-1] - knot))

    reference = bend(knots[-2])
    return np.column_stack([position, *(bend(knot) - reference for knot in knots[:-2])])


def _orthonormal(columns: Floats) -> Floats:
    centred = columns - columns.mean(axis=0)
    orthogonal, triangle = np.linalg.qr(centred)
    own = np.diagonal(triangle)
    lengths = np.linalg.norm(centred, axis=0)[: len(own)]
    kept = np.abs(own) > INDEPENDENT * np.maximum(lengths, 1e-150)
    signed = orthogonal * np.where(own < 0, -1.0, 1.0)
    return np.asarray(signed[:, kept] * np.sqrt(len(columns)))
