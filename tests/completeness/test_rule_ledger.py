"""docs/quality.yaml says of each of the fifteen rules whether it is kept."""

from pathlib import Path

import pytest
import yaml

RULES = 15
STATES = {"done", "todo", "exempt"}


@pytest.fixture(scope="session")
def rules(root: Path) -> list[dict[str, object]]:
    return list(yaml.safe_load((root / "docs/quality.yaml").read_text(encoding="utf-8"))["rules"])


def test_every_rule_is_listed_once_and_in_order(rules: list[dict[str, object]]) -> None:
    assert [rule["rule"] for rule in rules] == list(range(1, RULES + 1))


def test_every_rule_has_a_title_of_its_own(rules: list[dict[str, object]]) -> None:
    assert len({rule["title"] for rule in rules if rule["title"]}) == RULES


def test_every_rule_has_a_known_state(rules: list[dict[str, object]]) -> None:
    assert {str(rule["state"]) for rule in rules} <= STATES


def test_what_is_not_done_says_why(rules: list[dict[str, object]]) -> None:
    assert [rule["rule"] for rule in rules if rule["state"] != "done" and not rule.get("why")] == []
