"""What a backup is called, what its manifest says, when the next one is due, and which are kept."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from monitor.core.backups import (
    Contents,
    Manifest,
    backup_name,
    backup_time,
    due_since,
    kept,
    manifest_document,
    manifest_of,
)
from monitor.core.zones import unix_ms
from monitor.errors import InputError

BRUSSELS = ZoneInfo("Europe/Brussels")
DAY_MS = 86_400_000
ONE_PM = time(13)


def at(text: str) -> int:
    """UTC Unix ms of a wall time in Brussels."""
    return unix_ms(datetime.fromisoformat(text).replace(tzinfo=BRUSSELS))


def shown(times: set[int]) -> list[str]:
    """As days, newest first."""
    return [f"{datetime.fromtimestamp(one / 1000, BRUSSELS):%m-%d}" for one in sorted(times, reverse=True)]


def every_day(first: str, count: int) -> list[int]:
    return [at(first) + number * DAY_MS for number in range(count)]


def test_a_name_is_the_time_in_utc_and_tells_it_again():
    moment = at("2026-10-01T13:00:05")
    assert backup_name(moment) == "bedroom-monitor-2026-10-01T110005Z.zip"
    assert backup_time(backup_name(moment)) == moment


@pytest.mark.parametrize(
    "name",
    [
        "holiday.zip",
        "bedroom-monitor-2026-10-01T110005Z.zip.part",
        "bedroom-monitor-2026-13-01T110005Z.zip",
        "my-bedroom-monitor-2026-10-01T110005Z.zip",
        "bedroom-monitor-2026-10-01.zip",
    ],
)
def test_a_name_that_is_not_ours_has_no_time(name):
    assert backup_time(name) is None


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-10-01T13:00", "2026-10-01T13:00"),
        ("2026-10-01T12:59", "2026-09-30T13:00"),
        ("2026-10-01T23:59", "2026-10-01T13:00"),
        ("2026-10-25T14:00", "2026-10-25T13:00"),  # clocks went back that night
    ],
)
def test_due_is_the_latest_time_of_day_that_has_come(now, due):
    assert due_since(at(now), ONE_PM, BRUSSELS) == at(due)


def test_a_time_of_day_that_spring_leaves_out_is_due_all_the_same():
    due = due_since(at("2026-03-29T12:00"), time(2, 30), BRUSSELS)
    assert at("2026-03-29T01:59") < due <= at("2026-03-29T03:30")


def test_seven_days_and_four_weeks_before_are_kept_of_a_year():
    made = every_day("2026-01-01T13:00", 200)  # to Sunday, 19 July
    assert shown(kept(made, BRUSSELS, daily=7, weekly=4)) == [
        *("07-19", "07-18", "07-17", "07-16", "07-15", "07-14", "07-13"),
        *("07-12", "07-05", "06-28", "06-21"),
    ]


def test_clearing_away_every_day_ends_with_the_same_backups_as_clearing_away_once():
    made = every_day("2026-01-01T13:00", 200)
    standing: set[int] = set()
    for moment in made:
        standing = kept(standing | {moment}, BRUSSELS, daily=7, weekly=4)
    assert standing == kept(made, BRUSSELS, daily=7, weekly=4)


def test_many_backups_of_one_day_do_not_drive_out_the_days_before():
    days, today = every_day("2026-07-01T13:00", 7), [at("2026-07-08T08:00") + number * 60_000 for number in range(10)]
    keep = kept(days + today, BRUSSELS, daily=3, weekly=0)
    assert keep == {days[-1], days[-2], *today[-3:]}


def test_without_weeks_only_the_newest_are_kept():
    made = every_day("2026-07-01T13:00", 30)
    assert kept(made, BRUSSELS, daily=1, weekly=0) == {made[-1]}


def test_however_far_apart_they_are_the_newest_are_kept():
    made = [at("2015-01-01T00:00"), at("2026-07-01T13:00"), at("2038-01-01T00:00")]
    assert kept(made, BRUSSELS, daily=2, weekly=1) == set(made)


def test_of_no_backup_none_is_kept():
    assert kept((), BRUSSELS, daily=7, weekly=4) == set()


MANIFEST = Manifest(
    version="0.1.0",
    created_ms=at("2026-10-01T13:00:05"),
    contents=Contents(schema=3, counts={"readings": 5, "nights": 0}, first_ms=at("2026-01-01T00:00"), last_ms=None),
    size=40_960,
    sha256="0123456789abcdef" * 4,
)


def test_a_manifest_comes_back_as_it_was():
    assert manifest_of(manifest_document(MANIFEST)) == MANIFEST


def test_a_manifest_is_told_in_words_that_a_person_can_read():
    document = manifest_document(MANIFEST)
    assert (document["program"], document["created"], document["last_reading"]) == (
        "bedroom-monitor",
        "2026-10-01T11:00:05.000Z",
        None,
    )


def test_what_a_newer_program_adds_is_passed_over():
    assert manifest_of(manifest_document(MANIFEST) | {"mood": "good"}) == MANIFEST


def test_a_manifest_may_tell_its_times_in_any_zone():
    moment = datetime.fromtimestamp(MANIFEST.created_ms / 1000, UTC).astimezone(BRUSSELS).isoformat()
    assert manifest_of(manifest_document(MANIFEST) | {"created": moment}) == MANIFEST


@pytest.mark.parametrize("document", [[], None, {}, {"program": "photos"}])
def test_what_is_no_manifest_is_refused(document):
    with pytest.raises(InputError, match="not a manifest of bedroom-monitor"):
        manifest_of(document)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("version", 1, "version: expected text, got 1"),
        ("schema", "3", "schema: expected a whole number, got '3'"),
        ("schema", True, "schema: expected a whole number, got True"),
        ("schema", -1, "schema: expected a whole number, got -1"),
        ("counts", [], r"counts: expected numbers by name, got \[\]"),
        ("counts", {"readings": 1.5}, r"readings: expected a whole number, got 1\.5"),
        ("created", None, "created: expected a time, got none"),
        ("created", "yesterday", "created: expected a time such as .*, got 'yesterday'"),
        ("first_reading", "2026-10-01T11:00:00", "first_reading: expected a time with its zone"),
        ("sha256", "abc", "sha256: expected 64 hexadecimal digits, got 'abc'"),
        ("size", None, "size: expected a whole number, got None"),
    ],
)
def test_a_manifest_with_a_wrong_value_is_refused_with_what_was_expected(key, value, said):
    with pytest.raises(InputError, match=said):
        manifest_of(manifest_document(MANIFEST) | {key: value})
