"""The command line as a shell sees it: exit codes, one clear message and no traceback, whatever is typed."""

import json
import sqlite3
import sys
from pathlib import Path

import pytest

from monitor.ports import Batch, Problem
from tests.e2e.shell import DONE, FAULT, UNREACHABLE, USAGE, Say
from tests.services.home import Home


@pytest.fixture
def some_readings(say: Say) -> Say:
    Path("some.csv").write_text("time,temperature\n2025-02-01 23:00,20.5\n2025-02-01 23:10,99\n")
    say("import", "readings", "some.csv")
    return say


def test_what_was_asked_for_is_done_with_0(say: Say) -> None:
    assert say("log", "2025-02-02", "--severity", 4) == (
        DONE,
        "The night of 2025-02-02: severity 4. Saved.\n1 night logged.\n",
        "",
    )


def test_settings_that_cannot_be_used_are_a_fault_told_line_by_line(say: Say) -> None:
    Path("bad.toml").write_text("mqtt.port = 0\nmqtt.hots = 1\n")
    answer = say("nights", "list", "--config", "bad.toml")
    assert (answer.code, answer.out, answer.err.splitlines()) == (
        FAULT,
        "",
        [
            "bedroom-monitor: the settings cannot be used:",
            "  bad.toml: mqtt.port: expected at least 1, got 0",
            "  bad.toml: mqtt.hots: unknown key; did you mean mqtt.host?",
        ],
    )


@pytest.mark.parametrize(
    "words",
    [
        ("log", "2025-02-30", "--severity", 1),
        ("log", "2025-02-02"),
        ("log", "2025-02-02", "--severity", "bad"),
        ("log", "2025-02-02", "--severity", 1, "--zone", "Mars/Base"),
        ("log", "0001-01-01", "--severity", 1),
        ("log", "1026-02-02", "--severity", 1),
        ("log", "9999-12-31", "--severity", 1),
        ("nights", "exclude", "2025-02-02", "--why", " "),
        ("nights", "exclude", "2025-02-02", "--why", "x", "--take-back"),
        ("import", "readings", "nowhere.csv"),
        ("import", "readings", "."),
        ("import", "readings", "nowhere.csv", "--place", "kitchen"),
        ("import", "readings", "nowhere.csv", "--zone", "Mars/Base"),
        ("sensors", "place", "nobody", "kitchen"),
        ("decode", "--topic", "a", "--jsonl", "b"),
        ("decode", "--topic", "a"),
        ("decode", "--jsonl", "nowhere.jsonl"),
        ("nosuchcommand",),
        ("demo", "--nights", 0),
        ("demo", "--effect", "cold"),
    ],
)
def test_input_that_cannot_be_used_is_2_with_a_word_on_it(say: Say, words: tuple[object, ...]) -> None:
    answer = say(*words)
    assert (answer.code, answer.out) == (USAGE, "")
    assert answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nights", "show", "2025-03-02"), "nothing is known of the night of 2025-03-02"),
        (("sensors", "place", "nobody", "bedroom"), "no sensor 'nobody'"),
    ],
)
def test_what_is_not_known_is_2_with_a_word_on_it(some_readings: Say, words: tuple[object, ...], said: str) -> None:
    answer = some_readings(*words)
    assert (answer.code, answer.out, said in answer.err) == (USAGE, "", True)


def test_without_sensors_the_list_says_what_to_look_at(say: Say) -> None:
    assert say("nights", "close").code == DONE
    assert "No sensor has been heard yet" in say("sensors", "list").out


@pytest.mark.parametrize(
    "words",
    [
        ("nights", "list"), ("nights", "show", "2025-02-02"), ("nights", "forget", "2025-02-02", "--yes"),
        ("sensors", "list"), ("sensors", "show", "nobody"), ("sensors", "place", "nobody", "bedroom"),
        ("analyse",), ("advise",), ("mirror", "status"), ("mirror", "resync"), ("export", "nights"),
        ("export", "all", "out"), ("backup",),
    ],
)  # fmt: skip
def test_where_no_database_is_what_only_looks_says_so_and_makes_none(say: Say, words: tuple[object, ...]) -> None:
    before = sorted(Path().rglob("*"))
    answer = say(*words)
    assert (answer.code, answer.out, sorted(Path().rglob("*"))) == (FAULT, "", before)
    assert "monitor.db: not there yet; " in answer.err or "monitor.db: no database there" in answer.err


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("option", ["--offset", "--gain"])
def test_a_correction_that_is_no_number_is_refused(some_readings: Say, option: str, number: str) -> None:
    answer = some_readings("sensors", "calibrate", "imported", "temperature", f"{option}={number}")
    assert (answer.code, option in answer.err) == (USAGE, True)


