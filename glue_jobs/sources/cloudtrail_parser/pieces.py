"""Pieces of a buffer as Arrow texts: each copied once, none made a Python object."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.byte_search import Flags, Places, Words

Span = tuple[Places, Places]
"""Where pieces begin and end, row by row."""

# Below it are control characters, which JSON writes in another way.
_BLANK = ord(" ")
_NOT_PLAIN = re.compile(r'["\\\x00-\x1f]')
_LOOKED_AT = 200


def joined(data: bytes, *spans: Span) -> pa.StringArray:
    """The pieces of each row, one after the other as one text; they are ascending, row by row and in the rows."""
    rows = len(spans[0][0])
    if not rows:
        return pa.array([], pa.string())
    edges = np.stack([places for span in spans for places in span], axis=1).ravel()
    offsets = np.append(edges, len(data)).astype(np.int32)
    # Between two pieces there is one that nobody asked for.
    every = pa.Array.from_buffers(pa.string(), len(edges), [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    _, ends, letters = every.take(pa.array(np.arange(0, len(edges), 2))).buffers()
    whole = np.frombuffer(ends, np.int32)[:: len(spans)][: rows + 1]
    return pa.Array.from_buffers(pa.string(), rows, [None, pa.py_buffer(np.ascontiguousarray(whole)), letters])


def are_plain(texts: pa.StringArray) -> Flags:
    """Which texts are what they are in JSON: no quote, no backslash, no control character in them."""
    letters = np.frombuffer(texts.buffers()[2], np.uint8)
    if not ((letters == ord('"')) | (letters == ord("\\")) | (letters < _BLANK)).any():
        return np.ones(len(texts), dtype=bool)
    return np.array([not _NOT_PLAIN.search(text) for text in texts.to_pylist()], dtype=bool)


def values_of(words: Words, span: Span, places: Places, mark: bytes, lengths: tuple[int, ...]) -> Span:
    """Where the plain text behind ``mark`` is that begins at the places; nothing at the end of the piece elsewhere."""
    begins, ends = places + len(mark), span[1].copy()
    for length in lengths:
        ends = np.where((ends == span[1]) & words.is_at(ord('"'), begins + length), begins + length, ends)
    there = words.has(mark, places) & (places >= span[0]) & (ends < span[1])
    return np.where(there, begins, span[1]), np.where(there, ends, span[1])


def first_places(texts: pa.StringArray, mark: bytes) -> Places:
    """Where ``mark`` is first in each text, -1 where it is not."""
    found: Places = pc.find_substring(texts, mark.decode()).to_numpy().astype(np.int64)
    return found


def likely_places(data: bytes, words: Words, span: Span, mark: bytes) -> Places:
    """Where ``mark`` is in each piece, if it is as far from one of the ends as it mostly is in the first rows."""
    some = (span[0][:_LOOKED_AT], span[1][:_LOOKED_AT])
    places = first_places(joined(data, some), mark)
    there = places >= 0
    found = np.full(len(span[0]), -1, np.int64)
    for here, edges in zip(span, some, strict=True):
        distances, counts = np.unique((some[0] + places - edges)[there], return_counts=True)
        for distance in distances[counts == counts.max(initial=1)][:1].tolist():
            found = np.where(words.has(mark, here + distance), here + distance, found)
    return found
