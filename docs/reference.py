#!/usr/bin/env python3
"""From the settings, the command tree and the tables of the core to the reference pages and the example file.

`python docs/reference.py` writes them; `--check` writes nothing and exits 1 where a file differs.
"""

import inspect
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import EnumType
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import typer
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from typer.models import ArgumentInfo, CommandInfo, ParameterInfo

from monitor.cli.app import app
from monitor.core.diary import FACTORS
from monitor.core.quantities import QUANTITIES, shown_unit
from monitor.core.units import UNITS
from monitor.settings.sections import Settings

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = "bedroom-monitor"
MARK = "<!-- Below this line: written by docs/reference.py from the code. -->\n"
"""What stands above it in a page is written by hand and kept."""

UNITS_BY_ENDING = {
    "_s": "s",
    "_h": "h",
    "_minutes": "min",
    "_mb": "MB",
    "batch_rows": "readings",
    "keep_rows": "rows",
    "_days": "days",
    "queue_size": "messages",
}
"""A key's unit is the end of its name."""

EXAMPLES = {
    "home.zone": '"Europe/Brussels"',
    "mqtt.username": '"bedroom-monitor"',
    "mqtt.password": '"..."',
    "mqtt.password_file": '"/etc/bedroom-monitor/mqtt-password"',
    "mqtt.ca_file": '"/etc/bedroom-monitor/ca.crt"',
    "mqtt.cert_file": '"/etc/bedroom-monitor/client.crt"',
    "mqtt.key_file": '"/etc/bedroom-monitor/client.key"',
    "mqtt.topics": '["zigbee2mqtt/#", "tele/#", "home/bedroom/#"]',
    "backup.folder": '"/mnt/usb/bedroom-monitor"',
    "mirror.url": '"http://localhost:8086"',
    "mirror.token": '"..."',
    "mirror.token_file": '"/etc/bedroom-monitor/influx-token"',
    "mirror.org": '"home"',
    "mirror.ca_file": '"/etc/bedroom-monitor/ca.crt"',
    "night.weekdays": '{sat = {bed = "00:30", rise = "09:00"}, sun = {bed = "00:30", rise = "09:00"}}',
    "decoders.map": '[{topic = "attic/+/raw", path = "data.temp", quantity = "temperature", unit = "F"}]',
    "diary.own_factors": '["late_meal", "screen_hours"]',
}
"""What to write for a setting whose default is nothing."""

EXAMPLE_HEAD = """\
# Every setting with its default. Where the key stands behind a #, the default is nothing and an example is shown.
# Copy this file to config/monitor.toml or /etc/bedroom-monitor/monitor.toml; docs/configuration.md says more.
"""

BOUNDS = ("ge", "gt", "le", "lt", "min_length", "max_length")

KINDS = {
    str: "text",
    SecretStr: "secret text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
}


class Setting(NamedTuple):
    """One key of one section."""

    section: str
    key: str
    field: FieldInfo

    @property
    def path(self) -> str:
        """As the messages call it: `mqtt.host`."""
        return f"{self.section}.{self.key}"

    @property
    def default(self) -> str | None:
        """As the file would say it, None where the default is nothing."""
        value = self.field.default
        value = value.get_secret_value() if isinstance(value, SecretStr) else value
        return None if value in (None, "", (), {}) else toml(value)

    @property
    def unit(self) -> str:
        """The unit that the key's name ends in, empty where it has none."""
        return next((unit for ending, unit in UNITS_BY_ENDING.items() if self.key.endswith(ending)), "")

    @property
    def meaning(self) -> str:
        """The docstring."""
        return self.field.description or ""

    @property
    def inner(self) -> type[BaseModel] | None:
        """What the tables hold that are its value, None where its value is no table."""
        return next((one for one in get_args(self.field.annotation) if _is_model(one)), None)


def sections() -> Iterator[tuple[str, type[BaseModel], list[Setting]]]:
    """Every section with its class and its settings, in the order of the code."""
    for name, field in Settings.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield name, model, _settings(name, model)


