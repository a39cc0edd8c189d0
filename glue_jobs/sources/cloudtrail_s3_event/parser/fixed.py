"""What every usual event has in the same length: its time and its ids, each copied once and looked at side by side."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.columns.byte_search import WORD, Flags

Letters = npt.NDArray[np.uint8]
"""Bytes, row by row."""

_LENGTHS = {"event_time": len("2024-05-07T08:09:10Z"), "request_id": 16, "event_id": 36}
_TIME, _NEXT = b',"eventTime":"', b'","event'
_REQUEST_ID, _EVENT_ID, _END = b',"requestID":"', b'","eventID":"', b'"'
_LAYOUT = (_TIME, "event_time", _NEXT, _REQUEST_ID, "request_id", _EVENT_ID, "event_id", _END)
_SIZES = [_LENGTHS[each] if isinstance(each, str) else len(each) for each in _LAYOUT]
_PLACES = dict(zip(_LAYOUT, accumulate(_SIZES, initial=0), strict=False))

TIME_LENGTH = _PLACES[_REQUEST_ID]
"""From the comma before the time into the name of the next field."""
REQUEST = _PLACES[_NEXT] + len(b'",')
"""Where that name begins."""
IDS_LENGTH = sum(_SIZES) - TIME_LENGTH
"""From the comma before the first id to the quote behind the second one."""


def fixed(texts: pa.StringArray) -> Letters:
    """The texts, each of a time and ids as said above, row by row."""
    return np.frombuffer(texts.buffers()[2], np.uint8, len(texts) * sum(_SIZES)).reshape(-1, sum(_SIZES))


def are_usual(rows: Letters) -> Flags:
    """Which rows have all the marks."""
    usual = np.ones(len(rows), dtype=bool)
    for name, place in _PLACES.items():
        if isinstance(name, bytes):
            usual &= _has(rows, name, place)
    return usual


def column(rows: Letters, name: str) -> pa.StringArray:
    """A column of texts: ``event_time``, ``request_id`` or ``event_id``."""
    length = _LENGTHS[name]
    texts = np.ascontiguousarray(_field(rows, f"V{length}", _PLACES[name]))
    offsets = np.arange(0, len(rows) * length + 1, length, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(rows), [None, pa.py_buffer(offsets), pa.py_buffer(texts)])


def _has(rows: Letters, mark: bytes, place: int) -> Flags:
    """Whether the mark stands there: compared as numbers of eight bytes, of which the last two may overlap."""
    if len(mark) < WORD:
        found: Flags = _field(rows, f"S{len(mark)}", place) == mark
        return found
    found = np.ones(len(rows), dtype=bool)
    for at in sorted({*range(0, len(mark) - WORD, WORD), len(mark) - WORD}):
        found &= _field(rows, "<u8", place + at) == int.from_bytes(mark[at : at + WORD], "little")
    return found


def _field(rows: Letters, kind: str, place: int) -> npt.NDArray[np.generic]:
    """The values of a kind that stand there in each row."""
    every = np.dtype({"names": ["it"], "formats": [kind], "offsets": [place], "itemsize": rows.shape[1]})
    found: npt.NDArray[np.generic] = rows.reshape(-1).view(every)["it"]
    return found
