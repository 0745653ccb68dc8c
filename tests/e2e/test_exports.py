"""What is exported is whole, can be imported again, and is written all or not at all."""

import csv
import io
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.adapters.sqlite.analysis import SqliteAnalysis
from monitor.adapters.sqlite.database import Database
from monitor.core.findings import AnalysisResult, AnalysisTask, Finding
from tests.e2e.shell import DONE, FAULT, USAGE, Answer, Say

READINGS = (
    "sensor,quantity,value,unit,time\n"
    "zigbee2mqtt:Bedroom,temperature,20.5,,2026-02-01T22:00:00Z\n"
    "zigbee2mqtt:Bedroom,temperature,20.412345678901234,,2026-02-01T22:10:00.250Z\n"
    "zigbee2mqtt:Bedroom,temperature,20.3,,2026-02-01T23:30:00Z\n"
    "zigbee2mqtt:Bedroom,humidity,45,,2026-02-01T22:00:00Z\n"
    '"=cmd|calc: a ""desk"", Ä",temperature,1e-07,,2026-01-31T22:59:59Z\n'
)
NIGHTS = (
    "wake_date,severity,count,bed,rise,zone,note,alcohol,own_tea\n"
    "2026-02-01,3,,,,,,,\n"
    '2026-02-02,6,12,23:20,7:05,Europe/Lisbon,"=HYPERLINK(""x""), und\nÄrger; ""so""",2,0.5\n'
    "2026-02-03,0,,,,,unknown to me,0,\n"
)


MANY = (
    "INSERT INTO reading WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) "
    "SELECT 1, 1750000000000 + i * 1000, i FROM n"
)
"""Readings that make more than a megabyte of text."""


@pytest.fixture
def home(say: Say, tmp_path: Path) -> Callable[..., Answer]:
    """Type a command on a database of the given name."""

    def typed(name: str, *words: object) -> Answer:
        os.environ["BEDROOM_MONITOR_STORE__PATH"] = str(tmp_path / name / "monitor.db")
        return say(*words)

    return typed


@pytest.fixture
def filled(home, tmp_path, monkeypatch) -> Callable[..., Answer]:
    monkeypatch.setenv("BEDROOM_MONITOR_DIARY__OWN_FACTORS", '["own_tea"]')
    (tmp_path / "readings.csv").write_text(READINGS)
    (tmp_path / "nights.csv").write_text(NIGHTS)
    assert home("first", "import", "readings", "readings.csv").code == DONE
    assert home("first", "import", "nights", "nights.csv").code == DONE
    return home


def rows(text: str) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(text, newline=""))