def _settings(section: str, model: type[BaseModel]) -> list[Setting]:
    return [Setting(section, key, field) for key, field in model.model_fields.items()]


def example() -> str:
    """The example file: every key; one without a default as a comment."""
    lines = [EXAMPLE_HEAD]
    for name, model, settings in sections():
        lines += [f"# {model.__doc__}", f"[{name}]"]
        for one in settings:
            lines.append(f"# {one.meaning} ({', '.join(filter(None, [kind_of(one.field), one.unit]))})")
            shown = f"# {one.key} = {EXAMPLES[one.path]}" if one.default is None else f"{one.key} = {one.default}"
            lines.append(shown)
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, int | float) else json.dumps(str(value), ensure_ascii=False)


def kind_of(field: FieldInfo) -> str:
    """What to write, in words, with its range."""
    bounds = {name: getattr(row, name) for row in field.metadata for name in BOUNDS if hasattr(row, name)}
    words = {"ge": "from", "gt": "above", "le": "to", "lt": "below", "min_length": "from", "max_length": "to"}
    said = [f"{words[name]} {bound}" for name, bound in bounds.items()]
    characters = ["characters"] if "min_length" in bounds else []
    return " ".join([_kind(field.annotation), *said, *characters])


def _kind(annotation: object) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Annotated, Union, UnionType):
        return _kind(next(one for one in inner if one is not NoneType))
    if origin is tuple:
        return "list of tables" if _is_model(inner[0]) else "list of text"
    if origin is dict:
        return "tables by " + ", ".join(get_args(inner[0]))
    choices = inner if origin is Literal else [one.value for one in annotation] if _is_enum(annotation) else ()  # type: ignore[attr-defined]
    return " or ".join(map(json.dumps, choices)) or KINDS[annotation]  # type: ignore[index]


def _is_enum(annotation: object) -> bool:
    return isinstance(annotation, EnumType)


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def configuration() -> str:
    """The page of the settings."""
    page = []
    for name, model, settings in sections():
        page += [f"## [{name}]", model.__doc__ or "", _settings_table(settings)]
        for one in settings:
            if one.inner is not None:
                shown = f"```toml\n[{one.section}]\n{one.key} = {EXAMPLES[one.path]}\n```"
                inner = _settings_table(_settings(one.path, one.inner))
                page += [f"Each table of `{one.path}`:", inner, shown]
    return "\n\n".join(page) + "\n"


def _settings_table(settings: list[Setting]) -> str:
    return table(
        ("key", "value", "default", "unit", "meaning"),
        (
            (
                code(one.key),
                kind_of(one.field),
                "needed" if one.field.is_required() else code(one.default) if one.default else "none",
                one.unit,
                one.meaning,
            )
            for one in settings
        ),
    )


def commands() -> str:
    """The page of the commands."""
    return "\n\n".join(text for _, text in command_tree(app, PROGRAM)) + "\n"


def command_tree(tree: typer.Typer, path: str) -> Iterator[tuple[str, str]]:
    """Every command as it is typed, with what is said of it."""
    for command in tree.registered_commands:
        function = command.callback or command_tree
        typed = f"{path} {command.name or function.__name__.replace('_', '-')}"
        yield typed, _command(typed, command)
    for group in tree.registered_groups:
        if group.typer_instance is not None:
            yield from command_tree(group.typer_instance, f"{path} {group.name}")


def _command(typed: str, command: CommandInfo) -> str:
    function = command.callback or command_tree
    parameters = [
        _parameter(name, hint, inspect.signature(function).parameters[name].default)
        for name, hint in get_type_hints(function, include_extras=True).items()
        if name != "return"
    ]
    arguments = "".join(
        f" {one.name}" if one.needed else f" [{one.name}]" for one in parameters if not one.name.startswith("-")
    )
    return "\n\n".join(
        [
            f"## `{typed}`",
            inspect.getdoc(function) or "",
            f"    {typed}{arguments} [options]",
            table(("argument or option", "value", "default", "meaning"), (one.row for one in parameters)),
        ]
    )


