"""Slices of a buffer as texts. Those of variable width become JSON objects all at once."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa

from glue_jobs.columns.byte_search import windows
from glue_jobs.columns.numpy_types import Bytes, Flags, Places


class SlicedTexts:
    """Slices of a buffer of less than 2 GiB as texts."""

    def __init__(self, data: bytes, begins: Places, ends: Places) -> None:
        views = np.zeros((len(begins), 4), np.int32)
        views[:, 0], views[:, 3] = ends - begins, begins
        # Copying texts by their views takes a third of the time of Arrow's `take`.
        buffers = [None, pa.py_buffer(views), pa.py_buffer(data)]
        self.array = pa.Array.from_buffers(pa.string_view(), len(begins), buffers).cast(pa.string())
        _, offsets, copied = self.array.buffers()
        # These bytes may be changed: Arrow has just allocated them, and nothing else refers to them.
        self._letters = np.frombuffer(copied, np.uint8)
        self._edges = np.frombuffer(offsets, np.int32)[: len(begins) + 1].astype(np.int64)

    def become_objects(self, head: bytes, tail: bytes) -> Flags:
        """Make each text a JSON object: braces replace its first letter and the tail at its end.

        Returns flags of the texts that had this head and this tail. No text may be shorter than either.
        """
        begins, ends = self._edges[:-1], self._edges[1:] - len(tail)
        fit = _hold(self._letters, begins, head) & _hold(self._letters, ends, tail)
        self._letters[begins] = ord("{")
        if len(ends):
            windows(self._letters, f"V{len(tail)}")[ends] = np.void(b"}".ljust(len(tail)))
        return fit


def fixed_width(data: bytes, begins: Places, template: bytes) -> tuple[list[pa.StringArray], Flags]:
    """The texts at the zeros of the template, and flags of the slices that match it and have no JSON escapes there.

    The texts of other slices are zeros.
    """
    letters = _letters(data, begins, len(template))
    expected = np.frombuffer(template, np.uint8)
    is_text = expected == ord("0")
    # Such letters have a special meaning in a JSON string, or are invalid in it.
    is_special = (letters < ord(" ")) | (letters == ord('"')) | (letters == ord("\\"))
    plain = ~_any_in_row(np.where(is_text, is_special, letters != expected))
    # Other slices may end within a character, and then are not UTF-8.
    letters[~plain] = ord("0")
    spans = [match.span() for match in re.finditer(b"0+", template)]
    return [_text_column(letters[:, begin:end]) for begin, end in spans], plain


def _letters(data: bytes | Bytes, begins: Places, width: int) -> Bytes:
    """The ``width`` bytes from each place on, row by row."""
    if not len(begins):
        return np.empty((0, width), np.uint8)
    return windows(data, f"V{width}")[begins].view(np.uint8).reshape(-1, width)


def _hold(data: Bytes, begins: Places, text: bytes) -> Flags:
    """Flags of the positions at which the text begins."""
    return ~_any_in_row(_letters(data, begins, len(text)) != np.frombuffer(text, np.uint8))


def _any_in_row(flags: Flags) -> Flags:
    """Flags of the rows with any flag. Mostly there is none, and checking that first takes a tenth of the time."""
    return np.any(flags, axis=1) if flags.any() else np.zeros(len(flags), bool)


def _text_column(letters: Bytes) -> pa.StringArray:
    """The rows as texts."""
    count, width = letters.shape
    offsets = np.arange(0, count * width + 1, width, dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters))]
    return pa.Array.from_buffers(pa.string(), count, buffers)
