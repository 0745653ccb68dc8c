"""Every golden row of every dialect gives exactly the readings beside it."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from monitor.core.decoding import Decoders
from monitor.core.dryrun import dry_run_line

GOLDEN = Path(__file__).parent / "golden"
DIALECTS = sorted(folder.name for folder in GOLDEN.iterdir() if folder.is_dir())
ARRIVAL_MS = 1_790_812_800_000
"""2026-10-01T00:00:00Z: later than every time in the rows that is meant to be believed."""


def rows() -> Iterator[object]:
    for dialect in DIALECTS:
        for path in sorted((GOLDEN / dialect).glob("*.jsonl")):
            for number, line in enumerate(path.read_bytes().splitlines(), start=1):
                yield pytest.param(orjson.loads(line), id=f"{dialect}/{path.stem}:{number}")


@pytest.mark.parametrize("row", list(rows()))
def test_a_golden_row_gives_its_readings(row: dict[str, object], decoders: Decoders) -> None:
    assert dry_run_line(decoders, row, ARRIVAL_MS)["readings"] == row["expect"]


@pytest.mark.parametrize("row", list(rows()))
def test_a_row_is_ignored_with_a_reason_or_has_readings(row: dict[str, object], decoders: Decoders) -> None:
    printed = dry_run_line(decoders, row, ARRIVAL_MS)
    assert (printed["ignored"] is None) == bool(printed["readings"])


@pytest.mark.parametrize("row", list(rows()))
def test_a_golden_row_says_where_it_comes_from(row: dict[str, object]) -> None:
    assert row["source"]
