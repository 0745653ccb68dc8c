"""Every command on a file of its own, as a person types it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.app import app
from monitor.errors import ConfigurationError, DiaryError, InputError

runner = CliRunner()

CLIMATE = "time;temperature;humidity\n01.02.2026 23:00;20,5;45\n01.02.2026 23:10;20,4;45,5\n"
NIGHTS = (
    "date,severity,alcohol,bed,rise\n2026-02-02,6,2,23:20,07:05\n2026-02-03,11,,,\n2026-02-04,0,0,11:10 PM,6:50 AM\n"
)


@pytest.fixture
def do(tmp_path, monkeypatch) -> Callable[..., Result]:
    """Run a command on a database in `tmp_path`, in Brussels, with no settings file in sight."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BEDROOM_MONITOR_STORE__PATH", str(tmp_path / "data" / "monitor.db"))
    monkeypatch.setenv("BEDROOM_MONITOR_HOME__ZONE", "Europe/Brussels")
    return lambda *words: runner.invoke(app, [str(word) for word in words])


@pytest.fixture
def empty(do) -> Callable[..., Result]:
    """The same, with a database in which nothing is."""
    do("nights", "close")
    return do


@pytest.fixture
def climate(tmp_path) -> Path:
    file = tmp_path / "climate.csv"
    file.write_text(CLIMATE)
    return file


@pytest.fixture
def nights(tmp_path) -> Path:
    file = tmp_path / "nights.csv"
    file.write_text(NIGHTS)
    return file


def whole_night(tmp_path: Path) -> Path:
    """10-minute readings from 22:00 to 08:00, falling by a tenth of a degree an hour."""
    file = tmp_path / "night.csv"
    minutes = range(0, 600, 10)
    rows = [
        f"2026-02-0{1 + (22 * 60 + at) // 1440} {(22 * 60 + at) % 1440 // 60:02}:{at % 60:02},{21 - at / 600:.3f},45"
        for at in minutes
    ]
    file.write_text("time,temperature,humidity\n" + "\n".join(rows) + "\n")
    return file


def shown(do: Callable[..., Result], *words: object) -> object:
    return json.loads(do(*words, "--json").stdout)


def test_a_logged_night_is_listed_with_its_severity(do):
    do("log", "2026-02-02", "--severity", 6, "--factor", "alcohol=2")
    assert [(row["wake_date"], row["severity"]) for row in shown(do, "nights", "list")] == [("2026-02-02", 6)]


def test_a_night_logged_again_keeps_what_is_left_unsaid_and_its_history(do):
    do("log", "2026-02-02", "--severity", 6, "--factor", "alcohol=2", "--note", "storm")
    do("log", "2026-02-02", "--severity", 3)
    night = shown(do, "nights", "show", "2026-02-02")
    assert (night["diary"]["severity"], night["diary"]["factors"], night["diary"]["note"]) == (
        3,
        {"alcohol": 2.0},
        "storm",
    )
    assert [old["entry"]["severity"] for old in night["history"]] == [6]


def test_a_night_logged_anew_keeps_nothing(do):
    do("log", "2026-02-02", "--severity", 6, "--factor", "alcohol=2")
    do("log", "2026-02-02", "--severity", 3, "--anew")
    assert shown(do, "nights", "show", "2026-02-02")["diary"]["factors"] == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("2026-02-02", "--severity", 4, "--factor", "alcool=1"), "did you mean alcohol"),
        (("2026-02-02", "--severity", 4, "--factor", "alcohol=400"), "0 to 30 drinks"),
        (("2026-02-02", "--severity", 4, "--bed", "25:00"), "00:00 to 23:59"),
        (("2999-01-01", "--severity", 4), "a day that has come"),
        (("someday", "--severity", 4), "such as 2024-06-02"),
    ],
)
def test_an_entry_that_cannot_be_is_refused_with_what_was_expected(do, words, said):
    refused = do("log", *words)
    assert isinstance(refused.exception, InputError | DiaryError)
    assert said in str(refused.exception)


def test_severity_outside_0_to_10_is_a_usage_error(do):
    assert do("log", "2026-02-02", "--severity", 11).exit_code == 2


def test_a_dry_run_imports_nothing(do, climate, tmp_path):
    told = do("import", "readings", climate, "--dry-run")
    assert "4 readings can be imported, 0 errors. Nothing was imported" in told.stdout
    assert not (tmp_path / "data" / "monitor.db").exists()


def test_readings_with_decimal_comma_and_semicolon_are_imported_once(do, climate):
    first = shown(do, "import", "readings", climate, "--sensor", "old")
    again = shown(do, "import", "readings", climate, "--sensor", "old")
    assert (first["new"], again["good"], again["new"]) == (4, 4, 0)


