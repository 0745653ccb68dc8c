"""Dates and times as people and programs write them."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.moments import (
    CLOCK,
    DAY,
    MOMENT,
    Wall,
    clock_of,
    date_of,
    date_order_of,
    instant_ms,
    wall_of,
)
from monitor.core.tabular import Expected
from monitor.core.zones import unix_ms
from monitor.errors import InputError

BRUSSELS = ZoneInfo("Europe/Brussels")
FIVE_PM = datetime(2024, 6, 1, 17, 0)


@pytest.mark.parametrize(
    "cell",
    [
        "2024-06-01 17:00:00",
        "2024-06-01T17:00",
        "2024-06-01 17:00",
        "2024/06/01 17:00",
        "2024-6-1 5:00 PM",
        "2024-06-01, 5 pm",
        "01.06.2024 17:00",
        "1.6.24 17:00",
        "01/06/2024 17:00:00",
        "01-06-2024 5:00:00 p.m.",
        "01/06/2024, 05:00PM",
    ],
)
def test_a_moment_can_be_written_in_many_ways(cell):
    assert wall_of(cell, "day") == Wall(FIVE_PM, None)


def test_the_month_may_come_first():
    assert wall_of("06/01/2024 17:00", "month") == Wall(FIVE_PM, None)


@pytest.mark.parametrize(
    ("cell", "utc"),
    [
        ("2024-06-01T17:00:00Z", datetime(2024, 6, 1, 17, tzinfo=UTC)),
        ("2024-06-01 17:00:00+02:00", datetime(2024, 6, 1, 15, tzinfo=UTC)),
        ("2024-06-01 5:00 PM -0500", datetime(2024, 6, 1, 22, tzinfo=UTC)),
        ("01.06.2024 17:00 UTC", datetime(2024, 6, 1, 17, tzinfo=UTC)),
        ("1717261200", datetime(2024, 6, 1, 17, tzinfo=UTC)),
        ("1717261200.5", datetime(2024, 6, 1, 17, 0, 0, 500_000, tzinfo=UTC)),
        ("1717261200000", datetime(2024, 6, 1, 17, tzinfo=UTC)),
    ],
)
def test_a_moment_with_an_offset_is_exact_whatever_the_zone(cell, utc):
    assert instant_ms(wall_of(cell, "day"), BRUSSELS, None) == unix_ms(utc)


def test_parts_of_a_second_are_kept():
    assert wall_of("1.6.2024 17:00:00,25", "day").at.microsecond == 250_000


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("", MOMENT),
        ("yesterday", MOMENT),
        ("2024-06-01", MOMENT),
        ("12345", MOMENT),
        ("9999999999999", MOMENT),
        ("2024-06-01 25:00:00", CLOCK),
        ("2024-06-01 13:00 PM", CLOCK),
        ("2024-06-01 17", CLOCK),
        ("2024-13-01 17:00:00", Expected("a date as year-month-day")),
        ("31/02/2024 17:00", Expected("a date as day, month, year")),
        ("1/6/202 17:00", DAY),
        ("1024-06-01 17:00:00", DAY),
        ("1.6.1024 17:00", DAY),
    ],
)
def test_what_is_no_moment_says_what_was_expected(cell, expected):
    assert wall_of(cell, "day") == expected


def test_a_month_that_cannot_be_says_in_which_order_it_was_read():
    assert wall_of("31/01/2024 17:00", "month") == Expected("a date as month, day, year")


@pytest.mark.parametrize("cell", ["2024-06-01", "1.6.2024", "1/6/24", "2024-06-01 00:00:00", "2024-06-01T00:00:00Z"])
def test_a_date_is_a_date_with_or_without_a_time(cell):
    assert date_of(cell, "day") == date(2024, 6, 1)


@pytest.mark.parametrize("cell", ["June", "", "1.6."])
def test_what_is_no_date_says_so(cell):
    assert date_of(cell, "day") == DAY


@pytest.mark.parametrize(
    ("cell", "clock"),
    [
        ("23:05", time(23, 5)),
        ("11:05 PM", time(23, 5)),
        ("11:05pm", time(23, 5)),
        ("11 p.m.", time(23, 0)),
        ("12:00 AM", time(0, 0)),
        ("12:30 PM", time(12, 30)),
        ("7:05:30", time(7, 5, 30)),
    ],
)
def test_both_clock_styles_are_read(cell, clock):
    assert clock_of(cell) == clock


@pytest.mark.parametrize("cell", ["", "24:00", "13:00 PM", "0:30 AM", "7", "late", "7:65"])
def test_what_is_no_time_says_so(cell):
    assert clock_of(cell) == CLOCK


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["13/01/2024", "03/04/2024"], "day"),
        (["01/13/2024", "03/04/2024"], "month"),
        (["03/03/2024"], "day"),
        (["2024-03-04", "2024/03/04", "03.04.2024", "x"], "day"),
        (["13/01/2024"] * 20 + ["01/13/2024", "03/04/2024"], "day"),
        ([], "day"),
    ],
)
def test_the_order_of_a_date_is_told_by_the_dates_that_allow_one_reading(dates, order):
    assert date_order_of(dates, None) == order


def test_a_given_order_wins():
    assert date_order_of(["13/01/2024"], "month") == "month"


@pytest.mark.parametrize("dates", [["03/04/2024"], ["03/04/2024", "13/01/2024", "01/13/2024"]])
def test_dates_that_can_be_read_in_two_ways_are_refused_with_the_way_out(dates):
    with pytest.raises(InputError, match=r"'03/04/2024' can begin .* --date-order day or --date-order month"):
        date_order_of(dates, None)


def test_a_time_that_spring_leaves_out_says_so():
    missing = instant_ms(Wall(datetime(2024, 3, 31, 2, 30), None), BRUSSELS, None)
    assert "a time that exists in Europe/Brussels" in missing.what


def test_a_fixed_offset_has_every_time():
    zone = timezone(timedelta(hours=1))
    found = instant_ms(Wall(datetime(2024, 3, 31, 2, 30), None), zone, None)
    assert found == unix_ms(datetime(2024, 3, 31, 1, 30, tzinfo=UTC))


FIRST_MS = unix_ms(datetime(2024, 10, 27, 0, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("not_before_ms", "which"),
    [
        (None, 0),
        (FIRST_MS - 600_000, 0),
        (FIRST_MS, 0),
        (FIRST_MS + 1, 1),
        (FIRST_MS + 3_600_000, 1),
        (FIRST_MS + 3_600_001, 0),
    ],
)
def test_the_hour_that_comes_twice_is_the_second_only_where_the_order_shows_it(not_before_ms, which):
    found = instant_ms(Wall(datetime(2024, 10, 27, 2, 30), None), BRUSSELS, not_before_ms)
    assert found == FIRST_MS + which * 3_600_000


@given(st.text(max_size=30), st.sampled_from(["day", "month"]))
def test_no_text_whatever_raises_an_error(text, order):
    assert isinstance(wall_of(text, order), Wall | Expected)
    assert isinstance(date_of(text, order), date | Expected)
    assert isinstance(clock_of(text), time | Expected)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31)), st.sampled_from(["day", "month"]))
def test_a_moment_written_in_either_order_is_read_back_the_same(moment, order):
    written = moment.strftime("%d/%m/%Y %I:%M:%S.%f %p" if order == "day" else "%m/%d/%Y %I:%M:%S.%f %p")
    assert wall_of(written, order) == Wall(moment, None)
