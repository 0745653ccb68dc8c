"""The dialects as bootstrap joins them."""

import pytest

from monitor import bootstrap
from monitor.core.decoding import Decoders
from monitor.settings.sections import Home, Settings


@pytest.fixture(scope="session")
def decoders() -> Decoders:
    """Every dialect, in a home in Berlin."""
    return Decoders(bootstrap.dialects(Settings.model_construct(home=Home(zone="Europe/Berlin"))))
