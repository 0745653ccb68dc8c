"""What the services need from outside, as small promises; adapters keep them, contract tests check them."""

from monitor.ports.messages import Clock, Delivery, MessageSource
from monitor.ports.nights import AnalysisRun, AnalysisStore, Analyst, DiaryStore, Night, NightStore
from monitor.ports.readings import (
    Batch,
    Calibration,
    Heard,
    Latest,
    Problem,
    Reach,
    ReadingStore,
    Recent,
    Seen,
    Sensor,
    SensorStore,
    SeriesSummary,
)

__all__ = [
    "AnalysisRun",
    "AnalysisStore",
    "Analyst",
    "Batch",
    "Calibration",
    "Clock",
    "Delivery",
    "DiaryStore",
    "Heard",
    "Latest",
    "MessageSource",
    "Night",
    "NightStore",
    "Problem",
    "Reach",
    "ReadingStore",
    "Recent",
    "Seen",
    "Sensor",
    "SensorStore",
    "SeriesSummary",
]
