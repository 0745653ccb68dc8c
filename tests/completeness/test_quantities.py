"""Every quantity has a unit, a range, a meaning, a spelling of its unit, and a row on its page."""

from pathlib import Path
from types import ModuleType

import pytest

from monitor.core.night_room import LEVELS, MOVEMENT, NOISE, OCCUPANCY
from monitor.core.quantities import BY_NAME, QUANTITIES, Quantity, shown_unit
from monitor.core.units import to_canonical

every = pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda one: one.name)


@every
def test_a_quantity_has_a_unit_and_a_meaning(quantity: Quantity) -> None:
    assert quantity.unit.strip()
    assert quantity.meaning.strip()


@every
def test_a_quantity_has_a_range(quantity: Quantity) -> None:
    assert quantity.low <= quantity.high


@every
def test_the_canonical_unit_of_a_quantity_is_understood(quantity: Quantity) -> None:
    assert to_canonical(quantity.name, 1.0, quantity.unit) == 1.0


@every
def test_a_quantity_has_a_row_with_unit_and_meaning_on_its_page(quantity: Quantity, root: Path) -> None:
    page = (root / "docs/quantities.md").read_text(encoding="utf-8").splitlines()
    row = next((line for line in page if line.startswith(f"| `{quantity.name}` |")), "")
    assert f" {shown_unit(quantity.unit) or '0 or 1'} " in row
    assert f" {quantity.meaning} " in row


@every
def test_a_quantity_that_nights_know_by_medians_may_be_thinned_and_no_other_that_they_use(quantity: Quantity) -> None:
    events_and_minutes = {NOISE.quantity, MOVEMENT.quantity, OCCUPANCY.quantity}
    assert not (quantity.thinned and quantity.name in events_and_minutes)
    assert quantity.thinned or quantity.name not in {source.quantity for source in LEVELS}


@every
def test_the_page_of_retention_says_whether_a_quantity_is_thinned(quantity: Quantity, root: Path) -> None:
    page = (root / "docs/retention.md").read_text(encoding="utf-8")
    thinned, _, never = page.partition("Never thinned:")
    assert f"`{quantity.name}`" in (thinned if quantity.thinned else never)


def test_no_two_quantities_have_one_name() -> None:
    assert len(BY_NAME) == len(QUANTITIES)


def test_the_page_is_as_the_code_says(reference: ModuleType) -> None:
    assert "docs/quantities.md" not in reference.outdated()
