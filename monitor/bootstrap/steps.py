"""Settings and stores to the steps that need no broker."""

from datetime import timedelta

from monitor.adapters.analysis_process import AnalysisProcess
from monitor.adapters.clock import SystemClock
from monitor.bootstrap.home import zone_name
from monitor.bootstrap.stores import Stores
from monitor.core.diary import Factor
from monitor.ports import Clock
from monitor.services.advising import Advising
from monitor.services.analysing import Analysing, Choices
from monitor.services.closing import Closing, NightRules
from monitor.settings import Settings

OWN_FACTOR_REACH = 1e6
"""Values of a person's own factor lie within plus and minus this."""


def own_factors(settings: Settings) -> tuple[Factor, ...]:
    """The person's own factors."""
    return tuple(
        Factor(name=name, unit="", low=-OWN_FACTOR_REACH, high=OWN_FACTOR_REACH, meaning="your own")
        for name in settings.diary.own_factors
    )


def closing(settings: Settings, stores: Stores) -> Closing:
    """The step that closes nights."""
    rules = NightRules(
        zone=zone_name(settings),
        usual=settings.night.usual(),
        settle=timedelta(minutes=settings.night.settle_minutes),
        max_gap=timedelta(minutes=settings.night.max_gap_minutes),
    )
    return Closing(stores.readings, stores.nights, stores.diary, rules)


def close_nights(settings: Settings, stores: Stores) -> int:
    """Close every night that is due just now; how many that were."""
    return len(closing(settings, stores).close_due(SystemClock().now_ms()))


def analysing(settings: Settings, stores: Stores, clock: Clock) -> Analysing:
    """The step that analyses, in a process of its own."""
    analyst = AnalysisProcess(timeout_s=settings.analysis.timeout_s, memory_mb=settings.analysis.memory_mb)
    return Analysing(
        stores.nights,
        stores.diary,
        stores.analyses,
        analyst,
        clock,
        Choices(adjust_for=settings.analysis.adjust_for, seed=settings.analysis.seed),
    )


def advising(stores: Stores) -> Advising:
    """The step that gives advice."""
    return Advising(stores.nights)
