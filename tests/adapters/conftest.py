"""Fixtures of the adapters' tests: MQTT sources that end with the test, and certificates."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.adapters.clock import SystemClock
from monitor.adapters.mqtt import MqttSource
from monitor.adapters.mqtt_subscriptions import Subscriptions
from monitor.ports import Clock
from monitor.settings.sections import Mqtt
from tests.adapters.mqtt_rig import Hasty

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@pytest.fixture
def start_source() -> Iterator[Callable[..., MqttSource]]:
    """Start a source; it ends with the test, and so must its thread."""
    started: list[MqttSource] = []

    def start(
        settings: Mqtt,
        *topics: str,
        unwanted: tuple[str, ...] = (),
        visitor: bool = False,
        clock: Clock | None = None,
    ) -> MqttSource:
        source = MqttSource(
            settings, Subscriptions(topics or ("home/#",), unwanted), clock or SystemClock(), Hasty(), visitor=visitor
        )
        source.start()
        started.append(source)
        return source

    yield start
    for source in started:
        source.stop()
    assert not any(source._thread.is_alive() for source in started)


def openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def authority(folder: Path, name: str) -> None:
    """A certificate authority: NAME.crt and NAME.key."""
    openssl("req", "-x509", *CURVE, "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt", "-subj",
            f"/CN={name}", "-days", 2)  # fmt: skip


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca, stranger (another authority), and server and client, both signed by ca."""
    folder = tmp_path_factory.mktemp("certificates")
    authority(folder, "ca")
    authority(folder, "stranger")
    for name in ("server", "client"):
        (folder / "extensions").write_text("subjectAltName = IP:127.0.0.1\nauthorityKeyIdentifier = keyid\n")
        openssl("req", "-new", *CURVE, "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr", "-subj",
                f"/CN={name}")  # fmt: skip
        openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key",
                "-CAcreateserial", "-out", folder / f"{name}.crt", "-days", 2,
                "-extfile", folder / "extensions")  # fmt: skip
    return folder
