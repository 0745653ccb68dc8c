"""Sensors as a person may see them in a terminal, and as JSON."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.cli.console import local, plain_table, printable, wide_console
from monitor.core.quantities import BY_NAME, QUANTITIES, shown_unit
from monitor.core.readings import SetAside
from monitor.core.staleness import age_text
from monitor.core.wording import counted
from monitor.ports import Calibration, Heard, Latest, Problem, SeriesSummary
from monitor.services.health import FAILING, NOT_CURRENT, SensorHealth

QUANTITY_ORDER = tuple(quantity.name for quantity in QUANTITIES)
"""The air first, then what tells of the sensor and the sleeper."""

PLACE_ORDER = ("bedroom", "bed", "outdoor", "other", None)

VALUES_WIDTH = 27
"""Characters of a line of values in a terminal: two values with their units, both struck through."""

Value = tuple[str, str]
"""A value as it is shown, and its style."""

_SHORT = {"temperature": "", "humidity": "RH", "battery": "battery", "voc_mass": "VOC", "voc": "VOC", "co2": "CO2"}
_COMMAND = ": bedroom-monitor "
"""A line with a command to copy is not broken."""
_STYLES = {"fresh": "green", "stale": "red", "offline": "red", "unknown": "dim", "unheeded": "dim"}
_FLAGS = {"occupancy": ("nobody", "somebody"), "motion": ("no motion", "motion"), "movement": ("still", "moved")}


class Listed(NamedTuple):
    """What `sensors list` is made of."""

    health: Sequence[SensorHealth]
    series: Sequence[SeriesSummary]
    disagreements: Sequence[str]
    problems: Sequence[Problem]


def listed_of(
    health: Sequence[SensorHealth],
    series: Iterable[SeriesSummary],
    disagreements: Sequence[str],
    problems: Sequence[Problem],
) -> Listed:
    """What was looked up one after the other; a series that a running daemon has begun meanwhile is left out."""
    looked_at = {(one.sensor.key, quantity) for one in health for quantity in one.series}
    return Listed(health, [one for one in series if one[:2] in looked_at], disagreements, problems)


def sensors_document(listed: Listed) -> dict[str, object]:
    """What `sensors list --json` prints."""
    by_key = {one.sensor.key: one for one in listed.health}
    return {
        "sensors": [
            one.sensor._asdict()
            | {"state": one.state.state, "age_s": one.state.age_s, "says": one.state.sentence, "notes": one.notes}
            for one in listed.health
        ],
        "series": [
            one._asdict()
            | {
                "place": by_key[one.sensor].sensor.place,
                "name": by_key[one.sensor].sensor.name,
                "unit": BY_NAME[one.quantity].unit,
                "state": by_key[one.sensor].series[one.quantity].state,
            }
            for one in listed.series
        ],
        "disagreements": list(listed.disagreements),
        "problems": [problem._asdict() for problem in listed.problems],
    }


def show_sensors(listed: Listed, zone: str) -> None:
    """The sensors with their newest values; one that is silent is struck through, with its age."""
    console = wide_console()
    if listed.health:
        _show_health(console, listed)
    else:
        console.print("No sensor has been heard yet. Is the daemon running, and does `check` find the broker?")
        console.print("`bedroom-monitor init` looks for sensors on the broker.")
    if listed.problems:
        console.print("\nMessages that could not be used:")
        table = plain_table("topic", "reason", "times", "last")
        for problem in listed.problems:
            table.add_row(*map(_text, (problem.topic, problem.reason, problem.times, local(problem.last_ms, zone))))
        console.print(table)


def show_sensor(
    health: SensorHealth,
    latest: Iterable[Latest],
    heard: Iterable[Heard],
    calibrations: Iterable[Calibration],
    apart: Iterable[SetAside],
    zone: str,
) -> None:
    """Everything that is known of one sensor."""
    console, sensor = wide_console(), health.sensor
    console.print(Text(printable(sensor.name), style="bold"))
    console.print(_text(f"key: {sensor.key}"), soft_wrap=True)
    console.print(_text(f"place: {sensor.place or 'not placed'}"))
    console.print(Text(health.state.sentence, style=_STYLES[health.state.state]))
    for note in health.notes:
        console.print(Text(note, style="yellow"))
    table = plain_table("quantity", "last heard", "state")
    for one in latest:
        table.add_row(one.quantity, local(one.last_ms, zone), health.series[one.quantity].sentence)
    console.print(table)
    for each in heard:
        told = f" (availability: {each.availability})" if each.availability else ""
        console.print(Text(f"speaks on {printable(each.topic)}{told}"), soft_wrap=True)
    for correction in calibrations:
        console.print(_correction(correction, zone))
    rows = [(one.quantity, local(one.time_ms, zone), f"{one.value:g}", one.reason) for one in apart]
    if rows:
        console.print("\nSet aside, newest first:")
        table = plain_table("quantity", "at", "value", "why")
        for row in rows:
            table.add_row(*map(_text, row))
        console.print(table)


def shown_value(quantity: str, value: float, word: str | None = None) -> str:
    """A value as people read it: `21.5 °C`, `48 % RH`, `somebody`."""
    if word is not None:
        return printable(word)
    if quantity in _FLAGS:
        return _FLAGS[quantity][value >= 1.0]
    short = _SHORT.get(quantity, quantity if quantity not in ("pressure", "illuminance", "noise") else "")
    unit = shown_unit(BY_NAME[quantity].unit)
    return " ".join(part for part in (f"{_rounded(value):g}", unit, short) if part)


def named(name: str, key: str, *, alone: bool) -> Text:
    """A sensor in a table, with its key where there is room for it, or others have the same name."""
    if key.partition(":")[2] == name:
        return _text(key)
    shown = _text(name)
    if not alone:
        shown.append(f"\n{printable(key)}", style="dim")
    return shown


def side_by_side(values: Iterable[Value], width: int) -> Text:
    """Values in lines of `width` characters, none of them torn from its unit."""
    shown, left = Text(), 0
    for value, style in values:
        if shown:
            shown.append("  " if len(value) + 2 <= left else "\n")
            left = left - 2 if len(value) + 2 <= left else width
        else:
            left = width
        shown.append(value, style=style)
        left -= len(value)
    return shown


def sensor_table(console: Console, *columns: str, values: str) -> tuple[Table, int]:
    """A table of sensors, one column of which is of `values`, and the width of the lines there."""
    table = plain_table(*columns)
    whole = (values,) if console.is_terminal else (values, columns[0])
    for column in table.columns:
        column.overflow = "fold"
        column.no_wrap = column.header in whole
    return table, VALUES_WIDTH if console.is_terminal else console.width


def _show_health(console: Console, listed: Listed) -> None:
    series: dict[str, list[SeriesSummary]] = {}
    for one in listed.series:
        series.setdefault(one.sensor, []).append(one)
    table, width = sensor_table(console, "sensor", "place", "now", "heard", values="now")
    names = Counter(health.sensor.name for health in listed.health)
    for health in sorted(listed.health, key=lambda one: PLACE_ORDER.index(one.sensor.place)):
        sensor, values = health.sensor, _values(health, series.get(health.sensor.key, []))
        table.add_row(
            named(sensor.name, sensor.key, alone=console.is_terminal and names[sensor.name] == 1),
            _text(sensor.place or "not placed"),
            side_by_side(values, width),
            _heard(health),
        )
    console.print(table)
    lines = list(_below(listed))
    if lines:
        console.print()
    for line in lines:
        console.print(Text(line), soft_wrap=_COMMAND in line)


def _values(health: SensorHealth, series: Sequence[SeriesSummary]) -> Iterable[Value]:
    """What a sensor measured last; what is not current any more is struck through, and said to have been."""
    for one in sorted(series, key=lambda each: QUANTITY_ORDER.index(each.quantity)):
        if one.last_value is not None and one.quantity != "sleep_event":
            past = {health.state.state, health.series[one.quantity].state} & NOT_CURRENT
            shown = shown_value(one.quantity, one.last_value)
            yield (f"was {shown}", "strike dim" if past & FAILING else "dim") if past else (shown, "")


def _heard(health: SensorHealth) -> Text:
    state = health.state
    if state.state in NOT_CURRENT:
        return Text(state.sentence, style=_STYLES[state.state])
    return Text("not yet" if state.age_s is None else f"{age_text(state.age_s)} ago", style=_STYLES[state.state])


def _below(listed: Listed) -> Iterable[str]:
    apart: dict[str, int] = {}
    for one in listed.series:
        apart[one.sensor] = apart.get(one.sensor, 0) + one.set_aside
    for health in listed.health:
        for note in health.notes:
            yield f"{printable(health.sensor.name)}: {note}"
        if apart.get(health.sensor.key):
            yield (
                f"{printable(health.sensor.name)}: {counted(apart[health.sensor.key], 'value')} set aside; "
                f'see: bedroom-monitor sensors show "{printable(health.sensor.key)}"'
            )
    yield from listed.disagreements
    if not any(health.sensor.place in ("bedroom", "bed") for health in listed.health):
        yield "No sensor is in the bedroom yet: bedroom-monitor sensors place SENSOR bedroom"


def _correction(one: Calibration, zone: str) -> str:
    unit = shown_unit(BY_NAME[one.quantity].unit)
    since = local(one.valid_from_ms, zone) if one.valid_from_ms > 0 else "the beginning"
    return f"calibration of {one.quantity}: value * {one.gain:g} {one.offset:+g} {unit} from {since} on"


def _rounded(value: float) -> float:
    return round(value, 1) if abs(value) < 100 else round(value)


def _text(cell: object) -> Text:
    return Text(printable(str(cell)))