class Parameter(NamedTuple):
    """One argument or option of a command; `default` is empty where nothing is shown."""

    name: str
    kind: str
    default: str
    needed: bool
    meaning: str

    @property
    def row(self) -> tuple[str, ...]:
        """Its row of the page."""
        default = "needed" if self.needed else code(self.default) if self.default else ""
        return (code(self.name), self.kind, default, self.meaning)


def _parameter(name: str, hint: object, default: object) -> Parameter:
    annotation, info = get_args(hint)
    default = getattr(default, "value", default)
    needed = default in (inspect.Parameter.empty, ...)
    shown = "" if needed or default in (None, False, "") else str(default)
    return Parameter(_typed(name, info), _value(annotation, info), shown, needed, info.help or "")


def _typed(name: str, info: ParameterInfo) -> str:
    if isinstance(info, ArgumentInfo):
        return info.metavar or name.upper()
    first = (info.default,) if isinstance(info.default, str) and info.default.startswith("-") else ()
    return ", ".join((*first, *(info.param_decls or ()))) or f"--{name.replace('_', '-')}"


def _value(annotation: object, info: ParameterInfo) -> str:
    inner = [one for one in get_args(annotation) if one is not NoneType]
    if get_origin(annotation) in (Union, UnionType):
        return _value(inner[0], info)
    if annotation is bool:
        return ""
    if get_origin(annotation) is list:
        return "text, again and again"
    span = "" if info.min is None else f" from {info.min:g} to {info.max:g}"
    return info.metavar or _kind(annotation).replace('"', "") + span


def quantities() -> str:
    """The page of quantities, accepted spellings of units, and factors of the diary."""
    ranges = [
        (
            code(one.name),
            shown_unit(one.unit) or "0 or 1",
            f"{'above ' if one.low_open else ''}{one.low:g} to {one.high:g}",
            one.meaning,
            ", ".join(f"{value:g}" for value in one.absent),
            "" if one.jump is None else f"{one.jump:g} and {one.jump_per_min:g} a minute",
        )
        for one in QUANTITIES
    ]
    spellings = [
        (
            code(one.name),
            ", ".join(code(word) for unit in UNITS if one.name in unit.of for word in unit.spellings),
        )
        for one in QUANTITIES
    ]
    factors = [
        (code(one.name), one.unit, f"{one.low:g} to {one.high:g}", one.meaning, "yes" if one.adjust else "no")
        for one in FACTORS
    ]
    pages = (
        ("Quantities", table(("quantity", "unit", "range", "meaning", "stands for no value", "jumps at most"), ranges)),
        ("Spellings of units", table(("quantity", "spellings"), spellings)),
        ("Factors of the diary", table(("factor", "unit", "range", "meaning", "adjusted for"), factors)),
    )
    return "\n\n".join(f"## {title}\n\n{rows}" for title, rows in pages) + "\n"


def table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines)


def code(text: str) -> str:
    """Text as code."""
    return f"`{text}`"


PAGES: dict[str, Callable[[], str]] = {
    "config/monitor.example.toml": example,
    "docs/configuration.md": configuration,
    "docs/commands.md": commands,
    "docs/quantities.md": quantities,
}
"""What is written where, from the project's folder."""


def written(name: str) -> str:
    """The whole file as it should be: in a page, what stands above the mark is kept."""
    made = PAGES[name]()
    if not name.endswith(".md"):
        return made
    return (ROOT / name).read_text(encoding="utf-8").partition(MARK)[0] + MARK + "\n" + made


def outdated() -> list[str]:
    """The files that are not as the code says."""
    files = {name: ROOT / name for name in PAGES}
    return [name for name, file in files.items() if not file.is_file() or file.read_text("utf-8") != written(name)]


def main(arguments: list[str]) -> int:
    """Write the files, or say which differ; the exit code."""
    found = outdated()
    if "--check" in arguments:
        sys.stdout.writelines(f"{name}: differs from the code; run python docs/reference.py\n" for name in found)
        return 1 if found else 0
    for name in found:
        (ROOT / name).write_text(written(name), encoding="utf-8")
        sys.stdout.write(f"{name} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
