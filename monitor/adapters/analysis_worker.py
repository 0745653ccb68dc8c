"""What runs in the analysis process: a task as JSON comes in, a result as JSON goes out."""

import json
import os
import resource
import sys

from monitor.core.findings import result_to_dict, task_from_dict

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Threads of the linear algebra would only take memory: the matrices are small."""


def main(memory_mb: int) -> None:
    """Read the task from standard input, write the result to standard output."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 1_000_000, memory_mb * 1_000_000))
    from monitor.core.analysis import analyse  # noqa: PLC0415 - only after the limit holds

    task = task_from_dict(json.load(sys.stdin))
    json.dump(result_to_dict(analyse(task)), sys.stdout, allow_nan=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
