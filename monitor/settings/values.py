"""What a setting's value can be, checked where it is read."""

import os
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict

from monitor.core.diary import FACTOR_NAME, FACTORS
from monitor.core.nights import wall_time
from monitor.core.quantities import BY_NAME
from monitor.errors import DiaryError


def _known_zone(name: str) -> str:
    if name:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("expected an IANA zone such as Europe/Brussels") from None
    return name


def _wall_time(text: str) -> str:
    try:
        wall_time(text)
    except DiaryError as exc:
        raise ValueError("expected a time of day such as 23:00") from exc
    return text


def _known_quantity(name: str) -> str:
    if name not in BY_NAME:
        raise ValueError(f"expected one of {', '.join(sorted(BY_NAME))}")
    return name


def _readable(path: Path) -> Path:
    found = path.expanduser()
    if not found.is_file() or not os.access(found, os.R_OK):
        raise ValueError("expected a file that can be read")
    return found


def _one_secret(path: Path) -> Path:
    found = _readable(path)
    try:
        secret = found.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        secret = ""
    if not secret:
        raise ValueError("expected a text file that holds the secret")
    return found


def _web_address(url: str) -> str:
    try:
        usable = not url or (_WEB_ADDRESS.fullmatch(url) is not None and urlsplit(url).port != 0)
    except ValueError:  # no such port
        usable = False
    if not usable:
        raise ValueError("expected an address such as http://localhost:8086, without name, password or query")
    return url.rstrip("/")


def _topic(name: str) -> str:
    if "+" in name or "#" in name or "\0" in name:
        raise ValueError("expected a topic without + and #")
    return name


def _topic_filter(name: str) -> str:
    levels = name.split("/")
    partial = any(len(one) > 1 and ("+" in one or "#" in one) for one in levels)
    if not name or "\0" in name or partial or "#" in levels[:-1]:
        raise ValueError("expected a topic filter, in which + is a whole level and # the last one")
    return name


def _free_name(name: str) -> str:
    if not FACTOR_NAME.fullmatch(name):
        raise ValueError("expected small letters, digits and _")
    if name in {factor.name for factor in FACTORS}:
        raise ValueError("expected a name that no built-in factor has")
    return name


_WEB_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?")

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Zone = Annotated[str, AfterValidator(_known_zone)]
WallTime = Annotated[str, AfterValidator(_wall_time)]
OwnFactor = Annotated[str, AfterValidator(_free_name)]
ReadableFile = Annotated[Path, AfterValidator(_readable)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
SecretFile = Annotated[Path, AfterValidator(_one_secret)]
Topic = Annotated[str, AfterValidator(_topic)]
TopicFilter = Annotated[str, AfterValidator(_topic_filter)]
QuantityName = Annotated[str, AfterValidator(_known_quantity)]


class Section(BaseModel):
    """A frozen section in which an unknown key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
