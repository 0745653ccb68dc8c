"""How the sensors are: heard or silent, which batteries end soon, who sends only nonsense, who disagrees."""

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

from monitor.core.agreement import BY_QUANTITY, Named, disagreement
from monitor.core.battery import battery_warning
from monitor.core.readings import DAY_MS
from monitor.core.staleness import HISTORY_MS, Freshness, age_text, freshness, sensor_freshness, stuck, usual_interval_s
from monitor.ports import Latest, ReadingStore, Sensor
from monitor.services.following import is_decided

LEARN_EVERY_MS = 3_600_000
"""ms between two looks at how often a series usually reports: it changes over days."""

BATTERY_MS = 30 * DAY_MS
"""ms of charge that are looked at."""

FAILING = frozenset({"stale", "offline"})
"""States in which a sensor should speak and does not."""

NOT_CURRENT = FAILING | {"unheeded"}
"""States in which the last value of a sensor is not current."""


class SensorHealth(NamedTuple):
    """How one sensor is, with the freshness of each of its series; `notes` are sentences for people.

    The first word of a note says what it is of: the battery, or a quantity.
    """

    sensor: Sensor
    state: Freshness
    series: dict[str, Freshness]
    notes: tuple[str, ...]


class Disagreeing(NamedTuple):
    """Two sensors (keys) of one place that disagree on a quantity for a day, and a sentence for people."""

    sensors: frozenset[str]
    quantity: str
    sentence: str


