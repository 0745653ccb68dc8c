"""Files of nights: one line is one entry or a word on what is wrong with it."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.diary import DiaryEntry, Factor
from monitor.core.night_table import nights_from
from monitor.core.tabular import Conventions
from monitor.errors import InputError

OWN = (Factor(name="screen_h", unit="h", high=12, meaning="hours at a screen in bed"),)
JUNE_2 = date(2024, 6, 2)


def read(text, own=(), **conventions):
    return nights_from(text, Conventions(zone=ZoneInfo("Europe/Brussels"), **conventions), own)


def one_entry(heading, cell):
    """The entry in a line with one more column."""
    (entry,) = read(f"date;severity;{heading}\n2024-06-02;3;{cell}\n").entries
    return entry


def one_error(line, header="date;severity;count;bed;rise;alcohol;zone"):
    """All that is told of a line's errors."""
    table = read(f"{header}\n{line}\n")
    assert not table.entries
    return [str(error) for error in table.errors]


def test_a_line_is_an_entry_with_all_that_was_said():
    text = "date,severity,count,bed,rise,note,zone,alcohol\n2024-06-02,7,12,23:10,07:05,hot,UTC+1,2\n"
    assert read(text).entries == (
        DiaryEntry(
            wake_date=JUNE_2,
            severity=7,
            count=12,
            bed="23:10",
            rise="07:05",
            note="hot",
            zone="UTC+1",
            factors={"alcohol": 2.0},
        ),
    )


def test_cells_that_are_empty_were_not_said_and_zero_was():
    text = "date;severity;count;bed;note;alcohol;stress\n2024-06-02;0;;;;0;-\n"
    assert read(text).entries == (DiaryEntry(wake_date=JUNE_2, severity=0, factors={"alcohol": 0.0}),)


def test_a_german_file_is_understood():
    text = "\ufeffDatum;Schwere;Notiz;alcohol\n02.06.2024;7;heiß;1,5\n"
    (entry,) = read(text).entries
    assert (entry.wake_date, entry.note, entry.factors["alcohol"]) == (JUNE_2, "heiß", 1.5)


def test_an_american_file_is_understood():
    (first, _) = read(
        "Date,Severity,Bedtime,Wake time\n6/2/2024,7,11:10 PM,7:05 AM\n6/13/2024,7,11 PM,7:00 AM\n"
    ).entries
    assert (first.wake_date, first.bed, first.rise) == (JUNE_2, "23:10", "07:05")


@pytest.mark.parametrize(("cell", "value"), [("yes", 1.0), ("No", 0.0), ("1", 1.0)])
def test_yes_and_no_are_values_of_a_factor(cell, value):
    assert one_entry("illness", cell).factors == {"illness": value}


def test_a_heading_may_carry_a_unit():
    assert one_entry("Alcohol (drinks)", "2").factors == {"alcohol": 2.0}


def test_own_factors_have_columns_too():
    (entry,) = read("date;severity;screen_h\n2024-06-02;3;1.5\n", OWN).entries
    assert entry.factors == {"screen_h": 1.5}


def test_moments_become_wall_times_in_the_zone():
    text = "date;severity;bed;rise\n2024-06-02;3;2024-06-01 23:10;2024-06-02T05:05:00Z\n"
    (entry,) = read(text).entries
    assert (entry.bed, entry.rise) == ("23:10", "07:05")


def test_other_columns_are_listed_and_those_used_explained():
    table = read("date;Schwere;mood\n2024-06-02;3;good\n")
    assert (dict(table.columns), table.ignored) == ({"date": "wake_date", "Schwere": "severity"}, ("mood",))


