"""From findings to one thing to change: why, how sure, what it may bring, and what would disprove it."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from monitor.core.exposure import EXPOSURES
from monitor.core.findings import AnalysisResult, Finding
from monitor.core.wording import number, sentence

COOLEST_C, WARMEST_C = 16.0, 26.0
"""degC: suggestions about temperature stay within."""

STEP_C = 2.0
"""degC: as much as a thermostat, a window or a lighter duvet changes, and as much as is tried at once."""

DRY_RH, MOIST_RH = 40.0, 50.0
"""%: air this dry is not advised to be drier, air this moist not to be moister."""

RECENT_NIGHTS = 14
"""Nights whose median says how the room is at present."""

AT_MOST = 3
"""Pieces of advice at a time; of conditions that cannot be told apart only the clearest is acted on."""

_KINDS = {kind.name: kind for kind in EXPOSURES}


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """One thing to change; `basis` says what it rests on, `why` is the finding's own sentence."""

    what: str
    why: str
    basis: str
    grade: str
    expected: str
    cost: str
    disproof: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Change:
    """What to do where more of an exposure goes with worse nights, and where it goes with better ones."""

    exposure: str
    less: str
    more: str
    cost: str


_CHANGES = (
    _Change(
        exposure="T_mean",
        less="Keep the bedroom cooler tonight: {target:.0f} °C instead of about {now:.0f} °C, by heating less or "
        "by cooling; a lighter duvet works the same way.",
        more="Keep the bedroom warmer tonight: {target:.0f} °C instead of about {now:.0f} °C, by heating more; "
        "a warmer duvet works the same way.",
        cost="free to low",
    ),
    _Change(
        exposure="AH_mean",
        less="Make the air drier: dry no laundry in the bedroom, or use a dehumidifier.",
        more="Make the air less dry: heat less, or humidify up to 50 % relative humidity.",
        cost="free to low",
    ),
    _Change(
        exposure="T_drop",
        less="Keep the temperature even through the night: lower the heating before bed and not after.",
        more="Let the bedroom cool after bedtime: lower the heating when you go to bed.",
        cost="free",
    ),
)


def advise(result: AnalysisResult, recent: Mapping[str, list[float]]) -> tuple[Advice, ...]:
    """What to change, the clearest finding first; empty where nothing has been found that can be changed.

    `recent` holds the exposures of the last nights, oldest first. Only findings of grade moderate or better count.
    Limits: suggestions stay within 16 to 26 degC, and nothing is advised that the room already is.
    """
    by_exposure = {finding.exposure: finding for finding in result.findings}
    found = [
        (finding, change)
        for change in _CHANGES
        if (finding := by_exposure.get(change.exposure)) is not None and finding.verdict in {"trigger", "protective"}
    ]
    found.sort(key=lambda pair: pair[0].p if pair[0].p is not None else 1.0)
    given: dict[str, Advice] = {}
    for finding, change in found:
        if given.keys().isdisjoint(finding.group):
            one = None if _is_so_already(finding, recent) else _advice(finding, change, recent.get(change.exposure, []))
            if one is not None:
                given[finding.exposure] = one
    return tuple(given.values())[:AT_MOST]


def _is_so_already(finding: Finding, recent: Mapping[str, list[float]]) -> bool:
    """Dry air is not made drier, nor moist air moister; without a hygrometer nobody knows."""
    if finding.exposure != "AH_mean":
        return False
    humidity = recent.get("RH_mean", [])[-RECENT_NIGHTS:]
    if not humidity:
        return True
    now = median(humidity)
    return now <= DRY_RH if finding.verdict == "trigger" else now >= MOIST_RH


def _advice(finding: Finding, change: _Change, recent: list[float]) -> Advice | None:
    template = change.less if finding.verdict == "trigger" else change.more
    if change.exposure == "T_mean":
        target = _target(finding, recent)
        if target is None:
            return None
        template = template.format(target=target, now=median(recent[-RECENT_NIGHTS:]))
    odds, low, high = _in_the_advised_direction(finding)
    return Advice(
        what=template,
        why=sentence(finding, _KINDS[finding.exposure]),
        basis="finding",
        grade=finding.grade,
        expected=f"if the association is a cause, for each {finding.unit} in that direction {number(odds)} times the "
        f"odds of a worse night (95 % CI {number(low)} to {number(high)})",
        cost=change.cost,
        disproof="after three weeks of changed nights the bad nights are as frequent as before",
    )


def _in_the_advised_direction(finding: Finding) -> tuple[float, float, float]:
    """Odds ratio and interval of a step towards better nights: below 1 in either case."""
    odds, (low, high) = finding.odds_ratio or 1.0, finding.ci or (1.0, 1.0)
    return (1 / odds, 1 / high, 1 / low) if finding.verdict == "trigger" else (odds, low, high)


def _target(finding: Finding, recent: list[float]) -> float | None:
    if not recent:
        return None
    now = median(recent[-RECENT_NIGHTS:])
    wanted = now - STEP_C if finding.verdict == "trigger" else now + STEP_C
    target = min(max(wanted, COOLEST_C), WARMEST_C)
    helps = target < now if finding.verdict == "trigger" else target > now
    return target if helps and round(target) != round(now) else None
