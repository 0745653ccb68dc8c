"""Exposures: what each number means, when it cannot be said, and what must not change it."""

import csv
import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import climate
from monitor.core.exposure import EXPOSURES, exposures_of_night
from monitor.core.grid import BIN_MS, Grid, grid_of
from monitor.core.night_room import MOISTURE, SensorReadings, room_of_night
from monitor.core.nights import NightWindow
from monitor.core.zones import unix_ms, zone_of

START_MS = 1_700_000_000_000
MINUTE_MS = 60_000
SHARED = Path(__file__).parents[3] / "shared" / "data" / "bedroom_uci374.csv"


def a_window(hours=8.0, start_ms=START_MS):
    return NightWindow(
        wake_date=date(2023, 11, 15),
        zone="UTC",
        start_ms=start_ms,
        end_ms=start_ms + round(hours * 3_600_000),
        known_by="usual",
    )


def a_series(value, hours=8.0, every_min=1.0, from_h=0.0):
    """Readings of `value(hours since start)` from `from_h` to `hours`."""
    count = round((hours - from_h) * 60 / every_min)
    at_hours = [from_h + step * every_min / 60 for step in range(count)]
    return [(START_MS + round(at * 3_600_000), float(value(at))) for at in at_hours]


def a_room(window, temperature=(), humidity=(), **named):
    """One bedroom sensor with both quantities."""
    series = (("temperature", temperature), ("humidity", humidity))
    return room_of_night(window, [SensorReadings("x", "bedroom", name, readings) for name, readings in series], **named)


def exposures(temperature=(), humidity=(), window=None, **named):
    found = exposures_of_night(a_room(window or a_window(), temperature, humidity, **named))
    return {exposure.name: exposure.value for exposure in found}


def coverages(temperature=(), humidity=(), **named):
    found = exposures_of_night(a_room(a_window(), temperature, humidity, **named))
    return {exposure.name: exposure.coverage for exposure in found}


def cooling(hours):
    """22 degC at bedtime, 1 degC less each hour until 18 degC."""
    return max(18.0, 22.0 - hours)


def binned(values):
    """One reading in the middle of each bin."""
    return [(START_MS + index * BIN_MS + BIN_MS // 2, value) for index, value in enumerate(values)]


room_c = st.floats(-10.0, 45.0)
nights_of_bins = st.lists(room_c, min_size=96, max_size=96)
any_reading = st.tuples(
    st.integers(START_MS - 3_600_000, START_MS + 9 * 3_600_000),
    st.floats(allow_nan=True, allow_infinity=True),
)


# What each number means


def test_a_constant_room_has_its_temperature_everywhere():
    found = exposures(a_series(lambda _: 21.5))
    assert [found[name] for name in ("T_mean", "T_first3h", "T_max", "T_min")] == [21.5] * 4
    assert [found[name] for name in ("T_sd", "T_drop", "T_fall2h", "T_change30")] == pytest.approx([0.0] * 4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("T_mean", 19.0),
        ("T_first3h", 20.5),
        ("T_max", 22.0),
        ("T_min", 18.0),
        ("T_fall2h", 1.0),
        ("T_change30", 0.5),
        ("T_drop", 3.75),
        ("T_min_time", 4.0),
    ],
)
def test_a_cooling_room_is_told_by_its_numbers(name, expected):
    assert exposures(a_series(cooling))[name] == pytest.approx(expected, abs=0.05)


def test_the_spread_is_the_standard_deviation_over_time():
    half_and_half = a_series(lambda at: 20.0 if at < 4 else 22.0)
    assert exposures(half_and_half)["T_sd"] == pytest.approx(1.0)


def test_hours_and_degree_hours_count_strictly_beyond_their_limits():
    found = exposures(a_series(lambda at: 27.0 if at < 2 else 24.0 if at < 6 else 17.0))
    assert (found["T_h26"], found["T_dh24"], found["T_h18"]) == pytest.approx((2.0, 6.0, 2.0))


def test_a_room_at_a_limit_is_not_beyond_it():
    found = exposures(a_series(lambda _: 26.0), a_series(lambda _: 60.0))
    assert (found["T_h26"], found["RH_h60"]) == (0.0, 0.0)


def test_hours_of_damp_and_of_dry_air_are_told_apart():
    found = exposures((), a_series(lambda at: 65.0 if at < 3 else 25.0 if at < 4 else 45.0))
    assert (found["RH_h60"], found["RH_h30"]) == pytest.approx((3.0, 1.0))


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("AH_mean", climate.absolute_humidity_g_m3),
        ("DP_mean", climate.dew_point_c),
        ("VPD_mean", climate.vapour_pressure_deficit_kpa),
        ("humidex_max", climate.humidex_c),
        ("HI_max", climate.heat_index_c),
    ],
)
def test_moisture_follows_the_climate_formulas(name, formula):
    found = exposures(a_series(lambda _: 28.0), a_series(lambda _: 60.0))
    assert found[name] == pytest.approx(formula(28.0, 60.0))


