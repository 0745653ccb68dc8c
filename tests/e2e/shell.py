"""What typing a command leaves behind."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

DONE, FAULT, USAGE, UNREACHABLE = 0, 1, 2, 3
"""Exit codes."""


class Answer(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Say = Callable[..., Answer]
"""Types a command, given as words; `answer` is what stands on standard input."""
