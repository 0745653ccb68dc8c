"""False discoveries, flags, grades, verdicts against science.md 1.4b, 1.7, 1.8, 1.10, 8.2."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.evidence import (
    GRADES,
    RULES,
    Evidence,
    benjamini_hochberg,
    e_value,
    enough_nights,
    enough_sides,
    grade,
    is_flagged,
    nights_needed,
    stage_two,
    verdict,
)
from monitor.errors import InputError

STRONG = Evidence(
    nights=90, bad=20, p=0.001, q=0.02, p_shift=0.02, passed_stage_two=True,
    same_halves=2, same_quarters=3, nearest_odds=1.2,
)  # fmt: skip
MODERATE = replace(STRONG, nights=45, bad=10, q=0.10, p_shift=0.05)
WEAK = replace(STRONG, nights=30, bad=8, p=0.0499, q=0.25, p_shift=None, same_halves=0)

p_values = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12).map(np.array)


def test_the_adjusted_p_values_are_the_printed_ones():
    # science.md 8.2; scipy.stats.false_discovery_control gives the same
    adjusted = benjamini_hochberg(np.array([0.001, 0.012, 0.03, 0.04, 0.2, 0.6]))
    assert adjusted == pytest.approx([0.006, 0.036, 0.06, 0.06, 0.24, 0.6])


def test_nothing_tested_needs_no_adjustment():
    assert benjamini_hochberg(np.array([])).tolist() == []


@given(p_values)
def test_adjusting_never_lowers_p_nor_passes_one(p):
    adjusted = benjamini_hochberg(p)
    assert ((adjusted >= p * (1 - 1e-12)) & (adjusted <= 1.0)).all()


@given(p_values, st.randoms())
def test_the_order_of_the_tests_does_not_matter(p, random):
    order = list(range(len(p)))
    random.shuffle(order)
    assert benjamini_hochberg(p[order]) == pytest.approx(benjamini_hochberg(p)[order])


@pytest.mark.parametrize("p", [[-0.1], [1.1], [np.nan], [[0.5]]], ids=str)
def test_what_is_no_p_value_is_refused(p):
    with pytest.raises(InputError, match="between 0 and 1"):
        benjamini_hochberg(np.array(p))


@pytest.mark.parametrize(
    ("nights", "bad", "enough"),
    [(21, 5, True), (20, 5, False), (21, 4, False), (21, 16, True), (21, 17, False), (0, 0, False)],
)
def test_anything_is_computed_from_21_nights_5_bad_and_5_good(nights, bad, enough):
    assert enough_nights(nights, bad) is enough


@pytest.mark.parametrize(("one", "other", "enough"), [(10, 40, True), (9, 21, False), (10, 41, False), (30, 10, True)])
def test_a_two_valued_exposure_needs_ten_nights_and_a_fifth_on_each_side(one, other, enough):
    assert enough_sides(one, other) is enough


@pytest.mark.parametrize(
    ("q", "p_shift", "flagged"),
    [(0.10, 0.05, True), (0.11, 0.05, False), (0.10, 0.051, False), (0.01, None, False)],
)
def test_a_flag_needs_false_discovery_control_and_the_circular_shift(q, p_shift, flagged):
    assert is_flagged(q, p_shift) is flagged


def test_grades_and_their_rules_are_complete():
    assert [rule.grade for rule in RULES] == list(reversed(GRADES[1:]))


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [(STRONG, "strong"), (MODERATE, "moderate"), (WEAK, "weak")],
    ids=lambda v: str(v)[:8],
)
def test_evidence_that_just_meets_every_condition_has_the_grade(evidence, expected):
    assert grade(evidence) == expected


@pytest.mark.parametrize(
    "lacking",
    [
        {"nights": 89},
        {"bad": 19},
        {"q": 0.021},
        {"p_shift": 0.021},
        {"same_quarters": 2},
        {"nearest_odds": 1.19},
    ],
    ids=str,
)
def test_strong_lacking_one_condition_is_moderate(lacking):
    assert grade(replace(STRONG, **lacking)) == "moderate"


@pytest.mark.parametrize(
    "lacking",
    [{"nights": 44}, {"bad": 9}, {"q": 0.101}, {"p_shift": 0.051}, {"p_shift": None}, {"same_halves": 1},
     {"passed_stage_two": False}],
    ids=str,
)  # fmt: skip
def test_moderate_lacking_one_condition_is_weak(lacking):
    assert grade(replace(MODERATE, **lacking)) == "weak"


@pytest.mark.parametrize("lacking", [{"nights": 29}, {"bad": 7}, {"q": 0.251}, {"p": 0.05}], ids=str)
def test_weak_lacking_one_condition_is_none(lacking):
    assert grade(replace(WEAK, **lacking)) == "none"


def test_fewer_than_thirty_nights_have_no_grade_whatever_they_show():
    assert grade(replace(STRONG, nights=29, p=1e-9, q=1e-9)) == "none"


def test_a_secondary_exposure_is_weak_at_most():
    assert grade(replace(STRONG, primary=False)) == "weak"


def test_an_exposure_that_another_explains_is_weak_at_most():
    assert grade(replace(STRONG, passed_stage_two=False)) == "weak"


@pytest.mark.parametrize("doubt", [{"control_p": 0.049}, {"turns": True}], ids=str)
@pytest.mark.parametrize(
    ("evidence", "lower"), [(STRONG, "moderate"), (MODERATE, "weak"), (WEAK, "none")], ids=["s", "m", "w"]
)
def test_a_doubt_lowers_the_grade_by_one_step(evidence, lower, doubt):
    assert grade(replace(evidence, **doubt)) == lower


def test_a_quiet_negative_control_keeps_the_grade():
    assert grade(replace(STRONG, control_p=0.05)) == "strong"


def test_no_grade_cannot_be_lowered():
    assert grade(replace(WEAK, nights=29, turns=True)) == "none"


@pytest.mark.parametrize(
    ("flagged", "graded", "b", "nights", "ci", "expected"),
    [
        (True, "moderate", 0.5, 90, (1.3, 4.0), "trigger"),
        (True, "strong", -0.5, 90, (0.2, 0.7), "protective"),
        (True, "weak", 0.5, 90, (1.3, 4.0), "undecided"),
        (False, "strong", 0.5, 90, (1.3, 4.0), "undecided"),
        (False, "none", 0.1, 30, (0.67, 1.5), "cleared"),
        (False, "none", 0.1, 29, (0.67, 1.5), "undecided"),
        (False, "none", 0.1, 30, (0.66, 1.5), "undecided"),
        (False, "none", 0.1, 30, (0.67, 1.51), "undecided"),
        (True, "moderate", 0.1, 900, (1.02, 1.4), "trigger"),
    ],
)
def test_the_verdict_follows_flag_grade_and_interval(flagged, graded, b, nights, ci, expected):
    assert verdict(flagged=flagged, grade=graded, b=b, nights=nights, usual_ci=ci) == expected


def test_an_exposure_that_fails_beside_the_strongest_is_explained_by_it():
    p = {"AH_mean": 0.01, "T_mean": 0.001, "CO2_mean": 0.02}
    beside = {"AH_mean": 0.051, "CO2_mean": 0.05}
    assert stage_two(p, lambda name, strongest: beside[name]) == {"AH_mean": "T_mean"}


def test_what_cannot_be_told_from_the_strongest_is_explained_by_it():
    assert stage_two({"a": 0.001, "b": 0.002}, lambda name, strongest: None) == {"b": "a"}


@pytest.mark.parametrize("flagged", [{}, {"T_mean": 0.001}], ids=["none", "one"])
def test_fewer_than_two_flags_are_not_compared(flagged):
    assert stage_two(flagged, lambda name, strongest: 1.0) == {}


@pytest.mark.parametrize(
    ("nights", "se", "effect", "alpha", "needed"),
    [(61, 0.30, math.log(2), 0.05, 29), (61, 0.30, math.log(2), 0.02, 54), (45, 0.42, math.log(2), 0.05, 85),
     (120, 0.18, math.log(1.5), 0.05, 66), (500, 0.1, math.log(2), 0.02, 0)],
)  # fmt: skip
def test_the_nights_still_needed_are_the_printed_ones(nights, se, effect, alpha, needed):
    assert nights_needed(nights, se, effect, alpha) == needed  # science.md 1.10


def test_the_nights_needed_are_for_a_doubling_of_the_odds_unless_told():
    assert nights_needed(61, 0.30) == 54


@pytest.mark.parametrize(
    "given_", [{"se": 0.0}, {"se": math.nan}, {"se": 0.3, "effect": 0.0}, {"se": 0.3, "alpha": 1.0}], ids=str
)
def test_nights_needed_refuses_what_has_no_answer(given_):
    with pytest.raises(InputError, match="nights needed"):
        nights_needed(61, **given_)


@pytest.mark.parametrize(("odds_ratio", "expected"), [(2.1, 2.256), (1.3, 1.540), (1.0, 1.0)])
def test_the_e_value_is_the_printed_one(odds_ratio, expected):
    assert e_value(odds_ratio) == pytest.approx(expected, abs=5e-4)  # science.md 1.8


@given(st.floats(1e-6, 1e6))
def test_the_e_value_is_the_same_for_the_inverse(odds_ratio):
    assert e_value(1 / odds_ratio) == pytest.approx(e_value(odds_ratio), rel=1e-6)


@pytest.mark.parametrize("odds_ratio", [0.0, -1.0, math.inf, math.nan])
def test_what_is_no_odds_ratio_has_no_e_value(odds_ratio):
    with pytest.raises(InputError, match="positive"):
        e_value(odds_ratio)
