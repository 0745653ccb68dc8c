"""What users of such systems ask for, as far as readings go; each test bears the number of its requirement."""

import pytest

from monitor.core.readings import SetAside
from monitor.settings.keeping import Store
from tests.services.home import BEDROOM, DAY, FIRST, MINUTE, Home, at, night_of
from tests.services.rig import BEDROOM as BEDROOM_TOPIC
from tests.services.rig import NOW_MS, SENSOR, Rig, a_delivery

MINUTE_MS = 60_000


def hear_minutes(rig: Rig, *values: float, quantity: str = "temperature") -> None:
    """One message a minute, each with the next value."""
    for number, value in enumerate(values):
        rig.hear(a_delivery({quantity: value}, at_ms=NOW_MS + number * MINUTE_MS))


def values(rig: Rig) -> list[float]:
    return [value for _, _, value in rig.readings]


def test_r5_a_retained_message_of_unknown_age_makes_no_reading(rig: Rig) -> None:
    rig.hear(a_delivery({"temperature": 21.5}, retain=True))
    rig.restart()
    rig.hear(a_delivery({"temperature": 21.5}, retain=True, at_ms=NOW_MS + MINUTE_MS))
    assert rig.readings == []


def test_r5_a_retained_message_with_its_own_time_is_a_reading_of_then(rig: Rig) -> None:
    then = NOW_MS - 3_600_000
    rig.hear(a_delivery({"temperature": 21.5, "last_seen": then}, retain=True))
    assert rig.times == [then]


@pytest.mark.parametrize("nonsense", [85.0, -127.0, 168.0, -327.68])
def test_r7_a_temperature_that_stands_for_nothing_is_set_aside_between_two_normal_ones(
    rig: Rig, nonsense: float
) -> None:
    hear_minutes(rig, 20.9, nonsense, 20.8)
    assert values(rig) == [20.9, 20.8]
    assert [aside[0] for aside in rig.store.aside.values()] == [nonsense]


def test_r7_a_humidity_of_nothing_is_set_aside(rig: Rig) -> None:
    hear_minutes(rig, 48.0, 0.0, 48.5, quantity="humidity")
    assert (values(rig), [why for _, why, _ in rig.store.aside.values()]) == (
        [48.0, 48.5],
        ["0 % is what devices send for no value"],
    )


def test_r7_a_single_spike_within_the_range_is_set_aside_with_the_reason(rig: Rig) -> None:
    hear_minutes(rig, 20.9, 20.8, 20.9, 35.0, 20.8)
    assert values(rig) == [20.9, 20.8, 20.9, 20.8]
    assert rig.store.set_aside(SENSOR, 9) == [
        SetAside(
            SENSOR,
            "temperature",
            NOW_MS + 3 * MINUTE_MS,
            35.0,
            "a single spike: 14.1 °C away from the values before and after",
        )
    ]


def test_r7_a_spike_is_out_of_everything_before_the_next_value_has_come(rig: Rig) -> None:
    hear_minutes(rig, 20.9, 20.8, 20.9, 35.0)
    assert values(rig) == [20.9, 20.8, 20.9]
    assert [aside[2] for aside in rig.store.aside.values()] == [True]


def test_r7_a_real_step_is_kept_with_the_next_value(rig: Rig) -> None:
    hear_minutes(rig, 20.9, 20.8, 20.9, 12.0, 11.9)
    assert (values(rig), rig.store.aside) == ([20.9, 20.8, 20.9, 12.0, 11.9], {})


def test_r7_a_real_slow_rise_to_40_degrees_is_kept(rig: Rig) -> None:
    rise = [20.0 + number / 4 for number in range(81)]
    hear_minutes(rig, *rise)
    assert (values(rig), rig.store.aside) == (rise, {})


def test_r7_what_waits_is_decided_after_a_crash_too(rig: Rig) -> None:
    hear_minutes(rig, 20.9, 20.8, 20.9, 35.0)
    rig.restart()
    rig.hear(a_delivery({"temperature": 20.8}, at_ms=NOW_MS + 4 * MINUTE_MS))
    assert values(rig) == [20.9, 20.8, 20.9, 20.8]
    assert [aside[2] for aside in rig.store.aside.values()] == [False]


