"""The diary: what an entry may say, which factors there are, and how a mistake is told."""

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.diary import (
    DEFAULT_ADJUST,
    FACTORS,
    DiaryEntry,
    Factor,
    amended,
    as_fields,
    checked_factor,
    checked_factors,
    entry_from,
    known_factors,
    parse_factor,
)
from monitor.errors import DiaryError, InputError

OWN = (Factor(name="screen_h", unit="h", high=12, meaning="hours at a screen in bed"),)


def an_entry(**said):
    return DiaryEntry(**{"wake_date": date(2024, 6, 2), "severity": 3, **said})


def some_fields(**said):
    return {"wake_date": "2024-06-02", "severity": 3, **said}


def test_what_was_not_said_is_none_and_what_was_said_may_be_zero():
    entry = an_entry(severity=0, count=0, factors={"alcohol": 0.0})
    assert (entry.severity, entry.count, entry.bed, entry.factors["alcohol"]) == (0, 0, None, 0.0)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"severity": 11}, "severity: expected a whole number from 0 to 10, got 11"),
        ({"severity": -1}, "severity: .* got -1"),
        ({"severity": 3.5}, "severity: .* got 3.5"),
        ({"severity": True}, "severity: .* got True"),
        ({"severity": None}, "severity: .* got None"),
        ({"count": -1}, "count: expected a whole number from 0 to 20000, got -1"),
        ({"bed": "25:00"}, "bed: expected a time .* got '25:00'"),
        ({"rise": "seven"}, "rise: expected a time .* got 'seven'"),
        ({"zone": "Europe/Brusels"}, "zone: .* did you mean Europe/Brussels"),
        ({"note": "x" * 2001}, "note: expected at most 2000 characters, got 2001"),
        ({"factors": {"alcohol": math.nan}}, "alcohol: expected a number, got nan"),
    ],
)
def test_an_impossible_entry_is_refused_with_its_field(said, message):
    with pytest.raises(InputError, match=message):
        an_entry(**said)


def test_the_adjusted_factors_are_those_of_the_method_in_its_order():
    assert DEFAULT_ADJUST == (
        "alcohol",
        "caffeine",
        "stress",
        "illness",
        "medication_change",
        "exercise",
        "magnesium",
        "sleep_loss",
    )


@pytest.mark.parametrize("name", ["bedding_tog", "nightwear_clo", "sleep_hours", "warmth"])
def test_what_heat_itself_can_bring_about_is_not_adjusted_for(name):
    assert not known_factors()[name].adjust


@pytest.mark.parametrize("factor", FACTORS, ids=lambda factor: factor.name)
def test_each_factor_allows_its_bounds_and_nothing_beyond(factor):
    assert [factor.allows(bound) for bound in (factor.low, factor.high)] == [True, True]
    assert not factor.allows(factor.high + 0.5)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("alcohl", 1.0, "factor: expected one of alcohol, .*, got 'alcohl'; did you mean alcohol?"),
        ("zzz", 1.0, "got 'zzz'$"),
        ("alcohol", 31.0, r"alcohol: expected 0 to 30 drinks \(alcoholic drinks in the evening\), got 31.0"),
        ("illness", 0.5, r"illness: expected 0 or 1 \(ill or feverish\), got 0.5"),
        ("stress", math.nan, "stress: expected 0 to 10 points .*, got nan"),
    ],
)
def test_an_impossible_factor_is_refused_with_what_was_expected_and_meant(name, value, message):
    with pytest.raises(DiaryError, match=message):
        checked_factor(name, value)


def test_factors_are_checked_together_and_cannot_be_changed_afterwards():
    checked = checked_factors({"alcohol": 2, "illness": 1})
    assert dict(checked) == {"alcohol": 2.0, "illness": 1.0}
    with pytest.raises(TypeError):
        checked["alcohol"] = 3.0


def test_an_own_factor_counts_once_it_is_declared():
    assert checked_factor("screen_h", 1.5, OWN) == 1.5
    with pytest.raises(DiaryError, match="got 'screen_h'"):
        checked_factor("screen_h", 1.5)


def test_an_own_factor_cannot_take_a_taken_name():
    with pytest.raises(DiaryError, match="expected a name that is not taken, got 'alcohol'"):
        known_factors([Factor(name="alcohol", unit="g", high=100, meaning="grams")])