class Health:
    """Looks at the store; remembers for an hour what must be learned from the history of a series.

    With `learn_at_once` a look learns no more than that many series anew, so that it never takes long.
    """

    def __init__(self, store: ReadingStore, *, learn_at_once: int | None = None) -> None:
        self._store = store
        self._learn_at_once = learn_at_once
        self._learned = 0
        self._usual: dict[tuple[str, str], tuple[int, float | None]] = {}
        self._charge: dict[str, tuple[int, str | None]] = {}

    def of_all(self, now_ms: int, listen: str = "all") -> list[SensorHealth]:
        """Every sensor, as the store lists them; nobody listens to some of them, by `sensors.listen`."""
        return self._told_apart(self._of_each(self._store.sensors(), now_ms, None), listen)

    def of_placed(self, now_ms: int, *, since_ms: int) -> list[SensorHealth]:
        """The placed sensors; before `since_ms` nobody listened, so that a silence only counts from then on."""
        placed = (one for one in self._store.sensors() if one.place is not None)
        return self._told_apart(self._of_each(placed, now_ms, since_ms), "all")

    def disagreeing(self, now_ms: int) -> list[Disagreeing]:
        """The sensors of one place that disagree for a day."""
        return [found for place in ("bedroom", "bed", "outdoor") for found in self._disagreeing(place, now_ms)]

    def disagreements(self, now_ms: int) -> list[str]:
        """What sensors of one place that disagree for a day are said to do."""
        return [found.sentence for found in self.disagreeing(now_ms)]

    def _of_each(self, sensors: Iterable[Sensor], now_ms: int, since_ms: int | None) -> list[SensorHealth]:
        self._learned = 0
        series: dict[str, list[Latest]] = {}
        for one in self._store.latest():
            series.setdefault(one.sensor, []).append(one)
        return [self._of(sensor, series.get(sensor.key, []), now_ms, since_ms) for sensor in sensors]

    def _told_apart(self, found: list[SensorHealth], listen: str) -> list[SensorHealth]:
        """A sensor to which nobody listens is not silent: what was imported, or is not placed where others are."""
        if all(one.state.state not in FAILING for one in found):
            return found
        heard = {each.sensor for each in self._store.heard()}
        decided = is_decided(listen, self._store.sensors(), heard)
        return [_unheeded(one, why) if (why := _why_unheeded(one, heard, decided=decided)) else one for one in found]

    def _of(self, sensor: Sensor, series: Iterable[Latest], now_ms: int, since_ms: int | None) -> SensorHealth:
        found = {one.quantity: self._freshness(sensor, one, now_ms, since_ms) for one in series}
        notes = (*self._stuck(series, found), *self._battery(sensor.key, found, now_ms))
        return SensorHealth(sensor, sensor_freshness(found), found, notes)

    def _freshness(self, sensor: Sensor, one: Latest, now_ms: int, since_ms: int | None) -> Freshness:
        usual_s = self._usual_s(one, now_ms)

        def after(last_ms: int | None) -> Freshness:
            return freshness(
                last_ms, now_ms, usual_s=usual_s, expire_after_s=sensor.expire_after_s, online=sensor.online
            )

        found = after(one.last_ms)
        if found.state not in FAILING or since_ms is None or (one.last_ms or 0) >= since_ms:
            return found
        return found if after(since_ms).state in FAILING else found._replace(state="unknown")

    def _usual_s(self, one: Latest, now_ms: int) -> float | None:
        key = (one.sensor, one.quantity)
        learned_ms, usual_s = self._usual.get(key, (None, None))
        if self._is_to_learn(learned_ms, now_ms):
            history = self._store.readings(*key, (one.last_ms or now_ms) - HISTORY_MS, now_ms + 1)
            usual_s = usual_interval_s([time_ms for time_ms, _ in history])
            self._usual[key] = (now_ms, usual_s)
        return usual_s

    def _is_to_learn(self, learned_ms: int | None, now_ms: int) -> bool:
        if learned_ms is not None and 0 <= now_ms - learned_ms < LEARN_EVERY_MS:
            return False
        if self._learn_at_once is not None and self._learned >= self._learn_at_once:
            return False
        self._learned += 1
        return True

    def _stuck(self, series: Iterable[Latest], found: dict[str, Freshness]) -> Iterator[str]:
        for one in series:
            if one.aside_ms is not None and found[one.quantity].state != "fresh":
                apart = (aside for aside in self._store.set_aside(one.sensor, 20) if aside.quantity == one.quantity)
                last = next(apart, None)
                said = None if last is None else stuck(one.last_ms, last.time_ms, last.reason)
                if said is not None:
                    yield f"{one.quantity}: {said}"

    def _battery(self, key: str, found: dict[str, Freshness], now_ms: int) -> Iterator[str]:
        if "battery" not in found:
            return
        learned_ms, sentence = self._charge.get(key, (None, None))
        if self._is_to_learn(learned_ms, now_ms):
            history = self._store.readings(key, "battery", now_ms - BATTERY_MS, now_ms + 1)
            warning = battery_warning(history, now_ms)
            sentence = None if warning is None else warning.sentence
            self._charge[key] = (now_ms, sentence)
        if sentence is not None:
            yield sentence

    def _disagreeing(self, place: str, now_ms: int) -> Iterator[Disagreeing]:
        sensors = [sensor for sensor in self._store.sensors() if sensor.place == place]
        series = self._store.series_names()
        for quantity in BY_QUANTITY:
            measured = [
                (sensor.key, Named(sensor.name, self._store.readings(sensor.key, quantity, now_ms - DAY_MS, now_ms)))
                for sensor in sensors
                if (sensor.key, quantity) in series
            ]
            for (key, first), (other, second) in combinations(measured, 2):
                found = disagreement(quantity, first, second, now_ms)
                if found is not None:
                    yield Disagreeing(frozenset((key, other)), quantity, found.sentence)


def _why_unheeded(one: SensorHealth, heard: set[str], *, decided: bool) -> str | None:
    if one.state.state not in FAILING:
        return None
    if one.sensor.key not in heard:
        return "not on the broker: imported"
    return "not listened to, because it has no place" if decided and one.sensor.place is None else None


def _unheeded(one: SensorHealth, why: str) -> SensorHealth:
    said = f"last value {age_text(one.state.age_s or 0.0)} ago; {why}"
    series = {quantity: found._replace(state="unheeded", sentence=said) for quantity, found in one.series.items()}
    return one._replace(state=one.state._replace(state="unheeded", sentence=said), series=series)
