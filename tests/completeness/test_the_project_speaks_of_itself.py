"""No file names the machine that it was written on, nor the hosts of a package registry."""

import re
from pathlib import Path

import pytest

PLACES = re.compile(r"(?<![\w./-])/(?:work|root|Users)/|(?<![\w.])/home/\w+/")
"""Folders of one machine; `~` and the system's own folders are everybody's."""

HOSTS = re.compile(
    "|".join(map(re.escape, ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.", "crates" + ".io")))
)


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("pattern", [PLACES, HOSTS], ids=["machine paths", "registry hosts"])
def test_no_file_names_where_it_was_made(pattern: re.Pattern[str], files: list[Path]) -> None:
    texts = {path: text_of(path) for path in files if path != Path(__file__).resolve()}
    assert [f"{path.name}: {found[0]}" for path, text in texts.items() if (found := pattern.search(text))] == []
