"""Every exception of the program hangs in the one tree, and the tree is drawn as it is."""

import ast
import builtins
from pathlib import Path

import monitor.errors
from monitor.errors import MonitorError

DRAWING = monitor.errors.__doc__ or ""
BRANCHES = "│├└─ "


def built_in(name: str) -> bool:
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)


def exceptions(modules: list[Path]) -> dict[str, list[str]]:
    """The exception classes of the program with the names of their bases."""
    classes = {
        node.name: [ast.unparse(base).rpartition(".")[2] for base in node.bases]
        for module in modules
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }

    def raisable(name: str) -> bool:
        return built_in(name) or any(map(raisable, classes.get(name, [])))

    return {name: bases for name, bases in classes.items() if any(map(raisable, bases))}


def drawn() -> dict[str, str]:
    """Each class of the drawing with the one that it hangs on."""
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in DRAWING.splitlines():
        depth = len(line) - len(line.lstrip(BRANCHES))
        name = line.strip(BRANCHES).partition(" ")[0]
        if not isinstance(getattr(monitor.errors, name, None), type):
            continue
        above = [(deep, other) for deep, other in above if deep < depth]
        parents[name] = above[-1][1] if above else "Exception"
        above.append((depth, name))
    return parents


def test_every_exception_hangs_in_the_tree(modules: list[Path]) -> None:
    known = {
        name for name, one in vars(monitor.errors).items() if isinstance(one, type) and issubclass(one, MonitorError)
    }
    assert set(exceptions(modules)) == known


def test_the_drawing_shows_every_exception_on_its_branch() -> None:
    tree = {name: one.__bases__[0].__name__ for name, one in vars(monitor.errors).items() if isinstance(one, type)}
    assert drawn() == tree


def test_every_exception_says_what_it_means() -> None:
    classes = [one for one in vars(monitor.errors).values() if isinstance(one, type)]
    assert [one.__name__ for one in classes if not one.__doc__] == []
