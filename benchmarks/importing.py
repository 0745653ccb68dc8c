"""How fast the past of a Home Assistant is imported, and how much memory that takes, whatever the size of the file.

    python benchmarks/importing.py [--states 20000 1000000]

Makes a recorder database of each size with five sensors and a year of hourly statistics, imports it into an empty
database by the command line, nights included, and prints seconds, readings per second and the highest memory.
"""

import argparse
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

START_S = 1_700_000_100
SENSORS = (
    ("sensor.bedroom_temperature", "temperature", "°C", 20.0),
    ("sensor.bedroom_humidity", "humidity", "%", 50.0),
    ("sensor.bedroom_co2", "carbon_dioxide", "ppm", 800.0),
    ("sensor.bedroom_pressure", "atmospheric_pressure", "hPa", 1013.0),
    ("sensor.garden_temperature", "temperature", "°F", 50.0),
)
APART_S = 12
"""Seconds from one state to the next: each sensor changes once a minute."""
TABLES = """
CREATE TABLE states_meta (metadata_id INTEGER PRIMARY KEY, entity_id TEXT);
CREATE TABLE state_attributes (attributes_id INTEGER PRIMARY KEY, shared_attrs TEXT);
CREATE TABLE states (state_id INTEGER PRIMARY KEY, state TEXT, last_updated_ts FLOAT, attributes_id INTEGER,
  metadata_id INTEGER);
CREATE INDEX ix_states_metadata_id_last_updated_ts ON states (metadata_id, last_updated_ts);
CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, statistic_id TEXT, unit_of_measurement TEXT);
CREATE TABLE statistics (id INTEGER PRIMARY KEY, metadata_id INTEGER, start_ts FLOAT, mean FLOAT, min FLOAT, max FLOAT);
CREATE UNIQUE INDEX ix_statistics_statistic_id_start_ts ON statistics (metadata_id, start_ts);
"""


def recorder(path: Path, states: int) -> None:
    with sqlite3.connect(path) as db:
        db.executescript(TABLES)
        for number, (entity, device_class, unit, _) in enumerate(SENSORS):
            told = f'{{"device_class":"{device_class}","unit_of_measurement":"{unit}","friendly_name":"{entity}"}}'
            db.execute("INSERT INTO states_meta VALUES (?, ?)", (number, entity))
            db.execute("INSERT INTO state_attributes VALUES (?, ?)", (number, told))
        db.execute("INSERT INTO statistics_meta VALUES (0, ?, '°C')", (SENSORS[0][0],))
        db.executemany("INSERT INTO states (state, last_updated_ts, attributes_id, metadata_id) VALUES (?, ?, ?, ?)",
                       rows(states))  # fmt: skip
        hours = (START_S // 3600 * 3600 - hour * 3600 for hour in range(1, 24 * 365))
        db.executemany("INSERT INTO statistics (metadata_id, start_ts, mean, min, max) VALUES (0, ?, 19.5, 19, 20)",
                       ((start_s,) for start_s in hours))  # fmt: skip
    db.close()


def rows(states: int) -> Iterator[tuple[str, float, int, int]]:
    for number in range(states):
        sensor = number % len(SENSORS)
        yield f"{SENSORS[sensor][3] + number % 7 / 10:.1f}", START_S + number * APART_S + 0.25, sensor, sensor


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, nargs="+", default=[20_000, 1_000_000])
    for states in sorted(parser.parse_args().states):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "home-assistant_v2.db")
            recorder(file, states)
            environment = {**os.environ, "HOME": folder, "BEDROOM_MONITOR_STORE__PATH": f"{folder}/monitor.db"}
            environment["BEDROOM_MONITOR_HOME__ZONE"] = "Europe/Brussels"
            program = "from monitor.cli import main; main()"
            began_s = time.monotonic()
            subprocess.run(
                [sys.executable, "-c", program, "import", "home-assistant", str(file)],
                check=True, env=environment, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            took_s = time.monotonic() - began_s
            highest_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            print(
                f"{states:,} states, {file.stat().st_size / 1e6:.0f} MB: {took_s:.1f} s, "
                f"{states / took_s:,.0f} readings/s, {highest_mb:.0f} MB at most so far"
            )


if __name__ == "__main__":
    main()
