"""A list of names with an explanation beside each, wrapped to the width of the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import click

from glue_jobs.cli.terminal import wrapped

MIN_TEXT_WIDTH = 24
GAP = 2


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
