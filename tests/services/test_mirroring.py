"""The sender against a server that behaves like InfluxDB 2: what each of its answers leads to."""

import logging
import math
from collections.abc import Callable

import pytest

from monitor.services.mirroring import FEWEST_LINES, LONGEST_PAUSE_S, LONGEST_WAIT_S, REFUSED_S
from tests.influx_like import HALF, HANG, RESET, Misbehaviour, Reply, Request, Script, refusal
from tests.services.mirror_rig import NOW_MS, MirrorRig

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
Make = Callable[..., MirrorRig]


@pytest.fixture
def rig(make_mirror: Make) -> MirrorRig:
    return make_mirror()


def data(request: Request) -> list[str]:
    """The lines of a request that are no sign of life."""
    return [line for line in request.lines if not line.startswith(("monitor ", "sensor,"))]


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("monitor")]


def test_what_is_stored_is_on_the_server_within_a_look(rig):
    rig.live(MINUTE, sensors=3)
    rig.live(11)
    assert rig.everything_is_there
    assert rig.nothing_waits


def test_how_the_monitor_and_its_sensors_are_is_told_every_minute(rig, influx):
    rig.live(10 * MINUTE)
    assert 9 <= len(influx.of("monitor")) <= 11
    assert len(influx.of("sensor")) == len(influx.of("monitor"))


def test_a_lasting_silence_of_the_sensors_makes_one_request_a_minute(rig, influx):
    rig.live(HOUR)
    assert 59 <= len(influx.requests) <= 61


def test_lines_that_the_server_drops_are_counted_and_leave_the_queue(rig, influx, caplog):
    influx.oldest_ms = NOW_MS - 50_000
    rig.backlog(100)
    rig.live(MINUTE)
    assert rig.nothing_waits
    assert (rig.queue.status().dropped, len(influx.series("temperature", sensor="g:0"))) == (50, 50)
    assert sum("the server dropped 50 lines" in one for one in told(caplog)) == 1


def test_lines_that_go_on_being_dropped_are_told_once_a_day(make_mirror, influx, caplog):
    rig = make_mirror(flush_s=600.0)
    influx.oldest_ms = 2**60
    rig.live(2.5 * DAY, sensors=1, every_s=HOUR)
    assert sum("the server dropped" in one for one in told(caplog)) == 3
    assert rig.queue.status().dropped == 2 * 60


@pytest.mark.parametrize("place", [0, 1, 2_499, 4_998, 4_999])
def test_one_bad_line_in_5000_is_found_in_few_requests_and_set_aside_alone(rig, influx, place):
    bad_ms = NOW_MS - (5_000 - place) * 1_000
    influx.bad = lambda line: line.startswith("temperature") and line.endswith(f" {bad_ms}")
    rig.backlog(5_000)
    rig.live(MINUTE)
    assert rig.nothing_waits
    ((_, line, why),) = rig.queue.set_aside(10)
    assert line.endswith(str(bad_ms))
    assert why.startswith("unable to parse")
    assert len(influx.series("temperature", sensor="g:0")) == 4_999
    assert sum(bool(data(request)) for request in influx.requests) <= 2 * math.ceil(math.log2(5_000)) + 1


def test_many_bad_lines_are_set_aside_and_told_once(rig, influx, caplog):
    influx.bad = lambda line: line.startswith("temperature") and line.endswith("7000")
    rig.backlog(1_000)
    rig.live(MINUTE)
    assert rig.queue.status().aside == 100
    assert len(influx.series("temperature", sensor="g:0")) == 900
    assert sum("set aside" in one for one in told(caplog)) == 1


def test_a_server_that_finds_every_line_bad_refuses_us_and_nothing_is_set_aside(rig, influx, caplog):
    influx.always = refusal(400, "database is odd")
    rig.backlog(5_000)
    rig.live(HOUR)
    status = rig.queue.status()
    assert (status.aside, status.readings, status.trouble) == (0, 5_000, "database is odd")
    assert len(influx.requests) < 40
    assert sum("database is odd" in one for one in told(caplog)) == 1
    influx.always = None
    rig.live(REFUSED_S + MINUTE)
    assert rig.everything_is_there


def test_a_request_that_is_too_large_is_halved_until_it_is_taken(rig, influx):
    influx.most_bytes = 10_000
    rig.backlog(5_000)
    rig.live(2 * MINUTE)
    assert rig.everything_is_there
    assert rig.queue.status().aside == 0
    influx.most_bytes = 10_000_000
    rig.backlog(20_000)
    rig.live(2 * MINUTE)
    assert rig.everything_is_there
    assert max(len(request.lines) for request in influx.requests[-5:]) > 200


def test_a_line_that_is_too_large_by_itself_is_set_aside(rig, influx):
    influx.script = lambda request: refusal(413, "too large") if "humidity" in "".join(request.lines) else None
    rig.measure()
    rig.live(MINUTE)
    ((_, line, _),) = rig.queue.set_aside(5)
    assert line.startswith("humidity")
    assert rig.nothing_waits


@pytest.mark.parametrize("status", [401, 403, 404, 301])
def test_a_server_that_refuses_us_is_told_once_and_asked_every_5_minutes(rig, influx, caplog, status):
    caplog.set_level(logging.INFO)
    rig.live(MINUTE, sensors=1)
    influx.always = refusal(status, "no")
    influx.requests.clear()
    rig.live(HOUR, sensors=1)
    assert 12 <= len(influx.requests) <= 14
    assert rig.queue.status().readings > 700
    assert sum(f"HTTP {status}" in one for one in told(caplog)) == 1
    influx.always = None
    rig.live(REFUSED_S + MINUTE)
    assert rig.everything_is_there
    assert sum(one.endswith(": back") for one in told(caplog)) == 1
    assert rig.queue.status().trouble is None


