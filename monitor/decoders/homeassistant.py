"""Home Assistant discovery: what other publishers announce of their values; learned, never a reading."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from monitor.core.decoding import ANNOUNCEMENT, Decoded, Dialect, covers
from monitor.core.device_classes import Meaning, meaning_of
from monitor.core.discovery import Entity, availability_of, entities, identifiers_of, word
from monitor.core.identity import OWN_DEVICE, esphome_key, esphome_topic, mac_in
from monitor.core.known import Fact, Known, Path
from monitor.core.payload import mapping, number
from monitor.core.readings import Message
from monitor.core.templates import Source, recognised

_ESPHOME_ID = "ESP"
"""Begins ESPHome's unique ids, which are unique within one node only."""


def dialect(prefix: str = "homeassistant", own: str = "bedroom-monitor", own_device: str = OWN_DEVICE) -> Dialect:
    """Announcements under `prefix`.

    Those of state topics under `own`, or of devices whose identifier begins with `own_device`, are ours and teach
    nothing.
    """
    announcements = (f"{prefix}/+/+/config", f"{prefix}/+/+/+/config")

    def claims(topic: str) -> bool:
        return topic.endswith("/config") and any(covers(each, topic) for each in announcements)

    def is_ours(fact: Fact) -> bool:
        return fact.state_topic.startswith(f"{own}/")

    def learn(message: Message) -> tuple[Fact, ...] | None:
        if not claims(message.topic):
            return None
        if not message.payload:
            return ()
        levels = message.topic.removeprefix(f"{prefix}/").split("/")
        told = entities(levels[0], levels[-2], mapping(message.payload))
        others = (entity for entity in told if not _is_of(own_device, entity))
        return tuple(fact for entity in others for fact in _facts(entity) if not is_ours(fact))

    return Dialect(
        name="homeassistant",
        metadata=announcements,
        subscriptions=(),
        words=frozenset({"config"}),
        claims=claims,
        decode=_decode,
        learn=learn,
    )


def _decode(_message: Message, _known: Known) -> Decoded:
    return ANNOUNCEMENT


def _is_of(device: str, entity: Entity) -> bool:
    return any(identifier.startswith(device) for identifier in identifiers_of(entity.device))


def _facts(entity: Entity) -> Iterator[Fact]:
    """The fact of an entity that reads; quantity None where it is no reading, or its template is not read."""
    config, device = entity.config, entity.device
    topic = _text(config, "state_topic")
    source = recognised(config.get("value_template"))
    path, scale = Source() if source is None else source
    meaning = _meaning(entity, path)
    if topic is None or meaning is None:
        return
    identifier = next(iter(identifiers_of(device)), None)
    key = _key(entity, topic, path, identifier)
    expires = number(config.get("expire_after"))
    yield Fact(
        state_topic=topic,
        path=path,
        quantity=None if source is None or _is_diagnostic(config, meaning) else meaning.quantity,
        unit=meaning.unit,
        sensor=key.sensor,
        name=_name(entity),
        scale=scale,
        on=word(config.get("payload_on")),
        off=word(config.get("payload_off")),
        formerly=key.formerly,
        device=mac_in(identifier) or identifier,
        area=_text(device, "suggested_area"),
        availability=availability_of(config),
        expire_after_s=expires if expires is not None and expires > 0 else None,
        second_hand=True,
    )


def _meaning(entity: Entity, path: Path) -> Meaning | None:
    config = entity.config
    names = (entity.object_id, _text(config, "name"), str(path[-1]) if path else None)
    unit = _text(config, "unit_of_measurement")
    return meaning_of(entity.component, _text(config, "device_class"), unit, tuple(filter(None, names)))


def _is_diagnostic(config: Mapping[str, object], meaning: Meaning) -> bool:
    return config.get("entity_category") in ("diagnostic", "config") and meaning.quantity != "battery"


class _Key(NamedTuple):
    """The sensor's key, and the one that ESPHome's dialect gives it while nobody announces it."""

    sensor: str
    formerly: str | None = None


def _key(entity: Entity, topic: str, path: Path, identifier: str | None) -> _Key:
    mac = mac_in(identifier)
    unique_id = _text(entity.config, "unique_id")
    place = esphome_topic(topic)
    formerly = None if place is None or place.component != entity.component else esphome_key(place)
    if mac is not None and place is not None and formerly is not None:
        return _Key(esphome_key(place, mac), formerly)
    legacy = f"{_ESPHOME_ID}{entity.component}"
    if mac is not None and unique_id is not None and unique_id.startswith(legacy):
        return _Key(f"esphome:{mac}/{unique_id.removeprefix(legacy)}")
    of_device = None if identifier is None else f"{identifier}/{entity.object_id}"
    identity = unique_id or of_device or "/".join(map(str, (topic, *path)))
    return _Key(f"homeassistant:{identity.rstrip('/')}", formerly)


def _name(entity: Entity) -> str:
    """What to call it before a person: the device and the entity, as far as announced."""
    of_device = _text(entity.device, "name")
    device_class = _text(entity.config, "device_class")
    own = _text(entity.config, "name") or (device_class or entity.object_id).replace("_", " ")
    if of_device is None or own.lower().startswith(of_device.lower()):
        return own
    return f"{of_device} {own}"


def _text(config: Mapping[str, object], key: str) -> str | None:
    found = config.get(key)
    return found if isinstance(found, str) and found else None
