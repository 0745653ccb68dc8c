"""Exposures of stale, dusty, lit and outdoor air: what each number means, and when it cannot be said."""

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.exposure import EXPOSURES
from monitor.core.nights import NightWindow
from monitor.core.zones import unix_ms, zone_of
from tests.core.a_night import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    START_MS,
    a_room,
    a_sensor,
    a_series,
    a_window,
    coverage_of,
    values_of,
)

OF = {"co2": "CO2_mean", "pm25": "PM25_mean", "voc": "VOC_mean", "illuminance": "lux_mean"}
bins = st.lists(st.floats(0.0, 2000.0), min_size=96, max_size=96)


def of(quantity, readings, **more):
    return values_of(a_room(a_sensor(quantity, readings), **more))


def binned(values):
    """One reading for each 5 minutes."""
    return [(START_MS + index * 5 * MINUTE_MS, value) for index, value in enumerate(values)]


def yesterday(readings):
    return [(at_ms - DAY_MS, value) for at_ms, value in readings]


@given(bins)
def test_the_mean_and_the_95th_percentile_of_carbon_dioxide_are_those_of_numpy(values):
    ppm = [value + 400.0 for value in values]
    found = of("co2", binned(ppm))
    assert found["CO2_mean"] == pytest.approx(float(np.mean(ppm)))
    assert found["CO2_p95"] == pytest.approx(float(np.percentile(ppm, 95)))


def test_hours_of_stale_air_are_strictly_above_1000_ppm():
    assert of("co2", a_series(lambda at: 1001.0 if at < 3 else 1000.0))["CO2_h1000"] == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("quantity", "name"), [("pm25", "PM25_mean"), ("voc", "VOC_mean"), ("illuminance", "lux_mean")]
)
@given(values=bins)
def test_a_skewed_quantity_is_ln_of_1_plus_its_mean(quantity, name, values):
    night = values[:84] if quantity == "illuminance" else values
    assert of(quantity, binned(values))[name] == pytest.approx(float(np.log1p(np.mean(night))), abs=1e-9)


def test_the_dustiest_time_is_told_in_its_own_unit():
    values = [5.0] * 90 + [50.0] * 6
    # numpy.percentile([5.0] * 90 + [50.0] * 6, 95) is 50.0 from the 91st of 96 values on
    assert of("pm25", binned(values))["PM25_p95"] == pytest.approx(float(np.percentile(values, 95)))


@pytest.mark.parametrize(
    ("quantity", "name"), [("pm25", "PM25_mean"), ("voc", "VOC_mean"), ("illuminance", "lux_mean")]
)
def test_zero_is_a_value(quantity, name):
    assert of(quantity, a_series(0.0))[name] == 0.0


@given(bins, st.integers(12, 84))
def test_a_night_split_in_two_has_the_weighted_mean_and_the_summed_hours(values, cut):
    whole = of("co2", binned([value + 1.0 for value in values]))
    readings = binned([value + 1.0 for value in values])
    first = of("co2", readings, window=a_window(cut / 12))
    rest = of("co2", readings, window=a_window((96 - cut) / 12, start_ms=START_MS + cut * 5 * MINUTE_MS))
    weighted = (first["CO2_mean"] * cut + rest["CO2_mean"] * (96 - cut)) / 96
    assert whole["CO2_mean"] == pytest.approx(weighted)
    assert whole["CO2_h1000"] == pytest.approx(first["CO2_h1000"] + rest["CO2_h1000"])


@given(bins)
def test_a_95th_percentile_lies_between_the_mean_s_and_the_highest_bin(values):
    found = of("pm25", binned(values))
    assert 0.0 <= found["PM25_p95"] <= max(values)
    assert 0.0 <= np.expm1(found["PM25_mean"]) <= max(values) * (1 + 1e-9) + 1e-9


# Light


def test_light_counts_from_23_to_6_only():
    reading_lamp_and_dawn = a_series(lambda at: 100.0 if at < 0 or at >= 7 else 0.0, hours=9.0, from_h=-1.0)
    window = a_window(10.0, start_ms=START_MS - HOUR_MS)
    assert of("illuminance", reading_lamp_and_dawn, window=window)["lux_mean"] == 0.0


