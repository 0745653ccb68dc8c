"""`mirror status`, `mirror resync` and `check` with a mirror, as they are typed."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.mirror_rig import backlog
from tests.e2e.shell import DONE, FAULT, USAGE, Say
from tests.influx_like import BUCKET, ORG, TOKEN, InfluxLike, an_influx

COUNT = 200


@pytest.fixture
def influx() -> Iterator[InfluxLike]:
    with an_influx() as server:
        yield server


@pytest.fixture
def with_mirror(influx: InfluxLike, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Set up a mirror, or another one."""

    def set_up(url: str = influx.url, token: str = TOKEN) -> None:
        (tmp_path / "token").write_text(token)
        (tmp_path / "token").chmod(0o600)
        for key, value in {"URL": url, "ORG": ORG, "BUCKET": BUCKET, "TOKEN_FILE": str(tmp_path / "token")}.items():
            monkeypatch.setenv(f"BEDROOM_MONITOR_MIRROR__{key}", value)

    return set_up


@pytest.fixture
def mirrored(with_mirror: Callable[..., None], tmp_path: Path) -> None:
    """A mirror is set up, and readings of the last minutes wait for it."""
    with_mirror()
    backlog(tmp_path / "monitor.db", COUNT, "zigbee2mqtt:bedroom")


def test_without_a_mirror_status_says_so(say: Say):
    assert say("nights", "close").code == DONE
    answer = say("mirror", "status")
    assert (answer.code, answer.out) == (DONE, "No mirror is set up: mirror.url is empty.\n")


def test_without_a_mirror_resync_says_what_to_set(say: Say):
    assert say("nights", "close").code == DONE
    answer = say("mirror", "resync")
    assert answer.code == FAULT
    assert "mirror.url: no mirror is set up" in answer.err


def test_status_tells_what_waits(say: Say, mirrored: None, influx: InfluxLike):
    answer = say("mirror", "status")
    assert answer.code == DONE
    assert answer.out.startswith(f"{influx.url}: nothing sent yet\nwaiting: 200 readings and 0 records")


def test_status_as_json_has_all_of_it(say: Say, mirrored: None, influx: InfluxLike):
    document = say("mirror", "status", "--json").document
    age_s = document.pop("oldest_age_s")
    assert 0 <= age_s < COUNT + 60
    assert document == {
        "url": influx.url,
        "last_success": None,
        "backlog": COUNT,
        "last_error": None,
        "error_since": None,
        "sent": 0,
        "dropped": 0,
        "overflowed": 0,
        "set_aside": 0,
        "set_aside_lines": [],
    }


def test_what_waits_for_more_than_ten_minutes_is_a_fault(say: Say, with_mirror, tmp_path: Path):
    with_mirror()
    backlog(tmp_path / "monitor.db", 700, "zigbee2mqtt:bedroom")
    assert say("mirror", "status").code == FAULT
    assert say("mirror", "status", "--json").code == FAULT


def test_resync_queues_the_days_that_are_named(say: Say, mirrored: None):
    everything = say("mirror", "resync", "--json").document
    nothing = say("mirror", "resync", "--from", "2020-01-01", "--to", "2020-12-31", "--json").document
    assert everything == {"readings": COUNT, "records": 0}
    assert nothing == {"readings": 0, "records": 0}


def test_a_resync_of_nothing_says_so(say: Say, mirrored: None):
    answer = say("mirror", "resync", "--from", "2020-01-01", "--to", "2020-12-31")
    assert answer.out == "Nothing was measured or logged in that span: nothing is to be sent.\n"


def test_resync_of_today_takes_today(say: Say, mirrored: None):
    days = [time.strftime("%Y-%m-%d", time.localtime(time.time() + 86_400 * day)) for day in (-2, 2)]
    answer = say("mirror", "resync", "--from", days[0], "--to", days[1])
    assert answer.code == DONE
    assert "Queued: 200 readings and 0 records" in answer.out


def test_a_resync_takes_nights_and_diary_along(say: Say, with_mirror, mirrored: None):
    say("log", "2026-06-02", "--severity", 3)
    assert say("mirror", "resync", "--json").document == {"readings": COUNT, "records": 1}
    assert say("mirror", "resync", "--from", "2026-06-03", "--json").document["records"] == 0


def test_asking_for_a_resync_twice_does_not_make_the_queue_longer(say: Say, mirrored: None):
    for _ in range(3):
        say("mirror", "resync")
    assert say("mirror", "status", "--json").document["backlog"] == 2 * COUNT


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--from", "yesterday"), "--from: expected a date such as 2026-01-31, got 'yesterday'"),
        (("--to", "2026-13-01"), "--to: expected a date such as 2026-01-31, got '2026-13-01'"),
        (("--from", "2026-02-01", "--to", "2026-01-01"), "--to: expected 2026-02-01 or later, got 2026-01-01"),
    ],
)
def test_a_span_that_is_none_is_refused(say: Say, mirrored: None, words, fault):
    answer = say("mirror", "resync", *words)
    assert answer.code == USAGE
    assert fault in answer.err


def examined(say: Say) -> dict[str, object]:
    return next(part for part in say("check", "--json").document if part["subject"] == "mirror")


def test_check_says_that_there_is_no_mirror(say: Say):
    assert examined(say) == {"subject": "mirror", "ok": True, "says": "none set up"}


def test_check_writes_a_line_to_the_mirror(say: Say, with_mirror, influx: InfluxLike):
    with_mirror()
    found = examined(say)
    assert found["ok"] is True
    assert str(found["says"]).startswith(f"{influx.url} takes what we send (")
    assert len(influx.of("monitor")) == 1


def test_check_says_why_a_mirror_takes_nothing(say: Say, with_mirror, influx: InfluxLike):
    with_mirror(token=TOKEN[::-1])
    found = examined(say)
    assert found["ok"] is False
    assert "HTTP 401: it does not know the token; set mirror.token_file" in str(found["says"])


def test_check_finds_a_mirror_that_is_not_there(say: Say, with_mirror, free_port):
    with_mirror(url=f"http://127.0.0.1:{free_port}")
    assert examined(say) == {
        "subject": "mirror",
        "ok": False,
        "says": f"http://127.0.0.1:{free_port}: nothing listens there",
    }


def test_check_finds_a_token_that_others_can_read(say: Say, with_mirror, tmp_path: Path):
    with_mirror()
    (tmp_path / "token").chmod(0o644)
    found = examined(say)
    assert found["ok"] is False
    assert "can be read by other users" in str(found["says"])


def test_lines_set_aside_are_shown_with_the_reason(say: Say, with_mirror, tmp_path: Path, influx: InfluxLike):
    from monitor import settings
    from monitor.bootstrap import open_stores
    from monitor.ports import Parcel, Sent

    with_mirror()
    with open_stores(settings.load(None)) as stores:
        stores.mirror_queue.settle(Parcel(), Sent(5, 2, [("temperature,sensor=a value=x 1", "cannot be read")]), 0)
        stores.mirror_queue.troubled("nothing listens there", 0)
    answer = say("mirror", "status")
    assert "refused by the server and set aside: 1 line, the newest:" in answer.out
    assert "temperature,sensor=a value=x 1  (cannot be read)" in answer.out
    assert "dropped by the server: 2 lines" in answer.out
    assert "trouble since" in answer.out
