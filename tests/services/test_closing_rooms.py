"""A night is told by all that stands in the bedroom: the bed's own sensors, the others, and what is outdoors."""

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest

from monitor.adapters.sqlite.readings import SqliteReadings
from monitor.adapters.sqlite.series import SeriesNumbers
from monitor.core.night_room import SOURCES
from monitor.core.nights import UsualTimes
from monitor.services.closing import Closing, NightRules
from tests.services.home import BEDROOM, DAY, FIRST, MINUTE, ZONE, Home, an_entry, at, night_of

BED = "zigbee2mqtt:bed mat"
GARDEN = "zigbee2mqtt:garden"
KITCHEN = "zigbee2mqtt:kitchen"
EVENING = (at(FIRST - DAY, "15:00"), at(FIRST - DAY, "15:01"))
BY_DAY = (at(FIRST, "08:00"), at(FIRST, "09:00"))


class RememberingReadings(SqliteReadings):
    """Remembers which series were read."""

    def __init__(self, *parts: object) -> None:
        super().__init__(*parts)  # type: ignore[arg-type]
        self.read: Counter[tuple[str, str]] = Counter()

    def readings(self, sensor: str, quantity: str, start_ms: int, end_ms: int) -> list[tuple[int, float]]:
        self.read[sensor, quantity] += 1
        return super().readings(sensor, quantity, start_ms, end_ms)


@pytest.mark.parametrize(
    ("quantity", "value", "name", "expected"),
    [
        ("co2", 850.0, "CO2_mean", 850.0),
        ("pm25", 11.0, "PM25_mean", np.log1p(11.0)),
        ("voc", 200.0, "VOC_mean", np.log1p(200.0)),
        ("noise", 50.0, "N45", np.log1p(480.0)),
        ("noise", 38.0, "LAeq_night", 38.0),
        ("illuminance", 3.0, "lux_mean", np.log1p(3.0)),
        ("illuminance", 3.0, "lux_h1", 8.0),
        ("movement", 1.0, "moves_h", 12.0),
        ("occupancy", 1.0, "bed_h", 8.0),
    ],
)
def test_what_a_bedroom_sensor_measures_becomes_a_number_of_the_night(
    home: Home, quantity: str, value: float, name: str, expected: float
) -> None:
    home.measure(night_of(FIRST), value, quantity=quantity)
    home.close(FIRST)
    assert (home.exposure(name), home.night().sensors) == (pytest.approx(expected), {quantity: (BEDROOM,)})


def test_the_bed_s_own_sensor_goes_before_the_bedroom_s(home: Home) -> None:
    home.measure(night_of(FIRST), 18.0)
    home.measure(night_of(FIRST), 24.0, sensor=BED)
    home.close(FIRST)
    assert (home.night().sensors, home.exposure("T_mean")) == ({"temperature": (BED,)}, 24.0)


def test_the_garden_is_outdoors_and_the_kitchen_is_nothing(home: Home) -> None:
    home.measure(night_of(FIRST), 5.0, sensor=GARDEN)
    home.measure(night_of(FIRST), 900.0, quantity="co2", sensor=KITCHEN)
    home.close(FIRST)
    assert (home.night().sensors, home.exposure("T_out_min")) == ({"outdoor_temperature": (GARDEN,)}, 5.0)
    assert home.exposure("CO2_mean") is None


def test_the_change_of_pressure_reaches_back_to_the_day_before(home: Home) -> None:
    start, end = night_of(FIRST)
    home.measure((start - 24 * 3_600_000, end - 24 * 3_600_000), 1004.0, quantity="pressure")
    home.measure((start, end), 1010.0, quantity="pressure")
    home.close(FIRST)
    assert home.exposure("P_change24") == pytest.approx(6.0)


def test_a_calibrated_sensor_stands_for_the_room_with_its_corrected_values(home: Home) -> None:
    home.measure(night_of(FIRST), 850.0, quantity="co2")
    home.sensors.calibrate(BEDROOM, "co2", 0, -50.0, 1.0)
    home.close(FIRST)
    assert home.exposure("CO2_mean") == 800.0


