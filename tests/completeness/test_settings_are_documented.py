"""Every setting stands in the example file and on its page, with the default that the code has."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from monitor import settings
from monitor.settings.sections import PREFIX, Settings


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture
def uncommented(root: Path, tmp_path: Path) -> Callable[[], Path]:
    """The example with every example line taken in, and files that are there."""

    def write() -> Path:
        text = (root / "config/monitor.example.toml").read_text(encoding="utf-8")
        text = text.replace('"http:', '"https:')
        text = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)
        there = tmp_path / "there"
        there.write_text("secret\n", encoding="utf-8")
        file = tmp_path / "monitor.toml"
        file.write_text(text.replace("ca.crt", "there").replace("tls = false", "tls = true"), encoding="utf-8")
        swapped = re.sub(r'_file = ".*"', f'_file = "{there}"', file.read_text(encoding="utf-8"))
        file.write_text(swapped, encoding="utf-8")
        return file

    return write


def test_the_example_and_the_page_are_as_the_code_says(reference: ModuleType) -> None:
    assert not {"config/monitor.example.toml", "docs/configuration.md"} & set(reference.outdated())


def test_the_example_as_shipped_is_the_defaults(root: Path) -> None:
    assert settings.load(root / "config/monitor.example.toml") == Settings()


def test_every_example_of_the_example_file_is_a_valid_setting(uncommented: Callable[[], Path]) -> None:
    assert settings.load(uncommented()).mqtt.password.get_secret_value() == "secret"


def test_every_key_is_in_the_example_file(root: Path, reference: ModuleType) -> None:
    text = (root / "config/monitor.example.toml").read_text(encoding="utf-8")
    keys = [one for _, _, rows in reference.sections() for one in rows]
    assert [one.path for one in keys if not re.search(rf"^(# )?{one.key} = ", text, re.MULTILINE)] == []


def test_every_setting_says_what_it_means(reference: ModuleType) -> None:
    rows = [one for _, _, settings_ in reference.sections() for one in settings_]
    inner = [part for one in rows if one.inner for part in reference._settings(one.path, one.inner)]
    assert [one.path for one in (*rows, *inner) if not one.meaning] == []


def test_the_page_explains_how_the_environment_and_secrets_are_named(root: Path) -> None:
    page = (root / "docs/configuration.md").read_text(encoding="utf-8")
    names = ("MQTT__HOST", "MQTT__PASSWORD_FILE", "CONFIG")
    assert [name for name in names if f"{PREFIX}{name}" not in page] == []
