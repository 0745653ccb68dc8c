"""The settings of file and environment, checked at the edge; the only package that sees the environment."""

import os
import tomllib
from pathlib import Path

from pydantic import SecretStr, ValidationError

from monitor.errors import ConfigurationError
from monitor.settings.faults import NAMED_BY, faults_of, unknown_factors, unknown_variables
from monitor.settings.sections import Settings

LOOKED_FOR = (
    "config/monitor.toml",
    "~/.config/bedroom-monitor/monitor.toml",
    "/etc/bedroom-monitor/monitor.toml",
)
"""Where a file is looked for, in this order, when none is named."""


def config_file(named: Path | None) -> Path | None:
    """The file to read: the named one, the one the environment names, the first that exists, or None.

    Raises ConfigurationError where a named file does not exist.
    """
    by_environment = os.environ.get(NAMED_BY)
    wanted = named or (Path(by_environment) if by_environment else None)
    if wanted is None:
        return next((path for place in LOOKED_FOR if (path := Path(place).expanduser()).is_file()), None)
    if not wanted.is_file():
        who = "--config" if named else NAMED_BY
        raise ConfigurationError(
            [f"{wanted}: no such file (named by {who}); write one, or copy config/monitor.example.toml"]
        )
    return wanted


def document(named: Path | None = None) -> dict[str, dict[str, object]]:
    """The settings file as it is written, section by section; empty where there is none. Raises ConfigurationError."""
    found, faults = _document(config_file(named))
    faults += [
        f"{key}: expected a section, got {value!r}" for key, value in found.items() if not isinstance(value, dict)
    ]
    if faults:
        raise ConfigurationError(faults)
    return {key: dict(value) for key, value in found.items() if isinstance(value, dict)}


def load(named: Path | None = None) -> Settings:
    """The settings of file and environment.

    Raises ConfigurationError with every fault at once: where, which key, expected, got, and a likely correction.
    """
    path = config_file(named)
    found, faults = _document(path)
    return _checked(found, faults + unknown_variables(), path)


def checked(found: dict[str, dict[str, object]]) -> Settings:
    """The settings that a document would give, with those of the environment. Raises ConfigurationError."""
    return _checked(dict(found), unknown_variables(), None)


def _checked(document: dict[str, object], faults: list[str], path: Path | None) -> Settings:
    settings, where = None, str(path or "settings")
    try:
        settings = Settings(**document)  # type: ignore[arg-type] # validated here
    except ValidationError as exc:
        faults += faults_of(exc, where)
        faults += unknown_factors(document.get("analysis"), document.get("diary"), where)
    if settings is not None:
        faults += unknown_factors(settings.analysis.model_dump(), settings.diary.model_dump(), where)
    if faults or settings is None:
        raise ConfigurationError(faults)
    return _with_secrets(settings)


def _document(path: Path | None) -> tuple[dict[str, object], list[str]]:
    if path is None:
        return {}, []
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        return {}, [f"{path}: not valid TOML: {exc}"]
    except OSError as exc:
        return {}, [f"{path}: cannot be read: {exc.strerror}"]
    options = [key for key in document if key.startswith("_")]
    for key in options:  # pydantic-settings would take them for its own, in silence
        del document[key]
    return document, [f"{path}: {key}: unknown section" for key in options]


def _with_secrets(settings: Settings) -> Settings:
    changed: dict[str, object] = {}
    if settings.mqtt.password_file is not None:
        changed["mqtt"] = settings.mqtt.model_copy(update={"password": _secret(settings.mqtt.password_file)})
    if settings.mirror.token_file is not None:
        changed["mirror"] = settings.mirror.model_copy(update={"token": _secret(settings.mirror.token_file)})
    return settings.model_copy(update=changed) if changed else settings


def _secret(file: Path) -> SecretStr:
    return SecretStr(file.read_text(encoding="utf-8").rstrip("\r\n"))


__all__ = ["Settings", "checked", "config_file", "document", "load"]
