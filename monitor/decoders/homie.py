"""Homie 3, 4 and 5: plain values of described properties."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from monitor.core.decoding import CONTROL, EMPTY, NOTHING, Decoded, Dialect
from monitor.core.device_classes import Meaning
from monitor.core.explained import whole_value
from monitor.core.known import Attribute, Availability, Fact, Known
from monitor.core.payload import mapping, text
from monitor.core.readings import Message
from monitor.core.units import quantity_in, to_canonical
from monitor.core.vocabulary import NEEDS_UNIT, Named, named, of_the_room, words_of

_BASE = "homie/"
_FIVE = "5"
_DESCRIPTION = "$description"
_OF_PROPERTY = ("$unit", "$datatype", "$settable", "$name")
_NUMBERS = frozenset({"float", "integer", "percent"})
_TELLING = ("temperature", "illuminance")
"""Quantities whose units belong to no other of a home's."""
_COLOUR_UNIT = "K"
"""Kelvin is where lamps tell their colour."""
_UNDESCRIBED = Decoded(ignored="a property that nothing describes")
_UNLISTED = Decoded(ignored="a property that its node does not list")


class _Place(NamedTuple):
    """Whose property a topic carries; `root` is the topic of the device."""

    root: str
    device: str
    node: str
    name: str

    @property
    def sensor(self) -> str:
        return f"homie:{self.device}/{self.node}/{self.name}"


@lru_cache(maxsize=10_000)
def _place(topic: str) -> _Place | None:
    """The parts of `<base>/<device>/<node>/<property>`, in version 5 of `<base>/5/...`; None for another topic."""
    levels = topic.split("/")
    five = len(levels) > 1 and levels[1] == _FIVE
    if len(levels) != (5 if five else 4) or not all(levels) or any(level.startswith("$") for level in levels):
        return None
    return _Place("/".join(levels[:-2]), *levels[-3:])


def _decode(message: Message, known: Known) -> Decoded:
    topic = message.topic
    place = _place(topic)
    if place is None:
        return CONTROL
    if not message.payload:
        return EMPTY
    told = known.attributes(topic)
    if not told:
        fact = known.facts(topic).get(())
        return _UNDESCRIBED if fact is None else whole_value(message, fact)
    if not _is_listed(place.name, known.attributes(f"{place.root}/{place.node}").get("properties")):
        return _UNLISTED
    called = " ".join(filter(None, (known.attributes(place.root).get("name"), told.get("name"))))
    described = _described(topic, told.get("name"), told.get("datatype"), told.get("unit"), told.get("settable"))
    return NOTHING if described is None else whole_value(message, described, called=called or None)


def _is_listed(name: str, properties: str | None) -> bool:
    """Whether a node still has the property; the values of those that it had once are kept by the broker."""
    return properties is None or name in {each.strip().partition(":")[0] for each in properties.split(",")}


@lru_cache(maxsize=10_000)
def _described(
    topic: str, name: str | None, datatype: str | None, unit: str | None, settable: str | None
) -> Fact | None:
    place = _place(topic)
    meaning = None if place is None else _meaning(place, name or "", datatype, unit, settable=settable == "true")
    if place is None or meaning is None:
        return None
    return Fact(
        state_topic=topic,
        path=(),
        quantity=meaning.quantity,
        unit=meaning.unit,
        sensor=place.sensor,
        name=name or place.name,
        device=place.device,
    )


def _meaning(place: _Place, name: str, datatype: str | None, unit: str | None, *, settable: bool) -> Meaning | None:
    """What names, datatype and unit say together; quantity None for what is set, None for no quantity of ours."""
    if datatype != "boolean" and datatype is not None and datatype not in _NUMBERS:
        return None
    read = (name_ for name_ in map(named, (place.name, name, f"{place.node} {place.name}")) if name_ is not None)
    found = next(read, None)
    meaning = _by_unit(unit) if found is None else _by_name(found, datatype, unit)
    if meaning is None or meaning.quantity is None:
        return meaning
    words = words_of(f"{place.node} {place.name} {name}")
    return Meaning(None, unit) if settable or not of_the_room(meaning.quantity, words) else meaning


def _by_name(found: Named, datatype: str | None, unit: str | None) -> Meaning | None:
    if found.binary != (datatype == "boolean"):
        return None
    unit = unit or found.unit
    quantity = quantity_in(found.quantity, unit)
    if unit is None and quantity in NEEDS_UNIT:
        return None
    return Meaning(None if to_canonical(quantity, 1.0, unit) is None else quantity, unit)


def _by_unit(unit: str | None) -> Meaning | None:
    if unit is None or unit == _COLOUR_UNIT:
        return None
    telling = (quantity for quantity in _TELLING if to_canonical(quantity, 1.0, unit) is not None)
    return next((Meaning(quantity, unit) for quantity in telling), None)


def _learn(message: Message) -> tuple[Fact, ...] | Attribute | None:
    owner, _, name = message.topic.rpartition("/")
    if name == _DESCRIPTION:
        return tuple(_facts(owner, mapping(message.payload))) if message.payload else ()
    return Attribute(owner, name.removeprefix("$"), text(message.payload) or None, "homie")


def _facts(root: str, description: dict[str, object]) -> Iterator[Fact]:
    """The properties of ours that a version 5 device describes."""
    stem, _, device = root.rpartition("/")
    ancestor = _text(description, "root")
    owners = (root,) if ancestor is None else (root, f"{stem}/{ancestor}")
    availability = tuple(Availability(f"{owner}/$state") for owner in owners)
    of_device = _text(description, "name")
    for node, described in _parts(description, "nodes"):
        for key, property_ in _parts(described, "properties"):
            place = _Place(root, device, node, key)
            name = _text(property_, "name")
            unit, datatype = _text(property_, "unit"), _text(property_, "datatype")
            meaning = _meaning(place, name or "", datatype, unit, settable=property_.get("settable") is True)
            if meaning is not None and key:
                yield Fact(
                    state_topic=f"{root}/{node}/{key}",
                    path=(),
                    quantity=meaning.quantity,
                    unit=meaning.unit,
                    sensor=place.sensor,
                    name=" ".join(filter(None, (of_device, name or key))),
                    device=device,
                    availability=availability,
                )


def _parts(owner: dict[str, object], key: str) -> Iterator[tuple[str, dict[str, object]]]:
    parts = owner.get(key)
    for name, part in parts.items() if isinstance(parts, dict) else ():
        if isinstance(part, dict):
            yield name, part


def _text(owner: dict[str, object], key: str) -> str | None:
    found = owner.get(key)
    return found if isinstance(found, str) and found else None


def _availability(state_topic: str) -> str | None:
    place = _place(state_topic)
    return None if place is None else f"{place.root}/$state"


DIALECT = Dialect(
    name="homie",
    metadata=(
        f"+/{_FIVE}/+/{_DESCRIPTION}",
        *(f"+/+/+/+/{name}" for name in _OF_PROPERTY),
        "+/+/+/$properties",
        "+/+/$name",
    ),
    subscriptions=(f"{_BASE}+/+/+", f"{_BASE}{_FIVE}/+/+/+"),
    words=frozenset({_BASE.rstrip("/")}),
    claims=lambda topic: topic.startswith(_BASE),
    decode=_decode,
    learn=_learn,
    availability=_availability,
)
