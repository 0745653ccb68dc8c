"""Names of zones, and wall times that do not exist or exist twice."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from monitor.core.zones import ALL_TIME_MS, days_ms, exists, local_time, occurrences_ms, unix_ms, zone_of
from monitor.errors import InputError

BRUSSELS = ZoneInfo("Europe/Brussels")


def hours(count):
    return timezone(timedelta(hours=count))


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Brussels", BRUSSELS),
        (" Asia/Kolkata ", ZoneInfo("Asia/Kolkata")),
        ("Z", UTC),
        ("utc", UTC),
        ("GMT", UTC),
        ("UTC+1", hours(1)),
        ("utc-05:30", timezone(-timedelta(hours=5, minutes=30))),
        ("GMT+2", hours(2)),
        ("+01:00", hours(1)),
        ("+0100", hours(1)),
        ("-3", hours(-3)),
    ],
)
def test_a_zone_is_a_name_or_a_fixed_offset(text, zone):
    assert zone_of(text) == zone


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("europe/brussels!", "did you mean Europe/Brussels?"),
        ("Berlin", "did you mean Europe/Berlin?"),
        ("New York", "did you mean America/New_York?"),
        ("UTC+15", "expected a name such as Europe/Berlin or an offset such as UTC+1"),
        ("Europe", "got 'Europe'"),
        ("../etc/passwd", "got '../etc/passwd'"),
        ("", "got ''"),
    ],
)
def test_an_unknown_zone_is_refused_with_what_was_expected_and_probably_meant(text, hint):
    with pytest.raises(InputError) as refused:
        zone_of(text)
    assert hint in str(refused.value)


def test_a_wall_time_in_the_spring_gap_never_happens():
    gap = datetime(2024, 3, 31, 2, 30)
    assert not exists(gap, BRUSSELS)
    assert occurrences_ms(gap, BRUSSELS) == ()


def test_a_wall_time_in_the_autumn_hour_happens_twice():
    first, second = occurrences_ms(datetime(2024, 10, 27, 2, 30), BRUSSELS)
    assert first == unix_ms(datetime(2024, 10, 27, 0, 30, tzinfo=UTC))
    assert second - first == 3_600_000


def test_an_ordinary_wall_time_happens_once():
    assert occurrences_ms(datetime(2024, 6, 1, 12, 0), BRUSSELS) == (unix_ms(datetime(2024, 6, 1, 10, 0, tzinfo=UTC)),)


def test_local_time_is_what_the_clock_on_the_wall_shows():
    noon_utc = unix_ms(datetime(2024, 6, 1, 12, 0, tzinfo=UTC))
    assert local_time(noon_utc, BRUSSELS).replace(tzinfo=None) == datetime(2024, 6, 1, 14, 0)


def test_a_day_of_the_clock_change_has_23_or_25_hours():
    for day, length in ((date(2024, 3, 31), 23), (date(2024, 10, 27), 25), (date(2024, 6, 1), 24)):
        from_ms, to_ms = days_ms(day, day, BRUSSELS)
        assert to_ms - from_ms == length * 3_600_000


def test_days_without_an_end_are_all_there_are():
    assert days_ms(None, None, BRUSSELS) == (0, ALL_TIME_MS)