def test_relative_humidity_needs_no_temperature():
    assert exposures((), a_series(lambda _: 45.0))["RH_mean"] == 45.0


def test_the_heat_index_is_not_told_of_a_cool_room():
    assert exposures(a_series(lambda _: 26.9), a_series(lambda _: 60.0))["HI_max"] is None


def test_the_heat_index_counts_only_the_warm_hours():
    found = exposures(a_series(lambda at: 27.0 if at < 2 else 20.0), a_series(lambda at: 40.0 if at < 2 else 90.0))
    assert found["HI_max"] == pytest.approx(climate.heat_index_c(27.0, 40.0))


def test_the_night_before_comes_from_outside():
    found = exposures_of_night(a_room(a_window(), previous_t_mean=19.5))
    lag = next(exposure for exposure in found if exposure.name == "T_lag1")
    assert (lag.value, lag.coverage) == (19.5, 1.0)


def test_an_unknown_night_before_is_none():
    assert exposures(a_series(cooling))["T_lag1"] is None


# When it cannot be said


def test_a_night_without_a_sensor_has_no_values_and_no_coverage():
    found = exposures_of_night(a_room(a_window()))
    assert {(exposure.value, exposure.coverage) for exposure in found} == {(None, 0.0)}


def test_a_night_of_less_than_70_percent_has_coverage_and_no_value():
    series = a_series(cooling, hours=5.5)
    assert exposures(series)["T_mean"] is None
    assert coverages(series)["T_mean"] == pytest.approx(66 / 96)


def test_a_night_of_more_than_70_percent_has_a_value():
    assert exposures(a_series(lambda _: 20.0, hours=5.75))["T_mean"] == 20.0


@pytest.mark.parametrize(("gap_min", "value"), [(60, 20.0), (65, None)])
def test_a_gap_of_more_than_an_hour_early_in_the_night_leaves_no_value(gap_min, value):
    hole_ms = range(START_MS + 3_600_000, START_MS + 3_600_000 + gap_min * MINUTE_MS)
    series = [reading for reading in a_series(lambda _: 20.0) if reading[0] not in hole_ms]
    assert exposures(series)["T_mean"] == value


def test_a_long_gap_late_in_the_night_is_allowed():
    series = [reading for reading in a_series(lambda _: 20.0) if not 5 <= (reading[0] - START_MS) / 3.6e6 < 7]
    assert exposures(series)["T_mean"] == 20.0


def test_moisture_is_covered_where_both_sensors_are():
    found = coverages(a_series(cooling, hours=6), a_series(lambda _: 45.0, from_h=2))
    assert (found["T_mean"], found["RH_mean"], found["AH_mean"]) == pytest.approx((0.75, 0.75, 0.5))


def test_a_missing_start_leaves_the_numbers_about_the_start_open():
    found = exposures(a_series(lambda _: 20.0, from_h=0.75))
    assert (found["T_drop"], found["T_fall2h"], found["T_mean"]) == (None, None, 20.0)


def test_a_short_night_has_no_first_three_hours():
    found = exposures(a_series(cooling, hours=2), window=a_window(hours=2))
    assert (found["T_first3h"], found["T_mean"] is None) == (None, False)


def test_a_night_too_short_for_a_change_has_none():
    assert exposures(a_series(cooling, hours=0.5), window=a_window(hours=0.5))["T_change30"] is None


def test_a_night_shorter_than_a_bin_has_no_coverage():
    assert exposures(a_series(cooling), window=a_window(hours=0.05))["T_mean"] is None


def test_values_that_no_room_has_are_left_out():
    spikes = [(START_MS + minute * MINUTE_MS, 85.0) for minute in range(480)]
    assert exposures(a_series(lambda _: 20.0) + spikes)["T_max"] == 20.0


