"""How often the analysis says something false, and how often it finds what is there, on simulated sleepers.

    python benchmarks/honesty.py --nights 90 --world std --effect null --datasets 300 --seed 1

Prints measured figures beside the acceptance targets; asserts nothing. The simulator: ten exposures with
seasons, weeks and autocorrelation, alcohol as a true confounder, 15 % of the nights missing in bursts, an
ordinal outcome (50/25/15/10 %) whose residual is autocorrelated and follows an unmeasured season.
"""

import argparse
import math
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import repeat

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit, ndtr, stdtr

from monitor.core.analysis import analyse
from monitor.core.evidence import FLAG_Q, benjamini_hochberg, is_flagged
from monitor.core.findings import AnalysisTask, ExposureRow, Finding, NightRow
from monitor.core.outcome import standardised

Floats = NDArray[np.float64]

WORLDS = {
    "std": {"ar": 0.3, "season": 0.3},
    "hard": {"ar": 0.5, "season": 0.8},
    "ar7": {"ar": 0.7, "season": 0.3},
    "seas15": {"ar": 0.3, "season": 1.5},
    "rw": {"ar": 0.3, "season": 0.3, "drift": 0.12},
}
"""Residual correlation of nights; amplitude (log-odds) of the unmeasured season; drift per root night."""

EFFECTS = {
    "null": {},
    "alt": {"T_mean": math.log(2.0) / 1.2, "CO2_mean": math.log(1.5) / 150.0},
    "alt3": {"T_mean": math.log(3.0) / 1.2},
}
"""True log-odds per unit of the exposure."""