def test_a_refusal_after_an_outage_is_told_too(rig, influx, caplog):
    influx.always = refusal(500, "broken")
    rig.live(10 * MINUTE, sensors=1)
    influx.always = refusal(401, "who?")
    rig.live(10 * MINUTE, sensors=1)
    assert sum(record.levelno == logging.WARNING for record in caplog.records) == 2


@pytest.mark.parametrize(("asked", "waited"), [(7, 7.0), (90, 90.0), (10_000_000, LONGEST_WAIT_S), (0, 1.0)])
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_left_alone_for_as_long_as_it_asks_within_reason(rig, influx, status, asked, waited):
    influx.next.append(refusal(status, "slow down", Retry_After=str(asked)))
    assert rig.mirroring.step() == waited
    rig.clock.pass_by(waited - 0.5)
    assert rig.mirroring.step() == pytest.approx(0.5)
    assert len(influx.requests) == 1
    rig.clock.pass_by(0.5)
    rig.mirroring.step()
    assert len(influx.requests) == 2


FAILING: tuple[Script, ...] = (
    Reply(500, b"oops"),
    Reply(502),
    Reply(503),
    Reply(429),
    RESET,
    HALF,
    Misbehaviour(),
)


@pytest.mark.parametrize("script", FAILING, ids=str)
def test_pauses_after_failures_double_up_to_five_minutes(rig, influx, script):
    influx.always = script
    rig.mirroring._chance = lambda: 1.0
    pauses = []
    for _ in range(12):
        pauses.append(rig.mirroring.step())
        rig.clock.pass_by(pauses[-1])
    assert pauses == [min(LONGEST_PAUSE_S, 2.0**number) for number in range(12)]


def test_pauses_have_full_jitter(rig, influx):
    influx.always = Reply(500)
    pauses = []
    for _ in range(200):
        pauses.append(rig.mirroring.step())
        rig.clock.pass_by(pauses[-1])
    late = pauses[10:]
    assert all(0 <= pause <= LONGEST_PAUSE_S for pause in late)
    assert min(late) < 15
    assert max(late) > 285
    assert 120 < sum(late) / len(late) < 180


def test_one_failure_alone_is_not_told(rig, influx, caplog):
    rig.live(MINUTE, sensors=1)
    influx.next.append(RESET)
    rig.live(MINUTE, sensors=1)
    assert told(caplog) == []
    assert rig.queue.status().trouble is None


def test_an_outage_is_told_once_and_its_end_once(rig, influx, caplog):
    caplog.set_level(logging.INFO)
    rig.live(MINUTE, sensors=1)
    influx.stop()
    rig.live(2 * HOUR, sensors=1)
    assert rig.queue.status().trouble == "nothing listens there"
    influx.start()
    rig.live(10 * MINUTE, sensors=1)
    rig.live(11)
    said = told(caplog)
    assert sum("nothing listens there" in one for one in said) == 1
    assert sum(one.endswith(": back") for one in said) == 1
    assert rig.everything_is_there


def test_trouble_of_the_run_before_is_over_with_the_first_success(rig, influx):
    influx.stop()
    rig.live(10 * MINUTE)
    rig.restart()
    influx.start()
    rig.live(2 * MINUTE)
    assert rig.queue.status().trouble is None


def test_a_slow_server_gets_smaller_requests_and_everything_arrives(make_mirror, influx):
    rig = make_mirror(timeout_s=0.15)
    influx.script = lambda request: HANG if len(request.lines) > 700 else None
    rig.backlog(6_000)
    rig.live(5 * MINUTE)
    assert rig.everything_is_there
    assert min(len(data(request)) for request in influx.requests if len(data(request)) > 1) >= FEWEST_LINES


def test_fresh_readings_arrive_within_a_minute_and_a_bit_while_a_backlog_is_drained(make_mirror, influx):
    rig = make_mirror(batch_lines=100)
    rig.backlog(60_000)
    arrived: dict[str, float] = {}

    def slowly(request: Request) -> None:
        rig.clock.pass_by(1.0)
        for line in data(request):
            arrived.setdefault(line, rig.clock.now)

    influx.script = slowly
    rig.live(9 * MINUTE, sensors=2)
    assert not rig.nothing_waits
    late = {line: at_ms - int(line.rpartition(" ")[2]) for line, at_ms in arrived.items() if line.startswith("humid")}
    fresh = {line: age_ms for line, age_ms in late.items() if int(line.rpartition(" ")[2]) >= NOW_MS}
    assert len(fresh) > 80
    assert max(fresh.values()) < 75_000


def test_a_backlog_is_sent_oldest_first(make_mirror, influx):
    rig = make_mirror(batch_lines=500)
    rig.backlog(5_000)
    rig.live(MINUTE)
    times = [int(line.rpartition(" ")[2]) for request in influx.requests for line in data(request)]
    assert times == sorted(times)


def test_a_server_that_grants_few_requests_gets_a_parcel_with_bad_lines_through(rig, influx):
    influx.bad = lambda line: line.startswith("temperature") and line.endswith("7000")
    granted = iter(range(10**9))
    influx.script = lambda request: refusal(429, "slow down", Retry_After="60") if next(granted) % 20 == 19 else None
    rig.backlog(300)
    rig.live(HOUR)
    assert rig.nothing_waits
    assert (rig.queue.status().aside, len(influx.series("temperature", sensor="g:0"))) == (30, 270)
