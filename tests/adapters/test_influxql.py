"""Questions to InfluxDB: what its answers mean, which trouble is waited out, and what is said of the rest."""

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path

import pytest

from monitor.adapters.influxql import LONGEST_PAUSE_S, TRIES, Access, InfluxQl, literal, name
from monitor.errors import HistoryError, InputError
from tests.adapters.influx_rig import Influx, serving

WORD = "open sesame"
GOOD = {"results": [{"statement_id": 0, "series": [{"name": "m", "columns": ["time", "value"], "values": [[1, 2.5]]}]}]}


@pytest.fixture
def influx() -> Iterator[Influx]:
    with serving(Influx()) as started:
        started.add("m", {}, 1_700_000_000_000, 2.5)
        yield started


class Asking:
    """A client whose pauses are remembered and take no time."""

    def __init__(self, url: str, **access: object) -> None:
        self.pauses: list[float] = []
        self.client = InfluxQl(Access(url, "db", **access), self.pauses.append)  # type: ignore[arg-type]

    def ask(self) -> list[list[list[object]]]:
        return [series.rows for series in self.client.ask('SELECT "value" FROM "m"')]


def test_an_answer_is_its_series(influx: Influx) -> None:
    assert Asking(influx.url).ask() == [[[1_700_000_000_000, 2.5]]]


def test_several_documents_are_one_answer(influx: Influx) -> None:
    part = b'{"results":[{"series":[{"name":"m","columns":["time","value"],"values":[[%d,1]],"partial":true}]}]}\n'
    influx.troubles.append((200, part % 1 + part % 2, {}))
    assert Asking(influx.url).ask() == [[[1, 1]], [[2, 1]]]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(influx: Influx, status: int) -> None:
    influx.troubles = [(status, {"error": "engine: closed"}, {})] * 2
    asking = Asking(influx.url)
    assert (asking.ask(), asking.pauses) == ([[[1_700_000_000_000, 2.5]]], [1.0, 2.0])


def test_a_server_says_how_long_to_wait_but_not_for_ever(influx: Influx) -> None:
    influx.troubles = [(503, {}, {"Retry-After": wait}) for wait in ("7", "9999", "soon", "-1")]
    asking = Asking(influx.url)
    asking.ask()
    assert asking.pauses == [7.0, LONGEST_PAUSE_S, 4.0, 0.0]


def test_an_answer_that_is_cut_off_is_asked_for_again(influx: Influx) -> None:
    influx.troubles = [(200, b'{"results":[{"ser', {}), (200, b'{"results":', {"Content-Length": "400"})]
    assert Asking(influx.url).ask() == [[[1_700_000_000_000, 2.5]]]


def test_a_server_that_stays_busy_is_given_up_with_what_it_said(influx: Influx) -> None:
    influx.troubles = [(503, {"error": "too many queries"}, {})] * TRIES
    with pytest.raises(HistoryError, match=r"it answers 503 too many queries; start the import again"):
        Asking(influx.url).ask()


def test_a_server_that_is_not_there_is_given_up(free_port: int) -> None:
    asking = Asking(f"http://127.0.0.1:{free_port}")
    with pytest.raises(HistoryError, match=r"cannot be reached \(nothing listens there\)"):
        asking.ask()
    assert len(asking.pauses) == TRIES - 1


def test_a_server_that_does_not_answer_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asking = Asking(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.05)
        with pytest.raises(HistoryError, match="does not answer in time"):
            asking.ask()


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_does_not_let_us_in_is_asked_once(influx: Influx, status: int) -> None:
    influx.troubles = [(status, {"code": "unauthorized", "message": "Unauthorized"}, {})]
    with pytest.raises(HistoryError, match=rf"does not let us in \({status} Unauthorized\); check --token-file"):
        Asking(influx.url, token=WORD).ask()
    assert len(influx.queries) == 1