PROXY = "dew_point"
SEVERITIES = np.array([0, 2, 5, 8])
SHARES = np.array([0.50, 0.75, 0.90])
SURE = ("moderate", "strong")
NAMED = ("trigger", "protective")
LOGGED = 0.85
BURST_NIGHTS = 3.0
FIRST_MORNING = date(2023, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Sleeper:
    """A simulated person: the task for the analysis, and the true log-odds per unit of each exposure."""

    task: AnalysisTask
    truth: dict[str, float]


def autoregressive(rng: np.random.Generator, length: int, phi: float) -> Floats:
    series = rng.standard_normal(length)
    for night in range(1, length):
        series[night] = phi * series[night - 1] + math.sqrt(1.0 - phi**2) * series[night]
    return series


def exposures_of(rng: np.random.Generator, length: int) -> dict[str, Floats]:
    phase = rng.uniform(0.0, 2.0 * math.pi)
    season = np.sin(2.0 * math.pi * np.arange(length) / 365.25 + phase)
    weekend = np.isin((np.arange(length) + FIRST_MORNING.weekday()) % 7, (5, 6)).astype(np.float64)
    warmth = autoregressive(rng, length, 0.75)
    moisture = 0.6 * warmth + 0.8 * autoregressive(rng, length, 0.75)
    nightwear = autoregressive(rng, length, 0.7) - 0.5 * season > 0.3
    return {
        "T_mean": 22.0 + 2.5 * season + 1.2 * warmth,
        PROXY: 12.0 + 3.0 * season + 1.5 * moisture,
        "CO2_mean": 900.0 + 150.0 * autoregressive(rng, length, 0.5),
        "PM25_mean": autoregressive(rng, length, 0.6) - 0.5 * season,
        "N45": autoregressive(rng, length, 0.2) + 0.8 * weekend,
        "lux_mean": 0.7 * season + autoregressive(rng, length, 0.3),
        "pressure_change": autoregressive(rng, length, 0.0),
        "T_drop": autoregressive(rng, length, 0.4),
        "fan": autoregressive(rng, length, 0.85),
        "nightwear": nightwear.astype(np.float64),
    }


def severities_of(rng: np.random.Generator, score: Floats, world: dict[str, float]) -> NDArray[np.int64]:
    length = len(score)
    season = np.sin(2.0 * math.pi * np.arange(length) / 365.25 + rng.uniform(0.0, 2.0 * math.pi))
    drift = world.get("drift", 0.0) * np.cumsum(rng.standard_normal(length))
    residual = logit(ndtr(autoregressive(rng, length, world["ar"])))
    latent = score + world["season"] * season + drift + residual
    return np.asarray(SEVERITIES[np.searchsorted(np.quantile(latent, SHARES), latent)])


def logged_nights(rng: np.random.Generator, length: int, nights: int) -> NDArray[np.bool_]:
    logged = np.ones(length, dtype=np.bool_)
    while logged.sum() > nights:
        start = rng.integers(length)
        burst = min(int(rng.geometric(1.0 / BURST_NIGHTS)), int(logged.sum()) - nights)
        logged[start : start + burst] = False
    return logged


def sleeper(seed: tuple[int, ...], nights: int, world: str, effect: str) -> Sleeper:
    rng = np.random.default_rng(seed)
    length = math.ceil(nights / LOGGED)
    exposures = exposures_of(rng, length)
    mornings = [FIRST_MORNING + timedelta(days=night) for night in range(length)]
    weekend = np.array([morning.isoweekday() >= 6 for morning in mornings])
    thirst = -1.2 + 1.2 * weekend + 0.4 * (exposures["T_mean"] - 22.0)
    alcohol = (rng.random(length) < 1.0 / (1.0 + np.exp(-thirst))).astype(np.float64)
    truth = {name: EFFECTS[effect].get(name, 0.0) for name in exposures}
    score = 0.8 * alcohol + sum(truth[name] * (values - values.mean()) for name, values in exposures.items())
    severities = severities_of(rng, score, WORLDS[world])
    logged = logged_nights(rng, length, nights)
    rows = tuple(
        NightRow(
            t=night,
            wake_date=mornings[night].isoformat(),
            severity=int(severities[night]) if logged[night] else None,
            exposures={name: float(values[night]) for name, values in exposures.items()},
            factors={"alcohol": float(alcohol[night])},
        )
        for night in range(length)
    )
    declared = tuple(ExposureRow(name=name, domain=name, unit="1", per=1.0, primary=True) for name in exposures)
    return Sleeper(task=AnalysisTask(nights=rows, exposures=declared, adjust_for=("alcohol",)), truth=truth)


def spearman_q(task: AnalysisTask) -> dict[str, float]:
    """The method never to ship: rank correlation of every exposure with severity, Benjamini-Hochberg."""
    used = [night for night in task.nights if night.severity is not None]
    outcome = ranks(np.array([night.severity for night in used], dtype=np.float64))
    p = []
    for row in task.exposures:
        exposure = ranks(np.array([night.exposures[row.name] for night in used], dtype=np.float64))
        r = float((standardised(outcome).z * standardised(exposure).z).mean())
        t = abs(r) * math.sqrt((len(used) - 2) / (1.0 - r**2))
        p.append(2.0 * float(stdtr(len(used) - 2, -t)))
    return dict(zip((row.name for row in task.exposures), benjamini_hochberg(np.array(p)).tolist(), strict=True))


def ranks(values: Floats) -> Floats:
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2.0)[which])


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one simulated sleeper's analysis did."""

    findings: tuple[Finding, ...]
    truth: dict[str, float]
    spearman: dict[str, float]
    seconds: float


def measured(number: int, arguments: argparse.Namespace) -> Measured:
    person = sleeper((arguments.seed, number), arguments.nights, arguments.world, arguments.effect)
    started = time.perf_counter()
    result = analyse(person.task)
    seconds = time.perf_counter() - started
    return Measured(findings=result.findings, truth=person.truth, spearman=spearman_q(person.task), seconds=seconds)


def flagged(finding: Finding) -> bool:
    """The flag rule: false discovery, circular shift, stage 2."""
    return finding.q is not None and is_flagged(finding.q, finding.p_shift) and finding.explained_by is None


def below(p: float | None) -> bool | None:
    return None if p is None else p <= 0.05


def false_share(run: Measured, nulls: list[Finding]) -> float:
    """Share of the flags that are false; 0 without a flag."""
    flags = sum(flagged(each) for each in run.findings if each.exposure != PROXY)
    return sum(map(flagged, nulls)) / max(1, flags)


def covers(finding: Finding, truth: float) -> bool | None:
    """Whether the interval of the odds ratio per unit holds the true one."""
    return None if finding.ci is None else finding.ci[0] <= math.exp(truth) <= finding.ci[1]


