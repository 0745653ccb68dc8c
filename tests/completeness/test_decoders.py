"""Every decoder is wired, has golden rows, and is told in the documents."""

from pathlib import Path

import pytest

from monitor import bootstrap
from monitor.settings.sections import Settings

DECODERS = sorted(
    path.stem
    for path in (Path(__file__).resolve().parents[2] / "monitor" / "decoders").glob("*.py")
    if path.stem != "__init__"
)
every = pytest.mark.parametrize("name", DECODERS)


def test_the_wired_dialects_are_the_decoder_modules() -> None:
    assert sorted(dialect.name for dialect in bootstrap.dialects(Settings.model_construct())) == DECODERS


def test_the_dialect_that_claims_every_topic_is_asked_last() -> None:
    assert bootstrap.dialects(Settings.model_construct())[-1].name == "generic"


@every
def test_a_decoder_has_golden_rows(name: str, root: Path) -> None:
    rows = [
        line
        for path in (root / "tests/decoders/golden" / name).glob("*.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    assert rows


@every
def test_a_decoder_is_told_in_the_page_on_sensors(name: str, root: Path) -> None:
    page = (root / "docs/adding-a-sensor.md").read_text(encoding="utf-8")
    assert f"| `{name}` |" in page
