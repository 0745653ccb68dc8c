"""From a payload of an availability topic to whether the sensor says that it can be reached."""

from monitor.core.announced import value_at
from monitor.core.known import Availability, Path
from monitor.core.payload import document, text
from monitor.errors import DecodeError

ONLINE = frozenset({"online", "true", "connected", "on", "1", "ready", "init", "alert"})
"""The usual words, in lower case; Homie's init and alert are said by a device that is there."""

OFFLINE = frozenset({"offline", "false", "disconnected", "off", "0", "lost"})
"""The usual words, in lower case; Homie's sleeping is neither: it says that silence is meant."""

USUAL: tuple[Path, ...] = (("state",), ("value",))
"""Where a JSON object says it if the announcement does not tell: Zigbee2MQTT and Ruuvi, then zwave-js-ui."""


def says_online(payload: bytes, availability: Availability) -> bool | None:
    """Whether the payload says online (True) or offline (False); None where it says neither, whatever its bytes.

    The announcement's own words count in place of the usual ones of their side. The word stands in a JSON object at
    `availability.path`, else at a usual key; anything that is no object is the word itself.
    """
    word = _word(payload, (availability.path,) if availability.path else USUAL)
    if word is None:
        return None
    if word in (availability.online, availability.offline):
        return word == availability.online
    if availability.online is None and word in ONLINE:
        return True
    return False if availability.offline is None and word in OFFLINE else None


def _word(payload: bytes, paths: tuple[Path, ...]) -> str | None:
    try:
        said = document(payload)
    except DecodeError:
        return _plain(payload)
    if isinstance(said, dict):
        said = next((word for path in paths if (word := value_at(said, path)) is not None), None)
    return str(said).strip().lower() if isinstance(said, str | int) else None


def _plain(payload: bytes) -> str | None:
    try:
        return text(payload).lower()
    except DecodeError:
        return None