def test_r7_a_step_is_kept_over_a_crash_too(rig: Rig) -> None:
    hear_minutes(rig, 20.9, 20.8, 20.9, 12.0)
    rig.restart()
    rig.hear(a_delivery({"temperature": 11.9}, at_ms=NOW_MS + 4 * MINUTE_MS))
    assert (values(rig), rig.store.aside) == ([20.9, 20.8, 20.9, 12.0, 11.9], {})


def test_r7_a_spike_that_the_broker_sends_again_is_no_reading(rig: Rig) -> None:
    sent = [
        a_delivery({"temperature": value}, mid=number + 1, at_ms=NOW_MS + number * MINUTE_MS)
        for number, value in enumerate((20.9, 20.8, 20.9, 35.0, 20.8))
    ]
    for delivery in sent:
        rig.hear(delivery)
    rig.restart()
    for delivery in sent:
        rig.hear(delivery._replace(redelivered=True, connection=2))
    assert values(rig) == [20.9, 20.8, 20.9, 20.8]


def test_r7_light_and_noise_may_jump(rig: Rig) -> None:
    hear_minutes(rig, 0.0, 0.0, 0.0, 400.0, 0.0, quantity="illuminance")
    assert (values(rig), rig.store.aside) == ([0.0, 0.0, 0.0, 400.0, 0.0], {})


def test_r8_an_offset_from_a_past_date_is_in_the_nights_since_then_and_raw_stays_raw(home: Home) -> None:
    home.sleep(3, 20.0)
    home.close(FIRST + 3 * DAY)
    home.sensors.calibrate(BEDROOM, "temperature", at(FIRST, "12:00"), -0.4, 1.0)
    home.close(FIRST + 3 * DAY, "12:05")
    means = [home.exposure("T_mean", FIRST + number * DAY) for number in range(3)]
    assert means == pytest.approx([20.0, 19.6, 19.6])
    assert {value for _, value in home.readings.recent(BEDROOM, "temperature", 9).values} == {20.0}


def test_r8_a_shown_value_is_corrected_too(home: Home) -> None:
    home.measure(night_of(FIRST), 20.0, every=60 * MINUTE)
    home.sensors.calibrate(BEDROOM, "temperature", 0, -0.4, 1.0)
    assert home.readings.series()[0].last_value == pytest.approx(19.6)


def test_r9_a_sensor_in_fahrenheit_is_stored_in_celsius_once_converted(rig: Rig) -> None:
    discovery = {
        "name": "Air",
        "stat_t": "node/sensor/air/state",
        "dev_cla": "temperature",
        "unit_of_meas": "°F",
        "uniq_id": "air",
        "dev": {"ids": "a1b2c3d4e5f6"},
    }
    rig.hear(a_delivery(discovery, topic="homeassistant/sensor/node/air/config", retain=True))
    rig.hear(a_delivery(b"71.6", topic="node/sensor/air/state"))
    assert rig.store.rows == {("esphome:a1b2c3d4e5f6/air", "temperature", NOW_MS): pytest.approx(22.0)}


def test_r9_moisture_of_the_air_is_the_same_from_a_sensor_in_fahrenheit(rig: Rig) -> None:
    for sensor, temperature, unit in (("celsius", 22.0, "C"), ("fahrenheit", 71.6, "F")):
        payload = {"BME280": {"Temperature": temperature, "Humidity": 50.0}, "TempUnit": unit}
        rig.hear(a_delivery(payload, topic=f"tele/{sensor}/SENSOR"))
    found = {key[0]: value for key, value in rig.store.rows.items() if key[1] == "temperature"}
    assert found["tasmota:celsius/BME280"] == pytest.approx(found["tasmota:fahrenheit/BME280"])


def test_a_reading_that_comes_on_two_topics_is_stored_once(rig: Rig) -> None:
    rig.hear(a_delivery({"temperature": 21.5}), a_delivery(b"21.5", topic=f"{BEDROOM_TOPIC}/temperature"))
    assert values(rig) == [21.5]


