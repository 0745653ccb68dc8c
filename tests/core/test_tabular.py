"""CSV texts: separators, quotes, broken lines, and numbers of both styles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.tabular import (
    Expected,
    LineError,
    decimal_of,
    has_value,
    heading,
    number_of,
    plain_name,
    table_of,
)
from monitor.errors import InputError


def cells(text):
    return [list(row.cells) for row in table_of(text).rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_separator_is_found_out(delimiter):
    assert cells(f"time{delimiter}temp\n1{delimiter}2\n") == [["1", "2"]]


@pytest.mark.parametrize(
    "text",
    [
        "\ufefftime,temp\n1,2\n",
        "time,temp\r\n1,2\r\n",
        "time,temp\r1,2",
        "\n\ntime,temp\n\n1,2\n\n",
        "sep=,\ntime,temp\n1,2",
        ' "time", "temp"\n 1 , "2"\n',
        "time,temp\n1,2,,\n,\n",
    ],
)
def test_marks_blank_lines_quotes_and_empty_cells_at_the_end_do_no_harm(text):
    assert cells(text) == [["1", "2"]]


def test_a_quoted_cell_may_hold_separators_quotes_and_line_ends():
    assert cells('time,note\n1,"a, ""b""\nc"\n') == [["1", 'a, "b"\nc']]


def test_a_column_is_its_cells_from_top_to_bottom():
    assert list(table_of("time,temp\n1,2\n3,4\n").column(1)) == ["2", "4"]


def test_lines_are_counted_as_an_editor_does():
    table = table_of('time,note\n\n1,"a\nb"\n2,c\n3\n')
    assert [row.line for row in table.rows] == [3, 5]
    assert table.errors == (LineError(6, "the line", "2 cells", "1 cells"),)


def test_an_unclosed_quote_costs_its_own_line_only():
    table = table_of('time,note\n1,"a\n2,b\n3,c\n')
    assert [row.line for row in table.rows] == [3, 4]
    assert str(table.errors[0]) == "line 2, the line: expected quotes that are closed, got '1,\"a'"


def test_inch_marks_on_two_lines_do_not_swallow_what_is_between():
    assert cells('time,note\n1,6" duvet\n2,b\n3,8" duvet\n') == [
        ["1", '6" duvet'],
        ["2", "b"],
        ["3", '8" duvet'],
    ]


def test_a_decimal_comma_in_a_comma_file_is_told_apart():
    assert "a decimal comma needs quotes" in table_of("time,temp\n1,21,5\n").errors[0].expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got an empty file"),
        ("\n \n", "got an empty file"),
        ("time temp\n1 2\n", "at least two columns separated by comma, semicolon or tab, got 'time temp'"),
        ('"time,temp\n1,2', "at least two columns"),
        ("time,temp\n\n", r"expected rows below the header, got none \(header: time, temp\)"),
    ],
)
def test_a_file_without_a_table_is_refused_with_what_was_found(text, message):
    with pytest.raises(InputError, match=message):
        table_of(text)


@given(st.text(alphabet='ab,;"\n\t 1', max_size=200))
def test_no_text_whatever_loses_a_line_in_silence(body):
    try:
        table = table_of("time;temp\n" + body)
    except InputError:
        assert not body.replace(";", "").replace(",", "").replace("\t", "").strip(' \n"')
        return
    assert table.rows or table.errors


@pytest.mark.parametrize(
    ("numbers", "sign"),
    [
        (["21.5", "1,234.5"], "."),
        (["21,5", "1.234"], ","),
        (["1.234,5"], ","),
        (["1,234", "0.5"], "."),
        (["1,234", "0,5"], ","),
        (["21.5", "21,5"], None),
        (["1.234"], "."),
        (["21", "x", "a, b"], "."),
        ([], "."),
    ],
)
def test_the_decimal_sign_is_told_by_the_numbers_that_allow_one_reading(numbers, sign):
    assert decimal_of(numbers, None) == sign


def test_a_given_decimal_sign_wins():
    assert decimal_of(["21.5"], ",") == ","


def test_numbers_that_can_all_be_read_in_two_ways_are_refused():
    with pytest.raises(InputError, match=r"'1,234' can be read in two ways .* --decimal point or --decimal comma"):
        decimal_of(["1,234", "21"], None)


@pytest.mark.parametrize(
    ("cell", "sign", "value"),
    [
        ("21.5", ".", 21.5),
        ("21,5", ",", 21.5),
        ("-0,5", ",", -0.5),
        (",5", ",", 0.5),
        ("1,234", ".", 1234.0),
        ("1,234", ",", 1.234),
        ("1.234", ",", 1234.0),
        ("1.234", ".", 1.234),
        ("1,234.5", ".", 1234.5),
        ("1.234,5", ",", 1234.5),
        ("1.234,5", None, 1234.5),
        ("1,234.5", None, 1234.5),
        ("21,5", None, 21.5),
        ("21.5", ",", 21.5),
        ("1 234,5", ",", 1234.5),
        ("1'234.5", ".", 1234.5),
        ("1\u202f234", ".", 1234.0),
        ("\u22125", ".", -5.0),
        ("1e3", ".", 1000.0),
        ("+7", ".", 7.0),
    ],
)
def test_a_number_is_read_in_its_style(cell, sign, value):
    assert number_of(cell, sign) == value


@pytest.mark.parametrize(
    ("cell", "sign"),
    [
        ("21,5", "."),
        ("abc", "."),
        ("", "."),
        ("21 22", "."),
        ("nan", "."),
        ("inf", "."),
        ("1,234", None),
        ("1,2,3", ","),
    ],
)
def test_what_is_no_number_in_this_style_says_so(cell, sign):
    assert number_of(cell, sign) == Expected("a number")


def test_a_number_beyond_all_bounds_is_none():
    assert isinstance(number_of("1e999", "."), Expected)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_with_either_sign_is_read_back_the_same(value):
    assert number_of(repr(value), ".") == value
    assert number_of(f"{value:f}".replace(".", ","), ",") == float(f"{value:f}")


@pytest.mark.parametrize("cell", ["", "-", "N/A", "NaN", "null", "unavailable", "Unknown"])
def test_what_programs_write_for_no_value_is_none(cell):
    assert not has_value(cell)


def test_zero_is_a_value():
    assert has_value("0")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Temperature (°F)", ("Temperature", "°F")),
        ("humidity [%]", ("humidity", "%")),
        ("noise (dB(A))", ("noise", "dB(A)")),
        ("temp_f", ("temp_f", None)),
        ("temp ()", ("temp", None)),
    ],
)
def test_a_heading_has_a_name_and_perhaps_a_unit(cell, expected):
    assert heading(cell) == expected


@pytest.mark.parametrize(
    ("cell", "name"),
    [("Date of waking", "date_of_waking"), ("Humidité (%)", "humidite"), ("in-bed", "in_bed")],
)
def test_a_plain_name_has_no_unit_accent_or_case(cell, name):
    assert plain_name(cell) == name
