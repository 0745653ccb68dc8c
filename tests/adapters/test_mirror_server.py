"""The writer of lines against a real HTTP server that gives each of the answers a server may give."""

import gzip
import json
import logging
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from monitor.adapters.mirror import LONGEST_SAID, InfluxServer
from monitor.settings.keeping import Mirror
from tests.influx_like import (
    BUCKET,
    GARBAGE,
    HALF,
    HALF_A_HEADER,
    HANG,
    ORG,
    RESET,
    TOKEN,
    InfluxLike,
    Misbehaviour,
    Reply,
    Script,
    an_influx,
    refusal,
)

LINES = ["temperature,sensor=ü\\ 1 value=20.5 1790812800000", "humidity,sensor=a value=40.0 1790812800000"]
HTML = (("Content-Type", "text/html; charset=utf-8"),)


@pytest.fixture
def influx() -> Iterator[InfluxLike]:
    with an_influx() as server:
        yield server


@pytest.fixture
def writer_to() -> Iterator[Callable[..., InfluxServer]]:
    """A writer with settings of one's own; its connection ends with the test."""
    made: list[InfluxServer] = []

    def make(url: str, **changes: object) -> InfluxServer:
        settings = {"url": url, "token": TOKEN, "org": ORG, "bucket": BUCKET, "timeout_s": 2.0, **changes}
        made.append(InfluxServer(Mirror.model_validate(settings)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def writer(influx: InfluxLike, writer_to: Callable[..., InfluxServer]) -> InfluxServer:
    return writer_to(influx.url)


def test_lines_reach_the_server_as_they_are(influx, writer):
    assert writer.write(LINES).verdict == "taken"
    assert influx.requests[0].lines == LINES
    assert influx.series("temperature", sensor="ü 1") == {1790812800000: 20.5}


def test_a_request_names_bucket_organisation_precision_and_token(influx, writer):
    writer.write(LINES)
    request = influx.requests[0]
    assert request.path == "/api/v2/write"
    assert request.query == {"org": ORG, "bucket": BUCKET, "precision": "ms"}
    assert request.headers["authorization"] == f"Token {TOKEN}"


@pytest.mark.parametrize("compressed", [True, False])
def test_a_request_is_compressed_where_the_settings_say_so(influx, writer_to, compressed):
    writer_to(influx.url, gzip=compressed).write(LINES * 100)
    raw = influx.requests[0].raw
    assert (raw[:2] == b"\x1f\x8b") is compressed
    assert (gzip.decompress(raw) if compressed else raw).decode().split("\n") == LINES * 100


def test_without_organisation_and_token_a_request_is_made_all_the_same(influx, writer_to):
    influx.always = Reply(204)
    assert writer_to(influx.url, token="", org="").write(LINES).verdict == "taken"
    assert influx.requests[0].query["org"] == "-"


def test_a_path_in_the_address_is_kept(influx, writer_to):
    influx.always = Reply(204)
    writer_to(influx.url + "/influx/").write(LINES)
    assert influx.requests[0].path == "/influx/api/v2/write"


ANSWERS: list[tuple[Script, str, str]] = [
    (Reply(204), "taken", ""),
    (Reply(200, b"{}"), "taken", ""),
    (Reply(202), "taken", ""),
    (Reply(200, b"<html>log in</html>", HTML), "refused", "HTTP 200: it answers with a web page"),
    (refusal(400, "unable to parse 'x'"), "bad", "unable to parse 'x'"),
    (Reply(400), "bad", "Bad Request"),
    (refusal(401, "unauthorized access"), "refused", "HTTP 401: it does not know the token"),
    (refusal(403, "forbidden"), "refused", "HTTP 403: the token may not write"),
    (refusal(404, 'bucket "bedroom" not found'), "refused", "HTTP 404: it knows no such bucket"),
    (Reply(301, b"", (("Location", "http://127.0.0.1:9/"),)), "refused", "HTTP 301: it answers from another address"),
    (Reply(303, b"", (("Location", "/login"),)), "refused", "HTTP 303: it answers from another address"),
    (Reply(307, b"", (("Location", "/login"),)), "refused", "HTTP 307: it answers from another address"),
    (Reply(308, b"", (("Location", "/login"),)), "refused", "HTTP 308: it answers from another address"),
    (refusal(413, "too large"), "too large", "too large"),
    (refusal(422, "partial write: field type conflict: ... dropped=1"), "taken", "partial write"),
    (refusal(429, "slow down"), "busy", "HTTP 429: slow down"),
    (refusal(503, "starting"), "busy", "HTTP 503: starting"),
    (refusal(500, "internal error"), "away", "HTTP 500: internal error"),
    (Reply(502, b"<html>bad gateway</html>", HTML), "away", "HTTP 502: <html>bad gateway</html>"),
    (Reply(418, b"\xff\xfe\x00 tea"), "away", "HTTP 418"),
    (RESET, "away", "it broke off the connection"),
    (Misbehaviour(), "away", "it broke off the connection"),
    (HALF_A_HEADER, "away", "it broke off the connection"),
    (HALF, "away", "it broke off its answer"),
    (GARBAGE, "away", ""),
]


@pytest.mark.parametrize(("script", "verdict", "said"), ANSWERS, ids=[str(one[0])[:40] for one in ANSWERS])
def test_each_answer_means_what_the_table_says(influx, writer, script, verdict, said):
    influx.next.append(script)
    answer = writer.write(LINES)
    assert answer.verdict == verdict
    assert said in answer.said
    assert "\n" not in answer.said
    assert len(answer.said) < LONGEST_SAID + 150


@pytest.mark.parametrize("script", [one[0] for one in ANSWERS], ids=[str(one[0])[:40] for one in ANSWERS])
def test_after_any_answer_the_next_request_is_answered_as_it_is_meant(influx, writer, script):
    influx.next.append(script)
    writer.write(LINES)
    assert writer.write(LINES).verdict == "taken"
    assert len(influx.points) == 2


def test_a_request_is_made_once_whatever_the_answer(influx, writer):
    for script, _, _ in ANSWERS:
        influx.next.append(script)
        writer.write(LINES)
    assert len(influx.requests) == len(ANSWERS)


def test_a_server_that_says_nothing_is_given_up_in_time_and_is_slow(influx, writer_to):
    influx.next.append(HANG)
    began = time.monotonic()
    answer = writer_to(influx.url, timeout_s=1).write(LINES)
    assert (answer.verdict, answer.said, answer.slow) == ("away", "no answer within 1 s", True)
    assert time.monotonic() - began < 2


def test_a_body_with_204_does_not_harm(influx, writer):
    influx.next.append(Reply(204, b"there should be none"))
    assert writer.write(LINES).verdict == "taken"
    verdicts = [writer.write(LINES).verdict for _ in range(3)]
    assert verdicts[-1] == "taken"


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("partial write: field type conflict ... dropped=1", 1),
        (
            "partial write: dropped 250 points outside retention policy" + " x" * 300 + " dropped=250 for database: 1",
            250,
        ),
        ("failure writing points", 1),
        ("dropped=0", 1),
    ],
)
def test_a_partial_write_tells_how_many_lines_it_dropped(influx, writer, said, count):
    influx.next.append(refusal(422, said))
    assert writer.write(LINES).dropped == count


