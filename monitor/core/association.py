"""One exposure against the nights' severity: PO-AR1 (odds ratio, interval, p), circular-shift check."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from monitor.core.autocorrelation import ar1_vif, normal_scores, reml_phi
from monitor.core.ordinal import fit_ordinal, psr_variance
from monitor.core.outcome import SEPARATE, covariates, effective_sample_size, severity_levels, standardised
from monitor.core.spline import detrended, time_spline
from monitor.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

EXPOSURE_PRIOR_SD = 1.5
"""Log-odds per SD: an odds ratio beyond 19 per SD is held unlikely."""
COVARIATE_PRIOR_SD = 3.0
"""Log-odds per SD: hardly a prior, enough to survive separation."""
FEWEST_DF = 3
LARGEST_LOG_ODDS = 700.0
"""exp() of more is not a float."""
NEAREST_SHIFT = 5
"""Nights; shifts by fewer would pair a night with nights that resemble it."""
TIES = 1e-12
"""Correlations closer than this are equal; they differ by rounding."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OddsRatio:
    """An odds ratio of a worse night with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Association:
    """PO-AR1 of one exposure; `b` and `se` are log-odds of a worse night per SD (`s_x`, its own unit).

    `se` is already widened by the root of `vif`. `detrended` is the standardised exposure less its
    covariates.
    """

    b: float
    se: float
    vif: float
    phi: float
    df: int
    p: float
    s_x: float
    n: int
    detrended: Floats = field(repr=False, compare=False)

    @property
    def margin(self) -> float:
        """Half the width of the 95 % interval of `b`."""
        return float(stdtrit(self.df, 0.975)) * self.se

    def odds_ratio(self, step: float) -> OddsRatio:
        """Per `step` of the exposure, in its own unit; a negative step turns the direction."""
        per_sd = math.copysign(min(abs(step) / self.s_x, 1e300), step)
        ends = sorted((_odds((self.b - self.margin) * per_sd), _odds((self.b + self.margin) * per_sd)))
        return OddsRatio(value=_odds(self.b * per_sd), low=ends[0], high=ends[1])


@dataclass(frozen=True, kw_only=True)
class Adjustment:
    """What the nights say without any exposure: shared by all exposures that have the same nights.

    `phi` and `residual` (probability-scale, one per night) are those of the confounder-only model.
    """

    nights: Integers
    levels: Integers
    covariates: Floats
    names: tuple[str, ...]
    phi: float
    residual: Floats


def adjustment(nights: Integers, severity: Integers, factors: Mapping[str, Floats]) -> Adjustment:
    """The confounder-only model of these nights.

    Parameters
    ----------
    nights : ndarray of int, shape (N,)
        Night numbers, increasing, only nights with an outcome; the time spline follows their span.
    severity : ndarray of int, shape (N,)
        0-10; none missing.
    factors : mapping of str to ndarray of float, shape (N,)
        Confounders, the most important first; NaN where missing.

    Returns
    -------
    Adjustment

    Raises
    ------
    InputError
        If the severities leave fewer than two levels, or the arrays do not fit.

    Examples
    --------
    >>> base = adjustment(np.arange(24), np.tile([0, 2, 6, 8], 6), {"alcohol": np.tile([0.0, 1.0, 1.0], 8)})
    >>> base.names
    ('alcohol',)
    """
    levels = severity_levels(severity)
    used = covariates(factors, time_spline(nights), effective_sample_size(levels))
    phi = reml_phi(normal_scores(levels), used.matrix, nights).mean
    null = fit_ordinal(levels, used.matrix, np.full(used.matrix.shape[1], COVARIATE_PRIOR_SD))
    return Adjustment(
        nights=nights,
        levels=levels,
        covariates=used.matrix,
        names=used.names,
        phi=phi,
        residual=null.residual,
    )


def is_separable(exposure: Floats, adjusted: Floats) -> bool:
    """Whether the exposure varies, and not only as the covariates do.

    Parameters
    ----------
    exposure : ndarray of float, shape (N,)
        Any unit; no NaN.
    adjusted : ndarray of float, shape (N, p)
        Covariates.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_separable(np.ones(3), np.empty((3, 0)))
    False
    """
    scaled = standardised(exposure)
    return scaled.sd > 0 and float(detrended(scaled.z, adjusted).std()) > SEPARATE


def po_ar1(exposure: Floats, levels: Integers, adjusted: Floats, nights: Integers, phi: float) -> Association:
    """Proportional-odds regression on one exposure, its standard error widened for autocorrelation.

    Parameters
    ----------
    exposure : ndarray of float, shape (N,)
        Any unit; no NaN.
    levels : ndarray of int, shape (N,)
        0..K-1, every one present, K >= 2.
    adjusted : ndarray of float, shape (N, p)
        Standardised covariates and time spline.
    nights : ndarray of int, shape (N,)
        Night numbers, increasing.
    phi : float
        Night-to-night correlation of the confounder-only model; 0 <= phi < 1.

    Returns
    -------
    Association
        p is two-sided from t with max(3, N - p - K) degrees of freedom.

    Raises
    ------
    InputError
        If the exposure does not vary beyond the covariates, a value is missing, or the arrays do not fit.

    References
    ----------
    McCullagh (1980), JRSS B 42:109, doi:10.1111/j.2517-6161.1980.tb01109.x; Li & Shepherd (2012), Biometrika
    99:473, doi:10.1093/biomet/asr073; Bartlett (1946), JRSS Suppl 8:27, doi:10.2307/2983611.

    Examples
    --------
    >>> warm = np.tile([18.0, 19.0, 24.0, 25.0], 6)
    >>> link = po_ar1(warm, np.tile([0, 0, 1, 2], 6), np.empty((24, 0)), np.arange(24), phi=0.2)
    >>> link.odds_ratio(1.0).low > 1
    True
    """
    if np.isnan(exposure).any():
        raise InputError("PO-AR1: exposure: expected no missing value; leave those nights out")
    if not is_separable(exposure, adjusted):
        raise InputError("PO-AR1: exposure: expected values that vary beyond the covariates")
    scaled = standardised(exposure)
    prior_sd = np.concatenate([[EXPOSURE_PRIOR_SD], np.full(adjusted.shape[1], COVARIATE_PRIOR_SD)])
    fit = fit_ordinal(levels, np.column_stack([scaled.z, adjusted]), prior_sd)
    sd = np.sqrt(psr_variance(fit.probabilities))
    own = _weighted_residual(scaled.z, adjusted, sd)
    vif = ar1_vif(own, sd, nights, phi)
    b, se = float(fit.coefficients[0]), math.sqrt(float(fit.covariance[0, 0]) * vif)
    df = max(FEWEST_DF, len(levels) - adjusted.shape[1] - len(fit.thresholds) - 1)
    return Association(
        b=b,
        se=se,
        vif=vif,
        phi=phi,
        df=df,
        p=2.0 * float(stdtr(df, -abs(b) / se)),
        s_x=scaled.sd,
        n=len(levels),
        detrended=own,
    )


def agreeing_parts(link: Association, residual: Floats, parts: int) -> int:
    """In how many equal parts of the time the exposure goes with worse (or better) nights as it does overall.

    Parameters
    ----------
    link : Association
        Of N nights in order of time.
    residual : ndarray of float, shape (N,)
        Probability-scale residual of the confounder-only model.
    parts : int
        2 for halves, 4 for quarters; parts hold equally many nights, as far as that goes.

    Returns
    -------
    int
        0..parts.

    Raises
    ------
    InputError
        If the residual has another length than the association's nights.
    """
    if len(residual) != link.n:
        raise InputError(f"time parts: expected {link.n} residuals, got {len(residual)}")
    sums = [float(part.sum()) for part in np.array_split(residual * link.detrended, parts)]
    return sum(part * link.b > 0 for part in sums)


def circular_shift_p(residual: Floats, exposure: Floats, basis: Floats) -> float:
    """Share of circular shifts of the exposure that go as closely with the residual as no shift does.

    Shifting keeps the autocorrelation of both series and breaks only their pairing. Shifts are 5..T-5 nights.

    Parameters
    ----------
    residual : ndarray of float, shape (T,)
        Probability-scale residual of the confounder-only model on every calendar night; NaN without outcome.
    exposure : ndarray of float, shape (T,)
        Standardised exposure on every calendar night; NaN where missing.
    basis : ndarray of float, shape (T, k)
        Time spline of the calendar, removed from the exposure first.

    Returns
    -------
    float
        At least 1 / (T - 8).

    Raises
    ------
    InputError
        If the shapes do not fit or T < 10.

    References
    ----------
    Politis & Romano (1992), A circular block-resampling procedure for stationary data, in Exploring the
    Limits of Bootstrap. Bulte & Onghena (2008), Behav Res Methods 40:467, doi:10.3758/BRM.40.2.467.

    Examples
    --------
    >>> wave = np.sin(np.arange(60) ** 1.5)
    >>> round(circular_shift_p(wave, wave, np.empty((60, 0))), 4)
    0.0192
    """
    length = len(residual)
    if exposure.shape != residual.shape or length < 2 * NEAREST_SHIFT:
        raise InputError(
            f"circular shift: expected two calendars of at least 10 nights, got {residual.shape}, {exposure.shape}"
        )
    closeness = _shifted_correlations(residual, detrended(exposure, basis))
    shifts = closeness[NEAREST_SHIFT : length - NEAREST_SHIFT + 1]
    return float((1 + (shifts >= closeness[0] - TIES).sum()) / (1 + len(shifts)))


def _odds(log_odds: float) -> float:
    return math.exp(min(max(log_odds, -LARGEST_LOG_ODDS), LARGEST_LOG_ODDS))


def _weighted_residual(values: Floats, columns: Floats, weight_root: Floats) -> Floats:
    """Residual of weighted least squares on [1, columns]; the weights are `weight_root` squared."""
    design = np.column_stack([np.ones(len(values)), columns])
    weighted = design * weight_root[:, None]
    coefficients = np.linalg.lstsq(weighted, values * weight_root, rcond=None)[0]
    return np.asarray(values - design @ coefficients)


def _shifted_correlations(left: Floats, right: Floats) -> Floats:
    """|corr(left[t], right[(t + s) mod T])| over nights with both, for s = 0..T-1; 0 where undefined."""
    here, there = ~np.isnan(left), ~np.isnan(right)
    a, b = np.where(here, left, 0.0), np.where(there, right, 0.0)
    n = np.maximum(_paired(here, there), 1.0)
    mean_a, mean_b = _paired(a, there) / n, _paired(here, b) / n
    spread_a = _paired(a**2, there) / n - mean_a**2
    spread_b = _paired(here, b**2) / n - mean_b**2
    together = np.abs(_paired(a, b) / n - mean_a * mean_b)
    defined = (spread_a > SEPARATE**2) & (spread_b > SEPARATE**2)
    return np.asarray(np.where(defined, together / np.sqrt(np.where(defined, spread_a * spread_b, 1.0)), 0.0))


def _paired(left: Floats | NDArray[np.bool_], right: Floats | NDArray[np.bool_]) -> Floats:
    """sum_t left[t] * right[(t + s) mod T] for every shift s, by the Fourier transform."""
    return np.fft.irfft(np.conj(np.fft.rfft(left)) * np.fft.rfft(right), n=len(left))
