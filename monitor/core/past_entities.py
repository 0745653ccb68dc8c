"""Home Assistant's entities as its recorder, its history and its InfluxDB integration keep them."""

from functools import lru_cache
from typing import NamedTuple

from monitor.core.announced import BINARY
from monitor.core.device_classes import COMPONENTS, Meaning, guessed, meaning_of
from monitor.core.identity import OWN_DEVICE
from monitor.core.payload import flag, number, says_nothing
from monitor.core.quantities import BY_NAME
from monitor.core.units import to_canonical
from monitor.core.vocabulary import of_the_room, words_of
from monitor.errors import InputError

CLEAR_UNITS = ("temperature", "pressure", "illuminance")
"""Quantities whose units no other quantity has: there the unit alone tells."""

KEY_PREFIX = "statestream:"
"""Entities have the keys that they have when Home Assistant publishes them itself, so that both are one series."""


class Told(NamedTuple):
    """What the attributes of a state tell; None where they do not."""

    device_class: str | None = None
    unit: str | None = None
    name: str | None = None


class Mapped(NamedTuple):
    """What the person says of an entity or a column of another program; unit None: as its attributes tell."""

    sensor: str
    quantity: str
    unit: str | None = None


def told_by(attributes: object) -> Told:
    """The attributes that matter, from the JSON object of a state; anything else tells nothing."""
    if not isinstance(attributes, dict):
        return Told()
    found = (attributes.get(name) for name in ("device_class", "unit_of_measurement", "friendly_name"))
    return Told(*(one if isinstance(one, str) and one else None for one in found))


@lru_cache(maxsize=10_000)
def meaning_of_entity(entity_id: str, told: Told) -> Meaning | str:
    """What an entity measures, by class and unit, by its name with the unit, or by a unit that leaves no doubt.

    Text: why it is left out.
    """
    domain, _, object_id = entity_id.partition(".")
    if domain not in COMPONENTS:
        return "no sensor"
    if object_id.startswith(OWN_DEVICE):
        return "bedroom-monitor's own"
    names = (object_id,) if told.name is None else (object_id, told.name)
    meaning = meaning_of(domain, told.device_class, told.unit, names)
    if meaning is None and told == Told():
        meaning = guessed(domain, object_id)
    if meaning is None and told.unit and domain == "sensor":
        meaning = _by_unit(told.unit, words_of(" ".join(names)))
    if meaning is not None and meaning.quantity is not None:
        return meaning
    what = ", ".join(filter(None, (told.device_class, told.unit)))
    return f"nothing that is known here ({what})" if what else "nothing tells what it measures"


def value_of_state(state: object, quantity: str, unit: str | None) -> float | str | None:
    """The canonical value of a state; None where it says that there is none, text where it cannot be used."""
    if state is None or (isinstance(state, str) and says_nothing(state.strip())):
        return None
    if quantity in BINARY:
        found = flag(int(state) if isinstance(state, float) and state in (0.0, 1.0) else state)
    else:
        found = number(state)
    if found is None:
        what = "on or off" if quantity in BINARY else "a number"
        return f"expected {what}, got {shortened(state)}"
    value = to_canonical(quantity, found, unit)
    return f"expected {quantity} in a unit such as {BY_NAME[quantity].unit}, got {unit}" if value is None else value


def mapped(meaning: str, option: str) -> Mapped:
    """What `KEY:quantity` or `KEY:quantity:unit` says. Raises InputError."""
    sensor, colon, last = meaning.rpartition(":")
    if colon and sensor and last in BY_NAME:
        return Mapped(sensor, last)
    key, colon, quantity = sensor.rpartition(":")
    if not (colon and key and quantity in BY_NAME):
        raise InputError(
            f"{option}: expected SENSOR:QUANTITY or SENSOR:QUANTITY:UNIT with a quantity of {', '.join(BY_NAME)}, "
            f"got {meaning!r}"
        )
    if to_canonical(quantity, 1.0, last) is None:
        raise InputError(f"{option}: expected a unit of {quantity} such as {BY_NAME[quantity].unit}, got {last!r}")
    return Mapped(key, quantity, last)


def shortened(value: object) -> str:
    """A value as it is shown in a message, not too long."""
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _by_unit(unit: str, words: tuple[str, ...]) -> Meaning | None:
    for quantity in CLEAR_UNITS:
        if to_canonical(quantity, 1.0, unit) is not None and of_the_room(quantity, words):
            return Meaning(quantity, unit)
    return None