def test_a_transmission_told_with_its_time_and_again_without_is_stored_once(rig: Rig) -> None:
    told = {"time": "2026-10-01 02:00:00", "model": "Prologue-TH", "id": 70, "channel": 1, "temperature_C": 24.8}
    rig.hear(a_delivery(told, topic="rtl_433/pi/events"))
    rig.hear(
        a_delivery(b"24.8", topic="rtl_433/pi/devices/Prologue-TH/1/70/temperature_C", at_ms=NOW_MS + 300),
        a_delivery(told, topic="rtl_433/pi/events", at_ms=NOW_MS + 500),
    )
    assert values(rig) == [24.8]


def test_a_tag_that_two_gateways_hear_is_stored_once(rig: Rig) -> None:
    heard = {"id": "A4:C1:38:AA:BB:CC", "type": "THB", "tempc": 19.5}
    for number, gateway in enumerate(("TheengsGateway", "OMG_attic")):
        rig.hear(a_delivery(heard, topic=f"home/{gateway}/BTtoMQTT/A4C138AABBCC", at_ms=NOW_MS + number * 400))
    assert rig.store.rows == {("bluetooth:A4C138AABBCC", "temperature", NOW_MS): 19.5}


def test_events_are_stored_with_their_words_and_none_is_taken_for_another(rig: Rig) -> None:
    for number, word in enumerate(("light_sleep", "deep_sleep", "brand_new")):
        rig.hear(a_delivery({"event": word}, topic="SleepAsAndroid/phone", at_ms=NOW_MS + number * 500))
    key = "sleep_as_android:SleepAsAndroid/phone"
    assert [word for _, word in rig.store.words(key, "sleep_event", 0, 2**62)] == [
        "light_sleep",
        "deep_sleep",
        "brand_new",
    ]


def test_a_neighbour_s_sensor_is_never_placed_by_its_name(rig: Rig) -> None:
    rig.hear(a_delivery({"model": "Bedroom-Sensor", "id": 1, "temperature_C": 20.0}, topic="rtl_433/pi/events"))
    assert [(one.sensor, one.place) for one in rig.store.seen] == [("rtl_433:Bedroom-Sensor/1", None)]


def test_our_own_topics_are_never_readings(rig: Rig) -> None:
    rig.hear(
        a_delivery({"temperature": 20.4}, topic="bedroom-monitor/7f3a/state"),
        a_delivery(b"20.4", topic="bedroom-monitor/7f3a/temperature"),
    )
    assert rig.readings == []


@pytest.mark.parametrize("apart_ms", [0, 500, 5_000, 12_000])
def test_r12_a_day_of_five_sensors_is_stored_in_few_commits_and_nothing_waits_longer_than_set(apart_ms: int) -> None:
    age_s = Store().batch_age_s
    rig = Rig(age_s=age_s)
    rig.clock.now = NOW_MS
    sensors = [f"zigbee2mqtt/bedroom {number}" for number in range(5)]
    longest_s = 0.0
    waiting_since: float | None = None
    for second in range(3_600):
        at_ms = second * 1_000
        here = [topic for number, topic in enumerate(sensors) if (at_ms - number * apart_ms) % MINUTE_MS < 1_000]
        rig.ingest.take(
            [a_delivery({"temperature": 20 + second % 97 / 10}, topic=one, at_ms=NOW_MS + at_ms) for one in here]
        )
        waiting_since = rig.clock.elapsed if here and waiting_since is None else waiting_since
        if rig.ingest.due(idle=True):
            longest_s = max(longest_s, rig.clock.elapsed - (waiting_since or 0.0))
            waiting_since = None
            assert rig.ingest.commit(rig.source)
        rig.clock.pass_by(1)
    assert rig.store.saved <= 3_600 / age_s + 5
    assert longest_s <= age_s
    assert len(rig.source.acknowledged) + rig.ingest.pending == 5 * 60


def test_r12_a_new_sensor_and_much_at_once_do_not_wait() -> None:
    rig = Rig(age_s=Store().batch_age_s)
    rig.ingest.take([a_delivery({"temperature": 20.0})])
    rig.clock.pass_by(1)
    due = [rig.ingest.due(idle=True)]
    rig.ingest.commit(rig.source)
    for count in (7, 1):
        rig.ingest.take([a_delivery({"temperature": 20 + number / 10}) for number in range(count)])
        rig.clock.pass_by(1)
        due.append(rig.ingest.due(idle=True))
    assert due == [True, False, True]
