"""Write texts that several saved queries share into each of them, so that each runs as it stands.

Between ``-- begin {name}`` and ``-- end {name}`` stands ``queries/parts/name.sql``, and with ``{name word}`` that text
with the word in place of ``{column}``. A comma behind the braces of the first line is the one behind the text.
"""

from __future__ import annotations

import re
from pathlib import Path

from glue_jobs.query.saved.files import QUERIES

_SHARED = re.compile(
    r"^(?P<begin>-- begin (?P<braces>\{(?P<name>\w+)(?: (?P<column>\w+))?\})(?P<comma>,?) .*\n)"
    r"(?:.*\n)*?(?P<end>-- end (?P=braces)$)",
    re.MULTILINE,
)


def queries() -> list[Path]:
    """The files of all saved queries."""
    return sorted(Path(str(QUERIES)).glob("*/*/query.sql"))


def render(path: Path) -> str:
    """The text of a saved query, with the shared texts as they are now.

    Raises:
        OSError: there is no such text.
    """

    def shared(found: re.Match[str]) -> str:
        text = (path.parents[2] / "parts" / f"{found['name']}.sql").read_text(encoding="utf-8").rstrip()
        return f"{found['begin']}{text.replace('{column}', found['column'] or '')}{found['comma']}\n{found['end']}"

    return _SHARED.sub(shared, path.read_text(encoding="utf-8"))
