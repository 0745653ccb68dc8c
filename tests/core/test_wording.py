"""What a person is told: association, not cause; always nights, interval, adjustment and grade."""

from dataclasses import replace

import pytest

from monitor.core import wording
from monitor.core.exposure import EXPOSURES
from monitor.core.findings import AnalysisResult, Finding
from monitor.core.wording import sentence, still_missing, summary

KINDS = {kind.name: kind for kind in EXPOSURES}
NAMED = Finding(
    exposure="T_mean", domain="thermal", primary=True, unit="1 °C", verdict="trigger", grade="strong", nights=96,
    bad=23,
    odds_ratio=1.957, ci=(1.42, 12.4), p=0.001, q=0.003, adjusted_for=("alcohol", "caffeine", "cheese", "weekend"),
    usual=1.1, usual_ci=(0.9, 1.4), nights_needed=38,
)  # fmt: skip


def said(**changes: object) -> str:
    finding = replace(NAMED, **changes)
    return sentence(finding, KINDS[finding.exposure])


def a_result(*findings: Finding, nights: int = 96, bad: int = 23, good: int = 73) -> AnalysisResult:
    return AnalysisResult(nights=nights, bad=bad, good=good, tried=len(findings), findings=findings)


EVERY = [
    {},
    {"verdict": "protective", "odds_ratio": 0.5, "ci": (0.3, 0.8)},
    {"verdict": "cleared", "grade": "none"},
    {"verdict": "undecided", "grade": "none"},
    {"verdict": "undecided", "grade": "weak"},
    {"verdict": "undecided", "grade": "weak", "explained_by": "AH_mean"},
    {"group": ("AH_mean",)},
]


@pytest.mark.parametrize("changes", EVERY)
@pytest.mark.parametrize("part", ["96 logged nights", "95 % CI", "adjusted for alcohol", "evidence: "])
def test_every_number_comes_with_nights_interval_adjustment_and_grade(changes, part):
    assert part in said(**changes)


@pytest.mark.parametrize("changes", EVERY)
@pytest.mark.parametrize("word", ["cause", "trigger", "treat", "normal", "diagnos", "disease", "heal", "no effect"])
def test_no_sentence_claims_a_cause_or_names_an_illness(changes, word):
    assert word not in said(**changes).replace(wording.NOT_CAUSE, "").lower()


@pytest.mark.parametrize("kind", EXPOSURES, ids=lambda kind: kind.name)
def test_the_sentence_of_every_exposure_names_it_in_its_own_words(kind):
    assert kind.more in said(exposure=kind.name)


def test_a_named_condition_is_told_as_an_association_in_one_s_own_data():
    assert said() == (
        "On your 96 logged nights, each 1 °C warmer went with 1.96 times the odds of a worse night (95 % CI 1.42 to "
        "12; adjusted for alcohol, caffeine after 14:00, cheese, weekends, the time of year; evidence: strong). "
        "This is an association in your own data, not proof of cause."
    )


def test_conditions_that_went_together_are_said_to():
    told = said(group=("AH_mean",))
    assert "together with the mean moisture of the bedroom air, so they cannot be told apart" in told


def test_a_cleared_condition_is_told_with_the_interval_that_clears_it():
    assert "factor of 1.10 (95 % CI 0.90 to 1.40, within 0.67 to 1.50;" in said(verdict="cleared", grade="none")


def test_a_hint_is_said_to_be_often_chance():
    assert "a hint is often chance" in said(verdict="undecided", grade="weak")


def test_what_another_condition_explains_is_said_to():
    explained = said(verdict="undecided", grade="weak", explained_by="AH_mean")
    assert "explained by the mean moisture of the bedroom air" in explained


@pytest.mark.parametrize(
    ("needed", "told"),
    [
        (38, "; about 40 more nights would show a doubling"),
        (3, "; about 10 more nights"),
        (0, "we cannot tell yet."),
        (None, "we cannot tell yet."),
        (365, "about 360 more nights"),
        (366, "more than a year of nights: an experiment tells sooner"),
    ],
)
def test_an_open_question_says_how_many_more_nights_it_takes(needed, told):
    assert told in said(verdict="undecided", grade="none", nights_needed=needed)


def test_with_too_few_nights_nothing_is_said_of_a_condition():
    collecting = said(verdict="collecting", grade="none", odds_ratio=None, ci=None, nights=1, bad=0)
    assert (
        collecting
        == "Nothing to say yet about the mean bedroom temperature: too few nights so far (1 night, 0 of them bad)."
    )


@pytest.mark.parametrize(
    ("nights", "bad", "good", "told"),
    [
        (20, 4, 16, "it takes at least 1 more logged night and 1 more bad night (severity 5 or more)"),
        (21, 19, 2, "it takes at least 3 more good nights"),
        (21, 5, 16, None),
    ],
)
def test_what_is_missing_is_counted(nights, bad, good, told):
    assert still_missing(a_result(nights=nights, bad=bad, good=good)) == told


def test_the_summary_counts_nights_bad_ones_and_conditions_tried():
    assert summary(a_result(NAMED)) == "96 nights logged, 23 of them bad; 1 room condition tried."


def test_the_summary_says_when_nothing_stands_out():
    quiet = replace(NAMED, verdict="undecided")
    assert summary(a_result(quiet, quiet)).endswith("2 room conditions tried. No room condition stands out so far.")


def test_the_summary_says_when_nothing_can_be_said():
    assert "Nothing can be said yet: it takes at least 21 more logged nights" in summary(
        a_result(nights=0, bad=0, good=0)
    )


def test_without_confounders_the_time_of_year_is_still_adjusted_for():
    assert wording.adjustment(()) == "adjusted for the time of year"


def test_a_condition_that_was_always_the_same_is_said_to_be():
    constant = said(verdict="collecting", grade="none", odds_ratio=None, ci=None, nights=60, bad=20)
    assert "on 60 nights it hardly varied by itself" in constant


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0 kB"),
        (1, "1 kB"),
        (3_200, "4 kB"),
        (99_999, "100 kB"),
        (100_000, "0.1 MB"),
        (1_234_500_000, "1,234.5 MB"),
    ],
)
def test_a_size_is_told_in_kb_or_mb(count, told):
    assert wording.size(count) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1.957, "1.96"),
        (12.4, "12"),
        (0.05, "0.05"),
        (0.0012, "0.0012"),
        (1e-9, "less than 0.001"),
        (7e285, "more than 1,000"),
    ],
)
def test_an_odds_ratio_has_the_figures_that_matter(value, told):
    assert wording.number(value) == told