def test_a_database_of_another_program_is_a_fault(say: Say) -> None:
    with sqlite3.connect("monitor.db") as other:
        other.execute("CREATE TABLE theirs (a)")
    other.close()
    for words in (("nights", "list"), ("run",)):
        answer = say(*words)
        assert (answer.code, "a database of another program" in answer.err) == (FAULT, True)


def test_a_broker_that_does_not_start_is_a_service_that_could_not_be_reached(
    say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    answer = say("demo", "--nights", 1, "--data", "demo", "--json")
    assert (answer.code, answer.err.startswith("bedroom-monitor: the embedded broker did not start")) == (
        UNREACHABLE,
        True,
    )


def test_a_demo_tells_what_was_planted_and_where_its_data_are(say: Say) -> None:
    answer = say("demo", "--nights", 1, "--effect", "none", "--data", "demo")
    told = " ".join(answer.out.replace("│", " ").split())
    assert (answer.code, "In this simulation the room has no effect at all" in told) == (DONE, True)
    assert "export BEDROOM_MONITOR_STORE__PATH=demo/monitor.db" in told


def test_a_demo_is_not_played_over_another(say: Say) -> None:
    Path("monitor.db").touch()
    answer = say("demo", "--data", ".")
    assert (answer.code, "holds a demo already" in answer.err) == (USAGE, True)


def test_a_refusal_to_forget_keeps_everything(some_readings: Say) -> None:
    refused = some_readings("sensors", "forget", "imported", answer="n\n")
    assert (refused.code, len(some_readings("sensors", "list", "--json").document["series"])) == (FAULT, 1)


def test_a_yes_forgets(some_readings: Say) -> None:
    assert "with 1 reading." in some_readings("sensors", "forget", "imported", answer="y\n").out


def test_what_was_set_aside_is_told(some_readings: Say) -> None:
    answer = some_readings("import", "readings", "some.csv")
    assert "1 of them set aside as implausible" in answer.out


def test_a_sensor_is_listed_with_what_was_set_aside(some_readings: Say) -> None:
    told = some_readings("sensors", "list").out.splitlines()
    assert told[1].split()[:7] == ["imported", "not", "placed", "was", "20.5", "°C", "last"]
    assert 'imported: 1 value set aside; see: bedroom-monitor sensors show "imported"' in told


def test_what_was_set_aside_is_shown_with_the_reason(some_readings: Say) -> None:
    assert "outside -40 to 60 °C" in some_readings("sensors", "show", "imported").out


def test_messages_that_could_not_be_used_are_listed_with_their_reason(say: Say, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.readings.save(Batch(problems=[Problem("zigbee2mqtt/x", "not JSON", 3, 0, 0)]))
    home.database.close()
    told = say("sensors", "list").out.splitlines()
    assert told[-1].split() == ["zigbee2mqtt/x", "not", "JSON", "3", "1970-01-01", "01:00"]


def test_more_bad_lines_than_fit_are_counted(say: Say) -> None:
    rows = "".join(f"2025-02-01 23:{minute:02},warm\n" for minute in range(30))
    Path("bad.csv").write_text(f"time,temperature,mood\n{rows.replace('warm', 'warm,x')}")
    answer = say("import", "readings", "bad.csv")
    assert (answer.code, "... and 10 more lines" in answer.out, "Columns left out: mood" in answer.out) == (
        FAULT,
        True,
        True,
    )


def test_with_json_every_bad_line_is_told_by_number(say: Say) -> None:
    Path("bad.csv").write_text("time,temperature\n" + "yesterday,20\n" * 30)
    document = say("import", "readings", "bad.csv", "--json").document
    assert [error["line"] for error in document["errors"]] == list(range(2, 32))


def test_a_dry_run_of_nights_logs_none(say: Say) -> None:
    Path("nights.csv").write_text("date\tseverity\n2025-02-02\t4\n")
    assert "1 night can be imported" in say("import", "nights", "nights.csv", "--dry-run").out
    assert not Path("monitor.db").exists()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_a_file_that_a_spreadsheet_saved_is_read(say: Say, encoding: str) -> None:
    text = "Zeit\tTemperatur (°C)\tLuftfeuchte\r\n01.02.2025 11:10 PM\t20,5\t45,5\r\n"
    Path("sheet.txt").write_bytes(text.encode(encoding))
    assert say("import", "readings", "sheet.txt", "--json").document["good"] == 2


def test_a_file_too_large_is_refused(say: Say) -> None:
    with Path("large.csv").open("wb") as file:
        file.truncate(1_000_000_001)
    answer = say("import", "readings", "large.csv")
    assert (answer.code, "import it in parts" in answer.err) == (USAGE, True)


def test_an_excluded_night_is_shown_with_its_reason_and_history(say: Say) -> None:
    for severity in (4, 6):
        say("log", "2025-02-02", "--severity", severity, "--note", "storm")
    say("nights", "exclude", "2025-02-02", "--why", "fever")
    shown = say("nights", "show", "2025-02-02").out
    assert shown.startswith("The night of 2025-02-02\nLeft out of the analysis: fever\nLogged: severity 6;")
    assert "  Logged: severity 4; factors: none noted.\n  Note: storm\n" in shown


def test_the_list_of_nights_is_a_table(say: Say) -> None:
    say("log", "2025-02-02", "--severity", 4)
    header, row = (line.split() for line in say("nights", "list").out.splitlines())
    assert (header[:2], row) == (["night", "severity"], ["2025-02-02", "4"])


@pytest.mark.parametrize(("word", "days"), [("today", 0), ("yesterday", 1)])
def test_today_and_yesterday_are_days(say: Say, word: str, days: int) -> None:
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    say("log", word, "--severity", 1)
    wanted = datetime.now(ZoneInfo("Europe/Brussels")).date() - timedelta(days=days)
    assert [row["wake_date"] for row in say("nights", "list", "--json").document] == [str(wanted)]


def a_line(**changes: object) -> str:
    return json.dumps({"topic": "zigbee2mqtt/x", "payload": '{"temperature": 21.5}', "retain": False} | changes)


def test_decode_reads_standard_input(say: Say) -> None:
    answer = say("decode", "--jsonl", "-", answer=f"{a_line()}\n\nnonsense\n")
    assert [len(json.loads(line)["readings"]) for line in answer.out.splitlines()] == [1, 0]


def test_decode_answers_each_line_with_one_whatever_stands_in_it(say: Say) -> None:
    odd = json.dumps({"topic": "zigbee2mqtt/x\u2028\x85", "payload": '{"temperature": 1}'}, ensure_ascii=False)
    half = a_line(topic="zigbee2mqtt/\ud800")
    deep = "[" * 100_000
    Path("odd.jsonl").write_text(f"{odd}\n{half}\n{deep}\n{a_line()}\n", encoding="utf-8")
    answer = say("decode", "--jsonl", "odd.jsonl")
    assert [len(json.loads(line)["readings"]) for line in answer.out.split("\n")[:-1]] == [1, 0, 0, 1]


def test_decode_of_half_a_character_says_so(say: Say) -> None:
    Path("half.jsonl").write_text(a_line(topic="zigbee2mqtt/\ud800"))
    assert say("decode", "--jsonl", "half.jsonl").document == {"readings": [], "ignored": "topic: not valid Unicode"}


def test_decode_of_one_message_as_json(say: Say) -> None:
    answer = say("decode", "--topic", "zigbee2mqtt/x", "--payload", '{"temperature": 21.5}', "--json")
    reading = {"sensor": "zigbee2mqtt:x", "quantity": "temperature", "value": 21.5, "time": None}
    assert answer == (DONE, json.dumps({"readings": [reading], "ignored": None}) + "\n", "")


def test_decode_of_a_file_that_is_no_text_is_refused(say: Say) -> None:
    Path("bytes").write_bytes(b"\xff\xfe")
    assert say("decode", "--jsonl", "bytes").code == USAGE
