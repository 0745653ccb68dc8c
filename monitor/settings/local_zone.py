"""The IANA name of this machine's time zone."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def local_zone_name(etc: Path = Path("/etc")) -> str:
    """From TZ, /etc/timezone or the /etc/localtime link, in this order; UTC where none tells a known zone."""
    candidates = [os.environ.get("TZ", "").lstrip(":")]
    timezone = etc / "timezone"
    if timezone.is_file():
        candidates.append(timezone.read_text(encoding="utf-8").strip())
    localtime = etc / "localtime"
    if localtime.is_symlink():
        candidates.append(str(localtime.resolve()).partition("zoneinfo/")[2])
    return next((name for name in candidates if name and _is_zone(name)), "UTC")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
