"""Settings to what they leave to this machine."""

from monitor.settings import Settings
from monitor.settings.local_zone import local_zone_name


def zone_name(settings: Settings) -> str:
    """The home's IANA zone: the settings', else this machine's."""
    return settings.home.zone or local_zone_name()
