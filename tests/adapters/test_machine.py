"""What the doctor says of a machine."""

import sys
from types import SimpleNamespace

import pytest

from monitor.adapters import machine
from monitor.adapters.clock import SimulatedClock, SystemClock
from monitor.errors import MonitorError
from monitor.settings.local_zone import local_zone_name


def test_room_on_the_disk_is_told_with_what_a_sensor_takes(tmp_path):
    assert "MB a year" in machine.free_room(tmp_path / "not" / "there" / "yet")


def test_a_nearly_full_disk_is_a_fault(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: SimpleNamespace(free=1_000_000))
    with pytest.raises(MonitorError, match="only 1 MB free"):
        machine.free_room(tmp_path)


def test_a_clock_that_was_never_set_is_a_fault():
    with pytest.raises(MonitorError, match="stands before 2026"):
        machine.clock(0, "UTC")


def test_a_clock_that_is_set_tells_the_zone():
    assert "Europe/Brussels" in machine.clock(1_790_000_000_000, "Europe/Brussels")


def test_a_32_bit_system_is_a_fault(monkeypatch):
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    with pytest.raises(MonitorError, match="64-bit"):
        machine.system()


def test_a_64_bit_system_is_named():
    assert machine.system().startswith("Python 3.")


def test_a_file_that_others_can_read_is_a_fault_until_its_mode_is_changed(tmp_path):
    file = tmp_path / "monitor.toml"
    file.write_text("x")
    file.chmod(0o644)
    with pytest.raises(MonitorError, match="chmod 600"):
        machine.private(file)
    file.chmod(0o600)
    assert "readable by its owner only" in machine.private(file)


def test_the_system_clock_goes_on_and_never_back():
    clock = SystemClock()
    assert clock.now_ms() > 1_700_000_000_000
    assert clock.elapsed_s() <= clock.elapsed_s()


def test_the_simulated_clock_stands_where_it_was_set():
    clock = SimulatedClock(5)
    clock.set(7)
    assert clock.now_ms() == 7
    assert clock.elapsed_s() <= clock.elapsed_s()


@pytest.fixture
def etc(tmp_path, monkeypatch):
    monkeypatch.delenv("TZ", raising=False)
    return tmp_path


def test_the_environment_tells_the_zone_first(etc, monkeypatch):
    monkeypatch.setenv("TZ", ":Asia/Tokyo")
    assert local_zone_name(etc) == "Asia/Tokyo"


def test_etc_timezone_tells_the_zone(etc):
    (etc / "timezone").write_text("Europe/Brussels\n")
    assert local_zone_name(etc) == "Europe/Brussels"


def test_the_localtime_link_tells_the_zone(etc):
    (etc / "localtime").symlink_to("/usr/share/zoneinfo/Europe/Paris")
    assert local_zone_name(etc) == "Europe/Paris"


def test_a_zone_nobody_knows_is_not_believed_and_utc_is_left(etc):
    (etc / "timezone").write_text("Mars/Base\n")
    assert local_zone_name(etc) == "UTC"
