"""The composition root: settings -> concrete adapters -> services; the only package that names both sides."""

from monitor.bootstrap.daemon import Running, run, start_logging, wired
from monitor.bootstrap.dialects import decoders, dialects, plan
from monitor.bootstrap.doctor import examine, reachable
from monitor.bootstrap.finding import find_sensors, take_in
from monitor.bootstrap.home import zone_name
from monitor.bootstrap.mirror import Resync, resync
from monitor.bootstrap.rehearsal import Outcome, demo, staged
from monitor.bootstrap.steps import advising, analysing, close_nights, closing, own_factors
from monitor.bootstrap.stores import Stores, open_stores

__all__ = [
    "Outcome",
    "Resync",
    "Running",
    "Stores",
    "advising",
    "analysing",
    "close_nights",
    "closing",
    "decoders",
    "demo",
    "dialects",
    "examine",
    "find_sensors",
    "open_stores",
    "own_factors",
    "plan",
    "reachable",
    "resync",
    "run",
    "staged",
    "start_logging",
    "take_in",
    "wired",
    "zone_name",
]
