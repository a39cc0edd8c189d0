"""Fit a table into the width of a terminal: cut texts, break headers at underscores, drop the last columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

GAP = 2
# Text columns are cut down to this width before a column is dropped.
MIN_TEXT_WIDTH = 16
MIN_PATH_WIDTH = 32


@dataclass(frozen=True)
class ShownColumn:
    """A header and its cells as text; ``is_text`` allows cutting, ``is_number`` aligns to the right."""

    header: str
    cells: Sequence[str]
    is_text: bool = False
    is_number: bool = False

    @property
    def cell_width(self) -> int:
        """The width of the widest cell, in columns of the terminal."""
        return max(map(cell_len, self.cells), default=0)

    @property
    def header_pieces(self) -> list[str]:
        """The pieces into which the header may be broken, each but the last with its underscore."""
        return re.split("(?<=_)", self.header)

    @property
    def least(self) -> int:
        """The smallest width in which the column is readable."""
        widest = self.cell_width
        if self.is_text:
            widest = min(widest, MIN_PATH_WIDTH if any("/" in text for text in self.cells) else MIN_TEXT_WIDTH)
        return max(widest, *map(cell_len, self.header_pieces))

    @property
    def wanted(self) -> int:
        """The width in which no cell is cut."""
        return max(self.cell_width, self.least)

    @property
    def full(self) -> int:
        """The width in which the header also fits on one line."""
        return max(self.wanted, cell_len(self.header))


def fit(columns: Sequence[ShownColumn], width: int | None) -> list[int]:
    """The widths of the leading columns that fit; without ``width``, the full widths of all columns.

    The first column is always included, cut to ``width`` if necessary.
    """
    if width is None:
        return [column.full for column in columns]
    shown = list(columns)
    while len(shown) > 1 and _total([column.least for column in shown]) > width:
        shown.pop()
    widths = [min(column.least, width) for column in shown]
    for goal in ([column.wanted for column in shown], [column.full for column in shown]):
        # Narrowest first, so that as many columns as possible are complete.
        for index in sorted(range(len(shown)), key=goal.__getitem__):
            widths[index] += max(0, min(goal[index] - widths[index], width - _total(widths)))
    return widths


def lines(columns: Sequence[ShownColumn], widths: Sequence[int]) -> tuple[list[str], list[str]]:
    """The lines of the header and of the rows."""
    shown = list(zip(columns, widths, strict=False))
    headers = [_header(column, width) for column, width in shown]
    height = max(map(len, headers))
    padded = [[""] * (height - len(header)) + header for header in headers]
    rows = [[cut(column.cells[row], width) for column, width in shown] for row in range(len(columns[0].cells))]
    return [_line(cells, shown) for cells in zip(*padded, strict=True)], [_line(cells, shown) for cells in rows]


def cut(text: str, width: int) -> str:
    """The text in at most ``width`` columns; a path loses its middle, another text its end."""
    if cell_len(text) <= width:
        return text
    tail = ""
    if "/" in text and width >= MIN_TEXT_WIDTH:
        size = 2 * width // 3
        while cell_len(tail := text[-size:]) > 2 * width // 3:
            size -= 1
    return set_cell_size(text, width - 1 - cell_len(tail)).rstrip() + "…" + tail


def _header(column: ShownColumn, width: int) -> list[str]:
    found = [""]
    for piece in column.header_pieces:
        if found[-1] and cell_len(found[-1] + piece) > width:
            found.append("")
        found[-1] += piece
    return [cut(line, width) for line in found]


def _line(cells: Sequence[str], shown: Sequence[tuple[ShownColumn, int]]) -> str:
    parts = []
    for text, (column, width) in zip(cells, shown, strict=True):
        blanks = " " * (width - cell_len(text))
        parts.append(blanks + text if column.is_number else text + blanks)
    return (" " * GAP).join(parts).rstrip()


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)
