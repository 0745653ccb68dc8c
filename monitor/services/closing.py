"""Closing nights: for each finished night its window and its exposures, as a step that can run late or twice."""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from monitor.core.diary import DiaryEntry
from monitor.core.exposure import exposures_of_night
from monitor.core.night_room import MOVEMENT, SOURCES, SensorReadings, Source, room_of_night
from monitor.core.nights import (
    LONGEST_MS,
    NightWindow,
    UsualTimes,
    wake_date_at,
    window_from_diary,
    window_from_usual,
)
from monitor.core.readings import DAY_MS
from monitor.core.zones import MS
from monitor.errors import DiaryError
from monitor.ports import DiaryStore, Night, NightStore, ReadingStore, Sensor
from monitor.services.basis import sensors_without_readings

log = logging.getLogger(__name__)

DAY = timedelta(days=1)
BIN = timedelta(minutes=5)
"""One bin of the grid: bridging the night's edges needs the readings just outside."""

LESS_COVERED = 0.05
"""Share of a night; where so much less is covered than when it was closed, its readings may be gone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NightRules:
    """How nights are found and closed; `zone` is the home's IANA zone."""

    zone: str
    usual: UsualTimes
    settle: timedelta = timedelta(minutes=30)
    max_gap: timedelta = timedelta(minutes=15)


