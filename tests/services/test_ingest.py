"""What ingest makes of messages: readings, counts of what cannot be used, and when they are stored."""

import logging
from collections.abc import Callable

import pytest

from monitor.core.decoding import Decoded, Dialect
from monitor.core.known import Known
from monitor.core.readings import Measurement, Message
from monitor.services.arrivals import TOPICS_AT_MOST
from monitor.services.ingest import LOGGED_AT_MOST, WINDOW, Ingest
from tests.services.rig import BEDROOM, NOW_MS, SENSOR, Rig, a_delivery, dialects

SECOND_MS = 1_000
MINUTE_MS = 60_000
NEVER_SET_MS = 1_400_000_000_000
DISCOVERY = "homeassistant/sensor/node/config"


def own_time(time_ms: int, value: float = 21.5) -> dict[str, float]:
    return {"temperature": value, "last_seen": time_ms}


def a_dialect(topic: str, decode: Callable[[Message], Decoded]) -> Dialect:
    """A dialect of one topic."""

    def decoded(message: Message, _known: Known) -> Decoded:
        return decode(message)

    return Dialect(name="own", subscriptions=(), words=None, claims=lambda one: one == topic, decode=decoded)


def defective(_message: Message) -> Decoded:
    raise ValueError("a defect")


def of_no_quantity(_message: Message) -> Decoded:
    return Decoded((Measurement("own:a", "temperature", 20.0), Measurement("own:a", "phlogiston", 1.0)))


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_a_value_is_stored_at_the_time_of_its_arrival(rig: Rig) -> None:
    rig.hear(a_delivery({"temperature": 21.5}))
    assert rig.store.rows == {(SENSOR, "temperature", NOW_MS): 21.5}


def test_messages_and_readings_are_counted(rig: Rig) -> None:
    rig.hear(a_delivery({"temperature": 21.5, "humidity": 48}), a_delivery(b"on", topic="nobody/knows"))
    assert (rig.ingest.messages, rig.ingest.stored) == (2, 2)


def test_a_message_is_pending_until_it_is_stored(rig: Rig) -> None:
    rig.ingest.take([a_delivery()])
    before = rig.ingest.pending
    rig.ingest.commit(rig.source)
    assert (before, rig.ingest.pending) == (1, 0)


def test_the_time_of_the_device_counts_where_it_sends_one(rig: Rig) -> None:
    rig.hear(a_delivery(own_time(NOW_MS - MINUTE_MS)))
    assert rig.times == [NOW_MS - MINUTE_MS]


@pytest.mark.parametrize("ahead_ms", [0, 5 * MINUTE_MS])
def test_a_clock_that_is_a_little_fast_is_believed(rig: Rig, ahead_ms: int) -> None:
    rig.hear(a_delivery(own_time(NOW_MS + ahead_ms)))
    assert rig.times == [NOW_MS + ahead_ms]


@pytest.mark.parametrize("claimed_ms", [NEVER_SET_MS, NOW_MS + 5 * MINUTE_MS + 1])
def test_a_clock_that_was_never_set_is_replaced_by_the_arrival(rig: Rig, claimed_ms: int) -> None:
    rig.hear(a_delivery(own_time(claimed_ms)))
    assert rig.times == [NOW_MS]


def test_a_retained_value_without_a_time_makes_no_reading(rig: Rig) -> None:
    rig.hear(a_delivery(retain=True))
    assert rig.readings == []


def test_a_retained_value_with_a_time_is_stored_at_its_own_time(rig: Rig) -> None:
    rig.hear(a_delivery(own_time(NOW_MS - MINUTE_MS), retain=True))
    assert rig.times == [NOW_MS - MINUTE_MS]


def test_a_retained_value_is_acknowledged_all_the_same(rig: Rig) -> None:
    delivery = a_delivery(retain=True)
    rig.hear(delivery)
    assert rig.source.acknowledged == [delivery]


def test_two_messages_of_one_topic_in_one_millisecond_are_two_readings(rig: Rig) -> None:
    rig.hear(a_delivery({"temperature": 21.5}), a_delivery({"temperature": 21.6}), a_delivery({"temperature": 21.7}))
    assert rig.readings == [
        ("temperature", NOW_MS, 21.5),
        ("temperature", NOW_MS + 1, 21.6),
        ("temperature", NOW_MS + 2, 21.7),
    ]


def test_a_clock_set_back_by_hours_keeps_the_new_time(rig: Rig) -> None:
    rig.hear(a_delivery({"temperature": 21.5}), a_delivery({"temperature": 21.6}, at_ms=NOW_MS - 60 * MINUTE_MS))
    assert rig.times == [NOW_MS - 60 * MINUTE_MS, NOW_MS]


