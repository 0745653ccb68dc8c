"""Nights are deleted for good and whole, and nothing else is; what cannot be reached is said."""

import json
import os
import pty
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.adapters.only_one import only_one
from tests.adapters.erasing_rig import INFLUX, Server, serving
from tests.e2e.shell import DONE, FAULT, UNREACHABLE, USAGE, Answer, Say

DAY_MS = 86_400_000
NOON = 1_769_943_600_000
"""Noon of 2026-02-01 in Brussels."""
SAID = "what nobody else may read"
RANGE = ("erase", "--from", "2026-02-03", "--to", "2026-02-04", "--yes")
WITH_TIMES = {"reading": "ts_ms", "set_aside": "ts_ms", "word": "ts_ms", "thinned": "start_ms"}
WITH_DATES = ("night", "exposure", "exclusion", "diary", "diary_edit")


class Home:
    """A database with the nights from 2026-02-02 to 2026-02-06."""

    def __init__(self, say: Say, folder: Path) -> None:
        self.say = say
        self.folder = folder
        self.path = folder / "monitor.db"

    def do(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as database:
            for statement in statements:
                database.execute(statement)

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.path)) as database:
            return database.execute(sql).fetchall()

    def bytes(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.folder.glob("monitor.db*")))

    def held(self, first: str, last: str) -> dict[str, int]:
        """Rows of every table that are of the nights from `first` to `last` (days of February)."""
        from_ms, to_ms = (NOON + (int(day) - 1) * DAY_MS for day in (str(int(first) - 1), last))
        by_time = {
            table: self.ask(f"SELECT count(*) FROM {table} WHERE {column} >= {from_ms} AND {column} < {to_ms}")
            for table, column in WITH_TIMES.items()
        }
        by_date = {
            table: self.ask(
                f"SELECT count(*) FROM {table} WHERE wake_date BETWEEN '2026-02-0{first}' AND '2026-02-0{last}'"
            )
            for table in WITH_DATES
        }
        return {table: int(str(found[0][0])) for table, found in {**by_time, **by_date}.items()}


@pytest.fixture
def home(say: Say, tmp_path: Path) -> Home:
    made = Home(say, tmp_path)
    rows = "".join(
        f"zigbee2mqtt:Bedroom,temperature,{18 + at % 7 / 2},,{(NOON + at * 600_000)}\n" for at in range(144 * 5 + 40)
    )
    (tmp_path / "readings.csv").write_text("sensor,quantity,value,unit,time\n" + rows)
    assert say("import", "readings", "readings.csv").code == DONE
    for day in range(2, 7):
        for severity in (day, 10 - day):
            say("log", f"2026-02-0{day}", "--severity", severity, "--note", f"{SAID} {day}.{severity}")
        say("nights", "exclude", f"2026-02-0{day}", "--why", "a guest")
    tasks = {number: {"nights": [{"wake_date": f"2026-02-0{day}"} for day in days], "note": SAID}
             for number, days in {1: "2", 2: "2345", 3: "6"}.items()}  # fmt: skip
    made.do(
        "INSERT INTO set_aside (series, ts_ms, value, reason) SELECT series, ts_ms, 99, 'odd' FROM reading",
        "INSERT INTO word SELECT series, ts_ms, 'word' FROM reading",
        "INSERT INTO thinned (series, start_ms, mean, median, low, high, covered_s, count) "
        "SELECT series, ts_ms, 1, 1, 1, 1, 300, 3 FROM reading WHERE ts_ms % 300000 = 0",
        *(
            f"INSERT INTO analysis_run VALUES ({number}, {NOON + 5 * DAY_MS}, '1', '{json.dumps(task)}', '{{}}')"
            for number, task in tasks.items()
        ),
        "INSERT INTO finding SELECT id, 'T_mean', 'trigger', 'weak' FROM analysis_run",
        "INSERT INTO mirror_queue (series, from_ms, to_ms, count, live, queued_ms) "
        "SELECT series, ts_ms, ts_ms + 1, 1, 1, ts_ms FROM reading",
        "INSERT INTO mirror_queue (record, from_ms, to_ms, count, live, queued_ms) "
        "SELECT 'night/' || wake_date, 0, 1, 1, 1, 0 FROM night",
        f"INSERT INTO mirror_aside (line, reason, at_ms) VALUES ('diary severity=7.0 {NOON + 2 * DAY_MS}', 'no', 0)",
        f"INSERT INTO mirror_aside (line, reason, at_ms) VALUES ('diary severity=7.0 {NOON + 4 * DAY_MS}', 'no', 0)",
    )
    return made


