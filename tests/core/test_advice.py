"""Advice from findings: only what is clear, within limits, one piece of what cannot be told apart."""

from dataclasses import replace

import pytest

from monitor.core.advice import AT_MOST, advise
from monitor.core.findings import AnalysisResult, Finding

WARM = Finding(
    exposure="T_mean", domain="thermal", primary=True, unit="1 °C", verdict="trigger", grade="strong", nights=96,
    bad=23,
    odds_ratio=2.0, ci=(1.4, 2.8), p=0.001, q=0.003, adjusted_for=("alcohol",),
)  # fmt: skip
MOIST = replace(WARM, exposure="AH_mean", domain="moisture", unit="1 g/m³", p=0.0001)
FALL = replace(WARM, exposure="T_drop", domain="thermal change", p=0.01)


def advice(*findings: Finding, mean_c: float | None = 23.0, humidity: float = 45.0):
    result = AnalysisResult(nights=96, bad=23, good=73, tried=3, findings=findings)
    return advise(result, {} if mean_c is None else {"T_mean": [mean_c] * 20, "RH_mean": [humidity] * 20})


def test_a_warm_room_that_goes_with_bad_nights_is_to_be_two_degrees_cooler():
    assert "21 °C instead of about 23 °C" in advice(WARM)[0].what


def test_a_cold_room_that_goes_with_bad_nights_is_to_be_warmer():
    cold = replace(WARM, verdict="protective", odds_ratio=0.5, ci=(0.3, 0.7))
    assert "Keep the bedroom warmer tonight: 20 °C" in advice(cold, mean_c=18.0)[0].what


@pytest.mark.parametrize(("verdict", "mean_c", "target"), [("trigger", 17.2, "16 °C"), ("protective", 25.1, "26 °C")])
def test_temperatures_stay_within_16_and_26_degrees(verdict, mean_c, target):
    assert target in advice(replace(WARM, verdict=verdict), mean_c=mean_c)[0].what


@pytest.mark.parametrize(("verdict", "mean_c"), [("trigger", 16.0), ("trigger", 14.0), ("protective", 26.0)])
def test_nothing_is_advised_beyond_the_limits(verdict, mean_c):
    assert advice(replace(WARM, verdict=verdict), mean_c=mean_c) == ()


def test_without_recent_nights_no_temperature_is_named():
    assert advice(WARM, mean_c=None) == ()


@pytest.mark.parametrize("verdict", ["undecided", "cleared", "collecting"])
def test_what_is_not_clear_is_not_acted_on(verdict):
    assert advice(replace(WARM, verdict=verdict)) == ()


def test_a_condition_that_nobody_can_change_gives_no_advice():
    assert advice(replace(WARM, exposure="T_lag1")) == ()


def test_the_clearest_finding_comes_first():
    assert advice(WARM, MOIST, FALL)[0].what.startswith("Make the air drier")


def test_of_conditions_that_cannot_be_told_apart_only_the_clearest_is_acted_on():
    together = advice(replace(WARM, group=("AH_mean",)), replace(MOIST, group=("T_mean",)))
    assert len(together) == 1


def test_where_the_clearest_of_a_group_cannot_be_acted_on_the_other_is():
    cool = advice(replace(WARM, p=0.0, group=("AH_mean",)), replace(MOIST, group=("T_mean",)), mean_c=15.0)
    assert [one.what.split(":")[0] for one in cool] == ["Make the air drier"]


def test_at_most_three_pieces_are_given():
    assert len(advice(WARM, MOIST, FALL)) <= AT_MOST


def test_advice_says_why_how_sure_what_it_may_bring_what_it_costs_and_what_would_disprove_it():
    one = advice(WARM)[0]
    assert (one.basis, one.grade, one.cost) == ("finding", "strong", "free to low")
    assert "not proof of cause" in one.why
    assert "if the association is a cause" in one.expected
    assert "as frequent as before" in one.disproof


def test_no_advice_opens_a_window():
    assert all("window" not in one.what for one in advice(WARM, MOIST, FALL))


def test_what_is_expected_is_told_in_the_direction_of_the_advice():
    assert "for each 1 °C in that direction 0.50 times the odds of a worse night (95 % CI 0.36 to 0.71)" in (
        advice(WARM)[0].expected
    )
    protective = replace(WARM, verdict="protective", odds_ratio=0.5, ci=(0.3, 0.7))
    assert "0.50 times the odds of a worse night (95 % CI 0.30 to 0.70)" in advice(protective, mean_c=18.0)[0].expected


@pytest.mark.parametrize(("verdict", "humidity"), [("trigger", 40.0), ("protective", 50.0)])
def test_dry_air_is_not_to_be_drier_and_moist_air_not_moister(verdict, humidity):
    assert advice(replace(MOIST, verdict=verdict), humidity=humidity) == ()


def test_less_dry_air_is_advised_where_it_goes_with_better_nights():
    assert "less dry" in advice(replace(MOIST, verdict="protective"), humidity=35.0)[0].what


def test_without_a_hygrometer_nothing_is_said_of_moisture():
    assert advice(MOIST, mean_c=None) == ()
