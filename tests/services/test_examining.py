"""The doctor looks at every part, so that one fault hides no other."""

import pytest

from monitor.errors import BrokerError, StoreUnusable
from monitor.services.examining import Examined, Part, examine


def failing(error: Exception) -> Part:
    def look() -> str:
        raise error

    return Part("broker", look)


def test_a_part_that_works_says_what_is_right() -> None:
    assert examine([Part("clock", lambda: "the clock is set")]) == [Examined("clock", ok=True, says="the clock is set")]


def test_a_part_that_fails_says_what_is_wrong() -> None:
    assert examine([failing(BrokerError("localhost:1883: refused"))]) == [
        Examined("broker", ok=False, says="localhost:1883: refused")
    ]


def test_a_folder_that_may_not_be_entered_is_a_fault_with_advice() -> None:
    closed = PermissionError(13, "Permission denied", "/var/lib/bedroom-monitor/monitor.db")
    assert examine([failing(closed)])[0].says == (
        "/var/lib/bedroom-monitor/monitor.db: Permission denied; does it take sudo?"
    )


def test_a_fault_hides_no_other_and_nothing_that_works() -> None:
    parts = [failing(BrokerError("a")), Part("clock", lambda: "set"), failing(StoreUnusable("b"))]
    assert [one.ok for one in examine(parts)] == [False, True, False]


def test_a_defect_is_no_fault_of_the_house() -> None:
    with pytest.raises(ZeroDivisionError):
        examine([failing(ZeroDivisionError())])
