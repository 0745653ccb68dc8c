"""The small set of value templates that announcements use: recognised, never executed."""

import re
from typing import NamedTuple

from monitor.core.known import Path


class Source(NamedTuple):
    """Where a template takes its value, and what it multiplies it by."""

    path: Path = ()
    scale: float = 1.0


_WHOLE = Source()
_STEP = r"\.[A-Za-z_]\w*|\['[^'\]]*'\]|\[\"[^\"\]]*\"\]|\[\d{1,4}\]"
_VALUE = rf"(value_json|value)\b((?:{_STEP})*)"
_FILTERS = r"(?:\s*\|\s*(?:float|int|round|default|is_defined)(?:\s*\([^()|]*\))?)*"
_OF_THE_FACTOR = r"(?:\s*\|\s*(?:float|round\s*\(\s*\d\s*\)))*"
"""A filter binds closer than `/`: behind a bare factor it is the factor's, which these leave as it is."""
_FACTOR = r"(?:\s*([*/])\s*(\d{1,6}(?:\.\d{1,6})?))?"
_TEMPLATES = tuple(
    re.compile(rf"\{{\{{-?\s*{form}\s*-?\}}\}}")
    for form in (
        rf"{_VALUE}{_FILTERS}{_FACTOR}{_OF_THE_FACTOR}",
        rf"\(\s*{_VALUE}{_FILTERS}{_FACTOR}\s*\){_FILTERS}",
        rf"\(\s*{_VALUE}{_FILTERS}\s*\){_FILTERS}{_FACTOR}{_OF_THE_FACTOR}",
    )
)
_STEPS = re.compile(_STEP)
_LONGEST = 256
"""Characters; templates of one value are short, and matching is bounded by that."""


def recognised(template: object) -> Source | None:
    """What `{{ value_json.a['b'] | float / 100 }}` and its like say; None for a template that is not read.

    No template at all is the whole payload.
    """
    if template is None:
        return _WHOLE
    if not isinstance(template, str) or len(template) > _LONGEST:
        return None
    matches = (form.fullmatch(template.strip()) for form in _TEMPLATES)
    found = next((match for match in matches if match is not None), None)
    return None if found is None else _source(*found.groups())


def _source(root: str, steps: str, sign: str | None, digits: str | None) -> Source | None:
    factor = float(digits or 1)
    if factor == 0.0 or (root == "value" and steps):
        return None
    return Source(tuple(map(_step, _STEPS.findall(steps))), 1.0 / factor if sign == "/" else factor)


def _step(step: str) -> str | int:
    inner = step[1:] if step.startswith(".") else step[1:-1]
    return int(inner) if inner.isdecimal() else inner.strip("'\"")