@pytest.mark.parametrize(("apart_ms", "readings"), [(0, 1), (2 * SECOND_MS, 1), (2 * SECOND_MS + 1, 2)])
def test_the_same_value_within_two_seconds_is_a_repeated_radio_message(rig: Rig, apart_ms: int, readings: int) -> None:
    rig.hear(a_delivery(), a_delivery(at_ms=NOW_MS + apart_ms))
    assert len(rig.readings) == readings


def test_a_repeat_is_measured_from_the_first_of_its_kind(rig: Rig) -> None:
    rig.hear(*(a_delivery(at_ms=NOW_MS + apart * SECOND_MS) for apart in (0, 2, 4)))
    assert rig.times == [NOW_MS, NOW_MS + 4 * SECOND_MS]


def test_another_value_within_two_seconds_is_a_reading(rig: Rig) -> None:
    rig.hear(a_delivery({"temperature": 21.5}), a_delivery({"temperature": 21.6}, at_ms=NOW_MS + SECOND_MS))
    assert len(rig.readings) == 2


def test_the_same_value_with_times_of_its_own_is_no_repeat(rig: Rig) -> None:
    rig.hear(a_delivery(own_time(NOW_MS - 2 * SECOND_MS)), a_delivery(own_time(NOW_MS - SECOND_MS)))
    assert len(rig.readings) == 2


def test_an_implausible_value_is_set_aside_with_the_reason(rig: Rig) -> None:
    rig.hear(a_delivery({"temperature": 85.0}))
    assert rig.store.aside == {
        (SENSOR, "temperature", NOW_MS): (85.0, "85 °C is what devices send for no value", False),
    }


def test_the_rest_of_a_message_with_an_implausible_value_is_kept(rig: Rig) -> None:
    rig.hear(a_delivery({"temperature": 140.0, "humidity": 48}))
    assert rig.readings == [("humidity", NOW_MS, 48.0)]


def test_a_late_reading_marks_its_time_as_due(rig: Rig) -> None:
    rig.hear(a_delivery(own_time(NOW_MS - 90 * MINUTE_MS)), a_delivery(own_time(NOW_MS - 60 * MINUTE_MS, 22.0)))
    assert rig.store.late == [(NOW_MS - 90 * MINUTE_MS, NOW_MS - 60 * MINUTE_MS + 1)]


def test_a_reading_that_was_ten_minutes_on_its_way_is_not_late(rig: Rig) -> None:
    rig.hear(a_delivery(own_time(NOW_MS - 10 * MINUTE_MS)))
    assert rig.store.late == []


def test_a_broken_message_is_counted_by_topic_and_reason(rig: Rig) -> None:
    rig.hear(a_delivery(b'{"temperature": 2'), a_delivery(b'{"temperature": 3', at_ms=NOW_MS + 5))
    assert rig.store.problems() == [(BEDROOM, "not JSON", 2, NOW_MS, NOW_MS + 5)]


def test_a_broken_message_is_acknowledged_and_the_next_one_is_stored(rig: Rig) -> None:
    broken, good = a_delivery(b"{"), a_delivery({"temperature": 21.5})
    rig.hear(broken, good)
    assert (rig.source.acknowledged, len(rig.readings)) == ([broken, good], 1)


def test_a_broken_message_is_logged_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        rig.hear(a_delivery(b"{"))
    assert warnings_in(caplog) == [
        f"a message on {BEDROOM} cannot be used: not JSON (told once; counted from now on)",
    ]


