"""AirGradient: whose topic it is, and which device speaks."""

import pytest

from monitor.core.decoding import Decoders, covers
from monitor.core.known import Known
from monitor.core.readings import Message
from monitor.decoders.airgradient import DIALECT

AIR = b'{"serialno":"84fce612eff4","wifi":-51,"rco2":512,"atmp":21.4,"model":"I-9PSL"}'
WITH_SATELLITE = AIR[:-1] + b',"satellites":{"aa:bb:cc:dd:ee:ff":{"atmp":18.5}}}'


@pytest.mark.parametrize("topic", ["airgradient/config/84fce612eff4", "readings/84fce612eff4", "airgradient"])
def test_other_topics_are_not_claimed(topic: str) -> None:
    assert not DIALECT.claims(topic)


def test_it_subscribes_to_what_it_claims() -> None:
    topic = "airgradient/readings/84fce612eff4"
    assert DIALECT.claims(topic)
    assert any(covers(each, topic) for each in DIALECT.subscriptions)


def test_forwarded_readings_are_known_by_their_keys(decoders: Decoders) -> None:
    assert decoders.speaker_of(Message("garden/station", AIR, False, 0), Known()) is not None
    assert decoders.decode(Message("garden/station", AIR, False, 0), Known()).called == "AirGradient I-9PSL"


def test_one_device_has_one_key_on_whatever_topic(decoders: Decoders) -> None:
    topics = ("garden/station", "airgradient/readings/84fce612eff4")
    found = {
        measurement.sensor
        for topic in topics
        for measurement in decoders.decode(Message(topic, AIR, False, 0), Known()).measurements
    }
    assert found == {"airgradient:84fce612eff4"}


def test_a_message_of_several_sensors_names_none_of_them() -> None:
    assert DIALECT.decode(Message("airgradient/readings/x", WITH_SATELLITE, False, 0), Known()).called is None
