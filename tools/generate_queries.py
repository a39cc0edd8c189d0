"""Insert shared SQL into each saved query that uses it, so that every query runs without preprocessing.

The text between ``-- begin {name}`` and ``-- end {name}`` is ``queries/parts/name.sql``; with ``{name word}``, the word
replaces ``{word}`` in it. A comma after the braces of the first line is appended to the text.
"""

from __future__ import annotations

import re
from pathlib import Path

from glue_jobs.query.saved.files import QUERIES

_SHARED = re.compile(
    r"^(?P<begin>-- begin (?P<braces>\{(?P<name>\w+)(?: (?P<word>\w+))?\})(?P<comma>,?) .*\n)"
    r"(?:.*\n)*?(?P<end>-- end (?P=braces)$)",
    re.MULTILINE,
)


def queries() -> list[Path]:
    """The files of all saved queries."""
    return sorted(Path(str(QUERIES)).glob("*/*/query.sql"))


def render(path: Path) -> str:
    """The text of a saved query with the current shared SQL.

    Raises:
        OSError: a shared text does not exist.
    """

    def shared(found: re.Match[str]) -> str:
        text = (path.parents[2] / "parts" / f"{found['name']}.sql").read_text(encoding="utf-8").rstrip()
        return f"{found['begin']}{text.replace('{word}', found['word'] or '')}{found['comma']}\n{found['end']}"

    return _SHARED.sub(shared, path.read_text(encoding="utf-8"))
