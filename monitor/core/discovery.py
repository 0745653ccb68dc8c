"""Home Assistant discovery configs written out: long names, inherited options, whole topics."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from monitor.core.known import Availability
from monitor.core.templates import recognised

_LONG = MappingProxyType(
    {
        "stat_t": "state_topic",
        "val_tpl": "value_template",
        "unit_of_meas": "unit_of_measurement",
        "dev_cla": "device_class",
        "stat_cla": "state_class",
        "uniq_id": "unique_id",
        "def_ent_id": "default_entity_id",
        "obj_id": "object_id",
        "ent_cat": "entity_category",
        "en": "enabled_by_default",
        "exp_aft": "expire_after",
        "frc_upd": "force_update",
        "sug_dsp_prc": "suggested_display_precision",
        "avty": "availability",
        "avty_t": "availability_topic",
        "avty_mode": "availability_mode",
        "avty_tpl": "availability_template",
        "pl_avail": "payload_available",
        "pl_not_avail": "payload_not_available",
        "pl_on": "payload_on",
        "pl_off": "payload_off",
        "pl_prs": "payload_press",
        "off_dly": "off_delay",
        "cmd_t": "command_topic",
        "cmd_tpl": "command_template",
        "ops": "options",
        "ret": "retain",
        "e": "encoding",
        "ic": "icon",
        "json_attr_t": "json_attributes_topic",
        "json_attr_tpl": "json_attributes_template",
        "dev": "device",
        "o": "origin",
        "cmps": "components",
        "p": "platform",
        "t": "topic",
    }
)

_LONG_OF_DEVICE = MappingProxyType(
    {
        "ids": "identifiers",
        "cns": "connections",
        "mf": "manufacturer",
        "mdl": "model",
        "mdl_id": "model_id",
        "hw": "hw_version",
        "sw": "sw_version",
        "sn": "serial_number",
        "sa": "suggested_area",
        "cu": "configuration_url",
    }
)

_AVAILABILITY = (
    "availability",
    "availability_mode",
    "availability_topic",
    "availability_template",
    "payload_available",
    "payload_not_available",
)
_INHERITED = ("~", "state_topic", "qos", "encoding", "device")


class Entity(NamedTuple):
    """One announced entity: its config with long names and whole topics, and its device."""

    component: str
    object_id: str
    config: Mapping[str, object]
    device: Mapping[str, object]


def entities(component: str, object_id: str, config: Mapping[str, object]) -> Iterator[Entity]:
    """The entities of one config, of the entity form or of the device form; what is only a platform is removed."""
    root = _expanded(config, _LONG)
    if component != "device":
        yield _entity(component, object_id, root)
        return
    parts = root.get("components")
    for key, part in parts.items() if isinstance(parts, dict) else ():
        own = _expanded(part, _LONG) if isinstance(part, dict) else {}
        platform = own.get("platform")
        if isinstance(platform, str) and len(own) > 1:
            yield _entity(platform, key, _inherited(root, own) | own)


def availability_of(config: Mapping[str, object]) -> tuple[Availability, ...]:
    """The topics that say whether the entity can be reached; one with a template that is not read is left out."""
    alone = {
        "topic": config.get("availability_topic"),
        "value_template": config.get("availability_template"),
        "payload_available": config.get("payload_available"),
        "payload_not_available": config.get("payload_not_available"),
    }
    found = (_availability(row) for row in (*_rows(config.get("availability")), alone))
    return tuple(each for each in found if each is not None)


def identifiers_of(device: Mapping[str, object]) -> tuple[str, ...]:
    """The device's own identifiers in their order, else the addresses of its connections."""
    told = device.get("identifiers")
    found = tuple(str(row) for row in (told if isinstance(told, list) else [told]) if isinstance(row, str | int))
    connections = device.get("connections")
    return found or tuple(pair[1] for pair in (connections if isinstance(connections, list) else ()) if _is_pair(pair))


def word(payload: object) -> str | None:
    """An announced payload as it is compared: lower case, None where none is announced."""
    return None if payload is None else str(payload).strip().lower()


def _is_pair(connection: object) -> bool:
    return isinstance(connection, list) and len(connection) == 2 and isinstance(connection[1], str)


def _rows(told: object) -> list[dict[str, object]]:
    """The objects of a list, or of what should have been one."""
    return [row for row in (told if isinstance(told, list) else [told]) if isinstance(row, dict)]


def _inherited(root: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """What the root hands down; of its availability nothing to an entity that has one of its own."""
    names = _INHERITED if any(name in own for name in _AVAILABILITY) else (*_INHERITED, *_AVAILABILITY)
    return {name: root[name] for name in names if name in root}


def _entity(component: str, object_id: str, config: Mapping[str, object]) -> Entity:
    base = config.get("~")
    device = config.get("device")
    availability = [_with_base(_expanded(row, _LONG), base) for row in _rows(config.get("availability"))]
    return Entity(
        component,
        object_id,
        _with_base(config, base) | {"availability": availability},
        _expanded(device, _LONG_OF_DEVICE) if isinstance(device, dict) else {},
    )


def _with_base(config: Mapping[str, object], base: object) -> dict[str, object]:
    """The same with `~` at the start or end of every topic replaced."""
    if not isinstance(base, str):
        return dict(config)
    return {
        key: _replaced(value, base) if key.endswith("topic") and isinstance(value, str) else value
        for key, value in config.items()
    }


def _replaced(topic: str, base: str) -> str:
    if topic.startswith("~"):
        return base + topic[1:]
    return topic[:-1] + base if topic.endswith("~") else topic


def _availability(row: Mapping[str, object]) -> Availability | None:
    topic = row.get("topic")
    source = recognised(row.get("value_template"))
    if not isinstance(topic, str) or not topic or source is None:
        return None
    return Availability(topic, word(row.get("payload_available")), word(row.get("payload_not_available")), source.path)


def _expanded(config: Mapping[str, object], long: Mapping[str, str]) -> dict[str, object]:
    return {long.get(key, key): value for key, value in config.items()}
