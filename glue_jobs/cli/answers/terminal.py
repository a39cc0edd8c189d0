"""The width of the terminal, and texts and lists that fit it."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence

import click

MIN_TEXT_WIDTH = 24
GAP = 2


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


def wrapped_list(entries: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Lines in which the last text of each entry is wrapped beside the other texts, which form aligned columns.

    The first column is bold. If there is no room beside the columns, the text is below them. Without ``width``, nothing
    is wrapped.
    """
    widths = [max(map(len, column)) + GAP for column in zip(*(entry[:-1] for entry in entries), strict=True)]
    is_narrow = width is not None and width - sum(widths) < MIN_TEXT_WIDTH
    indent = " " * (2 * GAP if is_narrow else sum(widths))
    found = []
    for *names, text in entries:
        lines = wrapped(text, max(width - len(indent), MIN_TEXT_WIDTH) if width else None)
        padded = [name.ljust(width) for name, width in zip(names, widths, strict=True)]
        beside = lines.pop(0) if lines and not is_narrow else ""
        found.append(f"{click.style(padded[0], bold=True)}{''.join(padded[1:])}{beside}".rstrip())
        found += [indent + line for line in lines]
    return found
