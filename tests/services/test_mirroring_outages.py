"""Outages of hours and days under a simulated clock: the queue's bounds, catching up, and whatever a server answers."""

import random
from collections.abc import Callable

import pytest

from monitor.core.readings import Reading
from tests.influx_like import GARBAGE, HALF, RESET, Misbehaviour, Reply, Request, Script, refusal
from tests.services.mirror_rig import NOW_MS, MirrorRig
from tests.services.test_mirroring import DAY, HOUR, MINUTE, told


@pytest.fixture
def rig(make_mirror: Callable[..., MirrorRig]) -> MirrorRig:
    return make_mirror()


def test_an_overflow_is_counted_and_told_once_a_day(make_mirror, influx, caplog):
    rig = make_mirror(keep_rows=1_000, keep_ms=10**12)
    influx.stop()
    rig.live(2.5 * DAY, sensors=1, every_s=2 * MINUTE)
    status = rig.queue.status()
    assert rig.queue.waiting().rows <= 1_020
    assert status.lost + status.readings == sum(map(len, rig.expected.values()))
    assert (status.lost_from_ms, rig.queue.status().trouble) == (NOW_MS, "nothing listens there")
    assert sum("left it unsent" in one for one in told(caplog)) == 2
    influx.start()
    rig.queue.again(0, 2**53, [])
    rig.live(20 * MINUTE)
    assert rig.everything_is_there
    assert rig.queue.status().lost == 0


def test_what_waits_for_too_long_leaves_the_queue_only_while_the_server_takes_nothing(make_mirror, influx):
    rig = make_mirror(keep_ms=3_600_000)
    rig.measure()
    rig.clock.pass_by(2 * HOUR)
    rig.live(MINUTE)
    assert (rig.everything_is_there, rig.queue.status().lost) == (True, 0)
    influx.stop()
    rig.live(3 * HOUR, sensors=1)
    status = rig.queue.status()
    assert status.lost > 0
    assert rig.clock.now - (status.oldest_ms or 0) < 1.2 * 3_600_000


@pytest.mark.parametrize("step_s", [-DAY, DAY, 400 * DAY])
def test_a_clock_that_steps_loses_nothing_while_the_server_is_well(rig, step_s):
    rig.live(MINUTE, sensors=1)
    rig.measure()
    rig.clock.now += round(step_s * 1000)
    rig.live(10 * MINUTE, sensors=1)
    rig.live(11)
    assert rig.everything_is_there
    assert rig.queue.status().lost == 0


def test_r1_an_outage_of_24_hours_with_two_restarts_is_made_up_for_within_10_minutes_each_reading_once(rig, influx):
    rig.live(MINUTE, sensors=4)
    influx.stop()
    for hours in (7, 11, 6):
        rig.live(hours * HOUR, sensors=4)
        if hours != 6:
            rig.restart()
    influx.start()
    rig.live(10 * MINUTE, sensors=4)
    rig.live(11)
    assert sum(map(len, rig.expected.values())) > 69_000
    assert rig.everything_is_there
    assert rig.nothing_waits
    readings = [count for key, count in influx.written.items() if key[0] in {"temperature", "humidity"}]
    assert max(readings) == 1


def test_r1_the_return_is_noticed_within_5_minutes(rig, influx):
    influx.stop()
    rig.live(DAY, sensors=1, every_s=MINUTE)
    rig.mirroring._chance = lambda: 1.0
    influx.start()
    rig.live(5 * MINUTE + 1)
    assert len(influx.requests) > 0


def test_r2_a_server_that_is_not_there_at_the_start_is_found_later(rig, influx):
    influx.stop()
    rig.live(HOUR, sensors=2)
    assert rig.readings.count() > 1_400
    influx.start()
    rig.live(6 * MINUTE, sensors=2)
    rig.live(11)
    assert rig.everything_is_there


def test_an_outage_with_restarts_in_the_middle_of_catching_up_leaves_nothing_out(make_mirror, influx):
    rig = make_mirror(batch_lines=100)
    rig.backlog(3_000)
    for _ in range(20):
        rig.live(0.4, sensors=1)
        rig.restart()
    rig.live(2 * MINUTE)
    assert rig.everything_is_there
    assert rig.nothing_waits


ODD: tuple[Script | None, ...] = (
    None,
    None,
    Reply(500),
    Reply(502, b"<html>"),
    refusal(503, "starting", Retry_After="3"),
    refusal(429, "slow", Retry_After="30"),
    refusal(400, "odd"),
    refusal(401, "who"),
    refusal(404, "what"),
    refusal(413, "much"),
    RESET,
    HALF,
    GARBAGE,
    Misbehaviour(),
)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_server_answers_once_it_is_well_everything_is_there_or_set_aside(make_mirror, influx, seed):
    chance = random.Random(seed)
    rig = make_mirror(batch_lines=chance.choice([100, 1_000]))
    unreadable = chance.randrange(1, 50)

    def bad(line: str) -> bool:
        return line.startswith("humidity") and int(line.rpartition(" ")[2]) // 1_000 % 50 == unreadable

    def answer(request: Request) -> Script | None:
        # what was taken is kept although the answer does not say so: the lines come again
        if chance.random() < 0.3 and not any(map(bad, request.lines)):
            influx._as_influx_does(request)
        return chance.choice(ODD)

    influx.bad = bad
    influx.script = answer
    for _ in range(8):
        rig.backlog(chance.randrange(0, 700), sensor=f"g:{chance.randrange(3)}", quantity="humidity")
        rig.live(chance.uniform(1, 900), sensors=chance.randrange(3), every_s=60.0)
        if chance.random() < 0.3:
            rig.restart()
    influx.script = lambda request: None
    rig.live(LONGEST)
    assert rig.nothing_waits
    aside = {line for _, line, _ in rig.queue.set_aside(1_000)}
    assert rig.queue.status().aside >= len(aside)
    left_out = {line.rpartition(" ")[2] for line in aside}
    for (sensor, quantity), values in rig.expected.items():
        there = influx.series(quantity, sensor=sensor)
        missing = {time_ms for time_ms in values if time_ms not in there}
        assert {str(time_ms) for time_ms in missing} <= left_out
        assert there == {time_ms: value for time_ms, value in values.items() if time_ms not in missing}


LONGEST = 3_700.0
"""Seconds until a server that is well has everything, whatever it asked before."""


def test_readings_of_another_process_are_sent_beside_our_own(rig, influx, tmp_path):
    beside = MirrorRig(tmp_path, influx, clock=rig.clock)
    rig.live(MINUTE, sensors=1)
    beside.keep([Reading("g:imported", "temperature", NOW_MS - each * 60_000, 20.0) for each in range(500)])
    rig.live(MINUTE, sensors=1)
    assert len(influx.series("temperature", sensor="g:imported")) == 500
    beside.end()
