"""What the documents point at is there: links, files, messages; and what the messages point at, too."""

import re
from pathlib import Path

import pytest

from monitor.adapters.mqtt_troubles import ADVICE

MOST_LINES = 40
"""Lines of a decision record."""
PARTS = ("Date: ", "Status: ", "## Context", "## Decision", "## Consequences")
NAMED = re.compile(r"(?<![\w./-])(?:config|docs)/[\w./-]+\.(?:md|conf|toml|service|yaml)\b")


def pages(root: Path) -> list[Path]:
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]


def decisions(root: Path) -> list[Path]:
    return sorted((root / "docs/decisions").glob("*.md"))


def test_every_link_leads_somewhere(root: Path) -> None:
    links = [
        (page, target)
        for page in pages(root)
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    ]
    assert [f"{page.name}: {target}" for page, target in links if not (page.parent / target).exists()] == []


def test_every_file_that_the_program_names_is_there(root: Path, modules: list[Path]) -> None:
    named = {name for path in modules for name in NAMED.findall(path.read_text(encoding="utf-8"))}
    assert sorted(name for name in named - {"config/monitor.toml"} if not (root / name).exists()) == []


def test_every_message_of_the_troubleshooting_page_is_one_of_the_program(root: Path, modules: list[Path]) -> None:
    page = (root / "docs/troubleshooting.md").read_text(encoding="utf-8")
    said = "\n".join(path.read_text(encoding="utf-8") for path in modules)
    assert [one for one in re.findall(r"^### `(.+)`$", page, re.MULTILINE) if one not in said] == []


def test_every_answer_of_a_broker_is_in_the_troubleshooting_page(root: Path) -> None:
    page = (root / "docs/troubleshooting.md").read_text(encoding="utf-8")
    assert [word for word in ADVICE if f"`{word}`" not in page] == []


@pytest.mark.parametrize("part", PARTS)
def test_every_decision_has_its_parts(part: str, root: Path) -> None:
    assert [page.name for page in decisions(root) if f"\n{part}" not in page.read_text(encoding="utf-8")] == []


def test_every_decision_is_short(root: Path) -> None:
    assert [page.name for page in decisions(root) if len(page.read_text("utf-8").splitlines()) > MOST_LINES] == []


def test_every_table_of_the_file_is_told(root: Path) -> None:
    schema = (root / "monitor/adapters/sqlite/schema.py").read_text(encoding="utf-8")
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    tables = re.findall(r"CREATE TABLE (\w+)", schema)
    assert [name for name in tables if f"| `{name}` |" not in page] == []
