"""The width of the terminal, and texts that fit it."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap


def width() -> int | None:
    """The number of columns of standard output; None for a pipe or a file, where nothing is cut.

    The variable COLUMNS takes precedence if it is set, as in other programs.
    """
    if os.environ.get("COLUMNS", "").isdecimal() or sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return None


def wrapped(text: str, width: int | None) -> list[str]:
    """The lines of the text, none wider than ``width``; without ``width``, one line."""
    return textwrap.wrap(text, width) if width else [text]
