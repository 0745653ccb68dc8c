"""bedroom-monitor: which conditions of this room go with this person's bad nights."""

__version__ = "0.1.0"
