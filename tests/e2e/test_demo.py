"""The demo as a stranger runs it: a broker, a daemon and a database of its own, and what it prints."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

NIGHTS = 24


def demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "monitor", "demo", "--nights", str(NIGHTS), "--data", str(folder), *words]
    return subprocess.run(line, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("demo")
    return json.loads(demo(folder, "--json").stdout)


def test_the_demo_prints_one_json_document_with_all_that_is_promised(played):
    assert played.keys() == {"analysis", "advice", "readings", "nights", "data"}


def test_every_night_of_the_demo_is_stored_and_analysed(played):
    assert played["nights"] == NIGHTS
    assert played["readings"] > NIGHTS * 500


def test_every_finding_of_the_demo_says_what_it_rests_on(played):
    wanted = {
        "exposure",
        "verdict",
        "grade",
        "odds_ratio",
        "ci",
        "unit",
        "p",
        "q",
        "p_shift",
        "nights",
        "adjusted_for",
        "sentence",
    }
    assert all(wanted <= finding.keys() for finding in played["analysis"]["findings"])


def test_the_same_seed_gives_the_same_findings(played, tmp_path):
    again = json.loads(demo(tmp_path / "again", "--json").stdout)
    assert again["analysis"] == played["analysis"]


def test_the_demo_shows_people_its_findings_and_where_the_data_are(tmp_path):
    shown = demo(tmp_path / "shown", "--effect", "none")
    assert "Your nights and your bedroom" in shown.stdout
    assert str(tmp_path / "shown") in shown.stdout


def test_a_folder_that_holds_a_demo_is_refused(played):
    refused = demo(Path(played["data"]))
    assert (refused.returncode, "name an empty folder" in refused.stderr) == (2, True)
