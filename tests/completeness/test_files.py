"""Files stay short, say where they stand, and are named after what they hold."""

import ast
from pathlib import Path

import pytest

LONGEST = 400
"""Lines."""
FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "manager", "data", "info", "misc"}
LONGEST_DOCSTRING_PARTS = 2
"""The first line, and one paragraph at most."""


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_python_file_is_longer_than_400_lines(files: list[Path]) -> None:
    long = {path.name: lines(path) for path in files if path.suffix == ".py" and lines(path) > LONGEST}
    assert long == {}


def test_every_module_says_where_it_stands(modules: list[Path]) -> None:
    silent = [path for path in modules if not docstring(path).partition("\n")[0].rstrip().endswith((".", ":"))]
    assert silent == []


def test_no_module_docstring_is_a_treatise(modules: list[Path]) -> None:
    assert [path for path in modules if len(docstring(path).split("\n\n")) > LONGEST_DOCSTRING_PARTS] == []


def test_no_file_has_a_name_that_says_nothing(files: list[Path]) -> None:
    assert [path for path in files if path.suffix == ".py" and path.stem in FORBIDDEN] == []


@pytest.mark.parametrize("folder", ["core", "services", "decoders"])
def test_only_the_command_line_prints(folder: str, root: Path) -> None:
    calls = [
        f"{path.name}:{node.lineno}"
        for path in sorted((root / "monitor" / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert calls == []
