"""What the model is told of each night: severities -> ordinal levels; factors -> covariates."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.core.spline import detrended
from monitor.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

WORST_SEVERITY = 10
BAD_SEVERITY = 5
"""Severity from which a night counts as bad."""
FEWEST_PER_LEVEL = 3
"""Nights; a threshold of the model that fewer nights stand behind is noise."""
MISSING_SHARE = 0.05
"""Share of nights; beyond, "not said" may itself mean something, and gets a column."""
NIGHTS_PER_COVARIATE = 5.0
"""Effective nights per covariate column, below which the fit follows single nights."""
CONSTANT = 1e-12
"""SD relative to the largest value; below, the values differ by rounding only."""
SEPARATE = 1e-6
"""SD of what is left of a standardised column; below, it says nothing that others have not said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaled:
    """Values as (value - mean) / sd; `sd` is 0 and `z` all 0 where they do not vary."""

    z: Floats
    mean: float
    sd: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Covariates:
    """The adjustment: `matrix` (N, p) standardised, spline columns last; `names` of the factors in it."""

    matrix: Floats
    names: tuple[str, ...]


def severity_levels(severity: Integers) -> Integers:
    """Ordinal levels of severities 0-10: {0}, {1-2} .. {9-10}, sparse ones merged, as 0..K-1.

    A level with fewer than 3 nights joins its milder neighbour, from the worst downwards; the mildest,
    which has no milder neighbour, is joined by the next worse one.

    Parameters
    ----------
    severity : ndarray of int, shape (N,)
        0-10; none missing (a missing outcome is a night to leave out).

    Returns
    -------
    ndarray of int, shape (N,)
        Consecutive levels from 0 = mildest.

    Raises
    ------
    InputError
        If a severity is not in 0..10.

    Examples
    --------
    >>> print(severity_levels(np.array([0, 0, 0, 1, 2, 2, 10])))
    [0 0 0 1 1 1 1]
    """
    if severity.ndim != 1 or ((severity < 0) | (severity > WORST_SEVERITY)).any():
        raise InputError(f"severity: expected values 0..{WORST_SEVERITY}")
    return merged_levels((severity + 1) // 2)


def merged_levels(levels: Integers) -> Integers:
    """Levels of any ordinal scale with sparse ones merged as in `severity_levels`, as 0..K-1.

    Parameters
    ----------
    levels : ndarray of int, shape (N,)
        Ordered codes, a higher one worse; none missing.

    Returns
    -------
    ndarray of int, shape (N,)

    Examples
    --------
    >>> print(merged_levels(np.array([1, 1, 1, 2, 3, 3, 3])))
    [0 0 0 0 1 1 1]
    """
    _, which, counts = np.unique(levels, return_inverse=True, return_counts=True)
    from_worst = np.zeros(len(counts), dtype=np.int64)
    complete = gathered = 0
    for code in range(len(counts) - 1, -1, -1):
        from_worst[code] = complete
        gathered += int(counts[code])
        if gathered >= FEWEST_PER_LEVEL:
            complete, gathered = complete + 1, 0
    mildest = max(0, complete - 1)
    return np.asarray(mildest - np.minimum(from_worst, mildest)[which])


def is_bad(severity: Floats) -> NDArray[np.bool_]:
    """Whether each night was bad: severity 5 or more.

    Parameters
    ----------
    severity : ndarray of float, shape (N,)
        0-10; NaN where missing, which is not bad.

    Returns
    -------
    ndarray of bool, shape (N,)

    Examples
    --------
    >>> print(is_bad(np.array([4.0, 5.0, np.nan])))
    [False  True False]
    """
    return np.asarray(severity >= BAD_SEVERITY)


def effective_sample_size(levels: Integers) -> float:
    """Nights that an ordinal outcome is worth: N - sum(n_k^3) / N^2.

    Parameters
    ----------
    levels : ndarray of int, shape (N,)
        Levels as modelled; none missing.

    Returns
    -------
    float
        0 for no nights, and for nights that are all alike.

    References
    ----------
    Whitehead (1993), Stat Med 12:2257, doi:10.1002/sim.4780122404.

    Examples
    --------
    >>> effective_sample_size(np.repeat([0, 1, 2, 3], [16, 10, 10, 4]))
    36.15
    """
    nights = len(levels)
    if nights == 0:
        return 0.0
    counts = np.unique(levels, return_counts=True)[1].astype(np.float64)
    return nights - float((counts**3).sum()) / nights**2


def standardised(values: Floats) -> Scaled:
    """Mean 0 and (population) SD 1, safe for values of any size.

    Parameters
    ----------
    values : ndarray of float, shape (N,)
        Any unit; NaN where missing stays NaN.

    Returns
    -------
    Scaled
        `mean` and `sd` in the unit of `values`; both 0 where nothing is present.

    Raises
    ------
    InputError
        If a value is infinite.

    Examples
    --------
    >>> standardised(np.array([-2.0, 2.0])).sd
    2.0
    """
    if np.isinf(values).any():
        raise InputError("standardising: expected finite values or NaN, got infinity")
    present = values[~np.isnan(values)]
    size = float(np.abs(present).max(initial=0.0))
    if size == 0.0:
        return Scaled(z=values * 0.0, mean=0.0, sd=0.0)
    small = present / size
    mean, sd = float(small.mean()), float(small.std())
    if sd <= CONSTANT:
        return Scaled(z=np.where(np.isnan(values), np.nan, 0.0), mean=mean * size, sd=0.0)
    return Scaled(z=(values / size - mean) / sd, mean=mean * size, sd=sd * size)


def covariates(candidates: Mapping[str, Floats], spline: Floats, effective_nights: float) -> Covariates:
    """The columns to adjust for: as many of the ranked factors as the nights can carry, then the time spline.

    A missing value becomes the median of the nights; where more than 5 % are missing, an indicator joins.
    Columns without variation, or that repeat earlier ones, are left out. Factors are dropped from the end
    of the list until effective_nights / columns >= 5, the spline counted.

    Parameters
    ----------
    candidates : mapping of str to ndarray of float, shape (N,)
        Factors, the most important first, in any units; NaN where missing.
    spline : ndarray of float, shape (N, k)
        Columns of `time_spline`; the last ones go if even they are too many (one always stays).
    effective_nights : float
        From `effective_sample_size`.

    Returns
    -------
    Covariates

    Raises
    ------
    InputError
        If a factor has another length than the spline.

    References
    ----------
    Harrell (2015), Regression Modeling Strategies, section 4.4, doi:10.1007/978-3-319-19425-7.

    Examples
    --------
    >>> covariates({"alcohol": np.array([0.0, 1.0, 0.0, 0.0])}, np.empty((4, 0)), effective_nights=5.0).names
    ('alcohol',)
    """
    room = int(effective_nights / NIGHTS_PER_COVARIATE)
    time = spline[:, : max(1, room)]
    basis = time
    taken: list[tuple[str, list[Floats]]] = []
    for name, values in candidates.items():
        if values.shape != spline.shape[:1]:
            raise InputError(f"factor {name}: expected {len(spline)} values, got shape {values.shape}")
        fresh = []
        for column in filled(values):
            scaled = standardised(column)
            left = detrended(scaled.z, basis)
            if scaled.sd > 0 and float(left.std()) > SEPARATE:
                fresh.append(scaled.z)
                basis = np.column_stack([basis, scaled.z])
        if fresh:
            taken.append((name, fresh))
    while taken and time.shape[1] + sum(len(fresh) for _, fresh in taken) > room:
        taken.pop()
    columns = [column for _, fresh in taken for column in fresh]
    return Covariates(matrix=np.column_stack([*columns, time]), names=tuple(name for name, _ in taken))


def filled(values: Floats) -> tuple[Floats, ...]:
    """A factor without gaps: missing = median, and an indicator where more than 5 % are missing.

    Parameters
    ----------
    values : ndarray of float, shape (N,)
        NaN where missing.

    Returns
    -------
    tuple of ndarray
        No column where all is missing, one, or two.

    Examples
    --------
    >>> print(filled(np.array([1.0, np.nan, 3.0]))[0])
    [1. 2. 3.]
    """
    missing = np.isnan(values)
    if missing.all():
        return ()
    ordered = np.sort(values[~missing])
    middle = ordered[(len(ordered) - 1) // 2] / 2.0 + ordered[len(ordered) // 2] / 2.0
    complete = np.where(missing, middle, values)
    return (complete, missing.astype(np.float64)) if missing.mean() > MISSING_SHARE else (complete,)
