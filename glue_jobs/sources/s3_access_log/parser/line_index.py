"""Where the lines of a buffer are, found without a loop over its bytes in Python."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glue_jobs.columns.byte_search import BLOCK, Bytes, Flags, Places, find, find_in_block

NEWLINE = 10
QUOTE = ord('"')
BLANK = ord(" ")


def find_byte(data: Bytes, byte: int) -> Places:
    """Offsets at which a byte occurs, ascending; meant for bytes that are rare, such as one in a hundred."""
    return find(data, lambda block: block == byte)


def _find_double_blanks(data: Bytes) -> Places:
    """Offsets of two blanks in a row."""
    found = [np.empty(0, np.int64)]
    for start in range(0, len(data), BLOCK):
        blank = data[start : start + BLOCK + 1] == BLANK
        found.append(find_in_block(blank[:-1] & blank[1:], start))
    return np.concatenate(found)


@dataclass(frozen=True)
class LineSpans:
    """A buffer, where its lines that are not empty begin and end (before the line end), and their numbers of quotes."""

    data: memoryview
    starts: Places
    ends: Places
    quotes: Places

    @classmethod
    def of(cls, data: memoryview) -> LineSpans:
        """The lines of a buffer, divided at ``\\n`` only; the last one may lack it."""
        text = cls.bytes_of(data)
        marks = find(text, lambda block: (block == NEWLINE) | (block == QUOTE))
        last = np.append(np.flatnonzero(text[marks] == NEWLINE), len(marks))
        ends = np.append(marks, len(data))[last]
        # The marks between two line ends are quotes.
        quotes = np.diff(last, prepend=-1) - 1
        starts = np.append(0, ends[:-1] + 1)
        filled = ends > starts
        return cls(data, starts[filled], ends[filled], quotes[filled])

    @staticmethod
    def bytes_of(text: bytes | memoryview) -> Bytes:
        """A view of text as an array of its bytes."""
        return np.frombuffer(text, np.uint8)

    def __len__(self) -> int:
        return len(self.starts)

    def line(self, number: int) -> bytes:
        """The bytes of one line."""
        return self.data[self.starts[number] : self.ends[number]].tobytes()

    def double_blanks(self) -> Flags:
        """Which lines have two blanks in a row somewhere."""
        flags: Flags = np.zeros(len(self), dtype=bool)
        flags[np.searchsorted(self.starts, _find_double_blanks(self.bytes_of(self.data)), side="right") - 1] = True
        return flags

    def gather(self, numbers: Places) -> tuple[bytes | memoryview, Places, Places]:
        """Text of the numbered lines, and where each begins and ends in it; nothing is copied for a run of lines."""
        starts, ends = self.starts[numbers], self.ends[numbers]
        first = np.flatnonzero(np.diff(numbers, prepend=-2) != 1)
        run_starts, run_ends = starts[first], ends[np.append(first[1:], len(numbers)) - 1]
        runs = [self.data[start:end] for start, end in zip(run_starts.tolist(), run_ends.tolist(), strict=True)]
        text = runs[0] if len(runs) == 1 else b"\n".join(runs)
        # How far each run moved: to behind the runs before it and their line ends.
        moved = np.cumsum(np.append(0, (run_ends - run_starts + 1)[:-1])) - run_starts
        shift = np.repeat(moved, np.diff(np.append(first, len(numbers))))
        return text, starts + shift, ends + shift
