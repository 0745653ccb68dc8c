"""The lock files pin whatever is installed, with the extras that are asked for: an old pip looks for those anew."""

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("requirements.lock", "requirements-dev.lock")


def pinned(lock: Path) -> list[Requirement]:
    lines = re.findall(r"^([a-z][^\\\n]*?) \\?$", lock.read_text(encoding="utf-8"), re.MULTILINE)
    return [Requirement(line) for line in lines]


def asked_for(names: set[str]) -> list[Requirement]:
    """What the installed distributions of these names require with an extra."""
    texts = [text for one in distributions() if canonicalize_name(one.name) in names for text in one.requires or ()]
    wanted = [Requirement(text) for text in texts]
    return [one for one in wanted if one.extras and (one.marker is None or one.marker.evaluate({"extra": ""}))]


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_asked_for_with_an_extra_is_pinned_with_it(name: str, root: Path) -> None:
    pins = pinned(root / name)
    known = {(canonicalize_name(one.name), extra) for one in pins for extra in one.extras}
    asked = asked_for({canonicalize_name(one.name) for one in pins})
    assert [
        str(one) for one in asked if not {(canonicalize_name(one.name), each) for each in one.extras} <= known
    ] == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_is_exact(name: str, root: Path) -> None:
    pins = pinned(root / name)
    assert pins
    assert [str(one) for one in pins if {each.operator for each in one.specifier} != {"=="}] == []
