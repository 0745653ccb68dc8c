"""Which topics are listened to, and which sensors are stored, as the person accepts sensors; on a real database."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from monitor.core.decoding import Decoders
from monitor.core.known import Availability, Fact
from monitor.core.readings import Reading
from monitor.ports import Batch, Delivery, Heard, Sensor
from monitor.services.following import UNUSUAL_AT_MOST, Following, Plan
from monitor.services.importing import import_readings
from monitor.services.ingest import Ingest
from tests.services.fakes import FakeClock, FakeSource
from tests.services.home import Home
from tests.services.rig import NOW_MS, a_delivery, dialects

DEVICES = "zigbee2mqtt/bridge/devices"
MAPPED = "cellar/climate"
PLAN = Plan(announcements=(DEVICES,), values=("zigbee2mqtt/#", "tele/+/SENSOR"), mapped=(MAPPED,))
ALWAYS = {DEVICES, MAPPED}
EVERYTHING = {*ALWAYS, "zigbee2mqtt/#", "tele/+/SENSOR"}
ATTIC, KITCHEN = "zigbee2mqtt:attic", "zigbee2mqtt:kitchen"
ADDRESS = "zigbee2mqtt:0x1"
TWO_CHIPS = {"AM2301": {"Temperature": 20.0}, "DS18B20": {"Temperature": 21.0}, "TempUnit": "C"}
FIRST_CHIP, SECOND_CHIP = "tasmota:chips/AM2301", "tasmota:chips/DS18B20"
MINUTE_MS = 60_000


@dataclass
class Wanting:
    """Remembers what is to be listened to, the newest last."""

    lists: list[tuple[str, ...]] = field(default_factory=list)

    def want(self, topics: tuple[str, ...]) -> None:
        self.lists.append(topics)


class House:
    """A daemon's ingest over a real database, and who follows its sensors."""

    def __init__(self, home: Home, plan: Plan) -> None:
        self.home = home
        self.source = Wanting()
        self.ingest = Ingest(Decoders(dialects()), home.readings, FakeClock(NOW_MS), rows=500, age_s=1.0)
        self.following = Following(home.readings, self.source, self.ingest, plan)

    def hear(self, *deliveries: Delivery) -> None:
        """Take, store, and follow."""
        self.take(*deliveries)
        self.following.follow()

    def take(self, *deliveries: Delivery) -> None:
        self.ingest.take(deliveries)
        assert self.ingest.commit(FakeSource())

    def place(self, key: str, place: str | None = "bedroom") -> None:
        """As the person does it, in another process; the daemon sees it at its next look."""
        self.home.sensors.place(key, place, "person")
        self.following.follow()

    def announce(self, *facts: Fact) -> None:
        for number, fact in enumerate(facts):
            self.ingest.known.learn(f"announcement/{number}", (fact,))
        self.following.follow()

    @property
    def wanted(self) -> set[str]:
        """What is to be listened to now; never one topic twice."""
        assert len(set(self.source.lists[-1])) == len(self.source.lists[-1])
        return set(self.source.lists[-1])

    @property
    def sensors(self) -> dict[str, Sensor]:
        return {sensor.key: sensor for sensor in self.home.readings.sensors()}

    def measured(self, key: str) -> list[float]:
        return [value for _, value in self.home.readings.readings(key, "temperature", 0, 2**62)]


@pytest.fixture
def house_of(home: Home) -> Callable[..., House]:
    """A house whose plan is the usual one but for the changes."""
    return lambda **changes: House(home, replace(PLAN, **changes))


@pytest.fixture
def house(house_of: Callable[..., House]) -> House:
    """A house that has heard two sensors in rooms of which nobody knows yet whether they count."""
    found = house_of()
    found.hear(of("attic"), of("kitchen"))
    return found


def of(name: str, value: float = 20.0, at_ms: int = NOW_MS) -> Delivery:
    return a_delivery({"temperature": value}, topic=f"zigbee2mqtt/{name}", at_ms=at_ms)


def of_two_chips(at_ms: int = NOW_MS) -> Delivery:
    """One message of two sensors."""
    return a_delivery(TWO_CHIPS, topic="tele/chips/SENSOR", at_ms=at_ms)


def devices(**names: str) -> Delivery:
    """Zigbee2MQTT's list of devices: addresses and the names they go by."""
    definition = {"exposes": [{"property": "temperature", "access": 1, "unit": "°C"}]}
    listed = [{"ieee_address": at, "friendly_name": name, "definition": definition} for at, name in names.items()]
    return a_delivery(listed, topic=DEVICES, retain=True)


