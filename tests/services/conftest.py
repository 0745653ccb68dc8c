"""Fixtures that several tests of the services share."""

import pytest

from tests.services.rig import Rig


@pytest.fixture
def rig() -> Rig:
    """An ingest over an empty store."""
    return Rig()