@pytest.mark.parametrize(
    ("said", "verdict", "dropped"),
    [
        ("partial write: points beyond retention policy dropped=3", "taken", 3),
        ("partial write: unable to parse 'x': missing fields dropped=0", "bad", 0),
    ],
)
def test_an_influxdb_1_8_that_stored_all_but_some_is_believed(influx, writer, said, verdict, dropped):
    influx.next.append(Reply(400, json.dumps({"error": said}).encode()))
    answer = writer.write(LINES)
    assert (answer.verdict, answer.dropped) == (verdict, dropped)


def test_a_bad_line_is_told_also_where_the_answer_is_no_text(influx, writer):
    influx.next.append(Reply(400, b"unable to parse \xff\xfe\xfc"))
    answer = writer.write(LINES)
    assert answer.verdict == "bad"
    assert answer.said.startswith("unable to parse")


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"message": null}', b"[]", b'"text"', b"5"])
def test_an_answer_in_odd_json_is_an_answer(influx, writer, body):
    influx.next.append(Reply(400, body))
    assert writer.write(LINES).verdict == "bad"


MOMENT = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "0.5"}, 0.5),
        ({"Retry_After": "-3"}, 0.0),
        ({"Retry_After": "nan"}, 0.0),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": ""}, None),
        ({}, None),
    ],
)
def test_a_busy_server_says_when_to_come_back(influx, writer, headers, wait_s):
    influx.next.append(refusal(429, "slow down", **headers))
    assert writer.write(LINES).wait_s == wait_s


