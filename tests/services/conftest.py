"""Fixtures that several tests of the services share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.home import Home
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
