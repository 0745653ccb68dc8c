"""Every number of a finding, every verdict and every grade is told in docs/method.md."""

from dataclasses import fields
from pathlib import Path

import pytest

from monitor.core.evidence import RULES, GradeRule
from monitor.core.findings import AnalysisResult, Finding

NUMBERS = sorted({field.name for row in (Finding, AnalysisResult) for field in fields(row)} - {"findings"})


@pytest.fixture(scope="session")
def method(root: Path) -> list[str]:
    return (root / "docs/method.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_of_a_finding_has_a_row_with_unit_and_meaning(name: str, method: list[str]) -> None:
    rows = [line.split(" | ") for line in method if line.startswith("| `") and f"`{name}`" in line.split(" | ")[0]]
    assert [len(row) for row in rows] == [3]


@pytest.mark.parametrize("verdict", ["trigger", "protective", "cleared", "undecided", "collecting"])
def test_a_verdict_has_its_row(verdict: str, method: list[str]) -> None:
    assert any(line.startswith(f"| {verdict} | ") for line in method)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.grade)
def test_a_grade_has_its_row_with_its_limits(rule: GradeRule, method: list[str]) -> None:
    limits = f"| {rule.grade} | {rule.nights} | {rule.bad} | {rule.q:.2f} | "
    assert any(line.startswith(limits) for line in method)