def test_a_fixed_offset_zone_moves_the_times(do, climate):
    do("import", "readings", climate, "--zone", "UTC+5")
    assert shown(do, "sensors", "list")["series"][0]["first_ms"] == 1_769_968_800_000


def test_a_column_can_be_told_and_a_wrong_telling_is_refused(do, tmp_path):
    file = tmp_path / "house.csv"
    file.write_text("time,parents_t\n2026-02-01T23:00:00Z,20.5\n")
    told = do("import", "readings", file, "--column", "parents_t=parents:temperature", "--place", "bedroom")
    assert told.exit_code == 0, told.stdout
    assert "heading=sensor:quantity" in str(do("import", "readings", file, "--column", "parents_t").exception)


def test_a_bad_line_is_told_by_number_and_the_good_ones_are_kept(do, nights):
    told = do("import", "nights", nights)
    assert "line 3, severity: expected a whole number from 0 to 10, got '11'" in told.stdout
    assert (told.exit_code, [row["severity"] for row in shown(do, "nights", "list")]) == (1, [6, 0])


def test_importing_nights_twice_changes_nothing(do, nights):
    do("import", "nights", nights)
    assert shown(do, "import", "nights", nights)["new"] == 0


def test_a_file_without_a_known_column_is_refused(do, tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("a,b\n1,2\n")
    assert isinstance(do("import", "readings", file).exception, InputError)


def test_a_file_that_is_not_there_is_refused(do):
    assert "cannot be read" in str(do("import", "nights", "nowhere.csv").exception)


def test_a_file_of_an_older_encoding_is_read(do, tmp_path):
    file = tmp_path / "old.csv"
    file.write_bytes("time,Temperature (°C)\n2026-02-01T23:00:00Z,20.5\n".encode("cp1252"))
    assert shown(do, "import", "readings", file)["good"] == 1


def test_an_imported_night_is_closed_with_its_exposures(do, tmp_path):
    do("import", "readings", whole_night(tmp_path), "--place", "bedroom")
    night = shown(do, "nights", "show", "2026-02-02")
    assert night["exposures"]["T_mean"]["value"] == pytest.approx(20.504, abs=0.01)
    assert "mean bedroom temperature" in do("nights", "show", "2026-02-02").stdout


def test_bed_and_rise_of_the_diary_close_the_night_anew(do, tmp_path):
    do("import", "readings", whole_night(tmp_path), "--place", "bedroom")
    do("log", "2026-02-02", "--severity", 2, "--bed", "23:30", "--rise", "06:30")
    listed = shown(do, "nights", "list")
    assert [(row["start"][-5:], row["end"][-5:], row["known_by"]) for row in listed] == [("23:30", "06:30", "diary")]


def test_a_night_can_be_left_out_with_a_reason_and_taken_back(do):
    do("log", "2026-02-02", "--severity", 2)
    do("nights", "exclude", "2026-02-02", "--why", "fever")
    assert shown(do, "nights", "list")[0]["excluded"] == "fever"
    do("nights", "exclude", "2026-02-02", "--take-back")
    assert shown(do, "nights", "list")[0]["excluded"] is None


def test_leaving_a_night_out_wants_a_reason(do):
    assert "expected either --why REASON or --take-back" in str(do("nights", "exclude", "2026-02-02").exception)


def test_closing_by_hand_says_how_many(do):
    assert "0 nights closed" in do("nights", "close").stdout


def test_a_sensor_is_placed_calibrated_and_forgotten(do, climate):
    do("import", "readings", climate, "--sensor", "old")
    do("sensors", "place", "old", "bedroom")
    do("sensors", "calibrate", "old", "temperature", "--offset", -0.5, "--from", "2026-01-01")
    series = {one["quantity"]: one for one in shown(do, "sensors", "list")["series"]}
    assert (series["temperature"]["place"], series["temperature"]["last_value"]) == ("bedroom", pytest.approx(19.9))
    assert "is deleted, with 4 readings" in do("sensors", "forget", "old", "--yes").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("place", "nobody", "bedroom"), "no sensor 'nobody'"),
        (("calibrate", "nobody", "temperature"), "expected --offset or --gain"),
        (("calibrate", "nobody", "temperature", "--offset", "1"), "no sensor 'nobody'"),
        (("calibrate", "nobody", "temperature", "--gain", "0"), "a positive number"),
        (("calibrate", "nobody", "temperature", "--gain", "2", "--from", "once"), "a date such as"),
        (("forget", "nobody", "--yes"), "no sensor 'nobody'"),
    ],
)
def test_a_sensor_nobody_has_seen_is_told(empty, words, said):
    assert said in str(empty("sensors", *words).exception)


