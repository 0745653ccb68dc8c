"""Every exposure is told in docs/method.md: its name, unit, step and meaning."""

from collections import Counter
from pathlib import Path

import pytest

from monitor.core.exposure import EXPOSURES, ExposureKind
from monitor.core.exposure_kinds import LAST_NIGHT
from monitor.core.night_room import MOISTURE, SOURCES, Source
from monitor.core.quantities import shown_unit

MOST_PRIMARY = 10
"""Candidates of the tested family; more would weaken the control of false findings."""


@pytest.mark.parametrize("kind", EXPOSURES, ids=lambda one: one.name)
def test_an_exposure_has_its_row_in_the_method(kind: ExposureKind, root: Path) -> None:
    family = "primary" if kind.primary else "outcome" if kind.role == "outcome" else ""
    row = f"| `{kind.name}` | {kind.label} | {shown_unit(kind.unit)} | {kind.step} | {kind.domain} | {family} |"
    assert row in (root / "docs/method.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("domain", sorted({kind.domain for kind in EXPOSURES}))
def test_a_domain_has_its_row_in_the_method(domain: str, root: Path) -> None:
    lines = (root / "docs/method.md").read_text(encoding="utf-8").splitlines()
    assert sum(line.startswith(f"| {domain} | ") for line in lines) == 1


def test_each_domain_of_the_room_has_one_primary_exposure_and_air_has_two() -> None:
    primary = Counter(kind.domain for kind in EXPOSURES if kind.primary)
    assert primary == {"thermal": 1, "thermal change": 1, "moisture": 1, "air": 2, "noise": 1, "light": 1}


def test_no_outcome_is_primary() -> None:
    assert not any(kind.primary for kind in EXPOSURES if kind.role == "outcome")


@pytest.mark.parametrize("kind", EXPOSURES, ids=lambda one: one.name)
def test_an_exposure_has_a_source_that_a_night_is_known_by(kind: ExposureKind) -> None:
    assert kind.source in {LAST_NIGHT, MOISTURE, *(source.name for source in SOURCES)}


@pytest.mark.parametrize("source", SOURCES, ids=lambda one: one.name)
def test_what_a_night_is_known_by_has_a_number(source: Source) -> None:
    assert any(kind.source == source.name for kind in EXPOSURES)


def test_the_tested_family_stays_small() -> None:
    assert sum(kind.primary for kind in EXPOSURES) <= MOST_PRIMARY


def test_no_two_exposures_have_one_name() -> None:
    assert len({kind.name for kind in EXPOSURES}) == len(EXPOSURES)
