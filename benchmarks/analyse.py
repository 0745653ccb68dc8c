"""How long a full analysis takes in its own process: 1,000 nights, 10 exposures, interpreter start included.

    python benchmarks/analyse.py [--nights 1000] [--repeats 3]

Prints seconds and their ratio to the limit; asserts nothing.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from datetime import date, timedelta

import numpy as np

from monitor.core.findings import AnalysisTask, ExposureRow, NightRow, result_from_dict, task_to_dict

LIMIT_SECONDS = 3.0
EXPOSURES = 10
ONE_THREAD = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Several threads on matrices this small wait for one another more than they compute."""
CHILD = """
import json, sys
from monitor.core.analysis import analyse
from monitor.core.findings import result_to_dict, task_from_dict
json.dump(result_to_dict(analyse(task_from_dict(json.load(sys.stdin)))), sys.stdout)
"""


def task_of(nights: int) -> AnalysisTask:
    rng = np.random.default_rng(1)
    season = np.sin(2.0 * math.pi * np.arange(nights) / 365.25)
    values = rng.standard_normal((nights, EXPOSURES)) + season[:, None]
    worse = 1.5 * values[:, 0] + 0.8 * values[:, 1] + rng.standard_normal(nights)
    severities = np.searchsorted(np.quantile(worse, np.linspace(0.4, 0.95, 10)), worse)
    factors = rng.integers(0, 3, size=(nights, 6)).astype(np.float64)
    rows = tuple(
        NightRow(
            t=night,
            wake_date=(date(2022, 1, 1) + timedelta(days=night)).isoformat(),
            severity=int(severities[night]) if rng.random() > 0.1 else None,
            exposures={
                f"exposure_{column}": float(values[night, column]) if rng.random() > 0.02 else None
                for column in range(EXPOSURES)
            },
            factors={f"factor_{column}": float(factors[night, column]) for column in range(6)},
        )
        for night in range(nights)
    )
    declared = tuple(
        ExposureRow(name=f"exposure_{column}", domain=str(column), unit="1", per=1.0, primary=True)
        for column in range(EXPOSURES)
    )
    return AnalysisTask(nights=rows, exposures=declared, adjust_for=tuple(f"factor_{column}" for column in range(6)))


def main() -> None:
    parser = argparse.ArgumentParser(description="measures the time of one analysis in a child process")
    parser.add_argument("--nights", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    task = json.dumps(task_to_dict(task_of(arguments.nights)))
    seconds = []
    for _ in range(arguments.repeats):
        started = time.perf_counter()
        child = subprocess.run(
            [sys.executable, "-c", CHILD],
            input=task,
            capture_output=True,
            text=True,
            check=True,
            env=ONE_THREAD,
        )
        seconds.append(time.perf_counter() - started)
    result = result_from_dict(json.loads(child.stdout))
    print(f"{result.nights} nights with an outcome of {arguments.nights}, {result.tried} exposures tried")
    print(f"seconds: {', '.join(f'{each:.2f}' for each in seconds)}; limit {LIMIT_SECONDS:.0f} s")
    print(f"slowest / limit: {max(seconds) / LIMIT_SECONDS:.2f}")


if __name__ == "__main__":
    main()
