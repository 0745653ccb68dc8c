"""The demo's nights: what arrives, what the diary says, and that only what was planted is there."""

import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from itertools import pairwise
from statistics import correlation, fmean, pstdev
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from monitor.core.simulation import sensors
from monitor.core.simulation.bedroom import RoomNight, room_nights
from monitor.core.simulation.nights import SimulatedNight, simulate
from monitor.core.simulation.publication import Publication, carried
from monitor.core.simulation.sensors import CLIMATE_TOPIC, CO2_TOPIC, GARDEN_TOPIC, announcements
from monitor.core.simulation.sleeper import NightTruth, Sleeper
from monitor.core.zones import local_time
from monitor.errors import InputError

BERLIN = ZoneInfo("Europe/Berlin")
SPRING = date(2026, 4, 1)
MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def nights() -> list[SimulatedNight]:
    return list(simulate(120, 1, "heat", SPRING, BERLIN))


@pytest.fixture(scope="module")
def publications(nights: list[SimulatedNight]) -> list[Publication]:
    return [publication for night in nights for publication in night.publications]


def chance(seed: int) -> random.Random:
    return random.Random(seed)


def documents(publications: Sequence[Publication], topic: str) -> list[dict[str, object]]:
    """The whole JSON payloads of a topic."""
    payloads = [publication.payload for publication in publications if publication.topic == topic]
    return [json.loads(payload) for payload in payloads if is_json(payload)]


def is_json(payload: bytes) -> bool:
    try:
        json.loads(payload)
    except ValueError:
        return False
    return True


@cache
def rooms_of(seed: int) -> list[RoomNight]:
    """120 nights from April on."""
    return list(room_nights(SPRING, 120, BERLIN, chance(seed)))


@cache
def truths(effect: str, seed: int) -> list[NightTruth]:
    """What really was in those nights."""
    rooms = rooms_of(seed)
    sleeper = Sleeper(effect, pstdev(night.warmth_c for night in rooms), chance(-seed))
    return [sleeper.sleep(night) for night in rooms]


def warmth_t(nights: Sequence[NightTruth]) -> float:
    """t of temperature for severity, beside the confounders and a curve of time (ordinary least squares)."""
    factors = [[night.factors[name] for name in ("alcohol", "stress", "caffeine")] for night in nights]
    free = [night.wake_date.isoweekday() >= 6 for night in nights]
    curve = np.vander(np.linspace(-1, 1, len(nights)), 4)
    columns = np.column_stack([[night.temperature_c for night in nights], factors, free, curve])
    severity = np.array([float(night.severity) for night in nights])
    found, residual, _, _ = np.linalg.lstsq(columns, severity, rcond=None)
    variance = residual[0] / (len(nights) - columns.shape[1])
    return float(found[0] / np.sqrt(variance * np.linalg.inv(columns.T @ columns)[0, 0]))


def test_the_same_seed_gives_the_same_nights() -> None:
    once, again = (list(simulate(3, 7, "heat", SPRING, BERLIN)) for _ in range(2))
    assert once == again


def test_another_seed_gives_other_nights() -> None:
    seven, eight = (next(simulate(1, seed, "heat", SPRING, BERLIN)) for seed in (7, 8))
    assert seven.publications != eight.publications


def test_the_planted_effect_changes_neither_the_room_nor_the_messages() -> None:
    heat, none = (next(simulate(1, 7, effect, SPRING, BERLIN)) for effect in ("heat", "none"))
    assert heat.publications == none.publications


def test_an_unknown_effect_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="heat, none, got 'cold'"):
        simulate(1, 1, "cold", SPRING, BERLIN)


def test_fewer_than_one_night_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1, got 0"):
        simulate(0, 1, "heat", SPRING, BERLIN)


def test_nights_are_named_by_the_date_of_waking(nights: list[SimulatedNight]) -> None:
    assert nights[0].wake_date == date(2026, 4, 2)
    assert local_time(nights[0].truth.rise_ms, BERLIN).date() == date(2026, 4, 2)


def test_publications_come_in_the_order_of_their_time(nights: list[SimulatedNight]) -> None:
    assert all(one.time_ms <= other.time_ms for night in nights for one, other in pairwise(night.publications))


def test_120_nights_make_at_most_35_000_publications(publications: list[Publication]) -> None:
    assert 20_000 < len(publications) <= 35_000


def test_no_sensor_publishes_more_than_160_times_a_night(nights: list[SimulatedNight]) -> None:
    counts = [Counter(publication.topic for publication in night.publications) for night in nights]
    assert max(max(count.values()) for count in counts) <= 160


def test_the_climate_sensor_speaks_as_zigbee2mqtt_does(publications: list[Publication]) -> None:
    state = documents(publications, CLIMATE_TOPIC)[0]
    assert set(state) == {"battery", "humidity", "last_seen", "linkquality", "temperature"}
    assert datetime.fromisoformat(str(state["last_seen"])).utcoffset() is not None


def test_the_climate_sensor_reports_irregularly_and_at_least_each_ten_minutes() -> None:
    room = next(room_nights(SPRING, 1, BERLIN, chance(1)))
    times = [sent.time_ms for sent in sensors.bedroom_climate(room.steps, BERLIN, chance(1))]
    gaps = [other - one for one, other in pairwise(times)]
    assert max(gaps) <= 10 * MINUTE_MS
    assert len(set(gaps)) > len(gaps) // 2