@pytest.mark.parametrize(
    ("status", "document", "told"),
    [
        (404, {"code": "not found", "message": "no dbrp"}, "with a database db, got 404 no dbrp"),
        (400, {"error": "error parsing query"}, "got 400 error parsing query"),
        (404, b"<html>", "expected an InfluxDB"),
        (404, ["x"], "expected an InfluxDB"),
        (302, {}, "it sends us elsewhere"),
        (200, {"error": "database not found: db"}, "database not found: db"),
        (200, {"results": [{"statement_id": 0, "error": "database not found: db"}]}, "database not found: db"),
    ],
)
def test_what_a_server_cannot_do_is_told_at_once(influx: Influx, status: int, document: object, told: str) -> None:
    influx.troubles = [(status, document, {"Location": "http://127.0.0.1:9/"})]
    with pytest.raises(InputError, match=told):
        Asking(influx.url, token=WORD).ask()
    assert len(influx.queries) == 1


@pytest.mark.parametrize("document", [[1], {"status": "ok"}, 7])
def test_another_kind_of_server_is_told(influx: Influx, document: object) -> None:
    influx.troubles = [(200, document, {})]
    with pytest.raises(HistoryError, match="is this an InfluxDB"):
        Asking(influx.url).ask()


def test_r39_parts_of_an_answer_that_are_none_are_passed_over(influx: Influx) -> None:
    influx.troubles = [(200, {"results": [7, {"series": [None, {"name": 3, "tags": [], "values": [7, [1, 2]]}]}]}, {})]
    assert Asking(influx.url).ask() == [[[1, 2]]]


def test_a_token_or_user_and_password_are_sent_as_such(influx: Influx) -> None:
    Asking(influx.url, token=WORD).ask()
    Asking(influx.url, username="ha", password=f"p:{WORD}").ask()
    Asking(influx.url).ask()
    sent = [headers.get("Authorization") for headers in influx.headers]
    assert sent == [f"Token {WORD}", f"Basic {base64.b64encode(f'ha:p:{WORD}'.encode()).decode()}", None]


def test_a_retention_policy_is_asked_for(influx: Influx) -> None:
    seen: list[str] = []
    influx.reply = lambda path, _headers: (seen.append(path), (200, GOOD, {}))[1]  # type: ignore[method-assign]
    InfluxQl(Access(influx.url, "ha/two years")).ask("SHOW MEASUREMENTS")
    assert [part for part in ("db=ha&", "rp=two+years", "epoch=ms") if part not in seen[0]] == []


@pytest.mark.parametrize(
    ("text", "as_name", "as_literal"),
    [
        ("°C", '"°C"', "'°C'"),
        ('a"b', '"a\\"b"', "'a\"b'"),
        ("a'b", '"a\'b"', "'a\\'b'"),
        ("a\\", '"a\\\\"', "'a\\\\'"),
        ("a\nb", '"a\\nb"', "'a\\nb'"),
    ],
)
def test_names_and_texts_cannot_leave_their_quotes(text: str, as_name: str, as_literal: str) -> None:
    assert (name(text), literal(text)) == (as_name, as_literal)


def test_a_certificate_of_an_authority_of_ones_own_is_accepted_where_it_is_named(certificates: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
    influx = Influx(troubles=[(200, GOOD, {})])
    with serving(influx) as plain, _tls(plain, context) as url:
        assert Asking(url, ca_file=certificates / "ca.crt").ask() == [[[1, 2.5]]]
        with pytest.raises(HistoryError, match=r"its certificate is not accepted .*--ca-file"):
            Asking(url, ca_file=certificates / "stranger.crt").ask()


def test_a_file_that_is_no_certificate_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("none")
    with pytest.raises(InputError, match="--ca-file: expected a certificate in PEM form"):
        Asking("https://127.0.0.1:1", ca_file=tmp_path / "ca")


class _tls:  # noqa: N801 - used as a function
    """A server with TLS that answers as the plain one would."""

    def __init__(self, influx: Influx, context: ssl.SSLContext) -> None:
        self._influx, self._context = influx, context

    def __enter__(self) -> str:
        import json
        from http.server import BaseHTTPRequestHandler

        influx = self._influx

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, document, _ = influx.reply(self.path, dict(self.headers))
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                pass

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self._server.socket = self._context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return f"https://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Quiet(HTTPServer):
    def handle_error(self, *_args: object) -> None:
        pass