def test_a_moment_to_come_back_is_measured_by_the_server_s_own_clock(influx, writer):
    now = datetime.now(UTC)
    later = format_datetime(now + timedelta(seconds=30), usegmt=True)
    influx.next.append(refusal(503, "starting", Retry_After=later))
    wait_s = writer.write(LINES).wait_s
    assert wait_s is not None
    assert 28 <= wait_s <= 31


def test_where_nothing_listens_the_answer_says_so(writer_to, free_port):
    assert writer_to(f"http://127.0.0.1:{free_port}").write(LINES)[:2] == ("away", "nothing listens there")


def test_a_name_that_nobody_knows_is_told(writer_to):
    answer = writer_to("http://nobody.invalid:8086").write(LINES)
    assert answer.verdict == "away"
    assert answer.said in {"its name is not known", "its name cannot be looked up just now"}


@pytest.fixture
def secure_influx(certificates: Path) -> Iterator[InfluxLike]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
    with an_influx(context) as server:
        yield server


def test_a_server_whose_authority_is_named_is_written_to(secure_influx, writer_to, certificates):
    assert writer_to(secure_influx.url, ca_file=certificates / "ca.crt").write(LINES).verdict == "taken"
    assert len(secure_influx.points) == 2


@pytest.mark.parametrize("ca_file", ["stranger.crt", None])
def test_a_server_of_another_authority_is_not_trusted(secure_influx, writer_to, certificates, ca_file):
    named = {} if ca_file is None else {"ca_file": certificates / ca_file}
    answer = writer_to(secure_influx.url, **named).write(LINES)
    assert (answer.verdict, answer.said) == (
        "away",
        "its certificate cannot be verified; name that of its authority as ca_file",
    )
    assert secure_influx.requests == []


def test_tls_to_a_port_that_speaks_none_is_away(influx, writer_to):
    assert writer_to(influx.url.replace("http:", "https:")).write(LINES).verdict == "away"


HUSH = "what-nobody-may-see"


@pytest.mark.parametrize("token", [HUSH, HUSH + "\n", HUSH + "€", HUSH + "\0"])
def test_the_token_is_in_no_answer_no_log_and_no_text(influx, writer_to, caplog, token):
    caplog.set_level(logging.DEBUG)
    writer = writer_to(influx.url, token=token)
    influx.next.extend([refusal(401, f"unknown token {token}"), refusal(500, f"no {token}"), RESET])
    answers = [writer.write(LINES) for _ in range(3)]
    assert all(answer.said for answer in answers)
    told = [*map(str, answers), repr(writer), repr(writer._settings), caplog.text]
    assert not any(HUSH in one for one in told)


def test_a_token_from_a_file_is_sent(influx, writer_to, tmp_path, monkeypatch):
    from monitor import settings

    (tmp_path / "token").write_text(TOKEN + "\n")
    (tmp_path / "token").chmod(0o600)
    (tmp_path / "monitor.toml").write_text(
        f'[mirror]\nurl = "{influx.url}"\norg = "{ORG}"\ntoken_file = "{tmp_path / "token"}"\n'
    )
    monkeypatch.chdir(tmp_path)
    mirror = settings.load(tmp_path / "monitor.toml").mirror
    writer = InfluxServer(mirror)
    verdict = writer.write(LINES).verdict
    writer.close()
    assert verdict == "taken"
    assert TOKEN not in repr(mirror)


def test_a_token_that_is_corrected_in_its_file_is_sent_after_a_refusal(influx, tmp_path):
    file = tmp_path / "token"
    file.write_text("wrong\n")
    writer = InfluxServer(Mirror(url=influx.url, org=ORG, token_file=file))
    before = writer.write(LINES)
    file.write_text(f"{TOKEN}\n")
    after = writer.write(LINES)
    writer.close()
    assert (before.verdict, after.verdict) == ("refused", "taken")
    assert influx.requests[-1].headers["authorization"] == f"Token {TOKEN}"


def test_an_unknown_retention_policy_of_influxdb_18_needs_a_person(influx, writer):
    influx.next.append(refusal(500, "retention policy not found: norp"))
    answer = writer.write(LINES)
    assert (answer.verdict, "see mirror.bucket" in answer.said) == ("refused", True)


def test_request_after_request_goes_over_one_connection(influx, writer):
    for _ in range(10):
        writer.write(LINES)
    assert (len(influx.requests), influx.connections) == (10, 1)


def test_a_connection_that_the_server_closed_meanwhile_is_opened_anew(influx, writer):
    writer.write(LINES)
    influx.stop()
    influx.start()
    verdicts = [writer.write(LINES).verdict for _ in range(2)]
    assert verdicts[-1] == "taken"
