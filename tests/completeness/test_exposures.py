"""Every exposure is told in docs/method.md: its name, unit, step and meaning."""

from pathlib import Path

import pytest

from monitor.core.exposure import EXPOSURES, ExposureKind
from monitor.core.quantities import shown_unit

MOST_PRIMARY = 10
"""Candidates of the tested family; more would weaken the control of false findings."""


@pytest.mark.parametrize("kind", EXPOSURES, ids=lambda one: one.name)
def test_an_exposure_has_its_row_in_the_method(kind: ExposureKind, root: Path) -> None:
    step = f"{kind.per:g} {shown_unit(kind.unit)}"
    family = "primary" if kind.primary else ""
    row = f"| `{kind.name}` | {kind.label} | {shown_unit(kind.unit)} | {step} | {kind.domain} | {family} |"
    assert row in (root / "docs/method.md").read_text(encoding="utf-8").splitlines()


def test_each_domain_has_one_primary_exposure() -> None:
    primary = [kind.domain for kind in EXPOSURES if kind.primary]
    assert sorted(primary) == sorted({kind.domain for kind in EXPOSURES})


def test_the_tested_family_stays_small() -> None:
    assert sum(kind.primary for kind in EXPOSURES) <= MOST_PRIMARY


def test_no_two_exposures_have_one_name() -> None:
    assert len({kind.name for kind in EXPOSURES}) == len(EXPOSURES)
