"""Slices of a buffer as texts. Those of variable width become JSON objects all at once, and ids are taken out."""

from __future__ import annotations

import re
import secrets

import numpy as np
import pyarrow as pa

from glue_jobs.columns.byte_search import windows
from glue_jobs.columns.numpy_types import Bytes, Flags, Places

# The most distances from the end of a text at which an id is searched for. Events of one kind share a few distances.
_MAX_DISTANCES = 64

PLACEHOLDER = secrets.token_hex(64)
"""Its first letters replace an id of the same length. Nobody can guess them, so no event contains them."""


class SlicedTexts:
    """Slices of a buffer of less than 2 GiB as texts. The methods change these texts, but not the buffer."""

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

    def take_ids(self, mark: bytes, width: int) -> tuple[Places, Bytes]:
        """Replace the ids of this width that follow a mark of at least eight bytes by letters of the `PLACEHOLDER`.

        Returns the numbers of the texts that had such an id, and the ids. An id stays if it has another width, JSON
        escapes, or a rare distance from the end of its text.
        """
        rows, places = self._find_ids(mark, width)
        ids = _letters(self._letters, places, width)
        escaped = _any_in_row(_are_escaped(ids))
        if escaped.any():
            rows, places, ids = rows[~escaped], places[~escaped], ids[~escaped]
        if len(rows):
            windows(self._letters, f"V{width}")[places] = np.void(PLACEHOLDER[:width].encode())
        return rows, ids

    def _find_ids(self, mark: bytes, width: int) -> tuple[Places, Places]:
        """The numbers of texts with an id of this width, and the id's position.

        Only the last eight bytes of the mark are compared.
        """
        letters, word = self._letters, int.from_bytes(mark[-8:], "little")
        words = windows(letters, "<u8") if len(letters) >= 8 else np.empty(0, np.uint64)
        left, rows, places = np.arange(len(self.array)), [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for _ in range(_MAX_DISTANCES):
            if not len(left):
                break
            text = letters[self._edges[left[0]] : self._edges[left[0] + 1]].tobytes()
            place = text.rfind(mark)
            distance = len(text) - place - len(mark)
            if place < 0 or distance <= width:
                left = left[1:]
                continue
            at = np.maximum(self._edges[left + 1] - distance, 8)
            fits = (at - len(mark) >= self._edges[left]) & (words[at - 8] == word) & (letters[at + width] == ord('"'))
            rows.append(left[fits])
            places.append(at[fits])
            left = left[1:][~fits[1:]]
        return np.concatenate(rows), np.concatenate(places)


def fixed_width(data: bytes, begins: Places, template: bytes) -> tuple[list[pa.StringArray], Flags]:
    """The texts at the zeros of the template, and flags of the slices that match it and have no JSON escapes there.

    The texts of other slices are zeros.
    """
    letters = _letters(data, begins, len(template))
    expected = np.frombuffer(template, np.uint8)
    is_text = expected == ord("0")
    plain = ~_any_in_row(np.where(is_text, _are_escaped(letters), letters != expected))
    # Other slices may end within a character, and then are not UTF-8.
    letters[~plain] = ord("0")
    spans = [match.span() for match in re.finditer(b"0+", template)]
    return [text_column(letters[:, begin:end]) for begin, end in spans], plain


def _letters(data: bytes | Bytes, begins: Places, width: int) -> Bytes:
    """The ``width`` bytes from each place on, row by row."""
    if not len(begins):
        return np.empty((0, width), np.uint8)
    return windows(data, f"V{width}")[begins].view(np.uint8).reshape(-1, width)


def _hold(data: Bytes, begins: Places, text: bytes) -> Flags:
    """Flags of the positions at which the text begins."""
    return ~_any_in_row(_letters(data, begins, len(text)) != np.frombuffer(text, np.uint8))


def _are_escaped(letters: Bytes) -> Flags:
    """Flags of the letters that have a special meaning in a JSON string, or are invalid in it."""
    flags: Flags = (letters < ord(" ")) | (letters == ord('"')) | (letters == ord("\\"))
    return flags


def _any_in_row(flags: Flags) -> Flags:
    """Flags of the rows with any flag. Mostly there is none, and checking that first takes a tenth of the time."""
    return np.any(flags, axis=1) if flags.any() else np.zeros(len(flags), bool)


def text_column(letters: Bytes) -> pa.StringArray:
    """The rows as texts."""
    count, width = letters.shape
    offsets = np.arange(0, count * width + 1, width, dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters))]
    return pa.Array.from_buffers(pa.string(), count, buffers)