def a_fact(state_topic: str, **changes: object) -> Fact:
    """An announced temperature."""
    said = {"path": (), "quantity": "temperature", "unit": "°C", "sensor": "homeassistant:x", "name": "x", **changes}
    return Fact(state_topic=state_topic, **said)  # type: ignore[arg-type]


def told_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_in_an_empty_house_everything_is_listened_to_and_stored(house_of: Callable[..., House]) -> None:
    house = house_of()
    house.following.follow()
    assert (house.wanted, house.ingest.accepts) == (EVERYTHING, None)


def test_everything_is_listened_to_while_the_person_has_placed_nothing(house: House) -> None:
    assert house.wanted >= EVERYTHING
    assert house.ingest.accepts is None


def test_a_place_that_was_only_guessed_decides_nothing(house: House) -> None:
    house.hear(of("bedroom"))
    assert house.sensors["zigbee2mqtt:bedroom"].placed_by == "name"
    assert house.wanted >= EVERYTHING


def test_while_looking_the_availability_of_what_is_placed_is_listened_to_as_well(house: House) -> None:
    house.hear(of("bedroom"))
    assert house.wanted - EVERYTHING == {"zigbee2mqtt/bedroom/availability"}


def test_once_the_person_has_placed_a_sensor_only_its_topics_and_what_announces_and_is_mapped_stay(
    house: House,
) -> None:
    house.place(ATTIC)
    assert house.wanted == {*ALWAYS, "zigbee2mqtt/attic", "zigbee2mqtt/attic/availability"}


def test_a_sensor_placed_by_its_name_stays_beside_one_that_the_person_placed(house: House) -> None:
    house.hear(of("bedroom"))
    house.place(ATTIC)
    assert {"zigbee2mqtt/bedroom", "zigbee2mqtt/attic"} < house.wanted


def test_every_topic_of_a_placed_sensor_stays(house: House) -> None:
    house.home.sensors.introduce(ATTIC, "attic", [("mirror/attic", "mirror/status")], NOW_MS)
    house.place(ATTIC)
    assert {"mirror/attic", "mirror/status", "zigbee2mqtt/attic"} < house.wanted


def test_another_sensor_that_is_placed_later_is_listened_to(house: House) -> None:
    house.place(ATTIC)
    house.place(KITCHEN)
    assert {"zigbee2mqtt/attic", "zigbee2mqtt/kitchen"} < house.wanted


def test_an_imported_sensor_that_the_person_placed_changes_nothing(house: House) -> None:
    import_readings([Reading("import:old", "temperature", NOW_MS - MINUTE_MS, 20.0)], house.home.readings, NOW_MS)
    house.place("import:old")
    assert house.wanted >= EVERYTHING


def test_a_sensor_that_the_person_put_nowhere_decides_nothing(house: House) -> None:
    house.place(ATTIC, None)
    assert house.wanted >= EVERYTHING


def test_when_the_last_sensor_is_put_nowhere_everything_is_listened_to_again(house: House) -> None:
    house.place(ATTIC)
    house.place(ATTIC, None)
    assert (house.wanted >= EVERYTHING, house.ingest.accepts) == (True, None)


def test_with_listen_all_a_placed_sensor_decides_nothing(house_of: Callable[..., House]) -> None:
    house = house_of(listen="all")
    house.hear(of("attic"))
    house.place(ATTIC)
    assert house.wanted >= EVERYTHING
    assert house.ingest.accepts is None


def test_with_listen_placed_nothing_else_is_listened_to_from_the_start(house_of: Callable[..., House]) -> None:
    house = house_of(listen="placed")
    house.following.follow()
    assert house.wanted == ALWAYS


def test_with_listen_placed_a_place_by_name_counts(house_of: Callable[..., House]) -> None:
    house = house_of()
    house.take(of("bedroom"))
    strict = house_of(listen="placed")
    strict.following.follow()
    assert strict.wanted == {*ALWAYS, "zigbee2mqtt/bedroom", "zigbee2mqtt/bedroom/availability"}


def test_topics_that_the_person_names_win_over_what_is_placed(house_of: Callable[..., House]) -> None:
    house = house_of(named=("home/#",))
    house.take(of("attic"))
    house.place(ATTIC)
    assert (house.wanted, house.ingest.accepts) == ({*ALWAYS, "home/#"}, None)