def test_the_garden_shows_local_wall_time_without_zone(nights: list[SimulatedNight]) -> None:
    sent = next(each for each in nights[0].publications if each.topic == GARDEN_TOPIC)
    wall = local_time(sent.time_ms, BERLIN).replace(tzinfo=None, microsecond=0)
    assert json.loads(sent.payload)["Time"] == wall.isoformat()


def test_the_garden_has_both_its_sensors(publications: list[Publication]) -> None:
    state = documents(publications, GARDEN_TOPIC)[0]
    assert {"BME280", "DS18B20", "TempUnit"} <= set(state)


def test_carbon_dioxide_comes_as_plain_numbers(publications: list[Publication]) -> None:
    values = [int(publication.payload) for publication in publications if publication.topic == CO2_TOPIC]
    assert 350 < min(values) < 500
    assert 900 < max(values) < 3000


def test_broken_payloads_are_rare_but_present(publications: list[Publication]) -> None:
    broken = [publication for publication in publications if not is_json(publication.payload)]
    assert 5 < len(broken) < len(publications) / 300


def test_some_messages_come_exactly_twice(publications: list[Publication]) -> None:
    copies = Counter((publication.topic, publication.payload) for publication in publications)
    twice = [key for key, count in copies.items() if key[0] == GARDEN_TOPIC and count > 1]
    assert 20 < len(twice) < 300


def test_on_a_few_nights_a_sensor_is_silent_for_hours(nights: list[SimulatedNight]) -> None:
    def longest_silence_ms(night: SimulatedNight, topic: str) -> int:
        times = [sent.time_ms for sent in night.publications if sent.topic == topic]
        return max(other - one for one, other in pairwise(times))

    topics = (CLIMATE_TOPIC, CO2_TOPIC, GARDEN_TOPIC)
    longest = [longest_silence_ms(night, topic) for night in nights for topic in topics]
    assert 3 <= sum(silence > 60 * MINUTE_MS for silence in longest) <= 25


def test_a_repeat_follows_its_original_within_two_seconds() -> None:
    sent = [Publication("x", b"1", retain=False, time_ms=number * MINUTE_MS) for number in range(1000)]
    arrived = list(carried(sent, 0, 1, chance(3)))
    repeats = [other.time_ms - one.time_ms for one, other in pairwise(arrived) if other.time_ms % MINUTE_MS]
    assert repeats
    assert max(repeats) < 2000


def test_live_messages_are_not_retained(publications: list[Publication]) -> None:
    assert not any(publication.retain for publication in publications)


def test_what_stands_on_the_broker_is_retained_and_holds_one_old_value() -> None:
    standing = announcements(0)
    assert all(publication.retain for publication in standing)
    assert [publication.topic for publication in standing].count(CO2_TOPIC) == 1


def test_the_bridge_announces_the_climate_sensor() -> None:
    devices = json.loads(announcements(0)[0].payload)
    assert [device["friendly_name"] for device in devices] == ["Coordinator", "Bedroom climate"]


def test_the_discovery_names_the_topic_of_the_carbon_dioxide_sensor() -> None:
    assert json.loads(announcements(0)[1].payload)["stat_t"] == CO2_TOPIC


@pytest.mark.parametrize("effect", ["heat", "none"])
def test_about_a_quarter_of_the_nights_is_bad(effect: str) -> None:
    severities = [night.severity for seed in range(6) for night in truths(effect, seed)]
    assert 0.2 < fmean(severity >= 5 for severity in severities) < 0.32
    assert set(range(9)) <= set(severities) <= set(range(11))


def test_warm_nights_are_worse_where_heat_was_planted() -> None:
    assert sum(warmth_t(truths("heat", seed)) > 2.5 for seed in range(8)) >= 7


def test_warm_nights_are_no_worse_where_nothing_was_planted() -> None:
    assert sum(abs(warmth_t(truths("none", seed))) > 2.0 for seed in range(8)) <= 2


def test_alcohol_goes_with_warmth_and_with_free_days() -> None:
    drunk = [night for seed in range(6) for night in truths("none", seed)]
    drinks = [night.factors["alcohol"] for night in drunk]
    assert correlation(drinks, [night.heat_sd for night in drunk]) > 0.15
    assert correlation(drinks, [float(night.wake_date.isoweekday() >= 6) for night in drunk]) > 0.15


def test_alcohol_makes_nights_worse_by_itself() -> None:
    drunk = [night for seed in range(6) for night in truths("none", seed)]
    assert correlation([night.factors["alcohol"] for night in drunk], [night.severity for night in drunk]) > 0.15


def test_some_nights_are_missing_from_the_diary_and_in_bursts() -> None:
    room = next(room_nights(SPRING, 1, BERLIN, chance(1)))
    sleeper = Sleeper("none", 1.0, chance(1))
    missing = [sleeper.written(sleeper.sleep(room), BERLIN) is None for _ in range(3000)]
    assert fmean(missing) == pytest.approx(0.12, abs=0.04)
    assert fmean(later for now, later in pairwise(missing) if now) > 0.5


def test_an_entry_says_what_was(nights: list[SimulatedNight]) -> None:
    written = [(night.entry, night.truth) for night in nights if night.entry is not None]
    assert all(entry.severity == truth.severity for entry, truth in written)
    assert all(entry.factors == truth.factors for entry, truth in written)


def test_times_are_noted_on_most_nights_to_five_minutes(nights: list[SimulatedNight]) -> None:
    beds = [night.entry.bed for night in nights if night.entry is not None]
    noted = [bed for bed in beds if bed is not None]
    assert 0.6 < len(noted) / len(beds) < 1
    assert all(bed.minute % 5 == 0 for bed in noted)
