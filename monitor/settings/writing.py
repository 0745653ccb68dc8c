"""Settings to a file that can be read back: TOML, for this user alone, with a copy of what stood there before."""

import json
import os
import shutil
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from monitor.errors import ConfigurationError

HEAD = (
    "# Settings of bedroom-monitor, written by `bedroom-monitor init`. Every key with its default and meaning is in\n"
    "# config/monitor.example.toml. Which sensors are in the bedroom is kept in the database: `sensors list`.\n"
)


SYSTEM_WIDE = Path("/etc")
"""Settings there are for a service that runs as a user of its own."""


def write(document: Mapping[str, Mapping[str, object]], path: Path) -> Path:
    """Write the sections; the path. Raises ConfigurationError where it cannot be written.

    A file that stood there and said something else is kept as NAME.before-init, a later one as NAME.before-init-2 ...
    The file is for this user alone, but for one in /etc without a secret: the service reads it as another user.
    """
    text = HEAD + "".join(_section(name, keys) for name, keys in document.items() if keys)
    try:
        content = text.encode()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755 if path.is_relative_to(SYSTEM_WIDE) else 0o700)
        if path.exists() and path.read_bytes() != content:
            _keep(path)
        part = path.with_name(f"{path.name}.part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        if path.is_relative_to(SYSTEM_WIDE) and not _holds_a_secret(document):
            part.chmod(0o644)
        part.replace(path)
    except OSError as exc:
        raise ConfigurationError(
            [f"{path}: cannot be written: {exc.strerror}; name another file with --output"]
        ) from exc
    except UnicodeEncodeError as exc:
        odd = exc.object[exc.start : exc.end]
        raise ConfigurationError([f"{path}: cannot be written: expected text, got {odd!r} in a value"]) from exc
    return path


def _holds_a_secret(document: Mapping[str, Mapping[str, object]]) -> bool:
    return any(document.get(section, {}).get(key) for section, key in (("mqtt", "password"), ("mirror", "token")))


def _keep(path: Path) -> None:
    """A copy beside it, for this user alone: there may be a secret in it."""
    numbered = (path.with_name(f"{path.name}.before-init{'' if one == 1 else f'-{one}'}") for one in count(1))
    copy = next(each for each in numbered if not each.exists())
    shutil.copy2(path, copy)
    copy.chmod(0o600)


def _section(name: str, keys: Mapping[str, object]) -> str:
    return f"\n[{name}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in keys.items())


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_value(key)} = {_value(one)}' for key, one in value.items())} }}"
    plain = value if isinstance(value, bool | int | float | str) else str(value)
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
