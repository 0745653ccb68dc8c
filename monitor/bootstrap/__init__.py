"""The composition root: settings -> concrete adapters -> services; the only package that names both sides."""

from monitor.bootstrap.backups import back_up, list_backups
from monitor.bootstrap.daemon import Running, run, start_logging, wired
from monitor.bootstrap.dialects import decoders, dialects, plan
from monitor.bootstrap.doctor import examine, reachable
from monitor.bootstrap.finding import find_sensors, take_in
from monitor.bootstrap.home import zone_name
from monitor.bootstrap.mirror import Resync, resync
from monitor.bootstrap.past import (
    Address,
    close_after_import,
    home_assistant,
    import_past,
    importable,
    influx_access,
    influxdb,
)
from monitor.bootstrap.rehearsal import Outcome, demo, staged
from monitor.bootstrap.restoring import restore
from monitor.bootstrap.steps import advising, analysing, close_nights, closing, own_factors
from monitor.bootstrap.stores import Stores, open_stores

__all__ = [
    "Address",
    "Outcome",
    "Resync",
    "Running",
    "Stores",
    "advising",
    "analysing",
    "back_up",
    "close_after_import",
    "close_nights",
    "closing",
    "decoders",
    "demo",
    "dialects",
    "examine",
    "find_sensors",
    "home_assistant",
    "import_past",
    "importable",
    "influx_access",
    "influxdb",
    "list_backups",
    "open_stores",
    "own_factors",
    "plan",
    "reachable",
    "restore",
    "resync",
    "run",
    "staged",
    "start_logging",
    "take_in",
    "wired",
    "zone_name",
]
