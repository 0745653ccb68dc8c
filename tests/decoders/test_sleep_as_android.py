"""Sleep as Android: its topics are the person's choice, its events are kept word for word."""

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders.sleep_as_android import dialect

DIALECT = dialect()
CHOSEN = dialect(("phone/sleep", "SleepAsAndroid"))

EVENTS = (
    "sleep_tracking_started",
    "sleep_tracking_stopped",
    "sleep_tracking_paused",
    "sleep_tracking_resumed",
    "light_sleep",
    "deep_sleep",
    "rem",
    "awake",
    "not_awake",
    "sound_event_snore",
    "sound_event_talk",
    "sound_event_cough",
    "sound_event_baby",
    "sound_event_laugh",
    "apnea_alarm",
    "antisnoring",
    "lullaby_start",
    "lullaby_stop",
    "lullaby_volume_down",
    "alarm_alert_start",
    "alarm_alert_dismiss",
    "alarm_snooze_clicked",
    "alarm_snooze_canceled",
    "alarm_skip_next",
    "show_skip_next_alarm",
    "alarm_rescheduled",
    "before_alarm",
    "smart_period",
    "before_smart_period",
    "alarm_wake_up_check",
    "time_to_bed_alarm_alert",
    "jet_lag_start",
)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_kept_by_its_exact_word(event: str) -> None:
    message = Message("SleepAsAndroid/phone", b'{"event":"%s"}' % event.encode(), False, 0)
    found = DIALECT.decode(message, Known()).measurements
    assert [(one.quantity, one.value, one.time_ms, one.word) for one in found] == [("sleep_event", 1.0, None, event)]


@pytest.mark.parametrize("topic", ["SleepAsAndroid", "SleepAsAndroid/phone", "home/SleepAsAndroid/phone"])
def test_it_subscribes_to_what_it_claims(topic: str) -> None:
    assert DIALECT.claims(topic)
    assert any(covers(each, topic) for each in DIALECT.subscriptions)


@pytest.mark.parametrize("topic", ["phone/sleep", "phone/sleep/anna", "home/phone/sleep/anna", "SleepAsAndroid/x"])
def test_the_topics_of_the_settings_are_claimed(topic: str) -> None:
    assert CHOSEN.claims(topic)
    assert any(covers(each, topic) for each in CHOSEN.subscriptions)


def test_every_chosen_topic_has_a_level_by_which_it_is_found() -> None:
    found = Decoders((CHOSEN,))
    assert found.dialect_of("home/phone/sleep/anna") is found.dialect_of("SleepAsAndroid/phone") is CHOSEN


@pytest.mark.parametrize("topic", ["phone/asleep", "SleepAsAndroid2/phone", "sleep"])
def test_other_topics_are_not_claimed(topic: str) -> None:
    assert not CHOSEN.claims(topic)


def test_nothing_is_taken_for_it_by_the_key_event_alone() -> None:
    assert DIALECT.signatures == ()
