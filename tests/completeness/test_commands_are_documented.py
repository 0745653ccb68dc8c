"""Every command stands on its page, and every command line of the documents exists."""

import re
from pathlib import Path
from types import ModuleType

PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")


def documents(root: Path) -> list[Path]:
    return [root / page for page in PAGES] + sorted((root / "docs").rglob("*.md"))


def names(reference: ModuleType) -> list[str]:
    return [typed for typed, _ in reference.command_tree(reference.app, reference.PROGRAM)]


def test_the_page_is_as_the_code_says(reference: ModuleType) -> None:
    assert "docs/commands.md" not in reference.outdated()


def test_every_command_has_its_place_on_the_page(root: Path, reference: ModuleType) -> None:
    page = (root / "docs/commands.md").read_text(encoding="utf-8")
    assert [typed for typed in names(reference) if f"\n## `{typed}`\n" not in page] == []


def test_every_command_says_what_it_does(reference: ModuleType) -> None:
    tree = dict(reference.command_tree(reference.app, reference.PROGRAM))
    assert [typed for typed, text in tree.items() if not text.split("\n\n")[1].strip()] == []


def test_every_command_that_the_documents_show_exists(root: Path, reference: ModuleType) -> None:
    known = {typed.split()[1] for typed in names(reference)}
    shown = re.compile(r"(?:^|[/`\s])bedroom-monitor ([a-z]+)(?= |`|$)", re.MULTILINE)
    code = re.compile(r"^(?: {4}|`{3})[^\n]*|`[^`\n]+`", re.MULTILINE)
    wrong = [
        f"{page.name}: {word}"
        for page in documents(root)
        for text in code.findall(page.read_text(encoding="utf-8"))
        for word in shown.findall(text)
        if word not in known
    ]
    assert wrong == []


def test_every_option_that_the_readme_shows_exists(root: Path, reference: ModuleType) -> None:
    lines = re.findall(r"bedroom-monitor [a-z].*", (root / "README.md").read_text(encoding="utf-8"))
    page = (root / "docs/commands.md").read_text(encoding="utf-8")
    options = {option for line in lines for option in re.findall(r"(?<= )--[a-z-]+", line)}
    assert [option for option in options if f"`{option}" not in page] == []