WHOLE_0_10 = "expected a whole number from 0 to 10"
DRINKS = "expected 0 to 30 drinks (alcoholic drinks in the evening)"
CLOCK = "expected a time such as 23:05 or 11:05 PM"
NEEDED = "expected a value, since every night needs one"
LATE_RISE = "rise: expected a time on the date of waking, 2024-06-02, got '2024-06-03 07:00'"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("2024-06-02;11;;;;;", f"severity: {WHOLE_0_10}, got '11'"),
        ("2024-06-02;3.5;;;;;", f"severity: {WHOLE_0_10}, got '3.5'"),
        ("2024-06-02;bad;;;;;", f"severity: {WHOLE_0_10}, got 'bad'"),
        ("2024-06-02;;;;;;", f"severity: {NEEDED}, got ''"),
        (";3;;;;;", f"date: {NEEDED}, got ''"),
        ("June;3;;;;;", "date: expected a date such as 2024-06-01, got 'June'"),
        ("2024-06-02;3;-1;;;;", "count: expected a whole number from 0 to 20000, got '-1'"),
        ("2024-06-02;3;;late;;;", f"bed: {CLOCK}, got 'late'"),
        ("2024-06-02;3;;;25:00;;", f"rise: {CLOCK}, got '25:00'"),
        ("2024-06-02;3;;;;much;", f"alcohol: {DRINKS}, got 'much'"),
        ("2024-06-02;3;;;;99;", f"alcohol: {DRINKS}, got '99'"),
        ("2024-06-02;3;;;;;Mars", "zone: expected a zone such as Europe/Berlin or UTC+1, got 'Mars'"),
        (
            "2024-06-02;3;;10:00;07:00;;",
            "bed, rise: expected at most 20 hours from bed to rise, got '10:00 to 07:00'",
        ),
        ("2024-06-02;3;;;2024-06-03 07:00;;", LATE_RISE),
        ("2024-06-02;3;;2024-06-02 23:00;2024-06-03 07:00;;", LATE_RISE),
        (
            "2024-06-02;3;;2024-05-30 23:00;;;",
            "bed: expected a time on 2024-06-01 or 2024-06-02, got '2024-05-30 23:00'",
        ),
    ],
)
def test_a_wrong_cell_is_told_with_line_column_expected_and_got(line, told):
    assert one_error(line) == [f"line 2, {told}"]


def test_all_that_is_wrong_with_a_line_is_told_at_once():
    assert len(one_error("June;11;x;;;;")) == 3


def test_a_note_that_is_too_long_is_told():
    (told,) = one_error(f"2024-06-02;3;{'x' * 2001}", "date;severity;note")
    assert "note: expected at most 2000 characters" in told


def test_good_lines_are_kept_beside_bad_ones():
    table = read("date;severity\n2024-06-02;3\nJune;4\n2024-06-03;5\n2024-06-04\n")
    assert [entry.severity for entry in table.entries] == [3, 5]
    assert [error.line for error in table.errors] == [3, 5]


def test_a_second_line_for_a_night_is_an_error_that_names_the_first():
    table = read("date;severity\n2024-06-02;3\n2024-06-02;4\n")
    assert [entry.severity for entry in table.entries] == [3]
    assert "line 3, date: expected one line for each night (2024-06-02 is on line 2 already)" in str(table.errors[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date;mood\n1;2\n", "expected a column for severity .*; found date, mood"),
        ("when;severity\n1;2\n", "expected a column for wake_date .*; found when, severity"),
        ("date;severty\n1;2\n", "found date, severty; did you mean severty?"),
        ("date;night;severity\n1;2;3\n", "expected one column for wake_date, found 'date' and 'night'"),
        ("date;severity\n03/04/2024;3\n", "--date-order"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_with_what_was_found_and_expected(text, message):
    with pytest.raises(InputError, match=message):
        read(text)


def test_the_order_of_the_date_can_be_said():
    (entry,) = read("date;severity\n06/02/2024;3\n", date_order="month").entries
    assert entry.wake_date == JUNE_2


@given(st.text(alphabet='0123456789-:/., ;\n"ab', max_size=120))
def test_whatever_stands_below_the_header_is_an_entry_told_or_refused(body):
    try:
        table = read("date;severity;bed;rise;alcohol;note\n" + body)
    except InputError:
        return
    assert table.entries or table.errors


def test_reading_a_file_twice_gives_the_same():
    text = "date;severity;alcohol\n2024-06-02;3;2\n"
    assert read(text) == read(text)
