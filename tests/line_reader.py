"""Reads lines of the line protocol as the servers do: a small parser of the tests' own, by the published grammar."""

from typing import NamedTuple


class Point(NamedTuple):
    """One line, read."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: dict[str, float]
    time_ms: int

    @property
    def identity(self) -> tuple[str, tuple[tuple[str, str], ...], int]:
        """Two points that have it in common are one."""
        return self.measurement, tuple(sorted(self.tags)), self.time_ms


class BadLine(ValueError):
    """The line cannot be read."""


def read(line: str) -> Point:
    """The point of a line; raises BadLine."""
    key, fields, time = _cut(line, " ", 3)
    measurement, *tags = _cut(key, ",")
    if not measurement or "\n" in line:
        raise BadLine(line)
    return Point(
        _plain(measurement, ", "),
        tuple(_pair(one) for one in tags),
        {name: float(value) for name, value in map(_pair, _cut(fields, ","))},
        int(time),
    )


def _pair(text: str) -> tuple[str, str]:
    name, value = _cut(text, "=", 2)
    if not name or not value:
        raise BadLine(text)
    return _plain(name, ",= "), _plain(value, ",= ")


def _cut(text: str, at: str, count: int | None = None) -> list[str]:
    """The parts between unescaped separators; raises BadLine where there are not `count`."""
    parts, start, index = [], 0, 0
    while index < len(text):
        if text[index] == "\\" and text[index + 1 : index + 2] in {",", " ", "="}:
            index += 1
        elif text[index] == at:
            parts.append(text[start:index])
            start = index + 1
        index += 1
    parts.append(text[start:])
    if count is not None and len(parts) != count:
        raise BadLine(text)
    return parts


def _plain(text: str, special: str) -> str:
    plain, index = "", 0
    while index < len(text):
        if text[index] == "\\" and index + 1 < len(text) and text[index + 1] in special:
            index += 1
        plain += text[index]
        index += 1
    return plain
