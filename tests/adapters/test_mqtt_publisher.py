"""The demo's publisher, against a real mosquitto."""

import socket

import pytest

from monitor.adapters.mqtt_publisher import INFLIGHT, MqttPublisher
from monitor.errors import BrokerError
from tests.adapters.mqtt_rig import TOPIC, Guest, a_broker_that, numbers, until, welcomes

pytestmark = pytest.mark.broker


def test_messages_arrive_in_the_order_in_which_they_were_published(mosquitto):
    guest = Guest(mosquitto.port, TOPIC)
    with MqttPublisher("127.0.0.1", mosquitto.port, "demo") as publisher:
        for word in numbers(5 * INFLIGHT):
            publisher.publish(TOPIC, word)
        publisher.flush(10)
    until(lambda: len(guest.heard) == 5 * INFLIGHT)
    guest.leave()
    assert [heard.payload for heard in guest.heard] == numbers(5 * INFLIGHT)


def test_a_retained_message_is_there_for_who_comes_later(mosquitto):
    with MqttPublisher("127.0.0.1", mosquitto.port, "demo") as publisher:
        publisher.publish(TOPIC, b"kept", retain=True)
        publisher.flush(10)
    guest = Guest(mosquitto.port, TOPIC)
    until(lambda: guest.heard)
    guest.leave()
    assert guest.heard == [(TOPIC, b"kept", True)]


def test_there_is_nothing_to_wait_for_before_the_first_message(mosquitto):
    with MqttPublisher("127.0.0.1", mosquitto.port, "demo") as publisher:
        assert publisher.flush(10) is None


def test_without_a_broker_it_says_where_it_looked(free_port):
    with pytest.raises(BrokerError, match=f"no MQTT broker at 127.0.0.1:{free_port}: .*refused"):
        MqttPublisher("127.0.0.1", free_port, "demo")


def test_a_broker_that_takes_nothing_is_given_up_after_the_time_given():
    with a_broker_that(welcomes()) as port, MqttPublisher("127.0.0.1", port, "demo") as publisher:
        publisher.publish(TOPIC, b"21.5")
        with pytest.raises(BrokerError, match=f"the MQTT broker at 127.0.0.1:{port} does not take messages"):
            publisher.flush(0.1)


def test_a_broker_that_does_not_answer_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(BrokerError, match=f"the MQTT broker at 127.0.0.1:{port} does not answer"):
            MqttPublisher("127.0.0.1", port, "demo", patience_s=0.1)
