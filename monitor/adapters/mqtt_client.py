"""A paho client as the settings want it, without callbacks."""

from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from monitor.errors import ConfigurationError
from monitor.settings.sections import Mqtt

CONNECT_S = 3.0
"""Seconds that one attempt to connect may take; a stop has to wait for it."""


def new_client(settings: Mqtt, client_id: str, *, visitor: bool, manual_ack: bool = False) -> mqtt.Client:
    """A client that is not connected yet; a visitor leaves no session behind.

    Raises ConfigurationError for unusable TLS files.
    """
    v5 = settings.version == "5"
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if v5 else visitor,
        protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
        transport=settings.transport,
        manual_ack=manual_ack,
    )
    client.connect_timeout = CONNECT_S
    if settings.username:
        client.username_pw_set(settings.username, settings.password.get_secret_value())
    if settings.transport == "websockets":
        client.ws_set_options(path=settings.websocket_path)
    if settings.tls:
        _set_tls(client, settings)
    return client


def _set_tls(client: mqtt.Client, settings: Mqtt) -> None:
    try:
        client.tls_set(
            ca_certs=_name(settings.ca_file),
            certfile=_name(settings.cert_file),
            keyfile=_name(settings.key_file),
        )
    except (OSError, ValueError) as exc:
        raise ConfigurationError([f"mqtt.ca_file, mqtt.cert_file, mqtt.key_file: not usable for TLS: {exc}"]) from exc


def _name(path: Path | None) -> str | None:
    return None if path is None else str(path)
