"""How much a year takes, from what the last week brought."""

import pytest

from monitor.core.readings import DAY_MS
from monitor.services.growing import LEAST_MS, WEEK_MS, growth, rates

NOW_MS = 1_790_812_800_000


class Measured:
    """A store with one series of a reading a minute since a time."""

    def __init__(self, first_ms: int | None) -> None:
        self.first_ms = first_ms

    def measured_since(self, from_ms: int) -> tuple[int | None, list[tuple[str, int]]]:
        if self.first_ms is None:
            return None, []
        first_ms = max(self.first_ms, from_ms)
        return first_ms, [("temperature", (NOW_MS - first_ms) // 60_000)]


@pytest.mark.parametrize("first_ms", [0, NOW_MS - WEEK_MS, NOW_MS - DAY_MS, NOW_MS - LEAST_MS])
def test_the_rate_is_that_of_the_last_week_or_of_what_there_is(first_ms):
    assert rates(Measured(first_ms), NOW_MS) == [("temperature", 1_440.0)]


@pytest.mark.parametrize("first_ms", [None, NOW_MS - LEAST_MS + 1, NOW_MS + DAY_MS])
def test_what_was_just_begun_says_nothing_of_a_year(first_ms):
    assert rates(Measured(first_ms), NOW_MS) == []


def test_r11_the_yearly_size_is_stated_before_anything_was_measured():
    assert growth((), 0) == (
        "readings are kept as they came, for ever; a sensor with two values a minute takes about 25 MB a year"
    )


def test_r11_the_yearly_size_is_stated_from_what_was_measured():
    said = growth([("temperature", 1_440.0)] * 20, 0)
    assert said == "readings are kept as they came, for ever; at the present rate about 251 MB a year"


def test_with_thinning_it_is_stated_what_is_left():
    said = growth([("temperature", 8_640.0), ("noise", 1_440.0)], 90)
    assert said == (
        "at the present rate about 88 MB a year; after 90 days thinned to five minutes, about 31 MB of it are left"
    )