def test_hours_are_scaled_from_the_present_bins_to_the_whole_night():
    assert exposures(a_series(lambda _: 27.0, hours=6))["T_h26"] == pytest.approx(8.0)


# The grid


def test_a_bin_is_the_median_of_its_readings():
    grid = grid_of(
        a_window(hours=1),
        [(START_MS + s, v) for s, v in ((0, 20.0), (1, 30.0), (299_999, 21.0))],
        "temperature",
    )
    assert grid.values[0] == 21.0


def test_a_bin_ends_before_the_next_begins():
    grid = grid_of(a_window(hours=1), [(START_MS + BIN_MS - 1, 20.0), (START_MS + BIN_MS, 21.0)], "temperature")
    assert grid.values[:2] == (20.0, 21.0)


@pytest.mark.parametrize(("empty", "value"), [(3, 20.5), (4, None)])
def test_a_gap_of_at_most_15_minutes_is_bridged_by_a_straight_line(empty, value):
    readings = [(START_MS, 20.0), (START_MS + (empty + 1) * BIN_MS, 20.0 + 0.5 * (empty + 1))]
    assert grid_of(a_window(hours=1), readings, "temperature").values[1] == value


def test_the_longest_bridged_gap_is_a_parameter():
    series = a_series(lambda _: 20.0, every_min=30)
    assert exposures(series)["T_mean"] is None
    assert exposures(series, max_gap=timedelta(minutes=30))["T_mean"] == 20.0


def test_gaps_over_the_edges_of_the_night_are_bridged_with_readings_outside():
    readings = [(START_MS - 2 * BIN_MS, 20.0), (START_MS + BIN_MS, 23.0), (START_MS + 13 * BIN_MS, 20.0)]
    readings += [(START_MS + 10 * BIN_MS, 23.0)]
    values = grid_of(a_window(hours=1), readings, "temperature").values
    assert (values[0], values[11]) == (22.0, 22.0)


def test_readings_far_outside_the_night_do_not_reach_into_it():
    readings = [(START_MS - 5 * BIN_MS, 20.0), (START_MS + BIN_MS, 23.0), (START_MS + 90 * BIN_MS, 1.0)]
    assert grid_of(a_window(hours=1), readings, "temperature").present == (23.0,)


@pytest.mark.parametrize("every_min", [1, 5, 10, 15])
def test_a_sensor_that_reports_at_least_every_15_minutes_is_fully_present(every_min):
    series = a_series(lambda _: 20.0, hours=8.5, from_h=-0.5, every_min=every_min)
    assert coverages(series)["T_mean"] == 1.0


def test_a_part_of_a_bin_at_the_end_is_dropped():
    assert len(grid_of(a_window(hours=1.05), (), "temperature").values) == 12


def test_an_empty_grid_is_not_valid():
    assert not Grid(()).valid


# What must not change it


def test_a_burst_of_readings_does_not_bias_the_mean():
    plain = a_series(cooling)
    burst = [(time_ms + 1, value) for time_ms, value in plain if time_ms < START_MS + 3_600_000]
    assert exposures(plain + burst)["T_mean"] == pytest.approx(exposures(plain)["T_mean"], abs=1e-9)


def test_a_sensor_that_reports_oftener_when_warm_has_the_same_mean():
    seldom = a_series(cooling, every_min=5)
    often = a_series(cooling, hours=1, every_min=0.1)
    assert exposures(seldom + often)["T_mean"] == pytest.approx(exposures(seldom)["T_mean"], abs=0.01)


@given(nights_of_bins)
def test_the_mean_lies_between_the_extremes(values):
    found = exposures(binned(values))
    assert found["T_min"] <= found["T_mean"] <= found["T_max"]
    assert 0.0 <= found["T_drop"] <= found["T_max"] - found["T_min"] + 1e-9


@given(nights_of_bins, st.floats(-5.0, 5.0))
def test_a_warmer_room_is_warmer_by_as_much_in_every_number(values, shift_c):
    before, after = exposures(binned(values)), exposures(binned([value + shift_c for value in values]))
    for name in ("T_mean", "T_first3h", "T_max", "T_min"):
        assert after[name] == pytest.approx(before[name] + shift_c, abs=1e-9)
    for name in ("T_sd", "T_change30", "T_drop", "T_fall2h"):
        assert after[name] == pytest.approx(before[name], abs=1e-6)


