"""Settings to what can be found on the broker, and what was chosen of it to the store."""

from collections.abc import Callable, Mapping, Sequence

from monitor.adapters.clock import SystemClock
from monitor.adapters.mqtt_survey import Visitor, heard
from monitor.bootstrap.dialects import decoders, plan
from monitor.bootstrap.stores import is_there, open_stores
from monitor.errors import BrokerError
from monitor.services.asking import question_to, questions
from monitor.services.finding import Candidate, Found
from monitor.settings import Settings
from monitor.settings.sections import DecoderSettings

EVERYTHING = ("#",)
"""While sensors are looked for, the names of topics are not known; the broker's rules may still forbid this."""

BASES = ("+/bridge/devices", "+/+/bridge/devices", "+/+/+/bridge/devices")
"""Where any Zigbee2MQTT tells of its devices, whatever its base topic."""


def find_sensors(settings: Settings, for_s: float, each: Callable[[float, Found], object]) -> tuple[Settings, Found]:
    """Listen to the broker for some seconds; the settings with what they should know of it, and what was found.

    `each` is called again and again with the share of the time that has passed. Raises BrokerError.
    """
    try:
        return _find_sensors(settings, for_s, each)
    except BrokerError as exc:
        raise BrokerError(f"{settings.mqtt.host}:{settings.mqtt.port}: {exc}") from exc


def _find_sensors(settings: Settings, for_s: float, each: Callable[[float, Found], object]) -> tuple[Settings, Found]:
    clock = SystemClock()
    with Visitor(settings.mqtt, "init") as visitor:
        bases = {one.topic.removesuffix("/bridge/devices") for one in visitor.kept(BASES)}
    settings = _knowing(settings, bases)
    filters = plan(settings)
    found = Found(decoders(settings))
    with Visitor(settings.mqtt, "init") as visitor:
        for kept in visitor.kept(filters.announcements):
            found.take(heard(kept, clock.now_ms()))
        for question in questions():
            visitor.say(*question)
        asked: set[str] = set()
        begun_s = clock.elapsed_s()
        for came in visitor.listen((*filters.looking, *EVERYTHING), for_s):
            for one in came:
                message = heard(one, clock.now_ms())
                found.take(message)
                answerer = question_to(message)
                if answerer is not None and answerer[0] not in asked:
                    asked.add(answerer[0])
                    visitor.say(*answerer)
            each(min(1.0, (clock.elapsed_s() - begun_s) / for_s), found)
    return settings, found


def places_so_far(settings: Settings) -> dict[str, str | None]:
    """Where sensors (keys) stand by now; None where the person has taken one out. Raises StoreUnusable."""
    if not is_there(settings):
        return {}
    with open_stores(settings) as stores:
        sensors = stores.readings.sensors()
    return {one.key: one.place for one in sensors if one.place is not None or one.placed_by == "person"}


def take_in(settings: Settings, candidates: Sequence[Candidate], places: Mapping[str, str | None]) -> None:
    """Make the chosen sensors known with their topics, at the places that the person has said.

    One at None is taken out of its place, and nothing is made of it. Raises StoreUnusable, StoreUnavailable.
    """
    now_ms, so_far = SystemClock().now_ms(), places_so_far(settings)
    with open_stores(settings) as stores:
        for one in candidates:
            where = places.get(one.key)
            if where is not None:
                stores.sensors.introduce(one.key, one.name, list(one.topics.items()), now_ms)
            if where is not None or so_far.get(one.key) is not None:
                stores.sensors.place(one.key, where, "person")


def _knowing(settings: Settings, bases: set[str]) -> Settings:
    """The bases that were found, beside those that the person has set."""
    known = settings.decoders.zigbee2mqtt_bases
    if bases <= set(known):
        return settings
    own = () if known == DecoderSettings().zigbee2mqtt_bases else known
    every = tuple(dict.fromkeys((*own, *sorted(bases))))
    return settings.model_copy(update={"decoders": settings.decoders.model_copy(update={"zigbee2mqtt_bases": every})})
