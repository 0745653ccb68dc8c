"""Home Assistant discovery: what other publishers announce of their values; learned, never a reading."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from monitor.core.decoding import ANNOUNCEMENT, Decoded, Dialect, covers
from monitor.core.known import Fact, Known, Path
from monitor.core.payload import mapping
from monitor.core.readings import Message
from monitor.core.units import to_canonical
from monitor.core.vocabulary import named, of_the_room, words_of

_LONG = MappingProxyType(
    {
        "stat_t": "state_topic",
        "val_tpl": "value_template",
        "unit_of_meas": "unit_of_measurement",
        "dev_cla": "device_class",
        "uniq_id": "unique_id",
        "obj_id": "object_id",
        "def_ent_id": "default_entity_id",
        "ent_cat": "entity_category",
        "pl_on": "payload_on",
        "pl_off": "payload_off",
        "cmps": "components",
        "p": "platform",
        "dev": "device",
    }
)

_CLASSES = MappingProxyType(
    {
        ("sensor", "temperature"): ("temperature", "°C"),
        ("sensor", "humidity"): ("humidity", "%"),
        ("sensor", "carbon_dioxide"): ("co2", "ppm"),
        ("sensor", "pm25"): ("pm25", "µg/m³"),
        ("sensor", "pm10"): ("pm10", "µg/m³"),
        ("sensor", "volatile_organic_compounds"): ("voc_mass", "µg/m³"),
        ("sensor", "volatile_organic_compounds_parts"): ("voc", "ppb"),
        ("sensor", "illuminance"): ("illuminance", "lx"),
        ("sensor", "sound_pressure"): ("noise", "dB"),
        ("sensor", "pressure"): ("pressure", "hPa"),
        ("sensor", "atmospheric_pressure"): ("pressure", "hPa"),
        ("sensor", "battery"): ("battery", "%"),
        ("binary_sensor", "occupancy"): ("occupancy", None),
        ("binary_sensor", "presence"): ("occupancy", None),
        ("binary_sensor", "motion"): ("motion", None),
        ("binary_sensor", "moving"): ("movement", None),
        ("binary_sensor", "vibration"): ("movement", None),
    }
)
"""Component and device class to quantity and the unit that is meant where none is announced."""

_COMPONENTS = ("sensor", "binary_sensor")

_STEP = r"\.[A-Za-z_]\w*|\['[^'\]]*'\]|\[\"[^\"\]]*\"\]|\[\d{1,4}\]"
_FILTERS = r"(?:\s*\|\s*(?:float|int|round|default|is_defined)(?:\([^()|]*\))?)*"
_FACTOR = r"(?:\s*([*/])\s*(\d{1,6}(?:\.\d{1,6})?))?"
_TEMPLATE = re.compile(
    rf"\{{\{{-?\s*\(?\s*(value_json|value)\b((?:{_STEP})*){_FILTERS}{_FACTOR}\s*\)?{_FILTERS}{_FACTOR}\s*-?\}}\}}"
)
_STEPS = re.compile(_STEP)
_LONGEST_TEMPLATE = 256


def dialect(prefix: str = "homeassistant", own: str = "bedroom-monitor") -> Dialect:
    """Announcements under `prefix`; those of state topics under `own` are ours and teach nothing."""
    announcements = (f"{prefix}/+/+/config", f"{prefix}/+/+/+/config")

    def claims(topic: str) -> bool:
        return topic.endswith("/config") and any(covers(each, topic) for each in announcements)

    def learn(message: Message) -> tuple[Fact, ...] | None:
        if not claims(message.topic):
            return None
        if not message.payload:
            return ()
        levels = message.topic.removeprefix(f"{prefix}/").split("/")
        facts = _facts(levels[0], levels[-2], _expanded(mapping(message.payload)))
        return tuple(fact for fact in facts if not fact.state_topic.startswith(f"{own}/"))

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


def _facts(component: str, object_id: str, config: Mapping[str, object]) -> Iterator[Fact]:
    """The facts of one announcement, of one entity or of a whole device."""
    if component != "device":
        yield from _entity(component, object_id, config)
        return
    entities = config.get("components")
    for key, part in entities.items() if isinstance(entities, dict) else ():
        entity = _expanded(part) if isinstance(part, dict) else {}
        platform = entity.get("platform")
        if isinstance(platform, str) and len(entity) > 1:
            inherited = {name: config[name] for name in ("state_topic", "~", "device") if name in config}
            yield from _entity(platform, key, inherited | entity)


def _entity(component: str, object_id: str, config: Mapping[str, object]) -> Iterator[Fact]:
    topic = _state_topic(config)
    meaning = _meaning(component, object_id, config)
    if topic is None or meaning is None:
        return
    quantity, unit = meaning
    source = _source(config.get("value_template"))
    path, scale = ((), 1.0) if source is None else source
    name = config.get("name")
    words = words_of(f"{object_id} {name if isinstance(name, str) else ''} {path[-1] if path else ''}")
    wanted = quantity is not None and source is not None and of_the_room(quantity, words)
    diagnostic = config.get("entity_category") in ("diagnostic", "config") and quantity != "battery"
    unique_id = config.get("unique_id")
    identifier = unique_id if isinstance(unique_id, str) else "/".join(map(str, (topic, *path)))
    yield Fact(
        state_topic=topic,
        path=path,
        quantity=quantity if wanted and not diagnostic else None,
        unit=unit,
        sensor=f"homeassistant:{identifier}",
        name=_name(config, object_id),
        scale=scale,
        on=_word(config.get("payload_on")),
        off=_word(config.get("payload_off")),
    )


def _meaning(component: str, object_id: str, config: Mapping[str, object]) -> tuple[str | None, str | None] | None:
    """Quantity and unit; quantity None: something else for certain; None: the announcement does not say."""
    if component not in _COMPONENTS:
        return None
    device_class, announced = config.get("device_class"), config.get("unit_of_measurement")
    unit = announced if isinstance(announced, str) else None
    if isinstance(device_class, str):
        quantity, usual = _CLASSES.get((component, device_class), (None, None))
        return quantity, unit or usual
    guess = named(object_id)
    if guess is None or guess.binary or not unit or to_canonical(guess.quantity, 1.0, unit) is None:
        return None
    return guess.quantity, unit


def _source(template: object) -> tuple[Path, float] | None:
    """Where a template takes its value and what it multiplies it by; None for a template we do not read.

    Templates are recognised, never executed: `{{ value_json.a['b'] | float / 100 }}` and its like.
    """
    if template is None:
        return (), 1.0
    if not isinstance(template, str) or len(template) > _LONGEST_TEMPLATE:
        return None
    found = _TEMPLATE.fullmatch(template.strip())
    if found is None:
        return None
    root, steps, *factors = found.groups()
    path = tuple(_step(step) for step in _STEPS.findall(steps))
    if (root == "value") != (path == ()):
        return None
    scale = 1.0
    for sign, digits in zip(factors[::2], factors[1::2], strict=True):
        factor = float(digits or 1)
        if factor == 0.0:
            return None
        scale = scale / factor if sign == "/" else scale * factor
    return path, scale


def _step(step: str) -> str | int:
    inner = step[1:] if step.startswith(".") else step[1:-1]
    return int(inner) if inner.isdecimal() else inner.strip("'\"")


def _state_topic(config: Mapping[str, object]) -> str | None:
    topic, base = config.get("state_topic"), config.get("~")
    if not isinstance(topic, str) or not topic:
        return None
    if isinstance(base, str):
        if topic.startswith("~"):
            topic = base + topic[1:]
        elif topic.endswith("~"):
            topic = topic[:-1] + base
    return topic


def _name(config: Mapping[str, object], object_id: str) -> str:
    """What to call it before a person: the device and the entity, as far as announced."""
    device = config.get("device")
    of_device = device.get("name") if isinstance(device, dict) else None
    return " ".join(part for part in (of_device, config.get("name")) if isinstance(part, str)) or object_id


def _word(payload: object) -> str | None:
    return None if payload is None else str(payload).strip().lower()


def _expanded(config: Mapping[str, object]) -> dict[str, object]:
    """The same with the abbreviated keys written out."""
    return {_LONG.get(key, key): value for key, value in config.items()}