@given(nights_of_bins, st.integers(12, 84))
def test_a_night_split_in_two_has_the_weighted_mean_and_the_summed_hours(values, cut):
    whole = exposures(binned(values))
    first = exposures(binned(values), window=a_window(hours=cut / 12))
    rest = exposures(binned(values), window=a_window(hours=(96 - cut) / 12, start_ms=START_MS + cut * BIN_MS))
    weighted = (first["T_mean"] * cut + rest["T_mean"] * (96 - cut)) / 96
    assert whole["T_mean"] == pytest.approx(weighted)
    for name in ("T_dh24", "T_h26", "T_h18"):
        assert whole[name] == pytest.approx(first[name] + rest[name])


@given(nights_of_bins, st.randoms(use_true_random=False))
def test_the_order_of_the_readings_does_not_matter(values, random):
    series = binned(values)
    shuffled = random.sample(series, len(series))
    assert exposures(shuffled, shuffled) == exposures(series, series)


@given(st.lists(any_reading, max_size=60), st.lists(any_reading, max_size=60))
def test_no_readings_whatever_raise_an_error(temperature, humidity):
    assert len(exposures_of_night(a_room(a_window(hours=1), temperature, humidity))) == len(EXPOSURES)


# The table


def test_each_exposure_has_one_name():
    names = [kind.name for kind in EXPOSURES]
    assert len(names) == len(set(names)) == 36


def test_the_primary_family_is_the_declared_one():
    family = ["T_mean", "T_drop", "AH_mean", "CO2_mean", "PM25_mean", "N45", "lux_mean"]
    assert [kind.name for kind in EXPOSURES if kind.primary] == family


def test_what_the_sleeper_did_is_an_outcome_and_no_candidate():
    outcomes = [(kind.name, kind.primary) for kind in EXPOSURES if kind.role == "outcome"]
    assert outcomes == [("moves_h", False), ("bed_h", False)]


@pytest.mark.parametrize("kind", EXPOSURES, ids=lambda kind: kind.name)
def test_the_words_for_more_name_the_step_of_the_odds_ratio(kind):
    step = f"each {kind.per:g} " if kind.x_unit is None else "each doubling of (1 + "
    assert kind.more.startswith(step)


def test_a_step_of_ln_of_1_plus_x_is_a_doubling():
    logged = [kind for kind in EXPOSURES if kind.x_unit is not None]
    assert {(kind.per, kind.step, kind.unit) for kind in logged} == {
        (math.log(2.0), "doubling of 1 + x", f"ln(1 + {kind.x_unit})") for kind in logged
    }


def test_a_value_is_shown_as_people_know_it():
    kinds = {kind.name: kind for kind in EXPOSURES}
    shown = kinds["PM25_mean"].natural(math.log1p(12.0)), kinds["T_mean"].natural(20.0)
    assert shown == ((pytest.approx(12.0), "µg/m³"), (20.0, "°C"))


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not there")
def test_the_real_ten_minute_bedroom_has_fully_valid_nights():
    zone = zone_of("UTC+1")
    with SHARED.open() as lines:
        rows = [row for row, _ in zip(csv.DictReader(lines), range(144 * 3), strict=False)]
    at_ms = [unix_ms(datetime.fromisoformat(row["time"]).replace(tzinfo=zone)) for row in rows]
    temperature = [(ms, float(row["parents_temp"])) for ms, row in zip(at_ms, rows, strict=True)]
    humidity = [(ms, float(row["parents_rh"])) for ms, row in zip(at_ms, rows, strict=True)]
    start_ms = unix_ms(datetime(2016, 1, 12, 22, tzinfo=UTC))
    found = exposures_of_night(a_room(a_window(start_ms=start_ms), temperature, humidity))
    measured = {kind.name for kind in EXPOSURES if kind.source in {"temperature", "humidity", MOISTURE}}
    assert {exposure.coverage for exposure in found if exposure.name in measured} == {1.0}
    # awk -F, '$1>="2016-01-12 23" && $1<"2016-01-13 07"{s+=$2;n++} END{print s/n}' bedroom_uci374.csv
    assert found[0].value == pytest.approx(17.0979, abs=0.01)
