"""Which span belongs to some nights, and which points of the mirror tell of them."""

from datetime import date, datetime

import pytest

from monitor.core.erasing import (
    ALL_TIME_MS,
    OF_ANALYSES,
    OF_NIGHTS,
    OF_THE_DAEMON,
    Edges,
    ErasedNights,
    Points,
    all_points,
    as_mirrored,
    erased_nights,
    out_of_reach,
    points_of,
    points_to_renew,
)
from monitor.core.zones import unix_ms, zone_of

ZONE = "Europe/Brussels"
SERIES = [("a", "temperature"), ("a", "humidity"), ("b", "co2")]


def at(text: str) -> int:
    return unix_ms(datetime.fromisoformat(text).replace(tzinfo=zone_of(ZONE)))


def erased(before: str, start: str, end: str, after: str) -> tuple[int, int]:
    edges = Edges(at(before), at(start), at(end), at(after))
    nights = erased_nights(date(2026, 2, 3), date(2026, 2, 4), ZONE, edges)
    return nights.from_ms, nights.to_ms


def test_nights_reach_from_noon_to_noon():
    found = erased("2026-02-02T07:00", "2026-02-02T23:00", "2026-02-04T07:00", "2026-02-04T23:00")
    assert found == (at("2026-02-02T12:00"), at("2026-02-04T12:00"))


def test_who_sleeps_by_day_keeps_the_night_before_and_the_next_one():
    found = erased("2026-02-02T17:00", "2026-02-03T09:00", "2026-02-04T17:00", "2026-02-05T09:00")
    assert found == (at("2026-02-02T17:00"), at("2026-02-04T17:00"))
    found = erased("2026-02-02T07:00", "2026-02-02T10:00", "2026-02-04T02:00", "2026-02-04T10:00")
    assert found == (at("2026-02-02T10:00"), at("2026-02-04T10:00"))


def test_the_deleted_nights_themselves_are_always_inside():
    found = erased("2026-02-02T23:30", "2026-02-02T23:00", "2026-02-04T14:00", "2026-02-04T13:00")
    assert found == (at("2026-02-02T23:00"), at("2026-02-04T14:00"))


def test_points_of_nights_are_those_of_their_readings_their_noons_and_all_analyses_since():
    nights = ErasedNights(date(2026, 2, 3), date(2026, 2, 4), at("2026-02-02T12:00"), at("2026-02-04T12:00"))
    points = points_of(nights, SERIES, ZONE)
    assert Points("temperature", "a", nights.from_ms, nights.to_ms) in points
    assert Points("diary", None, at("2026-02-03T12:00"), at("2026-02-04T12:00") + 1) in points
    assert Points("finding", None, at("2026-02-03T12:00"), ALL_TIME_MS) in points


def test_exposures_of_the_night_after_are_sent_anew():
    nights = ErasedNights(date(2026, 2, 3), date(2026, 2, 4), 0, 1)
    assert points_to_renew(nights, ZONE) == [
        Points("exposure", None, at("2026-02-05T12:00"), at("2026-02-05T12:00") + 1)
    ]


@pytest.mark.parametrize(
    "points", [all_points(SERIES), points_of(ErasedNights(date(2026, 2, 3), date(2026, 2, 4), 0, 1), SERIES, ZONE)]
)
def test_every_measurement_of_the_mirror_is_reached(points):
    reached = {point.measurement for point in points}
    assert reached == {"temperature", "humidity", "co2", *OF_NIGHTS, *OF_ANALYSES, *OF_THE_DAEMON}


def test_readings_are_deleted_by_their_sensor_so_that_those_of_others_stay():
    assert {(point.measurement, point.sensor) for point in all_points(SERIES) if point.sensor} == {
        *((quantity, sensor) for sensor, quantity in SERIES), ("sensor", "a"), ("sensor", "b"),
    }  # fmt: skip


@pytest.mark.parametrize(("text", "kept"), [("a b", "a b"), ("a\n\tb\r", "a\\n\\tb\\r"), ("a\\", "a\\ ")])
def test_a_tag_is_looked_for_as_the_mirror_keeps_it(text, kept):
    assert as_mirrored(text) == kept


def test_backups_and_the_mirror_are_out_of_reach_only_where_they_were_not_deleted():
    everywhere, nowhere = out_of_reach(backups=True, mirror=None), out_of_reach(backups=False, mirror="not asked")
    assert [line for line in everywhere if "mirror" in line or line.startswith("backups")] == []
    assert sum("mirror: not asked" in line or line.startswith("backups") for line in nowhere) == 2
