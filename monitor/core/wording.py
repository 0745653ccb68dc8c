"""Findings and advice in words: association, not cause; always nights, interval, adjustment and grade."""

from collections.abc import Sequence

from monitor.core.exposure import EXPOSURES, ExposureKind
from monitor.core.findings import FEWEST_BAD, FEWEST_GOOD, FEWEST_NIGHTS, AnalysisResult, Finding

FOOTER = (
    "Wellness information, not a medical device. Association is not causation. If you are worried, or have any "
    "sign on the safety card, talk to a clinician."
)
NOT_CAUSE = "This is an association in your own data, not proof of cause."
MANY_NIGHTS = 365
"""Nights; who would have to wait longer is better served by an experiment."""

_LABELS = {kind.name: kind.label for kind in EXPOSURES}
_FACTOR_WORDS = {
    "caffeine": "caffeine after 14:00",
    "medication_change": "changes of medication",
    "exercise": "evening exercise",
    "sleep_loss": "sleep missed the night before",
    "weekend": "weekends",
}


MOST_TOLD = 1_000
"""An odds ratio above is no measurement: the exposure hardly varied, or all bad nights lie on one side."""


def sentence(finding: Finding, kind: ExposureKind) -> str:
    """What one finding says, as a person may be told it."""
    if finding.verdict == "collecting" or finding.odds_ratio is None or finding.ci is None:
        return f"Nothing to say yet about the {kind.label}: {_why_collecting(finding)}."
    if finding.verdict == "cleared":
        return _cleared(finding, kind)
    if finding.verdict in {"trigger", "protective"}:
        return (
            f"On your {finding.nights} logged nights, {kind.more} went with {_odds(finding)} of a worse night "
            f"({_basis(finding)}).{_together(finding)} {NOT_CAUSE}"
        )
    return _undecided(finding, kind)


def summary(result: AnalysisResult) -> str:
    """The whole result in one sentence."""
    said = f"{nights(result.nights)} logged, {result.bad} of them bad; {counted(result.tried, 'room condition')} tried."
    missing = still_missing(result)
    if missing:
        return f"{said} Nothing can be said yet: {missing}."
    if not any(finding.verdict in {"trigger", "protective"} for finding in result.findings):
        return f"{said} No room condition stands out so far."
    return said


def still_missing(result: AnalysisResult) -> str | None:
    """What is needed before anything is computed, None where there is enough."""
    wants = [
        counted(fewest - got, f"more {what} night") + which
        for got, fewest, what, which in (
            (result.nights, FEWEST_NIGHTS, "logged", ""),
            (result.bad, FEWEST_BAD, "bad", " (severity 5 or more)"),
            (result.good, FEWEST_GOOD, "good", ""),
        )
        if got < fewest
    ]
    return "it takes at least " + " and ".join(wants) if wants else None


def adjustment(names: Sequence[str]) -> str:
    """What was adjusted for, in words; the slow drift over the weeks always is."""
    words = [_FACTOR_WORDS.get(name, name.replace("_", " ")) for name in names]
    return "adjusted for " + ", ".join([*words, "the time of year"])


def nights(count: int) -> str:
    """`1 night`, `30 nights`."""
    return counted(count, "night")


def counted(count: int, noun: str) -> str:
    """`1 error`, `2 errors`, `78,940 readings`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def size(count: int) -> str:
    """Bytes as `4 kB` below 0.1 MB, else as `1,234.5 MB`."""
    return f"{-(-count // 1000)} kB" if count < 100_000 else f"{count / 1e6:,.1f} MB"


def number(value: float) -> str:
    """An odds ratio with two figures that matter; beyond a thousand it is only known to be large."""
    if value < 0.1:
        return f"{value:.2g}" if value >= 0.001 else "less than 0.001"
    if value > MOST_TOLD:
        return f"more than {MOST_TOLD:,}"
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _together(finding: Finding) -> str:
    if not finding.group:
        return ""
    others = " and ".join(f"the {_LABELS[name]}" for name in finding.group)
    return f" It went up and down together with {others}, so they cannot be told apart yet."


def _why_collecting(finding: Finding) -> str:
    good = finding.nights - finding.bad
    if finding.nights >= FEWEST_NIGHTS and finding.bad >= FEWEST_BAD and good >= FEWEST_GOOD:
        return f"on {nights(finding.nights)} it hardly varied by itself"
    return f"too few nights so far ({nights(finding.nights)}, {finding.bad} of them bad)"


def _odds(finding: Finding) -> str:
    return f"{number(finding.odds_ratio or 1.0)} times the odds"


def _interval(bounds: tuple[float, float] | None) -> str:
    low, high = bounds or (0.0, float("inf"))
    return f"95 % CI {number(low)} to {number(high)}"


def _basis(finding: Finding) -> str:
    return f"{_interval(finding.ci)}; {adjustment(finding.adjusted_for)}; evidence: {finding.grade}"


def _cleared(finding: Finding, kind: ExposureKind) -> str:
    return (
        f"On your {finding.nights} logged nights, the {kind.label} made little difference: for a usual difference "
        f"between nights, the odds of a worse night differ by a factor of {number(finding.usual or 1.0)} "
        f"({_interval(finding.usual_ci)}, within 0.67 to 1.50; {adjustment(finding.adjusted_for)}; "
        f"evidence: {finding.grade})."
    )


def _undecided(finding: Finding, kind: ExposureKind) -> str:
    said = (
        f"On your {finding.nights} logged nights, {kind.more} went with {_odds(finding)} of a worse night "
        f"({_basis(finding)})."
    )
    if finding.explained_by:
        return f"{said} It is explained by the {_LABELS[finding.explained_by]}, which went with it."
    if finding.grade == "weak":
        return f"{said} This is a hint, and a hint is often chance."
    return f"{said} No clear link so far; we cannot tell yet{_more(finding.nights_needed)}."


def _more(needed: int | None) -> str:
    if not needed:
        return ""
    if needed > MANY_NIGHTS:
        return ", and it would take more than a year of nights: an experiment tells sooner"
    return (
        f"; about {max(10, round(needed, -1))} more nights would show a doubling or halving of the odds for a usual "
        "difference between nights"
    )
