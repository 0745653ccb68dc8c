"""From numbers to what may be said: false discoveries, flags, grades, verdicts, nights still needed."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from monitor.core.findings import FEWEST_BAD, FEWEST_GOOD, FEWEST_NIGHTS
from monitor.errors import InputError

Floats = NDArray[np.float64]

GRADES = ("none", "weak", "moderate", "strong")
"""From least to most; "tested" is left to randomised experiments."""

FEWEST_PER_SIDE, FEWEST_SHARE = 10, 0.20
"""Nights, and share of the nights, on either side of an exposure that has only two values."""
FLAG_Q = 0.10
CHECK_P = 0.05
"""Circular shift, stage 2 and negative control all decide at 5 %."""
CLEARED_NIGHTS = 30
CLEARED_LOW, CLEARED_HIGH = 0.67, 1.5
"""An odds ratio within, for the distance of the quartiles, is too small to matter."""
MEANINGFUL = math.log(2.0)
"""Log-odds: the effect worth finding. Fixed, since power for the observed effect only says p again."""
NEEDED_ALPHA = 0.02
"""Stands in for the false-discovery correction."""
POWER = 0.8


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """All that a grade looks at.

    `q` is p after Benjamini-Hochberg; `p_shift` None = calendar too short. `same_halves`, `same_quarters`
    count parts of the time with the overall direction. `nearest_odds` is the interval's bound nearest to 1,
    per SD, turned so that it exceeds 1 where the interval excludes 1. `control_p` is the following night's
    exposure (None = not computed); `turns` = adding same-night consequences turns the direction.
    """

    nights: int
    bad: int
    p: float
    q: float
    p_shift: float | None
    passed_stage_two: bool
    same_halves: int
    same_quarters: int
    nearest_odds: float
    primary: bool = True
    control_p: float | None = None
    turns: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class GradeRule:
    """The least that a grade asks for; the defaults ask for nothing."""

    grade: str
    nights: int
    bad: int
    q: float
    p_below: float = math.inf
    p_shift: float = math.inf
    stage_two: bool = False
    same_halves: int = 0
    same_quarters: int = 0
    nearest_odds: float = 0.0

    def met_by(self, evidence: Evidence) -> bool:
        """Whether every condition holds."""
        shift = math.inf if evidence.p_shift is None else evidence.p_shift
        return (
            evidence.nights >= self.nights
            and evidence.bad >= self.bad
            and evidence.q <= self.q
            and evidence.p < self.p_below
            and shift <= self.p_shift
            and evidence.passed_stage_two >= self.stage_two
            and evidence.same_halves >= self.same_halves
            and evidence.same_quarters >= self.same_quarters
            and evidence.nearest_odds >= self.nearest_odds
        )


RULES = (
    GradeRule(
        grade="strong",
        nights=90,
        bad=20,
        q=0.02,
        p_shift=0.02,
        stage_two=True,
        same_quarters=3,
        nearest_odds=1.2,
    ),
    GradeRule(grade="moderate", nights=45, bad=10, q=FLAG_Q, p_shift=CHECK_P, stage_two=True, same_halves=2),
    GradeRule(grade="weak", nights=30, bad=8, q=0.25, p_below=0.05),
)
"""Best first; the first that is met is the grade."""


def grade(evidence: Evidence) -> str:
    """The grade of a finding.

    One step lower where the following night's exposure "predicts" this night (negative control) or where
    same-night consequences turn the direction; at most "weak" where the exposure was not declared primary or
    did not pass stage 2.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    str
        One of `GRADES`.

    References
    ----------
    Negative control by an after-outcome exposure: Am J Epidemiol 2021;190:468-476.
    """
    met = next((rule.grade for rule in RULES if rule.met_by(evidence)), "none")
    capped = evidence.primary and evidence.passed_stage_two
    step = min(GRADES.index(met), len(GRADES) - 1 if capped else GRADES.index("weak"))
    doubted = evidence.turns or (evidence.control_p is not None and evidence.control_p < CHECK_P)
    return GRADES[max(0, step - doubted)]


def verdict(*, flagged: bool, grade: str, b: float, nights: int, usual_ci: tuple[float, float]) -> str:
    """What is said of an exposure that was measured on enough nights.

    Parameters
    ----------
    flagged : bool
        Passed false-discovery control, circular shift and stage 2.
    grade : str
        From `grade`.
    b : float
        Log-odds of a worse night; its sign is the direction.
    nights : int
        Nights of the fit.
    usual_ci : tuple of float
        95 % interval of the odds ratio for a usual difference between nights: the distance of the quartiles.

    Returns
    -------
    str
        trigger, protective, cleared or undecided.

    Examples
    --------
    >>> verdict(flagged=False, grade="none", b=0.1, nights=30, usual_ci=(0.7, 1.4))
    'cleared'
    """
    if flagged and GRADES.index(grade) >= GRADES.index("moderate"):
        return "trigger" if b > 0 else "protective"
    low, high = usual_ci
    if nights >= CLEARED_NIGHTS and low >= CLEARED_LOW and high <= CLEARED_HIGH:
        return "cleared"
    return "undecided"


def enough_nights(nights: int, bad: int) -> bool:
    """Whether anything may be computed: 21 nights, 5 of them bad and 5 good.

    Examples
    --------
    >>> enough_nights(21, 5), enough_nights(20, 8), enough_nights(30, 26)
    (True, False, False)
    """
    return nights >= FEWEST_NIGHTS and bad >= FEWEST_BAD and nights - bad >= FEWEST_GOOD


def enough_sides(one: int, other: int) -> bool:
    """Whether a two-valued exposure has 10 nights, and 20 % of the nights, with either value.

    Examples
    --------
    >>> enough_sides(10, 30), enough_sides(10, 41)
    (True, False)
    """
    fewer = min(one, other)
    return fewer >= FEWEST_PER_SIDE and fewer >= FEWEST_SHARE * (one + other)


def benjamini_hochberg(p: Floats) -> Floats:
    """Adjusted p values: the false-discovery rate at which each would just be flagged.

    Parameters
    ----------
    p : ndarray of float, shape (m,)
        In 0..1; none missing (leave out what was not tested).

    Returns
    -------
    ndarray of float, shape (m,)
        In the order given.

    Raises
    ------
    InputError
        If a value is not in 0..1.

    References
    ----------
    Benjamini & Hochberg (1995), JRSS B 57:289, doi:10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> print(benjamini_hochberg(np.array([0.04, 0.01])))
    [0.04 0.02]
    """
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise InputError("Benjamini-Hochberg: expected p values between 0 and 1")
    order = np.argsort(p, kind="stable")
    raised = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return adjusted


def is_flagged(q: float, p_shift: float | None) -> bool:
    """Whether an exposure passes false-discovery control and the circular shift (None does not pass).

    Examples
    --------
    >>> is_flagged(0.10, 0.05), is_flagged(0.01, None)
    (True, False)
    """
    return q <= FLAG_Q and p_shift is not None and p_shift <= CHECK_P


def stage_two(flagged: Mapping[str, float], beside: Callable[[str, str], float | None]) -> dict[str, str]:
    """Which flagged exposures the strongest one explains.

    Parameters
    ----------
    flagged : mapping of str to float
        Flagged exposures and their p.
    beside : callable
        (exposure, strongest) -> p of the exposure with the strongest among its covariates; None where the two
        cannot be told apart, which counts as explained.

    Returns
    -------
    dict of str to str
        Explained exposure -> the strongest; empty with fewer than two flagged.

    Examples
    --------
    >>> stage_two({"T_mean": 0.001, "AH_mean": 0.01}, lambda exposure, strongest: 0.4)
    {'AH_mean': 'T_mean'}
    """
    if not flagged:
        return {}
    strongest = min(flagged, key=lambda name: flagged[name])
    explained = {}
    for name in flagged:
        if name == strongest:
            continue
        p = beside(name, strongest)
        if p is None or p > CHECK_P:
            explained[name] = strongest
    return explained


def nights_needed(nights: int, se: float, effect: float = MEANINGFUL, alpha: float = NEEDED_ALPHA) -> int:
    """About how many more nights until an effect of this size would be found with 80 % power.

    Parameters
    ----------
    nights : int
        Nights of the fit.
    se : float
        Standard error now, widened for autocorrelation; log-odds of the displayed contrast.
    effect : float
        Log-odds of the same contrast; a meaningful effect, not the observed one.
    alpha : float
        Two-sided level.

    Returns
    -------
    int
        0 if there are enough.

    Raises
    ------
    InputError
        If `se` or `effect` is not positive and finite, or `alpha` not within 0..1.

    References
    ----------
    Hoenig & Heisey (2001), Am Stat 55:19, doi:10.1198/000313001300339897.

    Examples
    --------
    >>> nights_needed(61, 0.30, alpha=0.05)
    29
    """
    if not (0 < se < math.inf and 0 < abs(effect) < math.inf and 0 < alpha < 1):
        raise InputError(f"nights needed: expected positive values, got se={se}, effect={effect}, alpha={alpha}")
    distance = float(ndtri(1.0 - alpha / 2.0) + ndtri(POWER))
    return max(0, math.ceil(nights * (distance * se / abs(effect)) ** 2 - nights))


def e_value(odds_ratio: float) -> float:
    """How strongly, as a risk ratio, a hidden factor must be linked to both to explain this away.

    For a common outcome the risk ratio is about the root of the odds ratio. For an interval, give the bound
    nearest to 1, or 1 if the interval holds 1.

    Parameters
    ----------
    odds_ratio : float
        Positive; below 1 counts as its inverse.

    Returns
    -------
    float
        At least 1.

    Raises
    ------
    InputError
        If `odds_ratio` is not positive and finite.

    References
    ----------
    VanderWeele & Ding (2017), Ann Intern Med 167:268, doi:10.7326/M16-2607.

    Examples
    --------
    >>> round(e_value(2.1), 3)
    2.256
    """
    if not 0 < odds_ratio < math.inf:
        raise InputError(f"E-value: odds ratio: expected a positive number, got {odds_ratio}")
    risk_ratio = math.sqrt(max(odds_ratio, 1.0 / odds_ratio))
    return risk_ratio + math.sqrt(risk_ratio * (risk_ratio - 1.0))