def test_decode_shows_what_would_be_stored(do):
    told = do("decode", "--topic", "zigbee2mqtt/x", "--payload", '{"temperature":21.5}')
    assert "zigbee2mqtt:x  temperature  21.5 °C" in told.stdout


def test_decode_says_why_nothing_would_be_stored_and_that_nobody_listens(do):
    told = do("decode", "--topic", "foo/bar", "--payload", "hello")
    assert "Nothing would be stored" in told.stdout
    assert ("does not listen to this topic by itself" in told.stdout, told.exit_code) == (True, 1)


def test_decode_answers_each_line_of_json_with_one(do, tmp_path):
    file = tmp_path / "lines.jsonl"
    message = {"topic": "zigbee2mqtt/x", "payload": '{"temperature":21.5}', "retain": False}
    file.write_text(json.dumps(message) + "\nnonsense\n")
    answers = [json.loads(line) for line in do("decode", "--jsonl", file).stdout.splitlines()]
    reading = {"sensor": "zigbee2mqtt:x", "quantity": "temperature", "value": 21.5, "time": None}
    assert answers[0] == {"readings": [reading], "ignored": None}
    assert answers[1]["readings"] == []


def test_decode_wants_one_of_its_two_forms(do):
    assert "either --topic with --payload, or --jsonl" in str(do("decode").exception)


def test_analysing_nothing_says_what_is_missing(empty):
    assert "Nothing can be said yet" in " ".join(empty("analyse").stdout.replace("│", " ").split())


def test_the_analysis_as_json_has_every_key_that_is_promised(do, tmp_path):
    do("import", "readings", whole_night(tmp_path), "--place", "bedroom")
    document = shown(do, "analyse")
    wanted = {"exposure", "verdict", "grade", "odds_ratio", "ci", "unit", "p", "q", "p_shift", "nights", "adjusted_for"}
    assert document.keys() == {"nights", "bad", "tried", "findings"}
    assert all(wanted | {"sentence"} <= finding.keys() for finding in document["findings"])


def test_advice_before_an_analysis_says_so_and_after_one_without_findings_gives_none(empty):
    assert "No analysis has been run yet" in empty("advise").stdout
    empty("analyse")
    assert shown(empty, "advise") == []


def test_the_check_finds_that_the_broker_is_away_and_names_what_it_examined(do, monkeypatch, free_port):
    monkeypatch.setenv("BEDROOM_MONITOR_MQTT__PORT", str(free_port))
    told = do("check")
    assert (told.exit_code, "FAULT  broker" in told.stdout, "ok     database" in told.stdout) == (1, True, True)


@pytest.mark.broker
def test_with_a_broker_and_a_database_the_check_finds_no_fault(do, monkeypatch, mosquitto):
    monkeypatch.setenv("BEDROOM_MONITOR_MQTT__PORT", str(mosquitto.port))
    do("log", "2026-02-02", "--severity", 1)
    results = json.loads(do("check", "--json").stdout)
    assert all(result["ok"] for result in results), results


def test_the_check_never_shows_a_password(do, monkeypatch, tmp_path, free_port):
    secret = tmp_path / "password"
    secret.write_text("very-secret\n")
    monkeypatch.setenv("BEDROOM_MONITOR_MQTT__PORT", str(free_port))
    monkeypatch.setenv("BEDROOM_MONITOR_MQTT__PASSWORD_FILE", str(secret))
    assert "very-secret" not in do("check").stdout


def test_a_damaged_database_is_a_fault_of_the_check_and_hides_no_other(do, tmp_path, monkeypatch, free_port):
    monkeypatch.setenv("BEDROOM_MONITOR_MQTT__PORT", str(free_port))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "monitor.db").write_bytes(b"this is no database" * 100)
    told = do("check").stdout
    assert ("FAULT  database" in told, "FAULT  broker" in told) == (True, True)


