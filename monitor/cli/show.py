"""Findings and advice as a person may see them in a terminal, and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from monitor.core.advice import Advice
from monitor.core.exposure import EXPOSURES
from monitor.core.findings import AnalysisResult, Finding
from monitor.core.wording import FOOTER, number, sentence, still_missing, summary

KINDS = {kind.name: kind for kind in EXPOSURES}

NAMED = ("trigger", "protective")
_STYLES = {"trigger": "red", "protective": "red", "cleared": "green"}
FOREST_WIDTH = 25
"""Characters of an odds ratio's little plot; 1 stands in the middle."""
FOREST_REACH = 8.0
"""The plot reaches from 1/8 to 8."""
WIDTH = 100
"""Characters; longer lines are hard to read."""


def analysis_document(result: AnalysisResult) -> dict[str, object]:
    """What `analyse --json` prints."""
    return {
        "nights": result.nights,
        "bad": result.bad,
        "tried": result.tried,
        "findings": [_finding_document(finding) for finding in result.findings],
    }


def advice_document(advice: Sequence[Advice]) -> list[dict[str, object]]:
    """What `advise --json` prints."""
    return [asdict(one) for one in advice]


def show_analysis(result: AnalysisResult) -> None:
    """The findings in words and little plots."""
    _console().print(_analysis(result))


def show_advice(advice: Sequence[Advice], result: AnalysisResult | None) -> None:
    """The advice, or why there is none."""
    console = _console()
    if result is None:
        console.print("No analysis has been run yet: bedroom-monitor analyse")
        return
    console.print(_advice(advice, result))


def show_demo(result: AnalysisResult, advice: Sequence[Advice], told: Sequence[str]) -> None:
    """The demo's last screen."""
    console = _console()
    console.print(Group(_analysis(result), _advice(advice[:1], result, brief=True), Text()))
    for line in told:
        console.print(Text(line, style="dim"), soft_wrap=True)


def _finding_document(finding: Finding) -> dict[str, object]:
    document = asdict(finding)
    return document | {
        "sentence": sentence(finding, KINDS[finding.exposure]),
        "label": KINDS[finding.exposure].label,
    }


def _console() -> Console:
    console = Console(highlight=False)
    console.width = min(console.width, WIDTH)
    return console


def _analysis(result: AnalysisResult) -> RenderableType:
    primary = [finding for finding in result.findings if finding.primary]
    parts: list[RenderableType] = [Text(summary(result)), Text()]
    if still_missing(result) is None:
        named = [finding for finding in primary if finding.verdict in NAMED]
        cleared = [finding for finding in primary if finding.verdict == "cleared"]
        open_ = [finding for finding in primary if finding.verdict not in (*NAMED, "cleared")]
        parts += _section("What goes with your bad nights", named, "bold red", "Nothing stands out.")
        parts += _section("Cleared: what makes little difference", cleared, "bold green", "Nothing can be cleared yet.")
        if open_:
            parts += _section("Not decided", open_, "bold yellow", "")
        parts += [_forest(primary)]
    parts += [Text(), Text(FOOTER, style="dim italic")]
    return Panel(Group(*parts), title="Your nights and your bedroom", title_align="left", padding=(1, 2))


def _section(title: str, findings: Sequence[Finding], style: str, empty: str) -> list[RenderableType]:
    lines = list(chain.from_iterable(_one_finding(finding) for finding in findings)) or [Text(empty), Text()]
    return [Text(title, style=style), *(Padding(line, (0, 0, 0, 2)) for line in lines)]


def _one_finding(finding: Finding) -> list[RenderableType]:
    kind = KINDS[finding.exposure]
    return [Text(kind.label.capitalize(), style="bold"), Text(sentence(finding, kind)), Text()]


def _forest(findings: Sequence[Finding]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim", show_edge=False)
    table.add_column("odds of a worse night")
    table.add_column("fewer │ more", justify="center", no_wrap=True)
    table.add_column("ratio", justify="right", no_wrap=True)
    for finding in findings:
        if finding.odds_ratio is not None and finding.ci is not None:
            kind = KINDS[finding.exposure]
            style = _STYLES.get(finding.verdict, "")
            table.add_row(
                Text(kind.more),
                Text(_plot(finding.odds_ratio, *finding.ci), style),
                number(finding.odds_ratio),
            )
    return table


def _plot(value: float, low: float, high: float) -> str:
    from math import log

    def at(ratio: float) -> int:
        inside = min(max(ratio, 1 / FOREST_REACH), FOREST_REACH)
        return round((log(inside) / log(FOREST_REACH) + 1) / 2 * (FOREST_WIDTH - 1))

    cells = [" "] * FOREST_WIDTH
    for cell in range(at(low), at(high) + 1):
        cells[cell] = "─"
    cells[at(1.0)] = "┼" if cells[at(1.0)] == "─" else "│"
    cells[at(value)] = "●"
    return "".join(cells)


def _advice(advice: Sequence[Advice], result: AnalysisResult, *, brief: bool = False) -> RenderableType:
    missing = still_missing(result)
    if missing is not None:
        body: RenderableType = Text(f"Too early to say: {missing}.")
    elif not advice:
        body = Text("Nothing to change: no finding is clear enough to act on.")
    else:
        body = Group(*chain.from_iterable(_one_advice(one, brief=brief) for one in advice))
    return Panel(body, title="What you could try", title_align="left", padding=(1, 2))


def _one_advice(advice: Advice, *, brief: bool) -> list[RenderableType]:
    why = f"the finding above; evidence: {advice.grade}." if brief else advice.why
    return [
        Text(advice.what, style="bold"),
        Text(f"Why: {why}"),
        Text(f"Expected: {advice.expected}. Cost: {advice.cost}."),
        Text(f"It would be disproved if {advice.disproof}."),
    ]