@pytest.mark.parametrize("name", ["Screen", "1st", "", "two words", "severity", "x" * 41])
def test_an_own_factor_needs_a_plain_name_that_is_no_field(name):
    with pytest.raises(DiaryError, match="factor: expected a name of small letters"):
        Factor(name=name, unit="h", high=1, meaning="something")


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 1.0), (0.0, math.inf), (math.nan, 1.0)])
def test_an_own_factor_needs_a_range(low, high):
    with pytest.raises(DiaryError, match="screen_h: expected low < high"):
        Factor(name="screen_h", unit="h", low=low, high=high, meaning="something")


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("alcohol=2", ("alcohol", 2.0)),
        (" alcohol = 1,5 ", ("alcohol", 1.5)),
        ("illness=yes", ("illness", 1.0)),
        ("magnesium=No", ("magnesium", 0.0)),
        ("warmth=-1", ("warmth", -1.0)),
    ],
)
def test_a_factor_can_be_written_as_name_and_value(text, parsed):
    assert parse_factor(text) == parsed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("alcohol", "factor: expected name=value such as alcohol=2, got 'alcohol'"),
        ("alcohol=much", "alcohol: expected a number, yes or no, got 'much'"),
        ("alcohol=", "alcohol: expected a number, yes or no, got ''"),
        ("caffein=1", "did you mean caffeine?"),
        ("alcohol=nan", "alcohol: expected 0 to 30 drinks"),
    ],
)
def test_a_factor_that_cannot_be_read_is_refused(text, message):
    with pytest.raises(DiaryError, match=message):
        parse_factor(text)


def test_an_entry_can_come_from_loose_fields():
    entry = entry_from(some_fields(bed="23:10", count=4, factors={"illness": True, "alcohol": "1,5"}))
    assert entry == an_entry(bed="23:10", count=4, factors={"illness": 1.0, "alcohol": 1.5})


def test_fields_that_are_none_were_not_said():
    assert entry_from(some_fields(count=None, bed=None, note=None, factors=None)) == an_entry()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"severety": 3}, "severety: expected a field of wake_date, .*; did you mean severity?"),
        ({}, "wake_date: expected a text, got nothing"),
        ({"wake_date": "2.6.2024"}, "wake_date: expected a date such as 2024-06-02, got '2.6.2024'"),
        ({"wake_date": 20240602}, "wake_date: expected a text, got 20240602"),
        ({"wake_date": "2024-06-02"}, "severity: expected a whole number from 0 to 10, got None"),
        (some_fields(severity="3"), "severity: expected a whole number from 0 to 10, got '3'"),
        (some_fields(factors=[1]), r"factors: expected names and numbers, got \[1\]"),
        (some_fields(factors={"alcohol": None}), "alcohol: expected a number, got None"),
        (some_fields(count=1.5), "count: expected a whole number"),
    ],
)
def test_loose_fields_that_are_wrong_are_refused_with_their_name(fields, message):
    with pytest.raises(DiaryError, match=message):
        entry_from(fields)


wall_times = st.none() | st.times().map(lambda at: f"{at:%H:%M}")


@given(
    severity=st.integers(0, 10),
    count=st.none() | st.integers(0, 20_000),
    bed=wall_times,
    note=st.text(max_size=50),
    factors=st.dictionaries(st.sampled_from(["alcohol", "stress", "screen_h"]), st.floats(0.0, 10.0)),
)
def test_an_entry_written_as_fields_is_read_back_the_same(severity, count, bed, note, factors):
    entry = an_entry(severity=severity, count=count, bed=bed, note=note, factors=factors)
    assert entry_from(as_fields(entry), OWN) == entry


def test_an_amendment_keeps_what_it_leaves_unsaid():
    earlier = DiaryEntry(wake_date=date(2024, 6, 2), severity=4, bed="23:10", note="storm", factors={"alcohol": 2.0})
    later = amended(DiaryEntry(wake_date=date(2024, 6, 2), severity=6, factors={"stress": 3.0}), earlier)
    assert (later.severity, later.bed, later.note) == (6, "23:10", "storm")
    assert later.factors == {"alcohol": 2.0, "stress": 3.0}


def test_an_amendment_may_say_zero_and_that_counts():
    earlier = DiaryEntry(wake_date=date(2024, 6, 2), severity=4, count=7, factors={"alcohol": 2.0})
    later = amended(DiaryEntry(wake_date=date(2024, 6, 2), severity=0, count=0, factors={"alcohol": 0.0}), earlier)
    assert (later.count, later.factors["alcohol"]) == (0, 0.0)


def test_the_first_entry_of_a_night_is_as_it_is():
    entry = DiaryEntry(wake_date=date(2024, 6, 2), severity=4)
    assert amended(entry, None) is entry
