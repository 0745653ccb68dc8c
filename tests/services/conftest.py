"""Fixtures that several tests of the services share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.influx_like import InfluxLike, an_influx
from tests.services.home import Home
from tests.services.mirror_rig import MirrorRig, rules
from tests.services.rig import Rig


@pytest.fixture
def rig() -> Rig:
    """An ingest over an empty store."""
    return Rig()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A bedroom with an empty database."""
    home = Home(tmp_path)
    yield home
    home.database.close()


@pytest.fixture
def influx() -> Iterator[InfluxLike]:
    """A server like InfluxDB 2."""
    with an_influx() as server:
        yield server


@pytest.fixture
def make_mirror(influx: InfluxLike, tmp_path: Path) -> Iterator[Callable[..., MirrorRig]]:
    """A home with a mirror, with rules of one's own; it ends with the test."""
    made: list[MirrorRig] = []

    def make(*, timeout_s: float = 5.0, **changes: object) -> MirrorRig:
        made.append(MirrorRig(tmp_path, influx, rules=rules(**changes), timeout_s=timeout_s))
        return made[-1]

    yield make
    for one in made:
        one.end()
