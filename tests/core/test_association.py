"""PO-AR1 and the circular shift against science.md 8.1."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.association import (
    adjustment,
    agreeing_parts,
    circular_shift_p,
    is_separable,
    po_ar1,
)
from monitor.core.ordinal import fit_ordinal
from monitor.errors import InputError

# science.md 8.1
CALENDAR = np.arange(44)
NIGHTS = np.setdiff1d(CALENDAR, [6, 7, 19, 33])
LEVELS = np.array([int(digit) for digit in "2112130201000110231312020000100103222200"])
CALENDAR_WARMTH = 21 + 2 * np.sin(2 * np.pi * CALENDAR / 17) + 0.6 * np.cos(1.7 * CALENDAR)
WARMTH = CALENDAR_WARMTH[NIGHTS]
PHI = 0.262463520504793
SEVERITY = np.array([0, 2, 6, 9])[LEVELS]


def z(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


CONFOUNDERS = np.column_stack([z((NIGHTS % 7 >= 5).astype(float)), z(NIGHTS.astype(float))])
LINK = po_ar1(WARMTH, LEVELS, CONFOUNDERS, NIGHTS, PHI)
STEP = po_ar1((WARMTH > 21.5).astype(float), LEVELS, CONFOUNDERS, NIGHTS, PHI)


@pytest.mark.parametrize(
    ("name", "expected", "printed"),
    [("b", 1.55107, 5e-6), ("vif", 1.49762, 5e-6), ("se", 0.47363, 5e-6), ("df", 34, 0), ("p", 0.00244, 5e-6),
     ("s_x", 1.4633, 5e-5), ("n", 40, 0)],
)  # fmt: skip
def test_warmth_has_the_printed_number(name, expected, printed):
    assert getattr(LINK, name) == pytest.approx(expected, abs=printed)


def test_warmth_has_the_printed_interval():
    assert (LINK.b - LINK.margin, LINK.b + LINK.margin) == pytest.approx((0.58854, 2.51360), abs=5e-6)


def test_warmth_has_the_printed_odds_ratio_per_sd():
    ratio = LINK.odds_ratio(LINK.s_x)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((4.716, 1.801, 12.349), abs=6e-4)


def test_phi_with_the_exposure_gives_the_printed_inflation():
    link = po_ar1(WARMTH, LEVELS, CONFOUNDERS, NIGHTS, 0.043494)
    assert (link.vif, link.se) == pytest.approx((1.06986, 0.40031), abs=5e-6)


def test_a_step_has_the_printed_inflation_and_p():
    assert (STEP.vif, STEP.p) == pytest.approx((1.42396, 0.005186), abs=5e-6)


def test_a_step_has_the_printed_odds_ratio():
    ratio = STEP.odds_ratio(1.0)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((11.367, 2.176, 59.386), abs=6e-4)


def test_the_circular_shift_has_the_printed_p():
    residual = np.full(44, np.nan)
    residual[NIGHTS] = fit_ordinal(LEVELS, CONFOUNDERS, np.full(2, 3.0)).residual
    p = circular_shift_p(residual, z(CALENDAR_WARMTH), z(CALENDAR.astype(float))[:, None])
    assert p == pytest.approx(0.027778, abs=5e-7)


@settings(deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(-1e6, 1e6))
def test_a_change_of_unit_leaves_p_alone(scale, offset):
    changed = po_ar1(z(WARMTH) * scale + offset * scale, LEVELS, CONFOUNDERS, NIGHTS, PHI)
    assert changed.p == pytest.approx(LINK.p, rel=1e-4)


def test_a_change_of_unit_is_undone_by_the_step():
    fahrenheit = po_ar1(WARMTH * 1.8 + 32, LEVELS, CONFOUNDERS, NIGHTS, PHI)
    assert fahrenheit.odds_ratio(1.8).value == pytest.approx(LINK.odds_ratio(1.0).value)


def test_turning_the_exposure_turns_the_effect():
    turned = po_ar1(-WARMTH, LEVELS, CONFOUNDERS, NIGHTS, PHI)
    assert (turned.b, turned.p) == pytest.approx((-LINK.b, LINK.p), abs=1e-9)


def test_a_step_downwards_turns_the_odds_ratio():
    up, down = LINK.odds_ratio(1.0), LINK.odds_ratio(-1.0)
    assert (down.value, down.low, down.high) == pytest.approx((1 / up.value, 1 / up.high, 1 / up.low))


def test_an_enormous_step_still_has_a_finite_odds_ratio():
    ratio = LINK.odds_ratio(1e308)
    assert np.isfinite([ratio.value, ratio.low, ratio.high]).all()


def test_more_columns_than_nights_leave_three_degrees_of_freedom():
    crowd = np.random.default_rng(5).standard_normal((40, 33))
    assert po_ar1(WARMTH, LEVELS, crowd, NIGHTS, 0.0).df == 3


def test_separation_gives_a_finite_interval():
    link = po_ar1(LEVELS.astype(float), LEVELS, CONFOUNDERS, NIGHTS, 0.5)
    assert np.isfinite([link.b, link.se, link.p]).all()


@pytest.mark.parametrize(
    ("exposure", "complaint"),
    [
        (np.full(40, 21.0), "vary"),
        (CONFOUNDERS[:, 0], "vary"),
        (np.where(NIGHTS == 3, np.nan, WARMTH), "no missing value"),
    ],
    ids=["constant", "a covariate", "missing"],
)
def test_an_exposure_that_cannot_be_fitted_is_refused(exposure, complaint):
    with pytest.raises(InputError, match=complaint):
        po_ar1(exposure, LEVELS, CONFOUNDERS, NIGHTS, PHI)


def test_an_exposure_made_of_covariates_is_not_separable():
    assert not is_separable(CONFOUNDERS @ np.array([2.0, -1.0]), CONFOUNDERS)


def test_the_confounder_model_uses_the_factors_and_the_trend():
    alcohol = (NIGHTS % 7 >= 5).astype(float)
    base = adjustment(NIGHTS, SEVERITY, {"alcohol": alcohol})
    assert base.names == ("alcohol",)
    assert base.phi == pytest.approx(PHI)  # span 44: one column, the straight line of 8.1


def test_the_confounder_model_keeps_the_printed_residuals():
    base = adjustment(NIGHTS, SEVERITY, {"alcohol": (NIGHTS % 7 >= 5).astype(float)})
    assert base.residual[:4] == pytest.approx([0.47849, -0.05321, -0.04511, 0.49627], abs=5e-6)


def test_nights_all_alike_have_no_confounder_model():
    with pytest.raises(InputError, match="at least two"):
        adjustment(NIGHTS, np.full(40, 3), {})


def test_an_effect_all_along_agrees_in_every_part():
    assert agreeing_parts(LINK, z(LINK.detrended), 4) == 4


def test_an_effect_in_the_first_half_only_does_not_agree_in_both():
    turned = np.where(np.arange(40) < 20, 1.0, -1.0) * LINK.detrended
    assert agreeing_parts(LINK, turned, 2) == 1


def test_parts_need_the_residuals_of_the_same_nights():
    with pytest.raises(InputError, match="expected 40 residuals, got 39"):
        agreeing_parts(LINK, np.ones(39), 2)


def slow_circular_shift(residual: np.ndarray, exposure: np.ndarray) -> float:
    """The definition, shift by shift."""

    def closeness(shift: int) -> float:
        moved = np.roll(exposure, -shift)
        both = ~np.isnan(residual) & ~np.isnan(moved)
        return abs(np.corrcoef(residual[both], moved[both])[0, 1])

    shifts = [closeness(shift) for shift in range(5, len(residual) - 4)]
    return (1 + sum(each >= closeness(0) for each in shifts)) / (1 + len(shifts))


@pytest.mark.parametrize("seed", range(6))
def test_the_circular_shift_equals_its_definition(seed):
    random = np.random.default_rng(seed)
    residual, exposure = random.standard_normal((2, 97))
    residual[random.random(97) < 0.2] = np.nan
    exposure[random.random(97) < 0.1] = np.nan
    centred = exposure - np.nanmean(exposure)
    assert circular_shift_p(residual, exposure, np.empty((97, 0))) == pytest.approx(
        slow_circular_shift(residual, centred)
    )


def test_the_closest_pairing_has_the_smallest_p_there_is():
    wave = np.sin(np.arange(60) ** 1.5)
    assert circular_shift_p(wave, wave, np.empty((60, 0))) == pytest.approx(1 / 52)  # 1 / (T - 8), 1.4


@pytest.mark.parametrize("missing", [np.nan, 0.0], ids=["all missing", "constant"])
def test_an_exposure_without_variation_is_never_close(missing):
    assert circular_shift_p(np.sin(np.arange(60.0)), np.full(60, missing), np.empty((60, 0))) == 1.0


@pytest.mark.parametrize("length", [9, 44])
def test_calendars_that_are_short_or_differ_are_refused(length):
    with pytest.raises(InputError, match="at least 10 nights"):
        circular_shift_p(np.ones(length), np.ones(9), np.empty((9, 0)))
