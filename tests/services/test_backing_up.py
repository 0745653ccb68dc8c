"""The daily backup: when it is made, what happens when it fails, which old ones go."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from monitor.core.backups import backup_name
from monitor.core.zones import unix_ms
from monitor.errors import BackupError, MonitorError, StoreUnavailable
from monitor.ports import BackupFile
from monitor.services.backing_up import TRY_AGAIN_S, BackingUp, BackupRules
from tests.services.fakes import FakeClock

ZONE = ZoneInfo("Europe/Brussels")
HOUR_S, DAY_S = 3_600, 86_400
RULES = BackupRules(at=time(13), zone=ZONE, keep_daily=3, keep_weekly=2)


def at(text: str) -> int:
    return unix_ms(datetime.fromisoformat(text).replace(tzinfo=ZONE))


@dataclass
class FakeBackups:
    """A folder in memory; while `trouble` is set, making raises it, and `stuck` files cannot be removed."""

    since_ms: int | None
    files: list[BackupFile] = field(default_factory=list)
    trouble: MonitorError | None = None
    stuck: bool = False
    looks: int = 0

    def made(self) -> list[BackupFile]:
        self.looks += 1
        return sorted(self.files, key=lambda one: -one.created_ms)

    def make(self, now_ms: int) -> BackupFile:
        if self.trouble is not None:
            raise self.trouble
        self.files.append(BackupFile(backup_name(now_ms), now_ms, 1_500_000))
        return self.files[-1]

    def remove(self, file: BackupFile) -> None:
        if self.stuck:
            raise BackupError(f"{file.name}: cannot be removed")
        self.files.remove(file)

    def data_since_ms(self) -> int | None:
        return self.since_ms

    def where(self, file: BackupFile) -> str:
        return f"backups/{file.name}"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(at("2026-07-01T12:00"))


@pytest.fixture
def folder() -> FakeBackups:
    return FakeBackups(since_ms=at("2026-01-01T00:00"))


@pytest.fixture
def step(folder: FakeBackups, clock: FakeClock) -> BackingUp:
    return BackingUp(folder, clock, RULES)


def go_on(step: BackingUp, clock: FakeClock, seconds: int, every_s: int = 600) -> None:
    for _look in range(0, seconds, every_s):
        if step.wanted():
            step.make()
        clock.pass_by(every_s)


def days(folder: FakeBackups) -> list[str]:
    return [f"{datetime.fromtimestamp(one.created_ms / 1000, ZONE):%d %H:%M}" for one in reversed(folder.made())]


def test_one_that_was_missed_is_made_up_for_at_once_and_then_one_comes_each_day(step, clock, folder):
    go_on(step, clock, 2 * DAY_S)
    assert days(folder) == ["01 12:00", "01 13:00", "02 13:00"]


def test_one_of_today_by_hand_is_enough(step, clock, folder):
    folder.files = [BackupFile("x", at("2026-06-30T14:00"), 1)]
    go_on(step, clock, HOUR_S)
    assert len(folder.files) == 1


def test_after_a_restart_what_stands_in_the_folder_says_that_it_is_done(step, clock, folder):
    go_on(step, clock, 2 * HOUR_S)
    made = len(folder.files)
    go_on(BackingUp(folder, clock, RULES), clock, HOUR_S)
    assert len(folder.files) == made


def test_between_two_backups_the_disk_is_left_alone(step, clock, folder):
    go_on(step, clock, 2 * HOUR_S)
    looks = folder.looks
    go_on(step, clock, 20 * HOUR_S)
    assert folder.looks == looks


@pytest.mark.parametrize("since", [None, "2026-07-01T11:00"])
def test_of_a_database_without_anything_or_of_today_none_is_made_before_its_first_day(step, clock, folder, since):
    folder.since_ms = None if since is None else at(since)
    go_on(step, clock, HOUR_S - 600)
    assert folder.files == []


def test_each_backup_is_told_with_its_place_and_size(step, clock, folder, caplog):
    caplog.set_level(logging.INFO)
    step.make()
    assert caplog.messages == [f"backup written: backups/{folder.files[0].name}, 1.5 MB"]


@pytest.mark.parametrize("trouble", [BackupError("no room"), StoreUnavailable("locked")])
def test_a_failed_backup_is_told_once_and_tried_again_after_an_hour(step, clock, folder, caplog, trouble):
    folder.trouble = trouble
    go_on(step, clock, 5 * HOUR_S, every_s=60)
    assert folder.looks == 5
    assert caplog.messages == [f"no backup could be made: {trouble} (tried again every hour)"]
    folder.trouble = None
    go_on(step, clock, TRY_AGAIN_S)
    assert len(folder.files) == 1


def test_a_trouble_that_comes_again_after_a_success_is_told_again(step, clock, folder, caplog):
    folder.trouble = BackupError("no room")
    go_on(step, clock, 600)
    folder.trouble = None
    go_on(step, clock, 2 * HOUR_S)
    folder.trouble = BackupError("no room")
    go_on(step, clock, DAY_S)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


def test_old_backups_go_once_a_new_one_is_there(step, clock, folder):
    go_on(step, clock, 30 * DAY_S)
    assert days(folder) == ["19 13:00", "26 13:00", "28 13:00", "29 13:00", "30 13:00"]


def test_an_old_backup_that_cannot_be_removed_is_told_and_the_new_one_stands(step, clock, folder, caplog):
    folder.stuck = True
    folder.files = [
        BackupFile(backup_name(at(f"2025-01-0{day}T13:00")), at(f"2025-01-0{day}T13:00"), 1) for day in (1, 2)
    ]
    folder.files += [
        BackupFile(backup_name(at(f"2026-01-0{day}T13:00")), at(f"2026-01-0{day}T13:00"), 1) for day in range(1, 7)
    ]
    go_on(step, clock, 600)
    assert folder.files[-1].created_ms == at("2026-07-01T12:00")
    assert caplog.messages[0].startswith("an old backup stays: bedroom-monitor-")


def test_a_clock_that_jumps_a_year_ahead_and_back_stops_no_backup_and_takes_one_place_at_the_most(step, clock, folder):
    go_on(step, clock, 3 * DAY_S)
    clock.now += 365 * DAY_S * 1000
    go_on(step, clock, 600)
    ahead = max(one.created_ms for one in folder.files)
    assert days(folder) == ["02 13:00", "03 13:00", "04 12:00"]
    clock.now -= 365 * DAY_S * 1000
    go_on(step, clock, 3 * DAY_S)
    assert [one.created_ms == ahead for one in folder.made()] == [True, False, False, False]
    assert days(folder)[-4:-1] == ["04 13:00", "05 13:00", "06 13:00"]


def test_a_clock_that_stands_in_the_past_makes_one_backup_a_day_and_takes_none_of_later_away(step, clock, folder):
    go_on(step, clock, 3 * DAY_S)
    later = set(folder.files)
    clock.now = at("2026-02-01T12:00")
    go_on(step, clock, 4 * DAY_S)
    assert later <= set(folder.files)
    assert len(set(folder.files) - later) <= RULES.keep_daily + RULES.keep_weekly


def test_a_backup_of_a_time_to_come_neither_counts_nor_loops(clock, folder):
    folder.files = [BackupFile(backup_name(at("2038-01-01T13:00")), at("2038-01-01T13:00"), 1)]
    step = BackingUp(folder, clock, BackupRules(at=time(13), zone=ZONE, keep_daily=1, keep_weekly=0))
    go_on(step, clock, 3 * HOUR_S, every_s=60)
    assert days(folder) == ["01 13:00", "01 13:00"]
    assert folder.looks <= 8
