"""An index of the lines in a buffer, built without a Python loop over its bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glue_jobs.columns.byte_search import BLOCK_BYTES, find_bytes
from glue_jobs.columns.numpy_types import Bytes, Flags, Places

NEWLINE = ord("\n")
QUOTE = ord('"')
BLANK = ord(" ")
CARRIAGE_RETURN = ord("\r")


@dataclass(frozen=True)
class LineIndex:
    """A buffer, and for each non-empty line its start, its end (before the newline) and its number of quotes."""

    data: memoryview
    starts: Places
    ends: Places
    quotes: Places

    @classmethod
    def of(cls, data: memoryview) -> LineIndex:
        """Index the lines of a buffer. Only ``\\n`` ends a line; the last line may lack it."""
        text = cls.bytes_of(data)
        marks = find_bytes(text, lambda block: (block == NEWLINE) | (block == QUOTE))
        last = np.append(np.flatnonzero(text[marks] == NEWLINE), len(marks))
        ends = np.append(marks, len(data))[last]
        # All marks between two newlines are quotes.
        quotes = np.diff(last, prepend=-1) - 1
        starts = np.append(0, ends[:-1] + 1)
        filled = ends > starts
        return cls(data, starts[filled], ends[filled], quotes[filled])

    @staticmethod
    def bytes_of(text: bytes | memoryview) -> Bytes:
        """A view of the text as an array of bytes."""
        return np.frombuffer(text, np.uint8)

    def __len__(self) -> int:
        return len(self.starts)

    def line(self, number: int) -> bytes:
        """The bytes of one line."""
        return self.data[self.starts[number] : self.ends[number]].tobytes()

    def lines_at(self, offsets: Places) -> Places:
        """The numbers of the lines that contain the offsets."""
        return np.searchsorted(self.starts, offsets, side="right") - 1

    def has_double_blank(self) -> Flags:
        """Flags of the lines with two blanks in a row."""
        data = self.bytes_of(self.data)
        flags: Flags = np.zeros(len(self), dtype=bool)
        for start in range(0, len(data), BLOCK_BYTES):
            blank = data[start : start + BLOCK_BYTES + 1] == BLANK
            flags[self.lines_at(np.flatnonzero(blank[:-1] & blank[1:]) + start)] = True
        return flags

    def gather(self, numbers: Places) -> tuple[bytes | memoryview, Places, Places]:
        """The text of the numbered lines, and where each line begins and ends in it, without its carriage return.

        Neighbouring lines are copied as one run; a single run is not copied at all.
        """
        starts, ends = self.starts[numbers], self.ends[numbers]
        first = np.flatnonzero(np.diff(numbers, prepend=-2) != 1)
        run_starts, run_ends = starts[first], ends[np.append(first[1:], len(numbers)) - 1]
        runs = [self.data[start:end] for start, end in zip(run_starts.tolist(), run_ends.tolist(), strict=True)]
        text = runs[0] if len(runs) == 1 else b"\n".join(runs)
        # Each run is moved to the end of the previous runs and their newlines.
        new_run_starts = np.cumsum(np.append(0, (run_ends - run_starts + 1)[:-1]))
        shift = np.repeat(new_run_starts - run_starts, np.diff(np.append(first, len(numbers))))
        ends = ends + shift
        return text, starts + shift, ends - (self.bytes_of(text)[ends - 1] == CARRIAGE_RETURN)
