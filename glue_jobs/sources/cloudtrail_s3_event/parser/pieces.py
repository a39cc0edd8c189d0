"""Pieces of a buffer as Arrow texts: each copied once, none made a Python object."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.byte_search import Flags, Places, Words

Span = tuple[Places, Places]
"""Where pieces begin and end, row by row."""

# Below it are control characters, which JSON writes in another way.
_BLANK = ord(" ")
_NOT_PLAIN = re.compile(r'["\\\x00-\x1f]')
_LOOKED_AT = 200
# Bytes of a text that are in its view.
_SHORT = 12
_IN_VIEW = np.dtype({"names": ["text"], "formats": [f"V{_SHORT}"], "offsets": [4], "itemsize": 16})


def joined(data: Any, *spans: Span) -> pa.StringArray:
    """The pieces of each row, one after the other as one text; of a buffer of less than 2 GiB."""
    rows = len(spans[0][0])
    if not rows:
        return pa.array([], pa.string())
    views = np.zeros((rows, len(spans), 4), np.int32)
    for number, (begins, ends) in enumerate(spans):
        views[:, number, 0] = ends - begins
        views[:, number, 3] = begins
    _write_short(views.reshape(-1, 4), Words(data))
    # To copy them by views takes a third of the time of Arrow's take.
    buffers = [None, pa.py_buffer(views), pa.py_buffer(data)]
    texts = pa.Array.from_buffers(pa.string_view(), rows * len(spans), buffers).cast(pa.string())
    if len(spans) == 1:
        return texts
    _, edges, letters = texts.buffers()
    whole = np.ascontiguousarray(np.frombuffer(edges, np.int32)[: rows * len(spans) + 1 : len(spans)])
    return pa.Array.from_buffers(pa.string(), rows, [None, pa.py_buffer(whole), letters])


def _write_short(views: npt.NDArray[np.int32], words: Words) -> None:
    """Put those texts into their views that have to be there: a longer one's place is written there instead.

    https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout
    """
    short = np.flatnonzero((views[:, 0] > 0) & (views[:, 0] <= _SHORT))
    begins = views[short, 3]
    near_the_end = begins > len(words.bytes) - _SHORT
    far = ~near_the_end
    if far.any():
        # What is behind a text is copied with it and never looked at.
        views.view(_IN_VIEW)["text"][short[far], 0] = words.windows(f"V{_SHORT}")[begins[far]]
    for view, begin in zip(short[near_the_end].tolist(), begins[near_the_end].tolist(), strict=True):
        text = words.bytes[begin:]
        views[view].view(np.uint8)[-_SHORT:][: len(text)] = text


def are_plain(texts: pa.StringArray) -> Flags:
    """Which texts are what they are in JSON: no quote, no backslash, no control character in them."""
    letters = np.frombuffer(texts.buffers()[2], np.uint8)
    if not ((letters == ord('"')) | (letters == ord("\\")) | (letters < _BLANK)).any():
        return np.ones(len(texts), dtype=bool)
    return np.array([not _NOT_PLAIN.search(text) for text in texts.to_pylist()], dtype=bool)


def spans_of(texts: pa.StringArray) -> tuple[Span, bytes]:
    """Where texts are that `joined` made, and in what."""
    _, offsets, data = texts.buffers()
    edges = np.frombuffer(offsets, np.int32)[: len(texts) + 1].astype(np.int64)
    return (edges[:-1], edges[1:]), data


def values_of(data: bytes, span: Span, mark: bytes, lengths: tuple[int, ...]) -> Span:
    """Where in each piece the plain text of one of the lengths is that stands behind ``mark``, up to a quote.

    It is only looked for as far from the end, or the beginning, as in most of the first pieces. Both places are the
    end of the piece where nothing is found, and in all of them when some text is not plain.
    """
    words = Words(data)
    begins, ends = span[1].copy(), span[1].copy()
    rows = np.arange(len(begins))
    for here, distance in _likely(data, span, mark):
        places = here[rows] + distance
        there = words.has(mark, places) & (places >= span[0][rows])
        _close(words, begins, ends, rows[there], places[there] + len(mark), lengths)
        rows = rows[~there]
    found = (begins, ends)
    return found if are_plain(joined(data, found)).all() else (span[1], span[1])


def _close(words: Words, begins: Places, ends: Places, rows: Places, places: Places, lengths: tuple[int, ...]) -> None:
    """Enter in some rows where the text begins that is at the places, and where it ends, if its quote is found."""
    for length in lengths:
        closed = words.is_at(ord('"'), places + length) & (places + length < ends[rows])
        begins[rows[closed]] = places[closed]
        ends[rows[closed]] = places[closed] + length
        rows, places = rows[~closed], places[~closed]


def _likely(data: bytes, span: Span, mark: bytes) -> Iterator[tuple[Places, int]]:
    """From which edges of the pieces, and how far, the mark mostly is in the first ones."""
    some = (span[0][:_LOOKED_AT], span[1][:_LOOKED_AT])
    places: Places = pc.find_substring(joined(data, some), mark.decode()).to_numpy().astype(np.int64)
    there = places >= 0
    for here, edges in reversed([*zip(span, some, strict=True)]):
        distances, counts = np.unique((some[0] + places - edges)[there], return_counts=True)
        for distance in distances[counts == counts.max(initial=1)][:1].tolist():
            yield here, distance