def percent(values: Sequence[float | None]) -> str:
    known = [float(value) for value in values if value is not None]
    if not known:
        return "     - "
    share = float(np.mean(known))
    error = float(np.std(known)) / math.sqrt(len(known))
    return f"{100 * share:5.1f} (+-{100 * error:.1f}) %"


def report(runs: list[Measured], arguments: argparse.Namespace) -> None:
    under_null = arguments.effect == "null"
    nulls = [
        [each for each in run.findings if under_null or (not run.truth[each.exposure] and each.exposure != PROXY)]
        for run in runs
    ]
    every = [each for few in nulls for each in few]
    rows: list[tuple[str, str, Sequence[float | None]]] = [
        ("false positives per null exposure, p < 0.05", "3-7 %", [below(each.p) for each in every]),
        ("circular shift p <= 0.05 per null exposure", "-", [below(each.p_shift) for each in every]),
        ("any false flag", "<= 13 % under null", [any(map(flagged, few)) for few in nulls]),
        ("any false verdict", "-", [any(each.verdict in NAMED for each in few) for few in nulls]),
        (
            "any false grade moderate or strong",
            "<= 12 % under null",
            [any(each.grade in SURE for each in few) for few in nulls],
        ),
        (
            "any false grade strong",
            "<= 3 % under null",
            [any(each.grade == "strong" for each in few) for few in nulls],
        ),
        (
            "any true effect cleared",
            "-",
            [any(each.verdict == "cleared" for each in run.findings if run.truth[each.exposure]) for run in runs],
        ),
        ("null exposures cleared", "-", [each.verdict == "cleared" for each in every]),
        (
            "proxy flagged",
            "<= 12 %",
            [flagged(each) for run in runs for each in run.findings if each.exposure == PROXY],
        ),
        ("interval coverage, null exposures", "93-97 %", [covers(each, 0.0) for each in every]),
        (
            "Spearman + BH: any false flag",
            "> 30 % at N=365",
            [any(run.spearman[each.exposure] <= FLAG_Q for each in few) for run, few in zip(runs, nulls, strict=True)],
        ),
    ]
    if not under_null:
        shares = [false_share(run, few) for run, few in zip(runs, nulls, strict=True)]
        rows.append(("false discovery rate (proxy apart)", "<= 12 %", shares))
    for name, truth in EFFECTS[arguments.effect].items():
        own = [each for run in runs for each in run.findings if each.exposure == name]
        rows += [
            (f"{name}: raw power, p < 0.05", "-", [below(each.p) or False for each in own]),
            (
                f"{name}: power of the flag rule",
                power_target(arguments) if name == "T_mean" else "-",
                [flagged(each) for each in own],
            ),
            (f"{name}: verdict trigger", "-", [each.verdict == "trigger" for each in own]),
            (f"{name}: grade strong", "-", [each.grade == "strong" for each in own]),
            (f"{name}: interval coverage", "93-97 %", [covers(each, truth) for each in own]),
        ]
    setting = f"N={arguments.nights} world={arguments.world} effect={arguments.effect}"
    print(f"{setting} datasets={len(runs)} seed={arguments.seed}")
    for title, target, values in rows:
        print(f"  {title:<46} {percent(values):<18} target {target}")
    print(f"  {'analysis of ten exposures':<46} {np.median([run.seconds for run in runs]):.3f} s median")


def power_target(arguments: argparse.Namespace) -> str:
    targets = {"alt": {60: 0.10, 90: 0.25, 180: 0.70, 365: 0.95}, "alt3": {60: 0.45, 90: 0.75, 180: 0.95}}
    target = targets[arguments.effect].get(arguments.nights)
    return "-" if target is None else f">= {100 * target:.0f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description="measures how honest the findings are")
    parser.add_argument("--nights", type=int, default=90, help="logged nights per data set")
    parser.add_argument("--world", choices=WORLDS, default="std")
    parser.add_argument("--effect", choices=EFFECTS, default="null")
    parser.add_argument("--datasets", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.processes) as pool:
        runs = list(pool.map(measured, range(arguments.datasets), repeat(arguments), chunksize=4))
    report(runs, arguments)


if __name__ == "__main__":
    main()