def test_another_reason_on_the_same_topic_is_logged_too(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.hear(a_delivery(b"{"), a_delivery(b'{"a": "\xff"}'))
    assert len(warnings_in(caplog)) == 2


def test_a_broker_full_of_broken_topics_does_not_fill_the_log(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.hear(*(a_delivery(b"{", topic=f"zigbee2mqtt/{number}") for number in range(LOGGED_AT_MOST + 50)))
    assert len(warnings_in(caplog)) == LOGGED_AT_MOST


@pytest.mark.parametrize("decode", [defective, of_no_quantity])
def test_a_defect_in_a_decoder_is_counted_and_logged(
    decode: Callable[[Message], Decoded], caplog: pytest.LogCaptureFixture
) -> None:
    rig = Rig(dialects=(a_dialect("x", decode), *dialects()))
    rig.hear(a_delivery(topic="x"))
    assert [problem.reason for problem in rig.store.problems()] == ["defect of the decoder"]
    assert "Traceback" in caplog.text


def test_a_defect_in_a_decoder_hurts_no_other_sensor() -> None:
    rig = Rig(dialects=(a_dialect("x", defective), *dialects()))
    rig.hear(a_delivery(), a_delivery(topic="x"), a_delivery(topic="tele/bed/SENSOR", payload={"DS18B20": {}}))
    assert (len(rig.readings), len(rig.source.acknowledged)) == (1, 3)


def test_zigbee2mqtt_announces_the_unit_of_a_value(rig: Rig) -> None:
    exposes = [{"property": "pressure", "access": 1, "unit": "kPa"}]
    devices = [{"friendly_name": "bedroom", "definition": {"exposes": exposes}}]
    rig.hear(a_delivery(devices, topic="zigbee2mqtt/bridge/devices", retain=True), a_delivery({"pressure": 101.3}))
    assert rig.readings == [("pressure", NOW_MS, 1013.0)]


def discovery(**more: object) -> dict[str, object]:
    return {
        "name": "Bedroom temperature",
        "stat_t": "node/sensor/bedroom/state",
        "dev_cla": "temperature",
        "unit_of_meas": "°F",
        "uniq_id": "node-1",
        **more,
    }


def test_a_home_assistant_announcement_makes_an_esphome_value_readable(rig: Rig) -> None:
    rig.hear(
        a_delivery(discovery(), topic=DISCOVERY, retain=True), a_delivery(b"68", topic="node/sensor/bedroom/state")
    )
    assert rig.readings == [("temperature", NOW_MS, pytest.approx(20.0))]


def test_the_name_of_an_announced_sensor_is_kept(rig: Rig) -> None:
    rig.hear(a_delivery(discovery(), topic=DISCOVERY, retain=True))
    assert [one.name for one in rig.store.seen] == ["Bedroom temperature"]


def test_an_empty_announcement_forgets_what_it_told(rig: Rig) -> None:
    rig.hear(a_delivery(discovery(), topic=DISCOVERY, retain=True), a_delivery(b"", topic=DISCOVERY, retain=True))
    assert rig.ingest.known.announced == {}


def test_a_broken_announcement_is_counted_and_what_was_known_stays(rig: Rig) -> None:
    rig.hear(a_delivery(discovery(), topic=DISCOVERY, retain=True), a_delivery(b"{", topic=DISCOVERY, retain=True))
    assert (list(rig.ingest.known.announced), len(rig.store.problems())) == ([DISCOVERY], 1)


def test_an_announcement_that_tells_nothing_new_leaves_what_is_known(rig: Rig) -> None:
    shadow = Rig(dialects=(a_dialect("x", defective), zigbee2mqtt_deaf()))
    shadow.hear(a_delivery(b"{}", topic="deaf/config"))
    assert shadow.ingest.known.announced == {}


def zigbee2mqtt_deaf() -> Dialect:
    """A dialect with an announcement topic that it learns nothing from."""
    return Dialect(
        name="deaf",
        metadata=("deaf/config",),
        subscriptions=(),
        words=None,
        claims=lambda topic: topic.startswith("deaf/"),
        decode=lambda _message, _known: Decoded(),
    )


def test_memory_of_topics_and_series_starts_anew_rather_than_grows(rig: Rig) -> None:
    rig.ingest.take([a_delivery(topic=f"zigbee2mqtt/{number}", qos=0) for number in range(TOPICS_AT_MOST + 1)])
    sorting, roster = rig.ingest._sorting, rig.ingest._roster
    memories = (rig.ingest._arrivals._arrivals, sorting._last, sorting._trails, roster._sensors)
    assert [len(memory) for memory in memories] == [1, 1, 1, 1]


def a_busy(rig: Rig, messages: int) -> Ingest:
    rig.ingest.take([a_delivery({"temperature": 20 + number / 100}) for number in range(messages)])
    return rig.ingest


def test_nothing_is_due_where_nothing_was_taken(rig: Rig) -> None:
    assert (rig.ingest.due(idle=True), rig.ingest.wait_s()) == (False, 1.0)


def test_an_empty_take_begins_no_batch(rig: Rig) -> None:
    rig.ingest.take([])
    rig.clock.pass_by(5)
    assert not rig.ingest.due(idle=True)


def test_as_many_readings_as_a_batch_holds_are_due() -> None:
    rig = Rig(rows=5)
    assert [a_busy(rig, 4).due(idle=False), a_busy(rig, 1).due(idle=False)] == [False, True]


def test_a_batch_that_is_old_enough_is_due(rig: Rig) -> None:
    ingest = a_busy(rig, 1)
    rig.clock.pass_by(0.75)
    young, wait_s = ingest.due(idle=True), ingest.wait_s()
    rig.clock.pass_by(0.25)
    assert (young, wait_s, ingest.due(idle=False), ingest.wait_s()) == (False, 0.25, True, 0.0)


def test_an_idle_worker_stores_as_soon_as_the_broker_may_be_waiting(rig: Rig) -> None:
    few = a_busy(rig, WINDOW - 1).due(idle=True)
    ingest = a_busy(rig, 1)
    assert (few, ingest.due(idle=True), ingest.due(idle=False)) == (False, True, False)


def test_nobody_waits_longer_than_a_second() -> None:
    rig = Rig(age_s=30)
    assert a_busy(rig, 1).wait_s() == 1.0


def test_after_a_commit_a_new_batch_begins(rig: Rig) -> None:
    a_busy(rig, WINDOW)
    rig.ingest.commit(rig.source)
    assert not rig.ingest.due(idle=True)