class Closing:
    """Closes every finished night that is not closed yet, and those whose readings or diary changed since."""

    def __init__(self, readings: ReadingStore, nights: NightStore, diary: DiaryStore, rules: NightRules) -> None:
        self._readings = readings
        self._nights = nights
        self._diary = diary
        self._rules = rules
        self._kept: dict[date, tuple[str, ...]] = {}

    def close_due(self, now_ms: int) -> list[Night]:
        """Every night closed by this step, by date; empty where nothing was due.

        A night whose readings are gone stays as it was closed: nothing is computed in silence from what is left.
        """
        until_ms = now_ms - int(self._rules.settle.total_seconds() * 1000)
        span = self._nights.due()
        windows = [self.window(wake_date) for wake_date in self._due_dates(span, until_ms)]
        over = [window for window in windows if window.end_ms <= until_ms]
        closed = [night for window in over if (night := self._close(window, now_ms))]
        if span is not None:
            self._nights.settled(span)
            for window in windows:
                if window not in over:
                    self._nights.reopen(window.start_ms, window.end_ms)
        self._tell_kept()
        return closed

    def window(self, wake_date: date) -> NightWindow:
        """The night's window: from the diary where it tells, else from the usual times."""
        entry = self._diary.entry(wake_date)
        zone = self._zone(entry)
        if entry is not None and (entry.bed or entry.rise):
            try:
                return window_from_diary(wake_date, zone, entry.bed, entry.rise, self._rules.usual)
            except DiaryError as exc:
                log.warning("diary of %s: %s; the usual times count", wake_date, exc)
        return window_from_usual(wake_date, zone, self._rules.usual)

    def check(self, entry: DiaryEntry) -> None:
        """Raises DiaryError where the entry's bed and rise make no night."""
        window_from_diary(entry.wake_date, self._zone(entry), entry.bed, entry.rise, self._rules.usual)

    def _due_dates(self, span: tuple[int, int] | None, until_ms: int) -> list[date]:
        """Nights not closed yet, those that the span may touch, and the one after: a mean counts there as `T_lag1`."""
        found = self._unclosed(until_ms)
        if span is not None:
            first, last = span[0] - LONGEST_MS, min(span[1] + LONGEST_MS, until_ms)
            found.update(self._dates_with_readings(first, last))
            windows = (night.window for night in self._nights.nights())
            found.update(
                window.wake_date for window in windows if window.end_ms > first and window.start_ms < last + DAY_MS
            )
        return sorted(found)

    def _unclosed(self, until_ms: int) -> set[date]:
        """Who rose earlier than usual has readings between the night's end and the usual one: they open no night."""
        last = self._nights.last_closed()
        found = self._dates_with_readings(0 if last is None else last.end_ms, until_ms)
        return {wake_date for wake_date in found if last is None or wake_date > last.wake_date}

    def _dates_with_readings(self, from_ms: int, until_ms: int) -> Iterator[date]:
        """Wake dates whose usual night is over and that have a reading in it or in the day before it."""
        at_ms = self._readings.next_reading_ms(from_ms)
        while at_ms is not None and at_ms < until_ms:
            window = self._night_at_or_after(at_ms)
            if window.end_ms > until_ms:
                return
            if at_ms < window.start_ms:
                at_ms = self._readings.next_reading_ms(window.start_ms)
                continue
            yield window.wake_date
            at_ms = self._readings.next_reading_ms(window.end_ms)

    def _night_at_or_after(self, at_ms: int) -> NightWindow:
        wake_date = wake_date_at(at_ms, self._rules.zone, self._rules.usual)
        window = window_from_usual(wake_date, self._rules.zone, self._rules.usual)
        if at_ms < window.end_ms:
            return window
        return window_from_usual(wake_date + DAY, self._rules.zone, self._rules.usual)

    def _close(self, window: NightWindow, now_ms: int) -> Night | None:
        wake_date = window.wake_date
        first_ms = self._readings.next_reading_ms(window.start_ms)
        stored = self._nights.night(wake_date)
        if first_ms is None or first_ms >= window.end_ms:
            if not self._is_purged(stored):
                self._nights.drop(wake_date)
            return None
        before = self._nights.night(wake_date - DAY)
        previous_mean = next((one.value for one in before.exposures if one.name == "T_mean"), None) if before else None
        room = room_of_night(
            window,
            self._readings_around(window),
            previous_t_mean=previous_mean,
            max_gap=self._rules.max_gap,
        )
        night = Night(window, dict(room.sensors), exposures_of_night(room))
        if stored is not None and _says_less(night, stored) and self._is_purged(stored):
            return None
        self._nights.close(night, now_ms)
        log.debug("closed the night of %s", wake_date)
        return night

    def _is_purged(self, stored: Night | None) -> bool:
        """Whether readings that the night was closed with are gone, although nobody asked to forget their sensor."""
        gone = () if stored is None else sensors_without_readings(self._readings, stored)
        if stored is not None and gone:
            self._kept[stored.window.wake_date] = gone
        return bool(gone)

    def _tell_kept(self) -> None:
        if self._kept:
            sensors = sorted({sensor for gone in self._kept.values() for sensor in gone})
            log.warning(
                "nights from %s to %s, %s of them, stay as they were closed: their readings of %s are gone",
                min(self._kept),
                max(self._kept),
                len(self._kept),
                ", ".join(sensors),
            )
        self._kept.clear()

    def _readings_around(self, window: NightWindow) -> list[SensorReadings]:
        """Every series that may stand for the room, each read once, by the time when its sensor was first seen."""
        series = self._readings.series_names()
        return [
            self._read(sensor, source, window, series)
            for sensor in self._readings.sensors()
            for source in SOURCES
            if sensor.place in source.places and (sensor.key, source.quantity) in series
        ]

    def _read(
        self, sensor: Sensor, source: Source, window: NightWindow, series: Collection[tuple[str, str]]
    ) -> SensorReadings:
        around_ms = (self._rules.max_gap + BIN) // MS
        from_ms, to_ms = window.start_ms - source.before // MS - around_ms, window.end_ms + around_ms
        readings = self._readings.readings(sensor.key, source.quantity, from_ms, to_ms)
        others = (quantity for key, quantity in series if key == sensor.key)
        alive = bool(readings) or (
            source is MOVEMENT
            and any(self._readings.readings(sensor.key, other, from_ms, window.end_ms) for other in others)
        )
        return SensorReadings(sensor.key, sensor.place or "", source.quantity, readings, alive)

    def _zone(self, entry: DiaryEntry | None) -> str:
        return entry.zone if entry is not None and entry.zone else self._rules.zone


def _says_less(night: Night, stored: Night) -> bool:
    """Whether a night closed again knows less than it did: a number is missing, or covers less of the night."""
    now = {one.name: one for one in night.exposures}
    return any(
        found.coverage < one.coverage - LESS_COVERED or (found.value is None and one.value is not None)
        for one in stored.exposures
        if (found := now.get(one.name)) is not None
    )