def test_a_vibration_sensor_that_was_silent_all_night_but_heard_in_the_evening_felt_nothing(home: Home) -> None:
    home.sleep(1)
    home.measure(EVENING, 1.0, quantity="movement", sensor=BED)
    home.close(FIRST)
    assert home.exposure("moves_h") == 0.0


def test_a_vibration_sensor_whose_battery_alone_was_heard_felt_nothing(home: Home) -> None:
    home.sleep(1)
    home.measure((EVENING[0] - 3 * 86_400_000, EVENING[1] - 3 * 86_400_000), 1.0, quantity="movement", sensor=BED)
    home.measure(night_of(FIRST), 90.0, quantity="battery", sensor=BED)
    home.close(FIRST)
    assert home.exposure("moves_h") == 0.0


def test_of_a_dead_vibration_sensor_nothing_is_known(home: Home) -> None:
    home.sleep(1)
    home.measure((EVENING[0] - 3 * 86_400_000, EVENING[1] - 3 * 86_400_000), 1.0, quantity="movement", sensor=BED)
    home.close(FIRST)
    assert (home.exposure("moves_h"), "movement" in home.night().sensors) == (None, False)


def test_a_sensor_heard_only_after_the_night_changes_nothing_when_the_night_is_closed_late(home: Home) -> None:
    home.sleep(1)
    home.measure(BY_DAY, 1.0, quantity="movement", sensor=BED)
    home.measure(BY_DAY, 1.0, quantity="occupancy", sensor=BED)
    home.close(FIRST, "23:00")
    assert (home.exposure("moves_h"), home.exposure("bed_h")) == (None, None)


def test_light_counts_by_the_clock_of_the_place_where_the_night_was(home: Home) -> None:
    zone = "Asia/Tokyo"
    home.diary.log(an_entry(bed="21:00", rise="07:00", zone=zone), 0, "test")
    home.measure((at(FIRST - DAY, "21:00", zone), at(FIRST - DAY, "23:00", zone)), 300.0, quantity="illuminance")
    home.measure((at(FIRST - DAY, "23:00", zone), at(FIRST, "07:00", zone)), 0.0, quantity="illuminance")
    home.close(FIRST)
    assert home.exposure("lux_mean") == 0.0


def test_each_series_is_read_once(home: Home) -> None:
    for sensor in (BEDROOM, BED, GARDEN, KITCHEN):
        for quantity in {source.quantity for source in SOURCES}:
            home.measure(night_of(FIRST), 1.0, quantity=quantity, sensor=sensor, every=15 * MINUTE)
    readings = RememberingReadings(home.database, SeriesNumbers())
    rules = NightRules(zone=ZONE, usual=UsualTimes())
    Closing(readings, home.nights, home.diary, rules).close_due(at(FIRST, "12:00"))
    assert set(readings.read.values()) == {1}
    assert {sensor for sensor, _ in readings.read} == {BEDROOM, BED, GARDEN}


def test_a_night_of_version_0_1_which_knew_one_sensor_for_each_quantity_is_still_read(home: Home) -> None:
    home.sleep(1)
    home.close(FIRST)
    with home.database.writing() as cursor:
        cursor.execute("UPDATE night SET sensors = ?", ('{"temperature": "zigbee2mqtt:old", "humidity": ["a", "b"]}',))
    assert home.night().sensors == {"temperature": ("zigbee2mqtt:old",), "humidity": ("a", "b")}


def test_closing_late_gives_what_closing_in_time_gave_with_many_sensors(
    home: Home, tmp_path_factory: pytest.TempPathFactory
) -> None:
    late = Home(tmp_path_factory.mktemp("late"))
    for number in range(3):
        wake_date = FIRST + number * DAY
        for one in (home, late):
            for quantity, value in (("pressure", 1000.0 + number), ("movement", 1.0), ("noise", 30.0 + number)):
                one.measure(night_of(wake_date), value, quantity=quantity, sensor=BED)
            one.measure(night_of(wake_date), 1.0 - number % 2, quantity="occupancy")
        home.close(wake_date)
    late.close(FIRST + timedelta(days=30))
    assert late.nights.nights() == home.nights.nights()
    late.database.close()
