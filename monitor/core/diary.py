"""What the person says of a night: the entry, its factors, and whether they can be believed."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from types import MappingProxyType

from monitor.core.nights import wall_time
from monitor.core.zones import zone_of
from monitor.errors import DiaryError

WORST = 10
"""Severity runs from 0 (a quiet night) to this."""

MOST_TWITCHES = 20_000
"""A count above this is a slip: more than one twitch every two seconds for eleven hours."""

LONGEST_NOTE = 2_000
"""Characters; a note is a remark, and the page must show it."""

FACTOR_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

YES_NO = MappingProxyType({"yes": 1.0, "true": 1.0, "on": 1.0, "no": 0.0, "false": 0.0, "off": 0.0})


@dataclass(frozen=True, kw_only=True, slots=True)
class Factor:
    """One confounder of the diary: values are in `unit` and lie in `low <= value <= high`.

    `adjust` says whether the analysis may adjust for it. What the room's heat can itself bring about on the
    same night (lighter bedding, shorter sleep) is a consequence and not a confounder: adjusting for it would
    hide the effect that is looked for. A factor in the unit "0/1" is a yes or no. Raises DiaryError for an
    impossible row.
    """

    name: str
    unit: str
    low: float = 0.0
    high: float
    meaning: str
    adjust: bool = True

    def __post_init__(self) -> None:
        if not FACTOR_NAME.fullmatch(self.name) or self.name in ENTRY_FIELDS:
            raise DiaryError(
                "factor: expected a name of small letters, digits and _ that is no field of the diary, "
                f"got {self.name!r}"
            )
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise DiaryError(f"{self.name}: expected low < high, got {self.low!r} and {self.high!r}")

    @property
    def yes_or_no(self) -> bool:
        """Whether only 0 and 1 are meant."""
        return self.unit == "0/1"

    @property
    def expected(self) -> str:
        """What a value has to be, in words."""
        values = "0 or 1" if self.yes_or_no else f"{self.low:g} to {self.high:g} {self.unit}"
        return f"{values} ({self.meaning})"

    def allows(self, value: float) -> bool:
        """Whether the value is possible; no is 0 and yes is 1, with nothing between."""
        return value in {0.0, 1.0} if self.yes_or_no else self.low <= value <= self.high


ENTRY_FIELDS = ("wake_date", "severity", "count", "bed", "rise", "zone", "note", "factors")
"""The fields of a diary entry; no factor may be called like one of them."""

FACTORS = (
    Factor(name="alcohol", unit="drinks", high=30, meaning="alcoholic drinks in the evening"),
    Factor(name="caffeine", unit="cups", high=20, meaning="cups of coffee or strong tea after 14:00"),
    Factor(name="stress", unit="points", high=10, meaning="stress of the day"),
    Factor(name="illness", unit="0/1", high=1, meaning="ill or feverish"),
    Factor(
        name="medication_change", unit="0/1", high=1,
        meaning="a medicine was started, stopped or its dose changed; counts from this night on",
    ),
    Factor(name="exercise", unit="0/1", high=1, meaning="hard exercise in the evening"),
    Factor(name="magnesium", unit="0/1", high=1, meaning="took magnesium"),
    Factor(name="sleep_loss", unit="h", high=16, meaning="hours of sleep missed the night before"),
    Factor(name="sleep_hours", unit="h", high=20, meaning="hours slept this night", adjust=False),
    Factor(name="bedding_tog", unit="tog", high=40, meaning="thermal resistance of the duvet", adjust=False),
    Factor(name="nightwear_clo", unit="clo", high=3, meaning="insulation of the nightwear", adjust=False),
    Factor(
        name="warmth", unit="points", low=-1, high=1, adjust=False,
        meaning="felt too cold (-1), right (0) or too hot (1) in bed",
    ),
)  # fmt: skip
"""The factors everybody has, most important confounder first."""

DEFAULT_ADJUST = tuple(factor.name for factor in FACTORS if factor.adjust)
"""What the analysis adjusts for, most important first; with few nights it drops from the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DiaryEntry:
    """What the person says of the night that ended on `wake_date`.

    `severity` runs from 0 to 10, `count` is the number of twitches noticed; `bed` and `rise` are wall times
    such as 23:05 in `zone` (None: the person's usual zone). None means "not said". `factors` holds only what
    was said, and zero was said. Raises DiaryError naming the field; `checked_factors` checks the factors
    against their table.
    """

    wake_date: date
    severity: int
    count: int | None = None
    bed: str | None = None
    rise: str | None = None
    zone: str | None = None
    note: str = ""
    factors: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        _whole("severity", self.severity, WORST)
        if self.count is not None:
            _whole("count", self.count, MOST_TWITCHES)
        for name, wall in (("bed", self.bed), ("rise", self.rise)):
            if wall is not None:
                wall_time(wall, name)
        if self.zone is not None:
            zone_of(self.zone)
        if len(self.note) > LONGEST_NOTE:
            raise DiaryError(f"note: expected at most {LONGEST_NOTE} characters, got {len(self.note)}")
        for name, value in self.factors.items():
            if not math.isfinite(value):
                raise DiaryError(f"{name}: expected a number, got {value!r}")