def test_a_list_that_has_not_changed_is_not_told_again(house: House) -> None:
    before = len(house.source.lists)
    house.following.follow()
    house.hear(of("attic", 20.5, NOW_MS + MINUTE_MS))
    assert len(house.source.lists) == before


def test_a_topic_of_which_only_an_announcement_tells_is_listened_to_while_looking(house: House) -> None:
    house.announce(a_fact("valves/1/state"), a_fact("zigbee2mqtt/valve"))
    assert house.wanted - EVERYTHING == {"valves/1/state"}


def test_an_announced_topic_that_carries_no_reading_of_the_room_is_not_listened_to(house: House) -> None:
    house.announce(a_fact("valves/1/rssi", quantity=None))
    assert house.wanted == EVERYTHING


def test_announced_topics_are_bounded(house: House) -> None:
    house.announce(*(a_fact(f"valves/{number}/state") for number in range(UNUSUAL_AT_MOST + 10)))
    assert len(house.wanted - EVERYTHING) == UNUSUAL_AT_MOST


def test_once_decided_the_announced_topics_of_others_are_not_listened_to(house: House) -> None:
    house.place(ATTIC)
    house.announce(a_fact("valves/1/state"))
    assert "valves/1/state" not in house.wanted


def test_where_a_placed_sensor_is_announced_to_speak_is_listened_to_with_its_availability(house: House) -> None:
    house.place(ATTIC)
    house.announce(a_fact("mirror/attic", sensor=ATTIC, availability=(Availability("mirror/status"),)))
    assert {"mirror/attic", "mirror/status"} < house.wanted


@pytest.mark.parametrize("key", ["zigbee2mqtt:house/attic", "zigbee2mqtt:house"])
def test_where_the_device_of_a_placed_sensor_is_announced_to_speak_is_listened_to(house: House, key: str) -> None:
    house.home.sensors.introduce(key, "attic", [("old/attic", None)], NOW_MS)
    house.place(key)
    house.announce(a_fact("new/attic", sensor="zigbee2mqtt:house/", quantity=None))
    assert {"old/attic", "new/attic"} < house.wanted


def test_after_a_rename_in_zigbee2mqtt_the_new_topic_is_listened_to(house: House) -> None:
    house.hear(devices(**{"0x1": "attic"}), of("attic", 20.5, NOW_MS + MINUTE_MS))
    house.place(ADDRESS)
    house.hear(devices(**{"0x1": "loft"}))
    assert "zigbee2mqtt/loft" in house.wanted


def test_after_a_rename_in_zigbee2mqtt_the_sensor_is_stored_from_its_new_topic(house: House) -> None:
    house.hear(devices(**{"0x1": "attic"}), of("attic", 20.5, NOW_MS + MINUTE_MS))
    house.place(ADDRESS)
    house.hear(devices(**{"0x1": "loft"}), of("loft", 21.0, NOW_MS + 2 * MINUTE_MS))
    assert house.measured(ADDRESS) == [20.0, 20.5, 21.0]


def test_what_comes_with_the_announcement_of_a_better_key_is_stored_before_the_next_look(house: House) -> None:
    house.place(ATTIC)
    house.take(devices(**{"0x1": "attic"}), of("attic", 20.5, NOW_MS + MINUTE_MS))
    assert house.measured(ADDRESS) == [20.0, 20.5]


@pytest.mark.parametrize(
    ("old", "new"), [(FIRST_CHIP, "tasmota:00C0FFEE0000/AM2301"), ("tasmota:chips", "tasmota:00C0FFEE0000")]
)
def test_so_is_a_part_of_a_device_that_is_announced_by_a_better_key(house: House, old: str, new: str) -> None:
    house.home.sensors.introduce(old, "chip", [("tele/chips/SENSOR", None)], NOW_MS)
    house.place(old)
    house.announce(
        a_fact("tele/chips/SENSOR", sensor="tasmota:00C0FFEE0000/", formerly="tasmota:chips/", quantity=None),
        a_fact("tele/chips/SENSOR", path=("AM2301", "Temperature")),
    )
    assert house.ingest.accepts is not None
    assert house.ingest.accepts(new, "tele/chips/SENSOR")
    assert not house.ingest.accepts("tasmota:other/AM2301", "tele/chips/SENSOR")


def test_the_neighbour_of_an_accepted_sensor_on_one_topic_is_not_stored(house: House) -> None:
    house.hear(of_two_chips())
    house.place(FIRST_CHIP)
    house.hear(of_two_chips(NOW_MS + MINUTE_MS))
    assert (len(house.measured(FIRST_CHIP)), len(house.measured(SECOND_CHIP))) == (2, 1)


