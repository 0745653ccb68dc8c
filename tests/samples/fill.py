"""Fills a database with a small past through the program's own stores, to be kept as the sample of its schema.

Before a migration is added: `.venv/bin/python tests/samples/fill.py tests/samples/schema-N.db.gz`. It also runs beside
the stores of older versions (PYTHONPATH), from which the older samples are.
"""

import gzip
import sys
import tempfile
from datetime import date
from pathlib import Path

from monitor import bootstrap, ports
from monitor.adapters.clock import SimulatedClock
from monitor.core.diary import DiaryEntry
from monitor.core.readings import Reading, SetAside
from monitor.settings import Settings
from monitor.settings.sections import Home, Store

CLIMATE, GARDEN = "zigbee2mqtt:Bedroom climate", "zigbee2mqtt:Garden"
FIRST_MS = 1_769_972_400_000
"""2026-02-01 19:00 UTC: the first evening."""
MINUTE_MS, DAY_MS = 60_000, 86_400_000
NOW_MS = FIRST_MS + 3 * DAY_MS
NIGHTS = 2


def readings() -> list[Reading]:
    """Thirteen hours of each night, every 5 minutes: a room that cools down by night and a frosty garden."""
    rows = []
    for night in range(NIGHTS):
        for step in range(156):
            time_ms = FIRST_MS + night * DAY_MS + step * 5 * MINUTE_MS
            rows += [
                Reading(CLIMATE, "temperature", time_ms, 21.0 + night - step / 100),
                Reading(CLIMATE, "humidity", time_ms, 45.0 + step / 10),
                Reading(GARDEN, "temperature", time_ms + 7, -1.5 - night),
            ]
    return rows


def diary() -> list[DiaryEntry]:
    """Two nights, the first of them amended once."""
    first, second = date(2026, 2, 2), date(2026, 2, 3)
    return [
        DiaryEntry(wake_date=first, severity=4, factors={"alcohol": 2.0}, note="dog"),
        DiaryEntry(wake_date=second, severity=0, count=0, bed="23:10", rise="06:50"),
        DiaryEntry(wake_date=first, severity=7, count=12, factors={"alcohol": 2.0, "stress": 4.0}, note="dog, 3 times"),
    ]


def fill(path: Path) -> None:
    """Store all of it, close the nights and analyse them."""
    settings = Settings.model_construct(home=Home(zone="Europe/Brussels"), store=Store(path=path))
    with bootstrap.open_stores(settings) as stores:
        aside = SetAside(CLIMATE, "temperature", FIRST_MS + 1, 85.0, "85 is what devices send for no value")
        batch = ports.Batch(
            readings=readings(), set_aside=[aside], problems=[ports.Problem("attic/x", "not JSON", 3, FIRST_MS, NOW_MS)]
        )
        if hasattr(ports, "Seen"):
            seen = [
                ports.Seen(CLIMATE, name="Bedroom climate", topic="zigbee2mqtt/Bedroom climate", seen_ms=FIRST_MS),
                ports.Seen(GARDEN, name="Garden", topic="zigbee2mqtt/Garden", seen_ms=FIRST_MS),
            ]
            batch = batch._replace(seen=seen)
        else:
            batch = batch._replace(names=[(CLIMATE, "Bedroom climate"), (GARDEN, "Garden")])
        stores.readings.save(batch)
        sensors = getattr(stores, "sensors", stores.readings)
        sensors.place(CLIMATE, "bedroom", "person")
        sensors.place(GARDEN, "outdoor", "person")
        sensors.calibrate(CLIMATE, "temperature", FIRST_MS + DAY_MS, -0.5, 1.0)
        for number, entry in enumerate(diary()):
            stores.diary.log(entry, NOW_MS - 5000 + number, "command line")
        stores.nights.exclude(date(2026, 2, 3), "travel")
        bootstrap.closing(settings, stores).close_due(NOW_MS)
        bootstrap.analysing(settings, stores, SimulatedClock(NOW_MS)).analyse()


def main(target: Path) -> None:
    """Write the sample, packed, the same bytes for the same content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "monitor.db"
        fill(path)
        target.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
