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


def publishers() -> dict[str, list[tuple[int, Row]]]:
    """The rows of each publisher with their line numbers; none where the file is absent."""
    found: dict[str, list[tuple[int, Row]]] = {}
    for number, line in enumerate(FIXTURES.read_bytes().splitlines() if FIXTURES.exists() else [], start=1):
        row = orjson.loads(line)
        found.setdefault(row["publisher"], []).append((number, row))
    return found


PUBLISHERS = publishers()


def rows() -> Iterator[object]:
    for publisher, numbered in PUBLISHERS.items():
        for number, row in numbered:
            yield pytest.param(row, id=f"{publisher}:{number}")


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


def is_right(row: Row, decoders: Decoders) -> bool:
    """Whether the row gives its readings; an optional one may give none."""
    found: Any = dry_run_line(decoders, row, ARRIVAL_MS)["readings"]
    expected = READINGS_IN_ITS_NOTE if UNDECODED_BTHOME in row["payload"] else row["expect"]
    return is_matched(found, expected, {}) or (bool(row.get("optional")) and found == [])


@pytest.mark.shared
@pytest.mark.skipif(not FIXTURES.exists(), reason=f"reference data absent: {FIXTURES}")
@pytest.mark.parametrize("row", list(rows()))
def test_a_published_payload_gives_exactly_its_readings(row: Row, decoders: Decoders) -> None:
    assert is_right(row, decoders)


@pytest.mark.shared
@pytest.mark.skipif(not FIXTURES.exists(), reason=f"reference data absent: {FIXTURES}")
@pytest.mark.parametrize("publisher", sorted(PUBLISHERS))
def test_every_row_of_a_publisher_is_read_as_expected(publisher: str, decoders: Decoders) -> None:
    wrong = [number for number, row in PUBLISHERS[publisher] if not is_right(row, decoders)]
    assert not wrong, f"{publisher}: lines {wrong} of {len(PUBLISHERS[publisher])}"