def test_a_range_of_nights_goes_whole_and_nothing_else_goes(home):
    outside = {"before": home.held("2", "2"), "after": home.held("5", "6")}
    assert all(home.held("3", "4").values())
    assert home.say(*RANGE).code == DONE
    assert set(home.held("3", "4").values()) == {0}
    assert {"before": home.held("2", "2"), "after": home.held("5", "6")} == outside


def test_analyses_that_knew_of_a_deleted_night_go_with_their_findings(home):
    home.say(*RANGE)
    assert home.ask("SELECT id FROM analysis_run ORDER BY id") == [(1,), (3,)]
    assert home.ask("SELECT run FROM finding ORDER BY run") == [(1,), (3,)]


def test_what_waits_for_the_mirror_and_what_it_refused_goes_too(home):
    home.say(*RANGE)
    span = f"BETWEEN {NOON + DAY_MS} AND {NOON + 3 * DAY_MS - 1}"
    assert home.ask(f"SELECT count(*) FROM mirror_queue WHERE from_ms {span}") == [(0,)]
    assert home.ask("SELECT record FROM mirror_queue WHERE record LIKE 'night/%' ORDER BY 1") == [
        ("night/2026-02-02",), ("night/2026-02-05",), ("night/2026-02-06",),
    ]  # fmt: skip
    assert home.ask("SELECT line FROM mirror_aside") == [(f"diary severity=7.0 {NOON + 4 * DAY_MS}",)]


def test_no_byte_of_what_was_said_is_left_in_the_files(home):
    assert f"{SAID} 3.7".encode() in home.bytes()
    home.say(*RANGE)
    left = home.bytes()
    assert [day for day in "34" if f"{SAID} {day}.".encode() in left] == []
    assert f"{SAID} 5.".encode() in left


def test_the_nights_do_not_come_back_when_nights_are_closed(home):
    home.say(*RANGE)
    home.say("nights", "close")
    assert [night["wake_date"] for night in home.say("nights", "list", "--json").document] == [
        "2026-02-02", "2026-02-05", "2026-02-06",
    ]  # fmt: skip


def test_the_night_after_forgets_the_mean_of_the_deleted_one(home):
    of_the_next = "SELECT value FROM exposure WHERE wake_date = '2026-02-05' AND name = 'T_lag1'"
    assert home.ask(of_the_next)[0][0] is not None
    home.say(*RANGE)
    assert home.ask(of_the_next) == [(None,)]


def test_deleting_twice_finds_nothing_the_second_time(home):
    first = home.say(*RANGE, "--json").document
    assert first["deleted"]["readings"] == 288
    assert home.say(*RANGE, "--json").document["deleted"] == {}


def test_it_is_said_what_goes_and_what_cannot_be_reached(home):
    said = home.say(*RANGE).out
    assert "readings from 2026-02-02 12:00 to 2026-02-04 12:00 Europe/Brussels" in said
    assert "  288 readings\n" in said
    for unreachable in ("exported", "backups", "the mirror", "Home Assistant", "broker", "SD card", "notifications"):
        assert unreachable in said.partition("cannot reach:")[2]


def test_backups_and_copies_that_can_hold_the_nights_go_where_that_is_asked(home):
    folder = home.folder / "backups"
    folder.mkdir()
    names = ("bedroom-monitor-2026-02-01T100000Z.zip", "bedroom-monitor-2026-02-06T120000Z.zip", "mine.zip")
    for name in names:
        with zipfile.ZipFile(folder / name, "w") as backup:
            backup.writestr("monitor.db", SAID)
    copy = home.folder / "monitor.db.before-restore-1"
    copy.write_bytes(b"old")
    home.say(*RANGE)
    assert len(list(folder.iterdir())) == 3
    answer = home.say(*RANGE, "--backups")
    assert sorted(path.name for path in folder.iterdir()) == [names[0], names[2]]
    assert (copy.exists(), "made anew" in answer.out) == (False, True)


