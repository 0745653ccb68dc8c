"""Every contract test runs over every store."""

import pytest

from tests.contracts.stores import KINDS, Stores


@pytest.fixture(params=sorted(KINDS))
def open_stores(request, tmp_path):
    """Open the stores of a kind in this test's folder, with a mirror where `mirrored`; again is a restart."""
    return lambda **options: KINDS[request.param](tmp_path, **options)


@pytest.fixture
def stores(open_stores) -> Stores:
    with open_stores() as opened:
        yield opened
