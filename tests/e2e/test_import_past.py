"""The past of other programs by the command line: shown, imported, killed, gone on with, repeated."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.influx_rig import Influx, serving
from tests.adapters.recorder_files import BEDROOM, Mean, RecorderBuilder, State
from tests.e2e.shell import DONE, FAULT, UNREACHABLE, USAGE, Say

T_S = 1_706_738_400
"""31 January 2024, 23:00 in Brussels."""
ENTITY = "sensor.bedroom_temperature"
KEY = f"statestream:{ENTITY}"
WORD = "open sesame"
POWER = {"device_class": "power", "unit_of_measurement": "W"}


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "monitor.db") as db:
        found = db.execute(sql).fetchall()
    db.close()
    return found


def count(folder: Path, table: str = "reading") -> object:
    return rows(folder, f"SELECT count(*) FROM {table}")[0][0]


@pytest.fixture
def recorder(tmp_path: Path) -> Path:
    """A night in states, the week before in statistics only."""
    night = [State(ENTITY, f"{20 + number % 5 / 10}", T_S + number * 240) for number in range(140)]
    old = [Mean(ENTITY, T_S - day * 86_400 + hour * 3600, 19.0, 18.5, 19.5) for day in range(1, 8) for hour in range(9)]
    builder = RecorderBuilder(tmp_path / "home-assistant_v2.db", 51)
    return builder.add([*night, State("sensor.plug", "5", T_S, POWER)], old).close()


@pytest.fixture
def influx() -> Iterator[Influx]:
    with serving(Influx(token=WORD)) as started:
        tags = {"domain": "sensor", "entity_id": "bedroom_temperature"}
        started.add("°C", tags, T_S * 1000, *[20.0] * 480, device_class_str="temperature")
        yield started


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(f"{WORD}\n")
    return file


def test_a_dry_run_shows_what_there_is_and_writes_nothing(say: Say, recorder: Path, tmp_path: Path) -> None:
    before = recorder.read_bytes()
    answer = say("import", "home-assistant", recorder, "--dry-run")
    assert answer.code == DONE
    assert f"{KEY}" in answer.out
    assert "sensor.plug  nothing that is known here (power, W)" in answer.out
    assert "1 series can be imported. Nothing was imported." in answer.out
    assert (recorder.read_bytes() == before, (tmp_path / "monitor.db").exists()) == (True, False)


def test_a_dry_run_counts_for_scripts(say: Say, recorder: Path) -> None:
    document = say("import", "home-assistant", recorder, "--dry-run", "--json").document
    assert document["items"] == [
        {"name": ENTITY, "sensor": KEY, "quantity": "temperature", "unit": "°C", "values": 140, "statistics": 63,
         "first_ms": (T_S - 7 * 86_400) * 1000, "last_ms": (T_S + 139 * 240) * 1000},
    ]  # fmt: skip
    assert (document["left_out"][0]["name"], document["imported"]) == ("sensor.plug", False)


def test_a_recorder_becomes_readings_and_closed_nights(say: Say, recorder: Path, tmp_path: Path) -> None:
    document = say("import", "home-assistant", recorder, "--json").document
    item = document["items"][0]
    assert (item["good"], item["new"], item["rows"], item["faulty"]) == (140, 140, 7 * 9 * 12, 0)
    assert (count(tmp_path), document["nights_closed"]) == (140, 8)
    nights = dict(rows(tmp_path, "SELECT wake_date, value FROM exposure WHERE name = 'T_mean'"))
    assert nights["2024-01-31"] == 19.0
    assert 20.1 < nights["2024-02-01"] < 20.3


def test_the_same_recorder_twice_changes_nothing(say: Say, recorder: Path, tmp_path: Path) -> None:
    say("import", "home-assistant", recorder)
    before = [rows(tmp_path, f"SELECT * FROM {table}") for table in ("reading", "thinned", "set_aside", "exposure")]
    answer = say("import", "home-assistant", recorder)
    assert "140 readings read, 0 of them new; 0 rows of five minutes filled" in answer.out
    assert before == [
        rows(tmp_path, f"SELECT * FROM {table}") for table in ("reading", "thinned", "set_aside", "exposure")
    ]


def test_nothing_new_leaves_the_nights_alone(say: Say, recorder: Path) -> None:
    assert say("import", "home-assistant", recorder, "--json").document["nights_closed"] == 8
    assert say("import", "home-assistant", recorder, "--json").document["nights_closed"] == 0


def test_every_record_is_in_one_column(say: Say, tmp_path: Path) -> None:
    states = [State(ENTITY, "20", T_S), State(ENTITY, "20.5", T_S + 60), State(ENTITY, "900", T_S + 120),
              State(ENTITY, "20", 12345.0), State(ENTITY, "20", 1.3e9), State(ENTITY, "20", None),
              State(ENTITY, "unknown", T_S + 180)]  # fmt: skip
    file = RecorderBuilder(tmp_path / "r.db", 51).add(states).close()
    answer = say("import", "home-assistant", file)
    assert "7 values" in answer.out
    assert "2 readings (2 new), 1 set aside, 1 no value, 3 cannot be used" in answer.out
    assert f"{ENTITY}, state 4: expected a time since 2015, got an earlier one" in answer.out
    assert answer.code == FAULT


def test_in_80_columns_nothing_of_an_import_is_cut(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("FORCE_COLOR", "1"), ("TERM", "xterm"), ("COLUMNS", "80")):
        monkeypatch.setenv(name, value)
    entity = "sensor.bedroom_aqara_weather_sensor_temperature"
    plug = State("sensor.living_room_plug_with_a_name_of_length_power", "5", T_S, POWER)
    file = RecorderBuilder(tmp_path / "r.db", 51).add([State(entity, "20", T_S), plug]).close()
    told = say("import", "home-assistant", file).out
    assert f"{entity}: temperature in °C" in told
    assert "    1 value, 2024-01-31 to 2024-01-31\n" in told
    assert f"    as statestream:{entity}\n" in told
    assert ("…" in told, "1 reading (1 new)" in told) == (False, True)


@pytest.mark.parametrize(("minutes", "covered"), [(60, True), (0, False)])
def test_a_night_of_rare_changes_is_covered_because_values_stand(
    say: Say, tmp_path: Path, minutes: int, covered: bool
) -> None:
    states = [State(ENTITY, f"{20 - number / 10}", T_S + number * 45 * 60) for number in range(-4, 14)]
    file = RecorderBuilder(tmp_path / "r.db", 51).add(states).close()
    say("import", "home-assistant", file, "--hold", minutes)
    nights = rows(tmp_path, "SELECT value, coverage FROM exposure WHERE name = 'T_mean'")
    assert [(value is not None, coverage > 0.9) for value, coverage in nights] == [(covered, covered)]


def test_statistics_can_be_left_out(say: Say, recorder: Path, tmp_path: Path) -> None:
    say("import", "home-assistant", recorder, "--no-statistics", "--hold", 0)
    assert (count(tmp_path), count(tmp_path, "thinned")) == (140, 0)


def test_an_entity_goes_on_under_a_sensor_that_is_there(say: Say, recorder: Path, tmp_path: Path) -> None:
    say("import", "home-assistant", recorder, "--entity", f"{ENTITY}=zigbee2mqtt:Bed:temperature")
    assert rows(tmp_path, "SELECT sensor FROM series") == [("zigbee2mqtt:Bed",)]


def test_a_place_is_given_by_entity_or_sensor(say: Say, recorder: Path, tmp_path: Path) -> None:
    say("import", "home-assistant", recorder, "--place", f"{ENTITY}=other")
    assert rows(tmp_path, "SELECT place, placed_by FROM sensor") == [("other", "person")]
    say("import", "home-assistant", recorder, "--place", f"{KEY}=bed")
    assert rows(tmp_path, "SELECT place, placed_by FROM sensor") == [("bed", "person")]


def test_some_of_what_there_is_can_be_taken(say: Say, tmp_path: Path) -> None:
    states = [State(f"sensor.{room}_temperature", "20", T_S) for room in ("bedroom", "kitchen")]
    file = RecorderBuilder(tmp_path / "r.db", 51).add(states).close()
    say("import", "home-assistant", file, "--only", "sensor.bed*")
    assert rows(tmp_path, "SELECT sensor FROM series") == [(KEY,)]


def test_days_are_local(say: Say, recorder: Path, tmp_path: Path) -> None:
    say("import", "home-assistant", recorder, "--from", "2024-02-01", "--to", "2024-02-01 01:00", "--no-statistics")
    first, last = rows(tmp_path, "SELECT min(ts_ms) / 1000, max(ts_ms) / 1000 FROM reading")[0]
    assert (first, T_S + 2 * 3600 - 240 <= int(str(last)) < T_S + 2 * 3600) == (T_S + 3600, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--from", "2024-03-31 02:30"], "--from: expected a day such as 2024-01-31"),
        (["--to", "soon"], "--to: expected a day"),
        (["--entity", "bedroom=x:co2"], "--entity: expected sensor.x=SENSOR:QUANTITY"),
        (["--entity", f"{ENTITY}=x"], "--entity: expected SENSOR:QUANTITY"),
        (["--entity", f"{ENTITY}s=x:co2"], f"got '{ENTITY}s'; did you mean {ENTITY}?"),
        (["--place", f"{ENTITY}=attic"], "--place: expected sensor.x=PLACE"),
        (["--place", "sensor.y=bed"], f"--place: expected one of {ENTITY}, got 'sensor.y'"),
    ],
)
def test_what_cannot_be_understood_is_told_and_nothing_is_imported(
    say: Say, recorder: Path, tmp_path: Path, words: list[str], told: str
) -> None:
    answer = say("import", "home-assistant", recorder, *words)
    assert (answer.code, told in answer.err, (tmp_path / "monitor.db").exists()) == (USAGE, True, False)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"time,temperature\n1,2\n", "expected the recorder's database"),
        (b"SQLite format 3\0rest", "cannot be read as a"),
    ],
)
def test_another_file_is_refused(say: Say, tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "file").write_bytes(content)
    answer = say("import", "home-assistant", tmp_path / "file")
    assert (answer.code, told in answer.err) == (USAGE, True)


def test_our_own_database_is_no_recorder(say: Say, recorder: Path, tmp_path: Path) -> None:
    say("import", "home-assistant", recorder)
    assert "not that of Home Assistant's recorder" in say("import", "home-assistant", tmp_path / "monitor.db").err


def test_r39_a_bad_state_is_told_and_the_rest_is_imported(say: Say, tmp_path: Path) -> None:
    states = [State(ENTITY, "20", T_S), State(ENTITY, "warm", T_S + 60), State(ENTITY, "20.5", T_S + 120)]
    file = RecorderBuilder(tmp_path / "r.db", 43).add(states).close()
    answer = say("import", "home-assistant", file)
    assert (answer.code, count(tmp_path)) == (FAULT, 2)
    assert f"{ENTITY}, state 2: expected a number, got 'warm'" in answer.out


def test_more_faults_than_can_be_shown_are_counted(say: Say, tmp_path: Path) -> None:
    states = [State(ENTITY, "warm", T_S + number) for number in range(130)]
    file = RecorderBuilder(tmp_path / "r.db", 43).add(states).close()
    assert "... and 110 more that cannot be used (--json shows 100)" in say("import", "home-assistant", file).out


def test_a_history_csv_is_imported(say: Say, tmp_path: Path) -> None:
    lines = [f"{ENTITY},{20 + hour / 10},2024-01-31T{hour:02}:00:00.000Z" for hour in range(24)]
    (tmp_path / "history.csv").write_text("\n".join(["entity_id,state,last_changed", *lines]))
    answer = say("import", "home-assistant", tmp_path / "history.csv", "--hold", 0)
    assert (answer.code, count(tmp_path), count(tmp_path, "thinned")) == (DONE, 24, 0)


@pytest.mark.parametrize("words", [[], ["--dry-run"]])
def test_r39_a_line_of_a_history_csv_that_cannot_be_read_is_a_fault(say: Say, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "h.csv").write_text(f"entity_id,state,last_changed\ngarbage\n{ENTITY},20,2024-01-31T00:00:00Z\n")
    answer = say("import", "home-assistant", tmp_path / "h.csv", *words)
    assert (answer.code, "Left out" in answer.out, "Cannot be used:" in answer.out) == (FAULT, False, True)
    document = say("import", "home-assistant", tmp_path / "h.csv", *words, "--json").document
    assert [one["where"] for one in document["faults"]] == ["line 2"]
    assert document["left_out"] == []


def test_a_history_csv_of_nothing_we_know_is_a_fault(say: Say, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("entity_id,state,last_changed\nlight.x,on,2024-01-31T00:00:00Z\n")
    answer = say("import", "home-assistant", tmp_path / "history.csv")
    assert (answer.code, "Nothing here can be imported." in answer.out) == (FAULT, True)


def test_influxdb_is_imported_twice_and_changes_nothing(say: Say, influx: Influx, token: Path, tmp_path: Path) -> None:
    words = ["import", "influxdb", "--url", influx.url, "--token-file", token, "--json"]
    first, second = say(*words).document, say(*words).document
    assert [(one["items"][0]["good"], one["items"][0]["new"]) for one in (first, second)] == [(480, 480), (480, 0)]
    assert count(tmp_path) == 480


def test_a_server_that_goes_away_is_gone_on_with(say: Say, influx: Influx, token: Path, tmp_path: Path) -> None:
    influx.add("°C", dict(influx.points[0].tags), T_S * 1000 + 86_400_000, *[20.0] * 6_000)
    words = ["import", "influxdb", "--url", influx.url, "--token-file", token]
    influx.refuses = lambda query: (401, {"error": "token expired"}, {}) if _fetches_after_three_days(query) else None
    answer = say(*words)
    assert (answer.code, "it does not let us in (401 token expired)" in answer.err) == (UNREACHABLE, True)
    assert 0 < int(str(count(tmp_path))) < 6_480
    influx.refuses = lambda _query: None
    again = say(*words)
    assert "An import that was broken off went on where it was" in again.out
    assert (again.code, count(tmp_path), rows(tmp_path, "SELECT * FROM import_mark")) == (DONE, 6_480, [])


def _fetches_after_three_days(query: str) -> bool:
    start = query.partition("time >= ")[2].partition("ms")[0]
    return query.startswith('SELECT "value"') and int(start) > T_S * 1000 + 4 * 86_400_000


def test_the_mirror_of_the_settings_is_where_it_comes_from(
    say: Say, influx: Influx, token: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    influx.add("temperature", {"sensor": "zigbee2mqtt:Bed"}, T_S * 1000, 21.0)
    monkeypatch.setenv("BEDROOM_MONITOR_MIRROR__URL", influx.url)
    monkeypatch.setenv("BEDROOM_MONITOR_MIRROR__TOKEN_FILE", str(token))
    answer = say("import", "influxdb", "--measurement", "temperature")
    assert (answer.code, rows(tmp_path, "SELECT sensor FROM series")) == (DONE, [("zigbee2mqtt:Bed",)])


def test_what_is_calibrated_here_does_not_come_back_from_its_mirror(
    say: Say, influx: Influx, token: Path, tmp_path: Path
) -> None:
    influx.add("temperature", {"sensor": "bed"}, T_S * 1000, 21.0)
    (tmp_path / "first.csv").write_text("time,temperature\n2024-01-01 00:00,20\n")
    say("import", "readings", tmp_path / "first.csv", "--sensor", "bed")
    say("sensors", "calibrate", "bed", "temperature", "--offset", "0.5")
    words = ["--url", influx.url, "--token-file", token, "--measurement", "temperature"]
    answer = say("import", "influxdb", *words)
    assert "it is calibrated here, and what a mirror holds was calibrated before" in answer.out
    assert count(tmp_path) == 1


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([], USAGE, "--url: expected an address"),
        (["--url", "http://u:p@localhost"], USAGE, "--url: expected an address"),
        (["--url", "ftp://localhost"], USAGE, "--url: expected an address"),
        (["--url", "http://localhost", "--token-file", "none"], USAGE, "--token-file: expected a file"),
        (["--url", "http://localhost", "--map", "x"], USAGE, "--map: expected"),
    ],
)
def test_a_server_that_cannot_be_understood_is_told(say: Say, words: list[str], code: int, told: str) -> None:
    answer = say("import", "influxdb", *words)
    assert (answer.code, told in answer.err) == (code, True)


def test_an_empty_secret_is_told(say: Say, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    words = ["--url", "http://localhost", "--username", "u", "--password-file", tmp_path / "empty"]
    assert "is empty" in say("import", "influxdb", *words).err


def test_a_secret_is_shown_nowhere(say: Say, influx: Influx, token: Path, tmp_path: Path) -> None:
    token.write_text("another word\n")
    answer = say("import", "influxdb", "--url", influx.url, "--token-file", token)
    assert (answer.code, "another word" in answer.out + answer.err) == (UNREACHABLE, False)


PROGRAM = "from monitor.cli import main; main()"


@pytest.mark.slow
def test_an_import_that_was_killed_goes_on_and_ends_as_if_nothing_had_happened(say: Say, tmp_path: Path) -> None:
    file = RecorderBuilder(tmp_path / "r.db", 51).add(_long_past(), _long_means()).close()
    kills = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "import", "home-assistant", str(file)], env=os.environ,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            kills += _killed_after_a_mark(process, tmp_path)
    assert kills == 3
    assert say("import", "home-assistant", file).code == DONE
    whole = tmp_path / "whole"
    whole.mkdir()
    subprocess.run(
        [sys.executable, "-c", PROGRAM, "import", "home-assistant", str(file)], check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "BEDROOM_MONITOR_STORE__PATH": str(whole / "monitor.db")},
    )  # fmt: skip
    for query in SAME:
        assert rows(tmp_path, query) == rows(whole, query), query


SAME = (
    "SELECT sensor, ts_ms, value FROM reading JOIN series ON id = series ORDER BY 1, 2",
    "SELECT sensor, ts_ms, value, reason FROM set_aside JOIN series ON id = series ORDER BY 1, 2",
    "SELECT sensor, start_ms, mean, low, high FROM thinned JOIN series ON id = series ORDER BY 1, 2",
    "SELECT * FROM exposure ORDER BY 1, 2",
    "SELECT * FROM import_mark",
)
"""What must be equal; the numbers of series need not."""


def _long_past() -> Iterator[State]:
    for number in range(25_000):
        for room in ("bedroom", "kitchen"):
            value = 55 if number % 9_001 == 9_000 else 20 + number % 7 / 10
            yield State(f"sensor.{room}_temperature", str(value), T_S + number * 120, BEDROOM)


def _long_means() -> Iterator[Mean]:
    return (Mean(ENTITY, T_S - hour * 3600, 19.0) for hour in range(1, 2_000))


def _killed_after_a_mark(process: "subprocess.Popen[bytes]", folder: Path) -> int:
    """Kill it as soon as it has come further; 1 where it was still at work."""
    before = _marks(folder)
    until = time.monotonic() + 60
    while _marks(folder) == before and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    return int(process.wait() == -signal.SIGKILL)


def _marks(folder: Path) -> object:
    if not (folder / "monitor.db").exists():
        return None
    try:
        return rows(folder, "SELECT * FROM import_mark")
    except sqlite3.OperationalError:
        return None


def test_a_daemon_that_writes_beside_it_loses_nothing(say: Say, recorder: Path, tmp_path: Path) -> None:
    say("import", "home-assistant", recorder, "--to", "2020-01-01")
    with sqlite3.connect(tmp_path / "monitor.db", isolation_level=None) as daemon:
        daemon.execute("BEGIN IMMEDIATE")
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "import", "home-assistant", str(recorder)], env=os.environ,
            stdout=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            time.sleep(1.5)
            daemon.execute("COMMIT")
            assert process.wait(60) == DONE
    daemon.close()
    assert count(tmp_path) == 140
