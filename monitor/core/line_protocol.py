"""Points as lines of the InfluxDB line protocol: measurement, tags, fields that are numbers, and a time."""

import re
from collections.abc import Mapping
from math import isfinite

_BREAKS = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t"})
_MEASUREMENT = str.maketrans({",": "\\,", " ": "\\ "})
_LOOSE = re.compile(r"\\(?=[\\,= \n\r\t]|\Z)")
"""A backslash before what is escaped, or at the end: the servers disagree on how to read it, and one drops the line."""

_KEY = str.maketrans({",": "\\,", " ": "\\ ", "=": "\\="})


def series_key(measurement: str, tags: Mapping[str, str]) -> str:
    r"""Measurement and tags of a line, to be used for many points.

    Parameters
    ----------
    measurement : str
        Name, not empty.
    tags : mapping of str to str
        By name; empty ones are left out, as the servers do. They are written sorted, which the servers like best.

    Returns
    -------
    str
        Escaped. Line breaks and tabs become two letters. A backslash at the end, or before another one, a comma, an
        equals sign or white space, becomes a slash: the servers do not agree on how that is written.

    References
    ----------
    InfluxDB OSS v2 documentation, "Line protocol", "Special characters".

    Examples
    --------
    >>> series_key("temperature", {"sensor": "zigbee2mqtt:Bed room"})
    'temperature,sensor=zigbee2mqtt:Bed\\ room'
    """
    written = "".join(f",{_escaped(name, _KEY)}={_escaped(tags[name], _KEY)}" for name in sorted(tags) if tags[name])
    return _escaped(measurement, _MEASUREMENT) + written


def line(key: str, fields: Mapping[str, float | None], time_ms: int) -> str | None:
    """One point with a time in ms; every field is a float, also where its value is whole.

    Parameters
    ----------
    key : str
        From `series_key`.
    fields : mapping of str to (float or None)
        By name; None and what is no finite number is left out.
    time_ms : int
        UTC Unix ms.

    Returns
    -------
    str or None
        The line without its end; None where no field is left, since a point without fields is none.

    Examples
    --------
    >>> line("temperature,sensor=a", {"value": 20}, 1700000000000)
    'temperature,sensor=a value=20.0 1700000000000'
    """
    written = ",".join(
        f"{_escaped(name, _KEY)}={float(value)!r}"
        for name, value in fields.items()
        if value is not None and isfinite(value)
    )
    return f"{key} {written} {time_ms}" if written else None


def _escaped(text: str, special: dict[int, str]) -> str:
    return _LOOSE.sub("/", text).translate(_BREAKS).translate(special)
