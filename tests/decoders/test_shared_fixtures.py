"""Published payloads of the reference data beside the project give exactly the readings expected of them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest

from monitor.core.decoding import Decoders
from monitor.core.dryrun import dry_run_line

FIXTURES = Path(__file__).parents[3] / "shared" / "mqtt" / "fixtures.jsonl"
ARRIVAL_MS = 1_790_812_800_000
ZONE = ZoneInfo("Europe/Berlin")
TOLERANCE = 0.06

Row = dict[str, Any]

UNDECODED_BTHOME = "400013015e02a709035b08"
"""Service data of the one row whose note gives readings that its `expect` leaves out: the gateway did not decode
this BTHome v2 advertisement, and the note calls decoding it possible and not required. We do; then it must be right."""

READINGS_IN_ITS_NOTE = [
    {"sensor": "A4C13825F4AE", "quantity": quantity, "value": value, "time": None}
    for quantity, value in (("battery", 94.0), ("temperature", 24.71), ("humidity", 21.39))
]


def rows() -> Iterator[object]:
    lines = FIXTURES.read_bytes().splitlines() if FIXTURES.exists() else []
    for number, line in enumerate(lines, start=1):
        row = orjson.loads(line)
        yield pytest.param(row, id=f"{row['publisher']}:{number}")


def instant(time: str | None) -> datetime | None:
    """A wall time without a zone is meant in the zone that the decoders were given."""
    if time is None:
        return None
    moment = datetime.fromisoformat(time)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)


def is_same(found: Row, expected: Row) -> bool:
    return (
        found["quantity"] == expected["quantity"]
        and found.get("unit") == expected.get("unit")
        and abs(found["value"] - expected["value"]) <= TOLERANCE
        and instant(found["time"]) == instant(expected["time"])
    )


def is_matched(found: list[Row], expected: list[Row], names: dict[str, str]) -> bool:
    """Whether the readings are the expected ones, for some one-to-one renaming of the sensors."""
    if not found or not expected:
        return not found and not expected
    first = expected[0]
    for place, candidate in enumerate(found):
        renamed = names | {first["sensor"]: candidate["sensor"]}
        consistent = names.get(first["sensor"], candidate["sensor"]) == candidate["sensor"]
        if is_same(candidate, first) and consistent and len(set(renamed.values())) == len(renamed):
            rest = found[:place] + found[place + 1 :]
            if is_matched(rest, expected[1:], renamed):
                return True
    return False


@pytest.mark.shared
@pytest.mark.skipif(not FIXTURES.exists(), reason=f"reference data absent: {FIXTURES}")
@pytest.mark.parametrize("row", list(rows()))
def test_a_published_payload_gives_exactly_its_readings(row: Row, decoders: Decoders) -> None:
    found: Any = dry_run_line(decoders, row, ARRIVAL_MS)["readings"]
    expected = READINGS_IN_ITS_NOTE if UNDECODED_BTHOME in row["payload"] else row["expect"]
    assert is_matched(found, expected, {}) or (row.get("optional") and found == [])