def test_everything_is_deleted_with_all_files_beside_it_and_the_settings_stay(home, tmp_path):
    (home.folder / "backups").mkdir()
    (home.folder / "backups/bedroom-monitor-2026-02-06T120000Z.zip").write_bytes(b"")
    for name in ("monitor.db.before-schema-3", "monitor.db.before-restore-1-wal", "monitor.db.before-schema-4.77.part"):
        (home.folder / name).write_bytes(b"old")
    (home.folder / "monitor.toml").write_text("")
    (home.folder / "monitor.db.mine").write_bytes(b"")
    answer = home.say("erase", "--all", "--yes", "--backups", "--json")
    assert answer.code == DONE
    assert sorted(path.name for path in home.folder.rglob("*") if path.is_file()) == [
        "monitor.db.mine", "monitor.toml", "readings.csv",
    ]  # fmt: skip
    assert {Path(path).name for path in answer.document["files"]} >= {
        "monitor.db", "monitor.db.lock", "monitor.db.before-schema-3", "bedroom-monitor-2026-02-06T120000Z.zip",
    }  # fmt: skip


def test_a_damaged_database_can_be_deleted_all_the_same(home):
    home.path.write_bytes(b"no database" * 1000)
    assert home.say("erase", "--all", "--yes").code == DONE
    assert not home.path.exists()


def test_everything_is_refused_while_a_daemon_runs(home):
    with only_one(home.path, 0):
        answer = home.say("erase", "--all", "--yes")
    assert (answer.code, "uses this database" in answer.err, home.path.exists()) == (FAULT, True, True)


def test_a_mirror_that_cannot_be_reached_stops_it_before_anything_is_deleted(home, monkeypatch, free_port):
    monkeypatch.setenv("BEDROOM_MONITOR_MIRROR__URL", f"http://127.0.0.1:{free_port}")
    before = home.held("2", "6")
    answer = home.say(*RANGE, "--mirror")
    said = "the mirror cannot be reached (nothing listens there); nothing was deleted"
    assert (answer.code, said in answer.err) == (UNREACHABLE, True)
    assert home.held("2", "6") == before


def test_what_is_told_is_counted_in_words_and_nothing_is_told_of_nothing(home):
    assert "  1 diary entry\n" in home.say("erase", "--from", "2026-02-03", "--to", "2026-02-03", "--yes").out
    assert " smaller" not in home.say("erase", "--from", "2026-02-03", "--to", "2026-02-03", "--yes").out


