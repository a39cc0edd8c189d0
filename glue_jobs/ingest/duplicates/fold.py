"""Columns folded to one 64-bit number a row: equal values give equal numbers, others hardly ever do."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.uint64]

# Odd, so that multiplying by it loses nothing; the digits of the golden ratio spread neighbours far apart.
SPREAD = np.uint64(0x9E3779B97F4A7C15)
WORD = 8


def fold(columns: Iterable[pa.ChunkedArray]) -> Numbers:
    """One number for each row over all ``columns`` (text, numbers, times), null like empty or 0."""
    numbers: Numbers | None = None
    for column in columns:
        array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        folded = _text(array) if pa.types.is_string(array.type) else _whole(array)
        # Mixed once more, a column's number is not what the next column's may be: (a, b) is not (b, a).
        numbers = folded if numbers is None else _mix(numbers * SPREAD, folded)
    if numbers is None:
        raise ValueError("nothing to fold")
    return numbers


def _mix(numbers: Numbers, more: Numbers) -> Numbers:
    mixed = (numbers ^ more) * SPREAD
    return mixed ^ (mixed >> np.uint64(29))


def _whole(array: pa.Array) -> Numbers:
    filled = pc.fill_null(array.cast(pa.int64()), 0).to_numpy()
    return _mix(filled.view(np.uint64), np.uint64(1))  # type: ignore[arg-type]


def _text(array: pa.Array) -> Numbers:
    _, offsets_buffer, data_buffer = array.buffers()
    if data_buffer is None or not len(array):
        return np.zeros(len(array), dtype=np.uint64)
    offsets = np.frombuffer(offsets_buffer, dtype=np.int32)[array.offset : array.offset + len(array) + 1].astype(
        np.int64
    )
    first, last = int(offsets[0]), int(offsets[-1])
    # A word read at any byte of the text: the padding lets the last byte begin one.
    padded = np.frombuffer(data_buffer, dtype=np.uint8)[first:last]
    padded = np.concatenate([padded, np.zeros(WORD, dtype=np.uint8)])
    words = np.ndarray(len(padded) - WORD + 1, dtype="<u8", buffer=padded, strides=(1,))
    lengths = np.diff(offsets)
    if array.null_count:
        # Arrow lets any bytes lie under a null.
        lengths[array.is_null().to_numpy(zero_copy_only=False)] = 0
    return _folded_words(words, offsets[:-1] - first, lengths)


def _folded_words(words: Numbers, starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> Numbers:
    numbers = lengths.astype(np.uint64) * SPREAD
    longest = int(lengths.max(initial=0))
    for position in range(0, longest, WORD):
        rows = slice(None) if (lengths > position).all() else np.flatnonzero(lengths > position)
        left = np.minimum(lengths[rows] - position, WORD).astype(np.uint64)
        # Bytes beyond the value's end are its neighbour's.
        mask = np.uint64(0xFFFFFFFFFFFFFFFF) >> (np.uint64(64) - left * np.uint64(8))
        numbers[rows] = _mix(numbers[rows], words[starts[rows] + position] & mask)
    return numbers