@pytest.mark.parametrize(
    ("zone", "wake_date", "start"),
    [
        ("Europe/Brussels", date(2026, 3, 29), datetime(2026, 3, 28, 22, tzinfo=UTC)),
        ("Europe/Brussels", date(2026, 10, 25), datetime(2026, 10, 24, 21, tzinfo=UTC)),
        ("Asia/Tokyo", date(2026, 6, 2), datetime(2026, 6, 1, 14, tzinfo=UTC)),
    ],
)
def test_23_and_6_are_those_of_the_night_s_zone_whatever_the_clocks_do(zone, wake_date, start):
    start_ms = unix_ms(start)
    dawn_ms = unix_ms(datetime(wake_date.year, wake_date.month, wake_date.day, 6, tzinfo=zone_of(zone)))
    window = NightWindow(wake_date=wake_date, zone=zone, start_ms=start_ms, end_ms=dawn_ms + HOUR_MS, known_by="usual")
    times = range(start_ms, window.end_ms, 5 * MINUTE_MS)
    readings = [(at_ms, 7.0 if at_ms < dawn_ms else 900.0) for at_ms in times]
    assert of("illuminance", readings, window=window)["lux_mean"] == pytest.approx(np.log1p(7.0))


def test_a_night_by_day_has_no_light_of_the_dark_hours():
    start_ms = START_MS + 9 * HOUR_MS
    readings = [(at_ms + 9 * HOUR_MS, value) for at_ms, value in a_series(50.0)]
    found = of("illuminance", readings, window=a_window(start_ms=start_ms))
    assert (found["lux_mean"], found["lux_h1"]) == (None, 8.0)


def test_light_of_the_dark_hours_needs_70_percent_of_them():
    from_2 = of("illuminance", a_series(1.0, hours=12.0, from_h=2.5), window=a_window(12.0))
    assert from_2["lux_mean"] is None


def test_hours_of_light_are_strictly_above_1_lux():
    assert of("illuminance", a_series(lambda at: 1.1 if at < 2 else 1.0))["lux_h1"] == pytest.approx(2.0)


# Outdoor


def test_the_change_of_pressure_is_the_mean_of_the_night_less_that_of_the_day_before():
    tonight, before = a_series(lambda at: 1010.0 + at), a_series(lambda at: 1004.0 - at)
    expected = np.mean([value for _, value in tonight]) - np.mean([value for _, value in before])
    assert of("pressure", tonight + yesterday(before))["P_change24"] == pytest.approx(float(expected))


def test_without_the_day_before_there_is_no_change_of_pressure():
    room = a_room(a_sensor("pressure", a_series(1010.0)))
    assert (values_of(room)["P_change24"], coverage_of(room)["P_change24"]) == (None, 0.0)


def test_sensors_at_different_heights_agree_on_the_change_of_pressure():
    low, high = a_series(1010.0) + yesterday(a_series(1000.0)), a_series(1005.0) + yesterday(a_series(995.0, hours=6.0))
    room = a_room(a_sensor("pressure", low), a_sensor("pressure", high, key="attic bedroom"))
    assert values_of(room)["P_change24"] == pytest.approx(10.0)


@pytest.mark.parametrize("place", ["bed", "bedroom", "outdoor"])
def test_pressure_may_come_from_outdoors(place):
    readings = a_series(1010.0) + yesterday(a_series(1000.0))
    assert values_of(a_room(a_sensor("pressure", readings, place=place)))["P_change24"] == pytest.approx(10.0)


def test_the_outdoor_minimum_is_that_of_an_outdoor_sensor():
    room = a_room(a_sensor("temperature", a_series(lambda at: 12.0 - at), place="outdoor"))
    found = values_of(room)
    assert (found["T_out_min"], found["T_mean"]) == (pytest.approx(12.0 - 95 / 12), None)


# What holds for all


@pytest.mark.parametrize("quantity", sorted(OF))
def test_a_night_of_less_than_70_percent_has_coverage_and_no_value(quantity):
    room = a_room(a_sensor(quantity, a_series(10.0, hours=5.5)))
    assert (values_of(room)[OF[quantity]], coverage_of(room)[OF[quantity]]) == (None, pytest.approx(66 / 96))


def test_without_a_sensor_nothing_has_a_value():
    room = a_room()
    assert (set(values_of(room).values()), set(coverage_of(room).values()), room.sensors) == ({None}, {0.0}, {})


def test_a_sensor_of_one_quantity_gives_the_numbers_of_that_alone():
    known = {name for name, value in of("co2", a_series(700.0)).items() if value is not None}
    assert known == {kind.name for kind in EXPOSURES if kind.source == "co2"}