def test_the_neighbour_that_is_not_stored_is_told_of_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.hear(of_two_chips())
    house.place(FIRST_CHIP)
    house.hear(of_two_chips(NOW_MS + MINUTE_MS), of_two_chips(NOW_MS + 2 * MINUTE_MS))
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    told = [words for words in warned if words.startswith(f"sensor {SECOND_CHIP} is heard and not stored")]
    assert [words[-11:] for words in told] == ["(told once)"]


def test_a_neighbour_that_is_placed_later_is_stored_from_then_on(house: House) -> None:
    house.hear(of_two_chips())
    house.place(FIRST_CHIP)
    house.place(SECOND_CHIP, "outdoor")
    house.hear(of_two_chips(NOW_MS + MINUTE_MS))
    assert len(house.measured(SECOND_CHIP)) == 2


def test_a_sensor_on_a_mapped_topic_is_stored_though_nobody_placed_it(house: House) -> None:
    house.place(ATTIC)
    house.hear(a_delivery({"temperature": 12.0}, topic=MAPPED))
    assert house.measured(f"generic:{MAPPED}") == [12.0]


def test_what_is_listened_to_is_told_when_it_changes(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "monitor.services.following")
    house.following.follow()
    house.place(ATTIC)
    house.place(KITCHEN)
    house.place(ATTIC, None)
    house.place(KITCHEN, None)
    assert told_in(caplog) == [
        "listening to the 1 sensors that have a place",
        "listening to every sensor (0 have a place by their names) until you place one",
    ]


def test_when_the_only_placed_sensor_is_forgotten_everything_is_listened_to_again(house: House) -> None:
    house.place(ATTIC)
    house.home.sensors.forget(ATTIC)
    house.following.follow()
    assert house.wanted >= EVERYTHING


@pytest.fixture
def forgotten(house: House) -> House:
    """A house whose bedroom sensor, by its announced name, was forgotten."""
    house.hear(devices(**{"0x1": "bedroom"}), of("bedroom"))
    assert house.sensors[ADDRESS].place == "bedroom"
    house.home.sensors.forget(ADDRESS)
    return house


def is_complete(house: House) -> bool:
    """Whether the store knows of the sensor what was told of it."""
    sensor = house.sensors[ADDRESS]
    topics = Heard(ADDRESS, "zigbee2mqtt/bedroom", "zigbee2mqtt/bedroom/availability")
    return (sensor.name, sensor.place) == ("bedroom", "bedroom") and topics in house.home.readings.heard()


def test_a_forgotten_sensor_that_speaks_again_is_known_again_with_topic_name_and_place(forgotten: House) -> None:
    forgotten.following.follow()
    forgotten.take(of("bedroom", 20.5, NOW_MS + MINUTE_MS))
    assert is_complete(forgotten)


def test_also_where_it_speaks_between_being_forgotten_and_the_next_look(forgotten: House) -> None:
    forgotten.hear(of("bedroom", 20.5, NOW_MS + MINUTE_MS))
    forgotten.take(of("bedroom", 21.0, NOW_MS + 2 * MINUTE_MS))
    assert is_complete(forgotten)


def test_a_forgotten_sensor_that_is_announced_again_is_told_of_again(forgotten: House) -> None:
    forgotten.following.follow()
    forgotten.home.readings.save(Batch(readings=[Reading(ADDRESS, "temperature", NOW_MS, 20.0)]))
    forgotten.take(devices(**{"0x1": "bedroom"}))
    assert (forgotten.sensors[ADDRESS].name, forgotten.sensors[ADDRESS].place) == ("bedroom", "bedroom")


def test_others_are_not_told_of_again_when_a_sensor_was_forgotten(forgotten: House) -> None:
    forgotten.following.follow()
    forgotten.ingest.take([of("attic", 20.5, NOW_MS + MINUTE_MS)])
    assert forgotten.ingest._draft.seen == []


def test_whether_a_forgotten_sensor_can_be_reached_is_stored_again(house: House) -> None:
    online = a_delivery(b"online", topic="zigbee2mqtt/attic/availability")
    house.hear(online)
    house.home.sensors.forget(ATTIC)
    house.following.follow()
    house.take(of("attic", 20.5, NOW_MS + MINUTE_MS), online)
    assert house.sensors[ATTIC].online is True
