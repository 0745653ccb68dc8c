"""Faults of the settings in words a person can act on: where, which key, expected, got, did you mean."""

import difflib
import os
from collections.abc import Iterable, Mapping
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from monitor.core.diary import DEFAULT_ADJUST, FACTORS
from monitor.settings.sections import PREFIX, Settings

NAMED_BY = PREFIX + "CONFIG"
"""The environment variable that names the file."""

KEY = "[key]"
"""How pydantic's places end where the key of a table, not its value, is at fault."""

_SAID = {
    "missing": "missing, and there is no default",
    "int_parsing": "expected a whole number, got {got}",
    "int_type": "expected a whole number, got {got}",
    "int_from_float": "expected a whole number, got {got}",
    "float_parsing": "expected a number, got {got}",
    "float_type": "expected a number, got {got}",
    "finite_number": "expected a finite number, got {got}",
    "bool_parsing": "expected true or false, got {got}",
    "bool_type": "expected true or false, got {got}",
    "string_type": "expected text in quotes, got {got}",
    "greater_than_equal": "expected at least {ge:g}, got {got}",
    "greater_than": "expected more than {gt:g}, got {got}",
    "less_than_equal": "expected at most {le:g}, got {got}",
    "less_than": "expected less than {lt:g}, got {got}",
    "string_too_short": "expected at least {min_length} character, got {got}",
    "string_too_long": "expected at most {max_length} characters, got {got}",
    "literal_error": "expected {expected}, got {got}",
    "tuple_type": "expected a list in brackets, got {got}",
    "dict_type": "expected a table, got {got}",
    "model_type": "expected a section with keys, got {got}",
    "model_attributes_type": "expected a section with keys, got {got}",
    "value_error": "{error}, got {got}",
}


def faults_of(exc: ValidationError, where: str) -> list[str]:
    """One line per fault of the validation, each with its place, key, what was expected and got."""
    return [
        _fault(error, where)
        for error in exc.errors(include_url=False)
        if error["type"] != "extra_forbidden" or _place(error["loc"], where) == where
    ]


def unknown_factors(analysis: object, diary: object, where: str) -> list[str]:
    """One line per factor of analysis.adjust_for that cannot be adjusted for; sections as they were written."""
    wanted = analysis.get("adjust_for", ()) if isinstance(analysis, Mapping) else ()
    own = diary.get("own_factors", ()) if isinstance(diary, Mapping) else ()
    if not isinstance(wanted, list | tuple) or not isinstance(own, list | tuple):
        return []
    adjustable = [*DEFAULT_ADJUST, "weekend", *map(str, own)]
    consequences = {factor.name for factor in FACTORS if not factor.adjust}
    place = _place(("analysis", "adjust_for"), where)
    return [
        f"{place}: analysis.adjust_for: {_refusal(str(name), adjustable, consequences)}"
        for name in wanted
        if name not in adjustable
    ]


def _refusal(name: str, adjustable: list[str], consequences: set[str]) -> str:
    if name in consequences:
        return f"expected a cause beside the room, got {name!r}, which the room itself can bring about"
    return f"expected factors of the diary, got {name!r}{_did_you_mean(name, adjustable)}"


def unknown_variables() -> list[str]:
    """One line per environment variable with our prefix that names no setting."""
    known = {NAMED_BY: None} | {PREFIX + "__".join(path).upper(): None for path in setting_paths()}
    sections = {PREFIX + name.upper() for name in Settings.model_fields}
    faults = []
    for name in sorted(os.environ):
        upper = name.upper()
        beyond = any(upper.startswith(key + "__") for key in known if key != NAMED_BY)
        if upper.startswith(PREFIX) and upper not in known and upper not in sections and not beyond:
            faults.append(f"environment: {name}: unknown setting{_did_you_mean(upper, known)}")
    return faults


def setting_paths() -> Iterable[tuple[str, str]]:
    """Section and key of every setting."""
    for section, field in Settings.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            for key in model.model_fields:
                yield section, key


def _fault(error: ErrorDetails, where: str) -> str:
    location = error["loc"]
    key = ".".join(str(part) for part in location if part != KEY)
    place = _place(location, where)
    if error["type"] == "extra_forbidden":
        hint = _did_you_mean(str(location[-1]), _siblings(location), location[:-1])
        return f"{place}: {key}: unknown {_kind(location)}{hint}"
    values = {"expected": "a value", "error": "not usable"} | dict(error.get("ctx", {}))
    template = _SAID.get(error["type"], error["msg"].replace("{", "(").replace("}", ")") + ", got {got}")
    if isinstance(error["input"], Mapping):
        template = template.removesuffix(", got {got}")
    return f"{place}: {key}: " + template.format(**values, got=_got(key, error["input"]))


def _got(key: str, value: object) -> str:
    whole_section = "." not in key and isinstance(value, str | list)
    secret = ("password" in key or "token" in key) and "file" not in key
    if whole_section or secret or (key.endswith("url") and "@" in str(value)):
        return "something else"
    if isinstance(value, BaseModel) or (isinstance(value, dict) and len(value) > 3):
        return "these values"
    return repr(value)


def _place(location: tuple[int | str, ...], where: str) -> str:
    name = PREFIX + "__".join(str(part) for part in location[:2]).upper()
    return f"environment {name}" if name in os.environ else where


def _kind(location: tuple[int | str, ...]) -> str:
    return "section" if len(location) == 1 else "key"


def _siblings(location: tuple[int | str, ...]) -> Iterable[str]:
    model: object = Settings
    for part in location[:-1]:
        fields = getattr(model, "model_fields", {})
        model = fields[part].annotation if part in fields else _inner(model)
    return getattr(model, "model_fields", {})


def _inner(model: object) -> object:
    models = [arg for arg in get_args(model) if isinstance(arg, type) and issubclass(arg, BaseModel)]
    return models[0] if models else model


def _did_you_mean(name: str, known: Iterable[str], parents: tuple[int | str, ...] = ()) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    if not close:
        return ""
    return f"; did you mean {'.'.join([*map(str, parents), close[0]])}?"
