"""`analyse` and `advise` over ninety nights in which warmth went with worse nights."""

from datetime import date
from math import cos, pi, sin
from pathlib import Path

import pytest

from monitor.core.wording import FOOTER, NOT_CAUSE
from tests.e2e.shell import DONE, Say
from tests.services.home import DAY, MINUTE, Home, an_entry, days, night_of

NIGHTS = 90
FIRST = date(2025, 6, 2)
SEVERITIES = (0, 2, 5, 8)
CUTS = (-0.2, 0.9, 2.0)
PROMISED = {
    "exposure", "verdict", "grade", "odds_ratio", "ci", "unit", "p", "q", "p_shift", "nights", "adjusted_for",
    "sentence",
}  # fmt: skip


def warmth_c(t: int) -> float:
    """As in science.md section 8.1."""
    return 21 + 2 * sin(2 * pi * t / 17) + 0.6 * cos(1.7 * t)


def severity(t: int, alcohol: float) -> int:
    latent = 0.9 * (warmth_c(t) - 21) / 1.5 + 0.8 * alcohol + 1.3 * sin(2.9 * t + 0.5) + 0.7 * cos(0.83 * t)
    return SEVERITIES[sum(latent > cut for cut in CUTS)]


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a home where the nights have been measured and logged."""
    home = Home(tmp_path_factory.mktemp("home"))
    for t, wake_date in enumerate(days(FIRST, NIGHTS)):
        alcohol = float(t % 7 >= 5)
        home.measure(night_of(wake_date), warmth_c(t), every=15 * MINUTE)
        home.measure(night_of(wake_date), 50.0 + t % 5, quantity="humidity", every=15 * MINUTE)
        home.diary.log(an_entry(wake_date, severity(t, alcohol), factors={"alcohol": alcohol}), 0, "test")
    home.close(FIRST + NIGHTS * DAY)
    home.database.close()
    return home.folder / "monitor.db"


@pytest.fixture
def ask(say: Say, lived_in: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Type a command in that home, on a wide screen."""
    monkeypatch.setenv("BEDROOM_MONITOR_STORE__PATH", str(lived_in))
    return say


def words(text: str) -> str:
    """The text without frames and breaks of lines."""
    return " ".join(text.replace("│", " ").split())


def test_every_finding_has_all_that_is_promised(ask: Say) -> None:
    document = ask("analyse", "--json").document
    assert (document["nights"], document["bad"] > 20, document["tried"] > 10) == (NIGHTS, True, True)
    assert all(finding.keys() >= PROMISED for finding in document["findings"])


def test_the_warmth_that_was_planted_is_found(ask: Say) -> None:
    findings = {one["exposure"]: one for one in ask("analyse", "--json").document["findings"]}
    warmth = findings["T_mean"]
    assert (warmth["verdict"], warmth["odds_ratio"] > 1.5, warmth["ci"][0] > 1) == ("trigger", True, True)


def test_the_findings_are_told_with_what_they_are_not(ask: Say) -> None:
    answer = ask("analyse")
    told = words(answer.out)
    assert (answer.code, NOT_CAUSE in told, FOOTER in told) == (DONE, True, True)


def test_a_finding_becomes_advice(ask: Say) -> None:
    ask("analyse")
    told = words(ask("advise").out)
    assert "Keep the bedroom cooler tonight" in told
    assert "It would be disproved if" in told


def test_advice_as_json_has_every_part(ask: Say) -> None:
    ask("analyse")
    advice = ask("advise", "--json").document[0]
    assert set(advice) == {"what", "why", "basis", "grade", "expected", "cost", "disproof"}
    assert advice["why"].endswith(NOT_CAUSE)


def test_a_night_is_shown_with_its_window_and_exposures(ask: Say) -> None:
    told = words(ask("nights", "show", str(FIRST)).out)
    assert "In bed 2025-06-01 23:00 to 2025-06-02 07:00 Europe/Brussels (known by: usual)" in told
    assert "mean bedroom temperature 21.60 °C 98%" in told


def test_the_list_of_nights_has_a_row_for_each(ask: Say) -> None:
    assert len(ask("nights", "list").out.splitlines()) == NIGHTS + 1


def test_nothing_is_left_to_close(ask: Say) -> None:
    assert ask("nights", "close").out == "0 nights closed.\n"