def change(tmp_path: Path, name: str, *statements: str) -> None:
    with closing(sqlite3.connect(tmp_path / name / "monitor.db", isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


@pytest.mark.parametrize("kind", ["readings", "nights"])
def test_what_is_exported_and_imported_elsewhere_is_exported_there_to_the_very_same_bytes(filled, tmp_path, kind):
    assert filled("first", "export", kind, "one.csv").code == DONE
    assert filled("second", "import", kind, "one.csv").code == DONE
    assert filled("second", "export", kind, "two.csv").code == DONE
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert len((tmp_path / "one.csv").read_bytes()) > 200


def test_importing_an_export_where_it_came_from_changes_nothing(filled, tmp_path):
    filled("first", "export", "readings", "one.csv")
    assert filled("first", "import", "readings", "one.csv", "--json").document["new"] == 0


def test_a_jump_that_was_believed_once_is_believed_again(filled, tmp_path):
    change(
        tmp_path,
        "first",
        "INSERT INTO reading SELECT series.id, 1770000000000 + n.value * 1000, 15 + 20 * (n.value % 2) FROM series, "
        "json_each('[1,2,3,4,5,6,7,8,9]') AS n WHERE quantity = 'temperature' AND sensor LIKE 'zig%'",
    )
    filled("first", "export", "readings", "one.csv")
    outcome = filled("second", "import", "readings", "one.csv", "--json").document
    assert (outcome["new"], outcome["set_aside"]) == (14, 0)


def test_a_value_that_calibration_moved_out_of_range_is_set_aside_on_its_way_back(filled, tmp_path):
    filled("first", "sensors", "calibrate", "zigbee2mqtt:Bedroom", "humidity", "--offset", "60")
    filled("first", "export", "readings", "one.csv")
    outcome = filled("second", "import", "readings", "one.csv", "--json").document
    assert (outcome["new"], outcome["set_aside"]) == (4, 1)


def test_words_of_events_and_thinned_rows_come_back(filled, tmp_path):
    change(
        tmp_path,
        "first",
        "INSERT INTO series (sensor, quantity, unit) SELECT key, 'sleep_event', '1' FROM sensor WHERE key LIKE 'zig%'",
        "INSERT INTO reading SELECT id, 1770000000000, 1 FROM series WHERE quantity = 'sleep_event'",
        "INSERT INTO word SELECT id, 1770000000000, '-light sleep' FROM series WHERE quantity = 'sleep_event'",
        "INSERT INTO thinned (series, start_ms, mean, median, low, high, covered_s, count) "
        "SELECT id, 1750000200000, 20.2, 20.25, 19, 21.5, 300, 5 FROM series WHERE quantity = 'temperature'",
    )
    filled("first", "export", "readings", "one.csv")
    one = (tmp_path / "one.csv").read_text()
    assert [row["word"] for row in rows(one) if row["word"]] == ["'-light sleep"]
    assert {(row["value"], row["low"], row["high"], row["time"]) for row in rows(one) if row["thinned"]} == {
        ("20.25", "19", "21.5", "2025-06-15T15:12:30Z")
    }
    assert filled("second", "import", "readings", "one.csv").code == DONE
    assert filled("second", "export", "readings").out.encode() == (tmp_path / "one.csv").read_bytes()
    assert filled("first", "import", "readings", "one.csv", "--json").document["new"] == 0


def test_no_cell_of_an_export_is_computed_by_a_spreadsheet(filled):
    texts = [cell for kind in ("readings", "nights") for row in rows(filled("first", "export", kind).out)
             for name, cell in row.items() if name in {"sensor", "note"}]  # fmt: skip
    assert [text for text in texts if text.startswith(("=", "+", "-", "@"))] == []
    assert sum(text.startswith("'=") for text in texts) == 2


def test_lines_of_csv_end_as_the_standard_says(filled):
    text = filled("first", "export", "readings").out
    assert text.count("\r\n") == text.count("\n") == 6


def test_values_are_calibrated_unless_raw_ones_are_asked_for(filled):
    filled("first", "sensors", "calibrate", "zigbee2mqtt:Bedroom", "humidity", "--offset", "2.5")
    words = ("export", "readings", "--quantity", "humidity")
    assert [row["value"] for row in rows(filled("first", *words).out)] == ["47.5"]
    assert [row["value"] for row in rows(filled("first", *words, "--raw").out)] == ["45"]


def test_a_range_of_readings_is_local_days_both_included(filled):
    words = ("export", "readings", "--quantity", "temperature")
    one_day = rows(filled("first", *words, "--from", "2026-02-01", "--to", "2026-02-01").out)
    assert [row["time"] for row in one_day] == ["2026-02-01T22:00:00Z", "2026-02-01T22:10:00.250Z"]
    later = rows(filled("first", *words, "--from", "2026-02-02").out)
    assert [row["time"] for row in later] == ["2026-02-01T23:30:00Z"]
    earlier = rows(filled("first", *words, "--to", "2026-01-31").out)
    assert [row["time"] for row in earlier] == ["2026-01-31T22:59:59Z"]


def test_a_range_of_nights_is_dates_of_waking_both_included(filled):
    text = filled("first", "export", "nights", "--from", "2026-02-02", "--to", "2026-02-02").out
    assert [row["wake_date"] for row in rows(text)] == ["2026-02-02"]


def test_a_sensor_can_be_chosen(filled):
    text = filled("first", "export", "readings", "--sensor", "zigbee2mqtt:Bedroom").out
    assert {row["sensor"] for row in rows(text)} == {"zigbee2mqtt:Bedroom"}


def test_exposures_say_the_window_and_why_a_night_is_left_out(filled):
    filled("first", "nights", "exclude", "2026-02-02", "--why", "travel")
    filled("first", "nights", "exclude", "2026-02-03", "--why", "a guest")
    found = list(rows(filled("first", "export", "exposures").out))
    mean = next(row for row in found if row["exposure"] == "T_mean" and row["left_out"])
    assert (mean["wake_date"], mean["start"], mean["unit"], mean["left_out"]) == (
        "2026-02-02", "2026-02-01T23:20:00+00:00", "degC", "travel",
    )  # fmt: skip
    assert [row["left_out"] for row in found if row["wake_date"] == "2026-02-03"] == ["a guest"]


def test_findings_of_every_analysis_are_exported_by_the_day_on_which_it_ran(filled, tmp_path):
    finding = Finding(
        exposure="T_mean", domain="thermal", primary=True, unit="1 °C", verdict="collecting", grade="none",
        nights=3, bad=1, p=0.25,
    )  # fmt: skip
    result = AnalysisResult(nights=3, bad=1, good=2, tried=1, findings=(finding,))
    task = AnalysisTask(nights=(), exposures=(), adjust_for=())
    with Database(tmp_path / "first" / "monitor.db") as database:
        for ran_ms in (1_769_900_400_000, 1_769_986_800_000):
            SqliteAnalysis(database).record(task, result, "0.1", ran_ms)
    assert [row["run"] for row in rows(filled("first", "export", "findings").out)] == ["1", "2"]
    words = ("export", "findings", "--from", "2026-02-02")
    assert [(row["ran"], row["p"]) for row in rows(filled("first", *words).out)] == [("2026-02-01T23:00:00Z", "0.25")]
    lines = filled("first", *words, "--format", "line-protocol").out.splitlines()
    assert [line.partition(",")[0].partition(" ")[0] for line in lines] == ["analysis", "finding"]


def test_line_protocol_is_laid_out_as_in_the_mirror(filled):
    lines = filled("first", "export", "readings", "--format", "line-protocol", "--quantity", "humidity").out
    assert lines == "humidity,sensor=zigbee2mqtt:Bedroom value=45.0 1769983200000\n"
    nights = filled("first", "export", "nights", "--format", "line-protocol").out.splitlines()
    assert nights[0] == "diary severity=3.0 1769943600000"
    exposures = filled("first", "export", "exposures", "--format", "line-protocol").out
    assert exposures.startswith("night bed_h=-1.")


def test_what_is_counted_is_what_the_noun_says(filled, tmp_path):
    assert filled("first", "export", "all", "lines", "--format", "line-protocol").code == DONE
    said = filled("first", "export", "all", "again", "--format", "line-protocol", "--json").document
    points = (tmp_path / "lines" / "exposures.lp").read_text().splitlines()
    told = {one["kind"]: one["rows"] for one in said}
    assert told["exposures"] == sum(line.startswith("exposure,") for line in points) < len(points)


def test_a_file_is_for_its_owner_and_is_not_written_over_unasked(filled, tmp_path):
    filled("first", "export", "nights", "nights.out")
    before = (tmp_path / "nights.out").read_bytes()
    refused = filled("first", "export", "readings", "nights.out")
    assert (refused.code, "--force" in refused.err) == (USAGE, True)
    assert (tmp_path / "nights.out").read_bytes() == before
    assert stat.S_IMODE((tmp_path / "nights.out").stat().st_mode) == 0o600
    assert filled("first", "export", "readings", "nights.out", "--force").code == DONE
    assert (tmp_path / "nights.out").read_bytes() != before


def test_a_device_is_never_replaced(filled):
    assert filled("first", "export", "readings", "/dev/null", "--force").code == USAGE
    assert Path("/dev/null").is_char_device()


def test_a_place_that_cannot_be_written_is_told(filled, tmp_path):
    answer = filled("first", "export", "readings", "nowhere/readings.csv")
    assert (answer.code, "cannot be written (No such file or directory)" in answer.err) == (FAULT, True)


@pytest.mark.parametrize(("reader", "code"), [("head -1 > first.txt", 1), ("cat > /dev/full", None)])
def test_a_reader_that_has_enough_ends_it_without_a_traceback(filled, tmp_path, reader, code):
    script = f"{sys.executable} -m monitor export readings | {reader}; exit ${{PIPESTATUS[0]}}"
    change(tmp_path, "first", MANY)
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert "Traceback" not in ran.stderr
    assert code is None or ran.returncode == code


def test_a_full_disk_behind_standard_output_is_told(filled, tmp_path):
    with Path("/dev/full").open("wb") as full:
        words = [sys.executable, "-m", "monitor", "export", "readings"]
        ran = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False)
    assert (ran.returncode, ran.stderr) == (
        FAULT, "bedroom-monitor: standard output: cannot be written (No space left on device)\n",
    )  # fmt: skip


def test_a_full_disk_leaves_nothing_half_written(filled, tmp_path):
    change(tmp_path, "first", MANY)
    words = f"ulimit -f 1000; trap '' XFSZ; {sys.executable} -m monitor export readings small.csv"
    ran = subprocess.run(["bash", "-c", words], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (ran.returncode, "small.csv: cannot be written" in ran.stderr) == (FAULT, True)
    assert not list(tmp_path.glob("small.csv*"))


def test_everything_goes_to_a_folder_one_file_for_each_kind(filled, tmp_path):
    answer = filled("first", "export", "all", "taken", "--json")
    assert {row["kind"]: row["rows"] for row in answer.document} == {
        "readings": 5, "nights": 3, "exposures": len(list(rows((tmp_path / "taken/exposures.csv").read_text()))),
        "findings": 0,
    }  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "taken").iterdir()) == [
        "exposures.csv", "findings.csv", "nights.csv", "readings.csv",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("readings", "--sensor", "nobody"), "expected one of those that were heard"),
        (("readings", "--quantity", "temprature"), "did you mean temperature?"),
        (("readings", "--from", "yesterday"), "expected a date such as"),
        (("nights", "--from", "2026-02-03", "--to", "2026-02-01"), "expected a date from 2026-02-03 on"),
        (("nights", "--json"), "expected a FILE"),
    ],
)
def test_what_cannot_be_exported_is_told(filled, words, said):
    answer = filled("first", "export", *words)
    assert (answer.code, said in answer.err) == (USAGE, True)
