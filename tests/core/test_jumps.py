"""One wild value between two normal ones is set aside, a real change is kept, and nothing is lost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.jumps import COPY_MS, JUDGED, REMEMBERED, SILENCE_MS, Point, Trail, Verdict, judge, resumed
from monitor.core.quantities import BY_NAME
from monitor.errors import InputError

MINUTE = 60_000
START = 1_700_000_000_000
TEMPERATURE = BY_NAME["temperature"]

values_c = st.floats(-40, 60, allow_nan=False)
steps_ms = st.integers(COPY_MS + 1, 3 * 60 * MINUTE)
walks = st.lists(st.tuples(steps_ms, values_c), min_size=1, max_size=40)


@dataclass
class Told:
    """Every reading by its fate."""

    accepted: list[Point] = field(default_factory=list)
    released: list[Point] = field(default_factory=list)
    spikes: list[Point] = field(default_factory=list)
    trail: Trail = field(default_factory=lambda: resumed(TEMPERATURE))

    def hear(self, readings: Iterable[Point]) -> "Told":
        for reading in readings:
            verdict = judge(self.trail, *reading)
            if verdict.accepted:
                self.accepted.append(reading)
            if verdict.released is not None:
                self.released.append(verdict.released)
            if verdict.spike is not None:
                self.spikes.append(Point(verdict.spike.time_ms, verdict.spike.value))
        return self

    @property
    def waiting(self) -> list[Point]:
        return [] if self.trail.suspect is None else [self.trail.suspect]


def at(minute: float, value: float) -> Point:
    return Point(START + round(minute * MINUTE), value)


def every(minutes: float, values: Sequence[float]) -> list[Point]:
    return [at(index * minutes, value) for index, value in enumerate(values)]


def told(values: Sequence[float], minutes: float = 1) -> Told:
    return Told().hear(every(minutes, values))


def settled(value: float = 20.8, quantity: str = "temperature") -> Trail:
    return resumed(BY_NAME[quantity], every(1, [value] * 3))


def walked(walk: list[tuple[int, float]]) -> list[Point]:
    times = [START]
    for step, _ in walk:
        times.append(times[-1] + step)
    return [Point(time_ms, value) for time_ms, (_, value) in zip(times[1:], walk, strict=True)]


def test_r7_a_value_that_jumps_waits_and_says_why() -> None:
    verdict = judge(settled(), *at(3, 35.0))
    assert verdict == Verdict(accepted=False, reason="jumped by 14.2 °C within 1 min; waiting for the next value")


def test_r7_a_spike_between_two_normal_values_stays_aside_and_says_why() -> None:
    trail = settled()
    judge(trail, *at(3, 35.0))
    spike = judge(trail, *at(4, 20.9)).spike
    assert spike == (*at(3, 35.0), "a single spike: 14.1 °C away from the values before and after")


def test_r7_the_value_after_a_spike_is_accepted() -> None:
    assert told([20, 20, 20, 59, 20, 20]).accepted == [*every(1, [20, 20, 20]), at(4, 20), at(5, 20)]


def test_r7_a_new_level_is_real_when_a_second_value_confirms_it() -> None:
    assert told([20, 20, 20, 30, 30.5]).released == [at(3, 30)]


def test_a_confirmed_level_is_the_level_from_then_on() -> None:
    result = told([20, 20, 20, 30, 30.5, 31, 30])
    assert (result.spikes, result.waiting) == ([], [])


def test_r7_a_spike_soon_after_a_new_level_is_a_spike() -> None:
    assert told([20, 20, 20, 30, 30.5, 59, 30]).spikes == [at(5, 59)]


def test_of_two_wild_values_apart_the_older_is_a_spike_and_the_newer_waits() -> None:
    result = told([20, 20, 20, 59, -20])
    assert (result.spikes, result.waiting) == ([at(3, 59)], [at(4, -20)])


def test_r7_a_value_near_both_levels_confirms_the_nearer_one() -> None:
    assert told([20, 20, 20, 25, 23]).released == [at(3, 25)]
    assert told([20, 20, 20, 25, 22]).spikes == [at(3, 25)]


def test_alternating_wild_values_are_each_set_aside() -> None:
    assert told([20, 20, 20, 59, 20, 59, 20]).spikes == [at(3, 59), at(5, 59)]


def test_an_odd_value_just_within_the_allowance_does_not_carry_the_level_away() -> None:
    assert judge(resumed(TEMPERATURE, every(1, [20, 20, 20, 24])), *at(4, 17)).accepted


def test_what_is_older_than_an_hour_is_no_level() -> None:
    trail = resumed(TEMPERATURE, [*every(1, [20, 20, 20]), at(100, 30)])
    assert not judge(trail, *at(101, 20)).accepted


@pytest.mark.parametrize("values", [[59, 20], [20, 59, 20], [20, 59]])
def test_with_fewer_than_three_values_nothing_is_a_suspect(values: list[float]) -> None:
    assert told(values).accepted == every(1, values)


def test_after_a_long_silence_any_value_is_accepted() -> None:
    pressure = settled(1000.0, "pressure")
    assert judge(pressure, START + 2 * MINUTE + SILENCE_MS + 1, 540.0).accepted


def test_up_to_a_long_silence_the_allowance_grows_by_the_minute() -> None:
    pressure = settled(1000.0, "pressure")
    assert not judge(pressure, START + 2 * MINUTE + SILENCE_MS, 540.0).accepted


def test_a_sensor_that_sends_every_two_hours_is_never_suspected() -> None:
    assert told([20, 20, 20, 60, 20], minutes=120).accepted == every(120, [20, 20, 20, 60, 20])


def test_r7_a_spike_of_a_sensor_on_change_is_known_by_its_next_regular_value() -> None:
    result = Told().hear([*every(120, [20, 20, 20]), at(241, 55), at(360, 20)])
    assert result.spikes == [at(241, 55)]


def test_a_late_reading_is_accepted_and_decides_nothing() -> None:
    trail = settled()
    judge(trail, *at(3, 35.0))
    assert judge(trail, *at(2.5, 20.8)) == Verdict(accepted=True)
    assert trail.suspect == at(3, 35.0)


@pytest.mark.parametrize("later_ms", [0, 1, COPY_MS])
def test_a_suspect_heard_twice_does_not_confirm_itself(later_ms: int) -> None:
    trail = settled()
    judge(trail, *at(3, 35.0))
    assert judge(trail, at(3, 0).time_ms + later_ms, 35.0).reason == "a copy of a value that is set aside"
    assert trail.suspect == at(3, 35.0)


def test_the_same_value_after_a_while_confirms_a_suspect() -> None:
    trail = settled()
    judge(trail, *at(3, 35.0))
    assert judge(trail, at(3, 0).time_ms + COPY_MS + 1, 35.0).released == at(3, 35.0)


def test_a_large_jump_is_written_without_decimals() -> None:
    reason = judge(settled(600.0, "co2"), *at(3, 12_345.6)).reason
    assert reason == "jumped by 11,746 ppm within 1 min; waiting for the next value"


def test_a_jump_within_a_second_says_one_second() -> None:
    reason = judge(settled(), at(2, 0).time_ms + 1, 35.0).reason
    assert reason == "jumped by 14.2 °C within 1 s; waiting for the next value"


def test_a_suspect_whose_past_is_gone_is_decided_by_the_next_value() -> None:
    assert judge(resumed(TEMPERATURE, suspect=at(0, 35.0)), *at(1, 35.2)).released == at(0, 35.0)
    assert judge(resumed(TEMPERATURE, suspect=at(0, 35.0)), *at(1, 20.0)).spike is not None


def test_only_quantities_with_a_limit_are_judged() -> None:
    assert sorted(JUDGED) == ["co2", "humidity", "pressure", "temperature"]


def test_a_quantity_without_a_limit_has_no_trail() -> None:
    with pytest.raises(InputError, match="illuminance: expected a quantity with a limit"):
        resumed(BY_NAME["illuminance"])


@given(
    start=st.floats(-10, 20),
    pace=st.floats(0, TEMPERATURE.jump_per_min),
    steps=st.lists(st.integers(1_000, 5 * 60 * MINUTE), min_size=3, max_size=200),
)
def test_r7_a_real_slow_rise_is_never_touched_at_any_interval(start: float, pace: float, steps: list[int]) -> None:
    readings, value = [at(0, start)], start
    for step in steps:
        value = min(40.0, value + pace * step / MINUTE)
        readings.append(Point(readings[-1].time_ms + step, value))
    assert Told().hear(readings).accepted == readings


@given(
    noise=st.lists(st.floats(-1, 1), min_size=4, max_size=60),
    interval=st.integers(COPY_MS + 1, 20 * MINUTE),
    spike=st.sampled_from([-39.0, -5.0, 45.0, 59.9]),
    chance=st.randoms(use_true_random=False),
)
def test_r7_exactly_the_isolated_spike_is_set_aside(
    noise: list[float], interval: int, spike: float, chance: Random
) -> None:
    readings = [Point(START + index * interval, 21 + part) for index, part in enumerate(noise)]
    index = chance.randrange(3, len(readings))
    readings.insert(index, Point(readings[index - 1].time_ms + interval // 2, spike))
    result = Told().hear([*readings, Point(readings[-1].time_ms + interval, 21.0)])
    assert (result.spikes, result.released, result.waiting) == ([readings[index]], [], [])


@given(walk=walks)
def test_nothing_is_lost_and_nothing_is_told_twice(walk: list[tuple[int, float]]) -> None:
    readings = walked(walk)
    result = Told().hear(readings)
    assert sorted(result.accepted + result.released + result.spikes + result.waiting) == readings


@given(walk=walks, restart=st.integers(0, 40))
def test_a_restart_changes_no_verdict(walk: list[tuple[int, float]], restart: int) -> None:
    readings = walked(walk)
    before = Told().hear(readings[:restart])
    kept = sorted(before.accepted + before.released)[-REMEMBERED:]
    after = resumed(TEMPERATURE, kept, before.trail.suspect)
    assert [judge(after, *reading) for reading in readings[restart:]] == [
        judge(before.trail, *reading) for reading in readings[restart:]
    ]
