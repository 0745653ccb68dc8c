"""What the doctor looks at of this machine: files, room on the disk, clock, processor."""

import os
import platform
import shutil
import stat
import sys
from pathlib import Path

from monitor.errors import MonitorError

LEAST_FREE_BYTES = 200_000_000
"""Bytes: less free room than this fills within weeks, and other programs need some too."""

YEAR_BYTES = 25_000_000
"""Bytes a year: one sensor, two quantities, a reading a minute."""

BUILT_MS = 1_767_225_600_000
"""UTC Unix ms of 2026-01-01: a machine whose clock stands before has not set it."""


def free_room(folder: Path) -> str:
    """Room on the disk of a folder; raises MonitorError where it is nearly full."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise MonitorError(
            f"only {free // 1_000_000} MB free at {folder}; make room, or set store.path to another disk"
        )
    year = f"a sensor with two values a minute takes about {YEAR_BYTES // 1_000_000} MB a year"
    return f"{free // 1_000_000:,} MB free at {folder}; {year}"


def writable(folder: Path) -> None:
    """Raises MonitorError where a folder, or the first one above it that is there, may not be written to."""
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise MonitorError(f"{folder} may not be written to by this user; give it to them, or set store.path")


def clock(now_ms: int, zone: str) -> str:
    """Whether the clock can be right; raises MonitorError where it was never set."""
    if now_ms < BUILT_MS:
        raise MonitorError("the machine's clock stands before 2026; set it, and let it follow a time server")
    return f"the clock is set; nights are told in {zone}"


def system() -> str:
    """Which Python on which processor; raises MonitorError on a 32-bit one, for which numpy has no build."""
    if sys.maxsize < 2**32:
        raise MonitorError(
            "a 32-bit system; the analysis needs a 64-bit one (on a Raspberry Pi: 64-bit Raspberry Pi OS)"
        )
    return f"Python {platform.python_version()} on {platform.machine()}"


def private(path: Path) -> str:
    """That nobody else can read a file; raises MonitorError where others can."""
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise MonitorError(f"{path} can be read by other users; run: chmod 600 {path}")
    return f"{path} is readable by its owner only"