@pytest.fixture
def influx(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving() as start:
        server = start(health=(200, INFLUX, "{}"), api_v2_delete=(204, {}, ""))
        monkeypatch.setenv("BEDROOM_MONITOR_MIRROR__URL", f"http://127.0.0.1:{server.port}")
        yield server


def predicates(server: Server) -> list[str]:
    return [json.loads(body)["predicate"] for _, _, body, _ in server.of("/api/v2/delete")]


def test_the_mirror_is_asked_before_and_after_the_nights_are_deleted(home, influx):
    answer = home.say(*RANGE, "--mirror", "--json")
    asked = predicates(influx)
    assert (answer.code, answer.document["mirror"]) == (DONE, {"server": "InfluxDB 2", "erased": True})
    assert asked.count('_measurement="temperature" AND sensor="zigbee2mqtt:Bedroom"') == 2
    assert (asked.count('_measurement="diary"'), asked.count('_measurement="exposure"')) == (2, 3)
    assert not any("mirror" in line for line in answer.document["out_of_reach"])


def test_a_mirror_that_refuses_halfway_leaves_the_database_as_it_was(home, influx):
    refuse = influx.answers["api/v2/delete"]
    influx.answers["api/v2/delete"] = (500, {}, "disk")
    before = home.held("2", "6")
    assert home.say(*RANGE, "--mirror").code == UNREACHABLE
    assert home.held("2", "6") == before
    influx.answers["api/v2/delete"] = refuse
    assert home.say(*RANGE, "--mirror").code == DONE


def test_a_mirror_that_cannot_delete_nights_is_a_fault_and_the_rest_is_done(home, influx):
    influx.answers["health"] = (200, {}, "OK")
    influx.answers["ping"] = (204, {}, "")
    influx.answers["api/v1/status/buildinfo"] = (200, {}, '{"status":"success"}')
    answer = home.say(*RANGE, "--mirror")
    why = "VictoriaMetrics deletes whole series only, no range of time"
    assert (answer.code, f"still holds what it had of them: {why}\n" in answer.err) == (FAULT, True)
    assert answer.out.index(f"Not deleted: what is of them in the mirror. {why}\n") < answer.out.index("Done.")
    assert set(home.held("3", "4").values()) == {0}


def test_everything_of_ours_is_deleted_from_the_mirror_with_the_database(home, influx):
    assert home.say("erase", "--all", "--yes", "--mirror").code == DONE
    assert {'_measurement="night"', '_measurement="sensor" AND sensor="zigbee2mqtt:Bedroom"'} <= set(predicates(influx))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "expected either --all"),
        (("--all", "--from", "2026-02-03", "--yes"), "expected either --all"),
        (("--from", "2026-02-03", "--yes"), "expected both --from DATE and --to DATE"),
        (("--from", "2026-02-03", "--to", "2026-02-01", "--yes"), "expected a date from 2026-02-03 on"),
        (("--from", "today", "--to", "2026-02-01", "--yes"), "expected a date such as"),
        (("--all",), "expected --yes, since nobody can be asked here"),
        (("--all", "--yes", "--mirror"), "no mirror is set up"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_deletes_nothing(home, words, said):
    before = home.held("2", "6")
    answer = home.say("erase", *words)
    assert (answer.code, said in answer.err) == (USAGE, True)
    assert home.held("2", "6") == before


def test_where_there_is_no_database_none_is_made(say: Say, tmp_path):
    assert say(*RANGE).code == USAGE
    assert say("erase", "--all", "--yes").code == USAGE
    assert list(tmp_path.iterdir()) == []


def at_a_terminal(home: Home, answer: bytes) -> Answer:
    """Type the command at a terminal and answer what it asks."""
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "monitor", *RANGE[:-1]]
    with subprocess.Popen(
        words, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=home.folder, env=os.environ
    ) as process:
        os.write(ours, answer)
        out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    return Answer(process.returncode, out.decode(), err.decode())


@pytest.mark.parametrize(("typed", "code", "left"), [(b"y\n", FAULT, 288), (b"erase\n", DONE, 0)])
def test_at_a_terminal_only_the_word_itself_deletes(home, typed, code, left):
    answer = at_a_terminal(home, typed)
    assert (answer.code, "Type erase to delete" in answer.out) == (code, True)
    assert home.held("3", "4")["reading"] == left


def killed_after(home: Home, steps: int) -> Callable[[], None]:
    """A child that is killed by itself, without a word, in the middle of a transaction of the deleting."""
    script = (
        "import os, signal\n"
        "from monitor.adapters.sqlite.database import Database\n"
        "from monitor.adapters.sqlite.erasing import SqliteErasing\n"
        "from monitor.core.erasing import ErasedNights\n"
        "from pathlib import Path\n"
        "from datetime import date\n"
        f"nights = ErasedNights(date(2026, 2, 3), date(2026, 2, 4), {NOON + DAY_MS}, {NOON + 3 * DAY_MS})\n"
        f"database = Database(Path({str(home.path)!r}))\n"
        "eraser = SqliteErasing(database)\n"
        f"for _ in range({steps}):\n"
        "    eraser.erase_some(nights, 50)\n"
        "with database.writing() as cursor:\n"
        "    cursor.execute('DELETE FROM reading')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    return lambda: subprocess.run([sys.executable, "-c", script], check=False)


@pytest.mark.parametrize("steps", [0, 3, 12, 20, 30])
def test_deleting_that_was_killed_in_the_middle_is_finished_by_the_next_one(home, steps):
    outside = {"before": home.held("2", "2"), "after": home.held("5", "6")}
    killed_after(home, steps)()
    assert home.say(*RANGE).code == DONE
    assert set(home.held("3", "4").values()) == {0}
    assert {"before": home.held("2", "2"), "after": home.held("5", "6")} == outside
    assert home.ask("SELECT id FROM analysis_run ORDER BY id") == [(1,), (3,)]
