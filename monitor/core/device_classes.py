"""Home Assistant's device classes, units and entity names to quantities."""

from types import MappingProxyType
from typing import NamedTuple

from monitor.core.units import quantity_in, to_canonical
from monitor.core.vocabulary import NEEDS_UNIT, named, of_the_room, words_of

COMPONENTS = ("sensor", "binary_sensor")
"""The kinds of entity that read; all others are set, or are no reading of the room."""


class Meaning(NamedTuple):
    """The quantity and the unit of an entity; quantity None: something else than a reading, for certain."""

    quantity: str | None
    unit: str | None


_CLASSES = MappingProxyType(
    {
        ("sensor", "temperature"): ("temperature", "°C"),
        ("sensor", "humidity"): ("humidity", "%"),
        ("sensor", "carbon_dioxide"): ("co2", "ppm"),
        ("sensor", "pm25"): ("pm25", "µg/m³"),
        ("sensor", "pm10"): ("pm10", "µg/m³"),
        ("sensor", "volatile_organic_compounds"): ("voc", "µg/m³"),
        ("sensor", "volatile_organic_compounds_parts"): ("voc", "ppb"),
        ("sensor", "illuminance"): ("illuminance", "lx"),
        ("sensor", "sound_pressure"): ("noise", "dB"),
        ("sensor", "pressure"): ("pressure", "hPa"),
        ("sensor", "atmospheric_pressure"): ("pressure", "hPa"),
        ("sensor", "battery"): ("battery", "%"),
        ("binary_sensor", "occupancy"): ("occupancy", None),
        ("binary_sensor", "presence"): ("occupancy", None),
        ("binary_sensor", "motion"): ("motion", None),
        ("binary_sensor", "moving"): ("motion", None),
        ("binary_sensor", "vibration"): ("movement", None),
    }
)
"""Component and device class to quantity and the unit that is meant where none is announced."""


def meaning_of(component: str, device_class: str | None, unit: str | None, names: tuple[str, ...]) -> Meaning | None:
    """What class, unit and `names` say together; None where they do not say.

    A class that is not ours, a unit that its quantity does not have, and names of a chip or a setting are no reading.
    """
    if component not in COMPONENTS:
        return None
    if device_class is None:
        return _by_name(component, unit, names)
    quantity, usual = _CLASSES.get((component, device_class), (None, None))
    unit = unit or usual
    if quantity is None or not of_the_room(quantity, words_of(" ".join(names))):
        return Meaning(None, unit)
    return _in_unit(quantity, unit)


def guessed(component: str, object_id: str) -> Meaning | None:
    """What an entity means that nobody announces, as far as its id says; None where it does not."""
    meaning = named(object_id)
    if meaning is None or meaning.binary != (component == "binary_sensor"):
        return None
    if meaning.unit is None and meaning.quantity in NEEDS_UNIT:
        return None
    return Meaning(meaning.quantity, meaning.unit)


def _by_name(component: str, unit: str | None, names: tuple[str, ...]) -> Meaning | None:
    """A number needs a unit that fits its name; a yes or no is named last (`motion_enabled` is a setting)."""
    words = words_of(" ".join(names))
    for meaning in filter(None, map(named, names)):
        if meaning.binary != (component == "binary_sensor") or not of_the_room(meaning.quantity, words):
            continue
        if meaning.binary and meaning.last:
            return Meaning(meaning.quantity, None)
        if unit and not meaning.binary and _in_unit(meaning.quantity, unit).quantity is not None:
            return _in_unit(meaning.quantity, unit)
    return None


def _in_unit(quantity: str, unit: str | None) -> Meaning:
    quantity = quantity_in(quantity, unit)
    return Meaning(None if to_canonical(quantity, 1.0, unit) is None else quantity, unit)
