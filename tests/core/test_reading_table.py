"""Files of measurements: what is understood by itself, what is asked, and what is told of every bad cell."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.exposure import exposures_of_night
from monitor.core.night_room import SensorReadings, room_of_night
from monitor.core.nights import UsualTimes, window_from_usual
from monitor.core.reading_table import readings_from
from monitor.core.readings import Reading
from monitor.core.tabular import Conventions
from monitor.core.zones import unix_ms, zone_of
from monitor.errors import InputError

BRUSSELS = ZoneInfo("Europe/Brussels")
SHARED = Path(__file__).parents[3] / "shared" / "data" / "bedroom_uci374.csv"


def utc_ms(*parts):
    return unix_ms(datetime(*parts, tzinfo=UTC))


NOON_MS = utc_ms(2024, 6, 1, 12)


def read(text, zone=UTC, sensor="room", columns=None, **conventions):
    return readings_from(text, Conventions(zone=zone, **conventions), sensor, columns or {})


def one_value(heading, cell="20"):
    """What one cell under a heading becomes."""
    table = read(f"time;{heading}\n2024-06-01 12:00;{cell}\n")
    (reading,) = table.readings
    return reading.quantity, round(reading.value, 6)


def test_a_row_is_one_reading_for_each_quantity():
    table = read("time,temperature,humidity\n2024-06-01 12:00:00,20.5,45\n")
    assert table.readings == (
        Reading("room", "temperature", NOON_MS, 20.5),
        Reading("room", "humidity", NOON_MS, 45.0),
    )


@pytest.mark.parametrize(
    ("heading", "quantity", "value"),
    [
        ("temperature", "temperature", 20.0),
        ("Temp", "temperature", 20.0),
        ("Temperature (°F)", "temperature", -6.666667),
        ("temp_f", "temperature", -6.666667),
        ("Temperature [K]", "temperature", -253.15),
        ("indoor temperature °C", "temperature", 20.0),
        ("Room Temp", "temperature", 20.0),
        ("Temperatur", "temperature", 20.0),
        ("RH (%)", "humidity", 20.0),
        ("relative humidity", "humidity", 20.0),
        ("Luftfeuchte", "humidity", 20.0),
        ("Humidité", "humidity", 20.0),
        ("CO₂ (ppm)", "co2", 20.0),
        ("PM2.5 (µg/m³)", "pm25", 20.0),
        ("pressure (kPa)", "pressure", 200.0),
        ("noise (dB(A))", "noise", 20.0),
    ],
)
def test_an_obvious_heading_is_understood_with_its_unit(heading, quantity, value):
    assert one_value(heading) == (quantity, value)


@pytest.mark.parametrize("heading", ["dew point", "outdoor temp", "noise", "Battery (V)", "target temperature", "mood"])
def test_a_heading_that_is_not_surely_the_room_is_ignored_and_listed(heading):
    assert read(f"time;temp;{heading}\n2024-06-01 12:00;20;21\n").ignored == (heading,)


def test_a_heading_can_be_explained():
    table = read(
        "time,parents_temp,teen_temp\n2024-06-01 12:00,20,21\n",
        columns={"parents_temp": ("parents", "temperature")},
    )
    assert table.readings == (Reading("parents", "temperature", NOON_MS, 20.0),)
    assert table.ignored == ("teen_temp",)


def test_an_explained_heading_may_tell_the_unit():
    table = read("time,parents_temp_f\n2024-06-01 12:00,68\n", columns={"parents_temp_f": ("p", "temperature")})
    assert table.readings[0].value == 20.0


def test_an_explained_heading_replaces_an_obvious_one():
    table = read("time,temp,probe\n2024-06-01 12:00,20,21\n", columns={"probe": ("room", "temperature")})
    assert [reading.value for reading in table.readings] == [21.0]


def test_the_columns_tell_how_they_were_understood():
    (column,) = read("time,temp_f\n2024-06-01 12:00,68\n").columns
    assert (column.heading, column.sensor, column.quantity, column.unit) == (
        "temp_f",
        "room",
        "temperature",
        "F",
    )


LONG = "time,sensor,quantity,value,unit\n"


def test_the_long_form_names_sensor_and_quantity_in_each_row():
    table = read(LONG + "2024-06-01 12:00,bed,temperature,68,degF\n2024-06-01 12:00,,rh,45,\n")
    assert table.readings == (
        Reading("bed", "temperature", NOON_MS, 20.0),
        Reading("room", "humidity", NOON_MS, 45.0),
    )


def test_the_long_form_needs_neither_sensor_nor_unit():
    table = read("time,quantity,value\n2024-06-01 12:00,temp_f,68\n")
    assert table.readings == (Reading("room", "temperature", NOON_MS, 20.0),)


@pytest.mark.parametrize("quantity", ["smell", "outdoor temperature"])
def test_an_unknown_quantity_is_an_error_of_its_line(quantity):
    (error,) = read(LONG + f"2024-06-01 12:00,bed,{quantity},1,\n").errors
    assert (error.line, error.column, error.got) == (2, "quantity", quantity)


def test_an_unknown_unit_is_an_error_of_its_line():
    (error,) = read(LONG + "2024-06-01 12:00,bed,temperature,20,parsec\n").errors
    assert str(error) == "line 2, value: expected temperature in a unit such as degC, got '20 parsec'"


def test_good_rows_are_kept_beside_bad_ones():
    table = read("time,temp\n2024-06-01 12:00,20\nsoon,21\n2024-06-01 12:10,hot\n2024-06-01 12:20,22\n")
    assert [reading.value for reading in table.readings] == [20.0, 22.0]
    assert [str(error) for error in table.errors] == [
        "line 3, time: expected a date and time such as 2024-06-01 23:05, got 'soon'",
        "line 4, temp: expected a number, got 'hot'",
    ]


def test_a_cell_that_says_nothing_was_measured_is_no_reading_and_no_error():
    table = read("time,temp,rh\n2024-06-01 12:00,unavailable,0\n")
    assert (len(table.readings), table.errors, table.empty) == (1, (), 1)


def test_decimal_commas_and_months_first_are_read():
    table = read("time;temp\n06/13/2024 12:00 PM;20,5\n06/01/2024 12:00 PM;21,5\n")
    assert {reading.value for reading in table.readings} == {20.5, 21.5}
    assert min(reading.time_ms for reading in table.readings) == NOON_MS


def test_what_the_file_leaves_open_can_be_said():
    table = read("time;co2\n01/06/2024 12:00;1,234\n", date_order="day", decimal=".")
    assert table.readings == (Reading("room", "co2", NOON_MS, 1234.0),)


def test_a_date_and_a_time_in_two_columns_are_joined():
    table = read("Date,Time,temp\n1.6.2024,12:00,20\n")
    assert table.readings[0].time_ms == NOON_MS


@pytest.mark.parametrize(
    "text", ["date,time,temp\n2024-06-01,2024-06-01 12:00,20\n", "date,time,temp\n2024-06-01 12:00,x,20\n"]
)
def test_a_column_that_says_the_whole_moment_is_enough(text):
    assert read(text).readings[0].time_ms == NOON_MS


@pytest.mark.parametrize("heading", ["time_utc", "time (UTC)", "Timestamp (Z)"])
def test_a_heading_that_says_utc_is_believed(heading):
    assert read(f"{heading},temp\n2024-06-01 12:00,20\n", zone=BRUSSELS).readings[0].time_ms == NOON_MS


def test_times_without_an_offset_are_in_the_given_zone():
    assert read("time (local),temp\n2024-06-01 14:00,20\n", zone=BRUSSELS).readings[0].time_ms == NOON_MS


def test_times_with_an_offset_are_exact():
    assert read("time,temp\n2024-06-01T08:00-04:00,20\n", zone=BRUSSELS).readings[0].time_ms == NOON_MS


def autumn(step_min=10, reverse=False, form="{at},{value}"):
    """Readings of the autumn night in Brussels as a clock on the wall writes them."""
    start = datetime(2024, 10, 26, 23, 0, tzinfo=UTC)
    moments = [start + timedelta(minutes=step_min * step) for step in range(240 // step_min)]
    lines = [
        form.format(at=f"{moment.astimezone(BRUSSELS):%Y-%m-%d %H:%M}", value=index)
        for index, moment in enumerate(moments)
    ]
    return "\n".join(lines[::-1] if reverse else lines), [unix_ms(moment) for moment in moments]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("step_min", [1, 10, 30, 60])
def test_the_hour_that_comes_twice_is_told_apart_by_the_order_of_the_rows(reverse, step_min):
    lines, expected_ms = autumn(step_min, reverse)
    table = read("time,co2\n" + lines, zone=BRUSSELS)
    assert [reading.time_ms for reading in table.readings] == expected_ms


def test_a_reading_that_is_repeated_within_its_minute_does_not_put_the_clocks_back():
    rows = "".join(f"2024-10-27 {at},20\n" for at in ("02:10", "02:20", "02:20", "02:30"))
    last = read("time,temp\n" + rows, zone=BRUSSELS).readings[-1]
    assert last.time_ms == utc_ms(2024, 10, 27, 0, 30)


def test_the_order_is_that_of_each_series_of_the_long_form():
    lines, expected_ms = autumn(form="{at},a,co2,{value}")
    other, _ = autumn(form="{at},b,co2,{value}")
    table = read(f"time,sensor,quantity,value\n{lines}\n{other}", zone=BRUSSELS)
    assert [reading.time_ms for reading in table.readings] == expected_ms * 2


def test_a_time_that_spring_leaves_out_is_an_error_of_its_line():
    table = read("time,temp\n2024-03-31 01:50,20\n2024-03-31 02:10,20\n2024-03-31 03:10,20\n", zone=BRUSSELS)
    assert len(table.readings) == 2
    assert "line 3, time: expected a time that exists in Europe/Brussels" in str(table.errors[0])


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("time,a,b\n1,2,3\n", {}, "expected columns such as temperature, .*; found time, a, b. Say what"),
        ("a,temperature\n1,2\n", {}, "expected a column called time, .*; found a, temperature"),
        ("time,temp,temp_f\n1,2,3\n", {}, "expected one column of temperature, found 'temp' and 'temp_f'"),
        ("time,probe\n1,2\n", {"prob": ("a", "temperature")}, "got 'prob'; did you mean probe?"),
        ("time,probe\n1,2\n", {"probe": ("a", "temprature")}, "got 'temprature'; did you mean temperature?"),
        ("time,x (V)\n1,2\n", {"x (V)": ("a", "temperature")}, "expected a unit of temperature, got 'V'"),
        ("time,co2\n2024-06-01 12:00,\"1,234\"\n", {}, "can be read in two ways"),
        ("time,co2\n1/2/2024 12:00,1\n", {}, "--date-order"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_understood_is_refused_with_what_was_found_and_expected(text, columns, message):
    with pytest.raises(InputError, match=message):
        read(text, columns=columns)


@given(st.text(alphabet='0123456789-:/., ;\n"ab', max_size=120))
def test_whatever_stands_below_the_header_is_read_told_or_refused(body):
    try:
        table = read("time;temp\n" + body)
    except InputError:
        return
    assert table.readings or table.errors or table.empty


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not there")
def test_the_real_bedroom_is_read_without_an_error_and_its_nights_are_whole():
    first_days = "\n".join(SHARED.read_text().split("\n")[: 1 + 5 * 144])
    kinds = {"temp": "temperature", "rh": "humidity"}
    columns = {f"parents_{short}": ("parents", quantity) for short, quantity in kinds.items()}
    table = read(first_days, zone=zone_of("UTC+1"), columns=columns)
    assert (len(table.readings), table.errors, len(table.ignored)) == (2 * 5 * 144, (), 4)
    series = {
        quantity: [(one.time_ms, one.value) for one in table.readings if one.quantity == quantity]
        for quantity in kinds.values()
    }
    window = window_from_usual(datetime(2016, 1, 13).date(), "UTC+1", UsualTimes())
    placed = [SensorReadings("parents", "bedroom", quantity, readings) for quantity, readings in series.items()]
    found = exposures_of_night(room_of_night(window, placed))
    # awk -F, '$1>="2016-01-12 23" && $1<"2016-01-13 07"{s+=$2;n++} END{print s/n}' bedroom_uci374.csv
    assert (found[0].coverage, found[0].value) == (1.0, pytest.approx(17.0979, abs=0.01))


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason=f"{SHARED} is not there")
def test_the_real_bedroom_read_in_the_wrong_zone_says_so_at_the_spring_gap():
    lines = SHARED.read_text().split("\n")
    spring = [lines[0], *(line for line in lines if line.startswith("2016-03-27"))]
    table = read("\n".join(spring), zone=BRUSSELS, columns={"parents_temp": ("parents", "temperature")})
    assert [error.got[11:] for error in table.errors] == [f"02:{minute:02d}:00" for minute in range(0, 60, 10)]


def test_a_fixed_offset_has_no_gap_in_spring():
    table = read("time,temp\n2016-03-27 02:00:00,20\n", zone=timezone(timedelta(hours=1)))
    assert table.readings[0].time_ms == utc_ms(2016, 3, 27, 1)
