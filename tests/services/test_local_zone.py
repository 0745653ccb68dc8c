"""The zone of this machine, from wherever it tells."""

from pathlib import Path

import pytest

from monitor.settings.local_zone import local_zone_name


@pytest.fixture(autouse=True)
def no_tz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)


def linked(etc: Path, target: str) -> None:
    (etc / "localtime").symlink_to(target)


def test_a_machine_that_tells_nothing_is_in_utc(tmp_path: Path) -> None:
    assert local_zone_name(tmp_path) == "UTC"


def test_debian_writes_the_zone_down(tmp_path: Path) -> None:
    (tmp_path / "timezone").write_text("Europe/Brussels\n")
    assert local_zone_name(tmp_path) == "Europe/Brussels"


def test_others_link_it(tmp_path: Path) -> None:
    linked(tmp_path, "/usr/share/zoneinfo/Asia/Tokyo")
    assert local_zone_name(tmp_path) == "Asia/Tokyo"


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "timezone").write_text("Europe/Brussels\n")
    monkeypatch.setenv("TZ", ":America/New_York")
    assert local_zone_name(tmp_path) == "America/New_York"


@pytest.mark.parametrize("name", ["Mars/Base", "../etc/passwd", "CET-1CEST,M3.5.0,M10.5.0/3", "/abs"])
def test_a_name_that_is_no_zone_leaves_the_next_to_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("TZ", name)
    (tmp_path / "timezone").write_text("Etc/Unknown")
    linked(tmp_path, "/usr/share/zoneinfo/Europe/Paris")
    assert local_zone_name(tmp_path) == "Europe/Paris"


def test_a_clock_file_that_is_a_copy_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "localtime").write_bytes(b"TZif2")
    assert local_zone_name(tmp_path) == "UTC"