def amended(entry: DiaryEntry, earlier: DiaryEntry | None) -> DiaryEntry:
    """The entry, with what it leaves unsaid taken from an earlier one of the same night; factors one by one."""
    if earlier is None:
        return entry
    return DiaryEntry(
        wake_date=entry.wake_date,
        severity=entry.severity,
        count=earlier.count if entry.count is None else entry.count,
        bed=entry.bed or earlier.bed,
        rise=entry.rise or earlier.rise,
        zone=entry.zone or earlier.zone,
        note=entry.note or earlier.note,
        factors=MappingProxyType({**earlier.factors, **entry.factors}),
    )


def known_factors(own: Iterable[Factor] = ()) -> dict[str, Factor]:
    """Every factor by name, the person's own ones last. Raises DiaryError where a name is taken."""
    known = {factor.name: factor for factor in FACTORS}
    for factor in own:
        if factor.name in known:
            raise DiaryError(f"factor: expected a name that is not taken, got {factor.name!r}")
        known[factor.name] = factor
    return known


def checked_factor(name: str, value: float, own: Iterable[Factor] = ()) -> float:
    """The value, if `name` is a factor and allows it. Raises DiaryError saying what was expected."""
    return _checked(name, value, known_factors(own))


def checked_factors(factors: Mapping[str, float], own: Iterable[Factor] = ()) -> Mapping[str, float]:
    """The factors, read-only, if each is known and allows its value. Raises DiaryError."""
    known = known_factors(own)
    return MappingProxyType({name: _checked(name, value, known) for name, value in factors.items()})


def parse_factor(text: str, own: Iterable[Factor] = ()) -> tuple[str, float]:
    """Name and value of a factor written as `alcohol=2` or `illness=yes`. Raises DiaryError."""
    name, equals, written = (part.strip() for part in text.partition("="))
    if not equals:
        raise DiaryError(f"factor: expected name=value such as alcohol=2, got {text!r}")
    return name, checked_factor(name, factor_value(name, written), own)


def factor_value(name: str, written: str) -> float:
    """The number a person wrote for a factor; decimal comma, yes and no are understood."""
    word = written.strip().lower()
    if word in YES_NO:
        return YES_NO[word]
    try:
        return float(word.replace(",", "."))
    except ValueError as exc:
        raise DiaryError(f"{name}: expected a number, yes or no, got {written!r}") from exc


def entry_from(fields: Mapping[str, object], own: Iterable[Factor] = ()) -> DiaryEntry:
    """The entry in loosely typed fields, as JSON has them. Raises DiaryError naming the field.

    `wake_date` is written as 2024-06-02; fields that are absent or None were not said.
    """
    for name in fields:
        if name not in ENTRY_FIELDS:
            raise DiaryError(f"{name}: expected a field of {', '.join(ENTRY_FIELDS)}{did_you_mean(name, ENTRY_FIELDS)}")
    count = fields.get("count")
    return DiaryEntry(
        wake_date=wake_date_of(_text(fields, "wake_date")),
        severity=_whole("severity", fields.get("severity"), WORST),
        count=None if count is None else _whole("count", count, MOST_TWITCHES),
        bed=_text_or_none(fields, "bed"),
        rise=_text_or_none(fields, "rise"),
        zone=_text_or_none(fields, "zone"),
        note=_text_or_none(fields, "note") or "",
        factors=checked_factors(_numbers(fields), own),
    )


def as_fields(entry: DiaryEntry) -> dict[str, object]:
    """The entry as JSON can hold it; `entry_from` reads it back."""
    return {
        "wake_date": entry.wake_date.isoformat(),
        "severity": entry.severity,
        "count": entry.count,
        "bed": entry.bed,
        "rise": entry.rise,
        "zone": entry.zone,
        "note": entry.note,
        "factors": dict(entry.factors),
    }


def wake_date_of(text: str) -> date:
    """The date of waking written as 2024-06-02. Raises DiaryError."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as exc:
        raise DiaryError(f"wake_date: expected a date such as 2024-06-02, got {text!r}") from exc


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A hint at the nearest name, to follow a message; empty where none is near."""
    near = get_close_matches(name.lower(), list(names), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _checked(name: str, value: float, known: Mapping[str, Factor]) -> float:
    factor = known.get(name)
    if factor is None:
        hint = did_you_mean(name, known)
        raise DiaryError(f"factor: expected one of {', '.join(known)}, got {name!r}{hint}")
    if not factor.allows(value):
        raise DiaryError(f"{name}: expected {factor.expected}, got {value!r}")
    return float(value)


def _whole(name: str, value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise DiaryError(f"{name}: expected a whole number from 0 to {most}, got {value!r}")
    return value


def _numbers(fields: Mapping[str, object]) -> dict[str, float]:
    factors = fields.get("factors")
    if factors is None:
        return {}
    if not isinstance(factors, Mapping):
        raise DiaryError(f"factors: expected names and numbers, got {factors!r}")
    return {str(name): _number(str(name), value) for name, value in factors.items()}


def _number(name: str, value: object) -> float:
    if isinstance(value, str):
        return factor_value(name, value)
    if not isinstance(value, int | float):
        raise DiaryError(f"{name}: expected a number, got {value!r}")
    return float(value)


def _text(fields: Mapping[str, object], name: str) -> str:
    text = _text_or_none(fields, name)
    if text is None:
        raise DiaryError(f"{name}: expected a text, got nothing")
    return text


def _text_or_none(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise DiaryError(f"{name}: expected a text, got {value!r}")
    return value
