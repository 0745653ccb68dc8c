"""Everything that the mirror can write stands on its page, with its unit: measurements, tags and fields."""

import re
from datetime import date
from pathlib import Path

import pytest

from monitor.core.advice import Advice
from monitor.core.diary import FACTORS, DiaryEntry
from monitor.core.exposure import Exposure
from monitor.core.findings import AnalysisResult, Finding
from monitor.core.mirrored import Health, diary_lines, finding_lines, health_lines, night_lines
from monitor.core.nights import NightWindow
from monitor.core.quantities import QUANTITIES, Quantity, shown_unit
from tests.line_reader import read

ZONE, DAY, NOW_MS = "Europe/Brussels", date(2026, 6, 2), 1_790_812_800_000


def everything() -> set[tuple[str, str, str]]:
    """Measurement, kind and name of all that is no reading."""
    window = NightWindow(wake_date=DAY, zone=ZONE, start_ms=0, end_ms=3_600_000, known_by="usual")
    finding = Finding(
        exposure="T_mean", domain="thermal", primary=True, unit="1 °C", verdict="trigger", grade="strong", nights=60,
        bad=20, odds_ratio=2.0, ci=(1.0, 3.0), p=0.1, q=0.1, p_shift=0.1, nights_needed=9,
    )  # fmt: skip
    result = AnalysisResult(nights=60, bad=20, good=40, tried=1, findings=(finding,))
    advice = Advice(what="Air", why="", basis="", grade="strong", expected="", cost="", disproof="")
    entry = DiaryEntry(wake_date=DAY, severity=3, count=1, factors={factor.name: 1.0 for factor in FACTORS})
    counts = {"mirror_waiting": 1.0, "mirror_oldest_s": 1.0, "tried": 1.0}
    lines = [
        *night_lines(window, (Exposure("T_mean", 20.0, 1.0),), excluded=False, home_zone=ZONE),
        *diary_lines(entry, ZONE),
        *finding_lines(result, (advice,), NOW_MS),
        *health_lines([Health("a", "A", "bed", 1.0, silent=False)], counts, NOW_MS),
    ]
    return {
        (point.measurement, kind, name)
        for point in map(read, lines)
        for kind, names in (("tag", dict(point.tags)), ("field", point.fields))
        for name in names
    }


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs/influxdb.md").read_text(encoding="utf-8")


def test_what_the_mirror_writes_is_what_its_page_tells(page: str) -> None:
    told = {
        (measurement, kind, name)
        for measurement, section in re.findall(r"^### `(\w+)`\n(.*?)(?=^##)", page, re.MULTILINE | re.DOTALL)
        for kind, name in re.findall(r"^\| (tag|field) \| `(\w+)` \|", section, re.MULTILINE)
    }
    assert told == everything()


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda one: one.name)
def test_a_quantity_is_a_measurement_with_its_unit(quantity: Quantity, page: str) -> None:
    row = next((line for line in page.splitlines() if line.startswith(f"| `{quantity.name}` |")), "")
    assert row.split(" | ")[1] in {shown_unit(quantity.unit), "0 or 1", "1"}


def test_a_quantity_has_no_name_that_another_measurement_has() -> None:
    assert not {quantity.name for quantity in QUANTITIES} & {measurement for measurement, _, _ in everything()}


def test_every_status_that_the_program_knows_is_in_the_table_of_answers(page: str) -> None:
    for status in ("2xx", "400", "401", "403", "404", "413", "422", "429", "503", "5xx"):
        assert re.search(rf"^\| .*\b{status}\b.* \|", page, re.MULTILINE)
