"""Sound by minutes: maxima are counted, energies averaged, and a minute that was not heard is no quiet one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.night_noise import energy_mean_db, level_of_night, liveliness, loud_minutes, sound_of
from tests.core.a_night import MINUTE_MS, START_MS, a_room, a_sensor, a_window, coverage_of, each_minute, values_of

levels_db = st.lists(st.floats(0.0, 140.0), min_size=60, max_size=60)


def sound(values, hours=1.0):
    return sound_of(a_window(hours), each_minute(values))


def numbers(readings, hours=1.0):
    return values_of(a_room(a_sensor("noise", readings), window=a_window(hours)))


def test_a_minute_is_loud_by_its_loudest_reading():
    loud = [(START_MS + second * 1000, 46.0 if second == 30 else 30.0) for second in range(60)]
    assert sound_of(a_window(1.0), loud).maxima[0] == 46.0


def test_a_minute_ends_before_the_next_begins():
    two = sound_of(a_window(1.0), [(START_MS + MINUTE_MS - 1, 50.0), (START_MS + MINUTE_MS, 40.0)])
    assert two.maxima[:3] == (50.0, 40.0, None)


@pytest.mark.parametrize(("level", "count"), [(45.0, 0.0), (45.1, 60.0)])
def test_loud_is_strictly_above_45_decibels(level, count):
    assert loud_minutes(sound([level] * 60)) == count


def test_loud_minutes_are_counted_and_kept_as_ln_of_1_plus_the_count():
    assert numbers(each_minute([50.0] * 12 + [30.0] * 48))["N45"] == pytest.approx(float(np.log1p(12)))


def test_a_night_without_a_loud_minute_has_a_zero_and_is_not_missing():
    assert numbers(each_minute([30.0] * 60))["N45"] == 0.0


@given(levels_db)
def test_the_level_of_the_night_is_the_mean_of_the_energies(levels):
    expected = 10 * np.log10(np.mean(10 ** (np.array(levels) / 10)))
    assert numbers(each_minute(levels))["LAeq_night"] == pytest.approx(float(expected))


@given(levels_db)
def test_the_difference_of_loud_and_quiet_is_that_of_the_percentiles(levels):
    expected = np.percentile(levels, 90) - np.percentile(levels, 10)
    assert numbers(each_minute(levels))["L10_L90"] == pytest.approx(float(expected), abs=1e-9)


@given(levels_db)
def test_every_number_of_a_night_s_sound_stays_within_its_bounds(levels):
    night = sound(levels)
    assert min(levels) <= level_of_night(night) <= max(levels)
    assert 0.0 <= liveliness(night) <= max(levels) - min(levels)
    assert 0.0 <= loud_minutes(night) <= 60.0


@given(levels_db, st.integers(1, 11))
def test_a_night_split_in_two_has_the_sum_of_the_loud_minutes_and_the_mean_of_the_energies(levels, cut):
    first, rest = levels[: 5 * cut], levels[5 * cut :]
    parts = [sound(part, len(part) / 60) for part in (first, rest)]
    assert loud_minutes(sound(levels)) == pytest.approx(sum(map(loud_minutes, parts)))
    energy = sum(len(part.levels) * 10 ** (level_of_night(part) / 10) for part in parts) / 60
    assert 10 ** (level_of_night(sound(levels)) / 10) == pytest.approx(energy)


def test_a_burst_of_readings_weighs_no_more_than_one():
    burst = [(START_MS + second * 1000, 60.0) for second in range(60)]
    quiet = each_minute([30.0] * 60)[1:]
    assert level_of_night(sound_of(a_window(1.0), burst + quiet)) == energy_mean_db([60.0] + [30.0] * 59)


def test_nothing_of_sound_is_bridged():
    every_ten = [(START_MS + minute * MINUTE_MS, 30.0) for minute in range(0, 480, 10)]
    room = a_room(a_sensor("noise", every_ten))
    assert (coverage_of(room)["N45"], values_of(room)["N45"]) == (0.5, None)


def test_a_sensor_heard_each_five_minutes_is_a_sample_of_the_night():
    every_five = [(START_MS + minute * MINUTE_MS, 50.0 if minute < 240 else 30.0) for minute in range(0, 480, 5)]
    assert loud_minutes(sound_of(a_window(), every_five)) == 240.0


def test_readings_outside_the_night_and_impossible_ones_take_no_part():
    window = a_window(1.5 / 60)
    outside = [(START_MS - 1, 50.0), (START_MS + MINUTE_MS, 50.0), (START_MS + 2 * MINUTE_MS, 50.0)]
    assert sound_of(window, [*outside, (START_MS, 150.0), (START_MS + 1, 30.0)]).maxima == (30.0,)


def test_a_night_shorter_than_five_minutes_has_no_coverage():
    assert sound([30.0] * 4, 4 / 60).coverage == 0.0


def test_a_gap_of_more_than_an_hour_early_in_the_night_leaves_no_value():
    hole = [reading for reading in each_minute([30.0] * 480) if not 60 <= (reading[0] - START_MS) // MINUTE_MS < 125]
    room = a_room(a_sensor("noise", hole))
    assert (coverage_of(room)["N45"] > 0.7, values_of(room)["N45"]) == (True, None)
