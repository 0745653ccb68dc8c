"""The climate formulas against science.md 5.2 and pythermalcomfort 4.8.1."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import climate
from monitor.errors import InputError

# T degC, RH %, dew point degC, AH g/m3, VPD kPa, humidex, heat index degC: science.md 5.2
TABLE = (
    (16.0, 45.0, 4.0610, 6.1178, 0.9978, 14.9800, 14.8306),
    (18.0, 50.0, 7.4146, 7.6622, 1.0296, 18.1642, 17.1611),
    (21.0, 60.0, 12.9354, 10.9650, 0.9924, 23.7141, 20.7222),
    (23.5, 55.0, 13.9352, 11.6036, 1.2998, 26.7701, 23.3417),
    (26.0, 60.0, 17.6320, 14.5733, 1.3413, 31.6223, 26.2222),
    (30.0, 70.0, 23.9272, 21.1826, 1.2701, 40.9089, 35.0380),
    (32.0, 65.0, 24.5933, 21.9007, 1.6608, 43.5793, 38.6637),
)
FORMULAS = (
    climate.dew_point_c,
    climate.absolute_humidity_g_m3,
    climate.vapour_pressure_deficit_kpa,
    climate.humidex_c,
    climate.heat_index_c,
)
PRINTED = 0.5e-4 + 1e-9

temperatures = st.floats(climate.LOWEST_C, climate.HIGHEST_C)
humidities = st.floats(0.1, 100.0)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]:g}C-{row[1]:g}%")
@pytest.mark.parametrize("column", range(5), ids=[formula.__name__ for formula in FORMULAS])
def test_a_formula_gives_the_printed_value(row, column):
    assert FORMULAS[column](row[0], row[1]) == pytest.approx(row[2 + column], abs=PRINTED)


# [pythermalcomfort.psychrometrics.dew_point_tmp(t, rh) for t, rh, *_ in TABLE[1:]], version 4.8.1
@pytest.mark.parametrize(
    ("row", "expected"),
    list(zip(TABLE[1:], (7.41461, 12.93543, 13.93521, 17.63204, 23.92722, 24.59331), strict=True)),
)
def test_the_dew_point_agrees_with_pythermalcomfort(row, expected):
    assert climate.dew_point_c(row[0], row[1]) == pytest.approx(expected, abs=0.6e-5)


def test_saturation_at_freezing_is_the_magnus_constant():
    assert climate.saturation_vapour_pressure_hpa(0.0) == pytest.approx(6.112)


def test_very_dry_heat_lowers_the_heat_index():
    # F = 95, RH = 10: the regression minus (13-10)/4 * sqrt((17-|95-95|)/17) = 0.75 degF
    regression_f = (climate._rothfusz_f(95.0, 13.0), climate._rothfusz_f(95.0, 10.0))
    plain_f = _nine_terms(95.0, 10.0)
    assert regression_f[0] == pytest.approx(_nine_terms(95.0, 13.0))
    assert regression_f[1] == pytest.approx(plain_f - 0.75)


def test_very_humid_warmth_raises_the_heat_index():
    # F = 82, RH = 95: the regression plus (95-85)/10 * (87-82)/5 = 1 degF
    assert climate._rothfusz_f(82.0, 95.0) == pytest.approx(_nine_terms(82.0, 95.0) + 1.0)


def _nine_terms(t, rh):
    """The equation as printed at wpc.ncep.noaa.gov/html/heatindex_equation.shtml."""
    return (
        -42.379 + 2.04901523 * t + 10.14333127 * rh - .22475541 * t * rh - .00683783 * t * t
        - .05481717 * rh * rh + .00122874 * t * t * rh + .00085282 * t * rh * rh - .00000199 * t * t * rh * rh
    )  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("temperature_c", [-45.1, 60.1, math.nan, math.inf])
def test_a_temperature_outside_the_formulas_is_refused_with_the_range(formula, temperature_c):
    with pytest.raises(InputError, match="temperature: expected -45 to 60 degC, got"):
        formula(temperature_c, 50.0)


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("humidity_pct", [-0.1, 100.1, math.nan])
def test_a_humidity_outside_the_formulas_is_refused_with_the_range(formula, humidity_pct):
    with pytest.raises(InputError, match="humidity: expected 0 to 100 %, got"):
        formula(20.0, humidity_pct)


def test_air_without_water_has_no_dew_point():
    with pytest.raises(InputError, match="above 0 % for a dew point"):
        climate.dew_point_c(20.0, 0.0)


def test_the_least_humidity_there_is_still_has_a_dew_point():
    assert climate.dew_point_c(20.0, 5e-324) < -200.0


@given(temperatures, humidities)
def test_the_dew_point_is_never_above_the_temperature(temperature_c, humidity_pct):
    assert climate.dew_point_c(temperature_c, humidity_pct) <= temperature_c + 1e-9


@given(temperatures, humidities)
def test_air_at_its_dew_point_is_saturated_with_the_same_water(temperature_c, humidity_pct):
    dew_c = climate.dew_point_c(temperature_c, humidity_pct)
    if dew_c >= climate.LOWEST_C:
        there_hpa = climate.vapour_pressure_hpa(temperature_c, humidity_pct)
        assert climate.saturation_vapour_pressure_hpa(dew_c) == pytest.approx(there_hpa, rel=1e-9)


@given(temperatures, humidities)
def test_more_moisture_means_more_water_and_a_smaller_deficit(temperature_c, humidity_pct):
    drier = humidity_pct / 2.0
    assert climate.absolute_humidity_g_m3(temperature_c, drier) < climate.absolute_humidity_g_m3(
        temperature_c, humidity_pct
    )
    assert climate.vapour_pressure_deficit_kpa(temperature_c, drier) > climate.vapour_pressure_deficit_kpa(
        temperature_c, humidity_pct
    )
