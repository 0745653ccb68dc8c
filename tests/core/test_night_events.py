"""Movements and hours in bed: zero of a living sensor is zero, silence of a dead one is nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.night_events import movements_of, presence_of
from tests.core.a_night import HOUR_MS, START_MS, a_room, a_sensor, a_window, coverage_of, values_of

END_MS = START_MS + 8 * HOUR_MS
told = st.lists(
    st.tuples(st.integers(START_MS - 12 * HOUR_MS, END_MS + HOUR_MS), st.sampled_from([0.0, 1.0])),
    max_size=40,
    unique_by=lambda reading: reading[0],
)


def at(second, value=1.0):
    return (START_MS + round(second * 1000), value)


def moves(*readings, alive=False):
    return movements_of(a_window(), readings, alive=alive).count


def in_bed(*readings):
    return values_of(a_room(a_sensor("occupancy", list(readings))))["bed_h"]


# Movements


def test_a_sensor_of_events_counts_each():
    assert moves(at(10), at(20), at(30)) == 3


def test_a_sensor_of_states_counts_each_rise():
    assert moves(at(0, 0.0), at(10), at(20), at(30, 0.0), at(40)) == 2


def test_a_state_that_has_lasted_since_before_the_night_is_no_movement_of_it():
    assert moves(at(-30, 0.0), at(-10), at(5), at(10, 0.0)) == 0


def test_movements_within_a_second_are_one():
    assert moves(at(10), at(10.4), at(10.9), at(11.0), at(11.5), at(12.0)) == 3


def test_movements_outside_the_night_do_not_count():
    assert moves(at(-1), at(0), at(8 * 3600 - 0.001), at(8 * 3600)) == 2


def test_the_number_is_per_hour_of_the_night():
    events = [at(hour * 3600 + 10) for hour in range(8)] + [at(1000), at(2000)]
    assert values_of(a_room(a_sensor("movement", events)))["moves_h"] == 10 / 8


@pytest.mark.parametrize(
    ("readings", "alive", "value", "coverage"),
    [
        ([at(-11 * 3600, 0.0)], False, 0.0, 1.0),
        ([], True, 0.0, 1.0),
        ([], False, None, 0.0),
        ([at(9 * 3600)], False, None, 0.0),
    ],
    ids=["heard in the evening", "its battery was heard", "not heard", "heard after the night"],
)
def test_no_movement_of_a_living_sensor_is_zero_and_of_a_dead_one_unknown(readings, alive, value, coverage):
    room = a_room(a_sensor("movement", readings, alive=alive))
    assert (values_of(room)["moves_h"], coverage_of(room)["moves_h"]) == (value, coverage)


@given(told)
def test_there_are_at_most_as_many_movements_as_ones_and_as_seconds_allow(readings):
    window = a_window()
    ones = sorted(ms for ms, value in readings if value == 1.0 and window.start_ms <= ms < window.end_ms)
    assert 0 <= movements_of(window, readings).count <= len(ones)


@given(told, st.randoms(use_true_random=False))
def test_the_order_of_the_readings_does_not_matter(readings, random):
    shuffled = random.sample(readings, len(readings))
    for of in (movements_of, presence_of):
        assert of(a_window(), shuffled) == of(a_window(), readings)


# Hours in bed


def test_a_state_holds_until_the_next_report():
    assert in_bed(at(-3600, 0.0), at(1800), at(3600, 0.0), at(5400)) == pytest.approx(7.0)


def test_the_last_state_holds_to_the_end_of_the_night():
    assert in_bed(at(-600)) == 8.0


def test_an_empty_bed_has_zero_hours():
    assert in_bed(at(-600, 0.0)) == 0.0


def test_before_the_first_report_nothing_is_known():
    late = a_room(a_sensor("occupancy", [at(4 * 3600)]))
    assert (values_of(late)["bed_h"], coverage_of(late)["bed_h"]) == (None, 0.5)


def test_hours_are_scaled_from_what_is_known_to_the_whole_night():
    assert in_bed(at(2 * 3600), at(5 * 3600, 0.0)) == pytest.approx(4.0)


@pytest.mark.parametrize("readings", [[], [at(8 * 3600)]])
def test_a_sensor_that_was_not_heard_leaves_the_hours_unknown(readings):
    assert in_bed(*readings) is None


@given(told)
def test_hours_in_bed_are_those_of_a_minute_by_minute_count(readings):
    rounded = sorted({START_MS + (ms - START_MS) // 60_000 * 60_000: value for ms, value in readings}.items())
    presence = presence_of(a_window(), rounded)
    minutes = np.arange(START_MS, END_MS, 60_000)
    # numpy.searchsorted(times, minutes, side="right") - 1 is the report that holds in each minute
    held = np.searchsorted([ms for ms, _ in rounded], minutes, side="right") - 1
    known = held >= 0
    states = np.array([value for _, value in rounded] or [0.0])[held]
    assert presence.coverage == pytest.approx(float(known.mean()))
    assert presence.hours == pytest.approx(float(states[known].mean()) * 8 if known.any() else 0.0)
    assert 0.0 <= presence.hours <= 8.0