def real(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The program itself, in a process of its own."""
    line = [sys.executable, "-m", "monitor", *words]
    return subprocess.run(line, check=False, capture_output=True, text=True, env=os.environ | environment)


def test_the_settings_faults_come_all_at_once_and_the_exit_code_is_1(tmp_path):
    told = real("check", "--config", str(tmp_path / "none.toml"), BEDROOM_MONITOR_MQT__HOST="x")
    assert (told.returncode, "no such file" in told.stderr) == (1, True)


def test_input_that_cannot_be_used_has_exit_code_2(tmp_path):
    told = real("nights", "show", "never", BEDROOM_MONITOR_STORE__PATH=str(tmp_path / "m.db"))
    assert (told.returncode, told.stderr.startswith("bedroom-monitor: ")) == (2, True)


def test_the_help_needs_neither_numpy_nor_settings():
    code = (
        "import sys\nsys.argv = ['x', '--help']\n"
        "try:\n import monitor.__main__ as m; m.main()\nexcept SystemExit: pass\n"
        "print([name for name in ('numpy', 'pydantic', 'paho', 'rich.console') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert told.rstrip().endswith("[]")


def test_a_configuration_error_holds_every_fault(do, tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text('[mqtt]\nhots = "x"\nport = "y"\n[nigth]\na = 1\n')
    refused = do("check", "--config", file)
    assert isinstance(refused.exception, ConfigurationError)
    assert len(refused.exception.faults) == 3


def test_an_imported_line_keeps_what_was_logged_and_it_leaves_unsaid(do, tmp_path):
    do("log", "2026-02-02", "--severity", 6, "--factor", "alcohol=3", "--note", "party", "--bed", "00:30")
    file = tmp_path / "again.csv"
    file.write_text("date,severity\n2026-02-02,5\n")
    do("import", "nights", file)
    diary = shown(do, "nights", "show", "2026-02-02")["diary"]
    assert (diary["severity"], diary["factors"], diary["note"], diary["bed"]) == (5, {"alcohol": 3.0}, "party", "00:30")


@pytest.mark.parametrize("day", ["2099-03-08", "1969-01-01"])
def test_a_night_that_cannot_have_been_is_told_by_its_line(do, tmp_path, day):
    file = tmp_path / "slip.csv"
    file.write_text(f"date,severity\n{day},6\n2026-02-02,5\n")
    told = do("import", "nights", file)
    assert "line 2, date: expected a da" in told.stdout
    assert [row["wake_date"] for row in shown(do, "nights", "list")] == ["2026-02-02"]


def test_a_logged_night_can_be_deleted_for_good(do):
    do("log", "2026-02-02", "--severity", 6)
    assert "is deleted" in do("nights", "forget", "2026-02-02", "--yes").stdout
    assert shown(do, "nights", "list") == []
    assert "nothing was logged" in str(do("nights", "forget", "2026-02-02", "--yes").exception)


def test_deleting_asks_first(do):
    do("log", "2026-02-02", "--severity", 6)
    do("nights", "forget", "2026-02-02")
    assert len(shown(do, "nights", "list")) == 1


def test_the_whole_entry_and_its_history_are_shown_to_people(do):
    words = ("--factor", "alcohol=2", "--bed", "23:20", "--rise", "07:05", "--count", 9, "--zone", "Asia/Tokyo")
    do("log", "2026-02-02", "--severity", 6, *words, "--note", "red \x1b[31m")
    do("log", "2026-02-02", "--severity", 4)
    told = do("nights", "show", "2026-02-02").stdout
    whole = "factors: alcohol 2; bed 23:20; rise 07:05; 9 twitches noticed; in Asia/Tokyo."
    assert (f"Logged: severity 4; {whole}" in told, f"  Logged: severity 6; {whole}" in told) == (True, True)
    assert ("No readings of this night." in told, "\x1b" in told) == (True, False)


def test_a_calibration_shows_at_once(do, tmp_path):
    do("import", "readings", whole_night(tmp_path), "--sensor", "old", "--place", "bedroom")
    before = shown(do, "nights", "list")[0]["T_mean"]
    do("sensors", "calibrate", "old", "temperature", "--offset", 1)
    assert shown(do, "nights", "list")[0]["T_mean"] == pytest.approx(before + 1)


def test_the_check_finds_a_folder_that_may_not_be_written_to(do, monkeypatch):
    monkeypatch.setenv("BEDROOM_MONITOR_STORE__PATH", "/proc/nowhere/monitor.db")
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "FAULT  database  /proc may not be written to" in do("check").stdout


def test_the_check_finds_a_password_that_others_can_read(do, monkeypatch, tmp_path, free_port):
    secret = tmp_path / "password"
    secret.write_text("very-secret\n")
    secret.chmod(0o644)
    monkeypatch.setenv("BEDROOM_MONITOR_MQTT__PORT", str(free_port))
    monkeypatch.setenv("BEDROOM_MONITOR_MQTT__PASSWORD_FILE", str(secret))
    assert "FAULT  settings" in do("check").stdout


def test_before_there_are_enough_nights_advice_is_too_early(do):
    do("log", "2026-02-02", "--severity", 6)
    do("analyse")
    assert "Too early to say" in do("advise").stdout


def test_the_version_is_told(do):
    assert do("--version").stdout.startswith("bedroom-monitor 0.")
