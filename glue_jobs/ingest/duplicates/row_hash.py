"""A 64-bit hash of each row: equal rows have equal hashes; different rows rarely do."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Ints

Hashes = npt.NDArray[np.uint64]

# Odd, so that multiplying modulo 2**64 is reversible. The digits of the golden ratio spread neighbouring values.
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
BYTES_PER_WORD = 8


def row_hashes(columns: Iterable[pa.ChunkedArray]) -> Hashes:
    """The hash of each row over all ``columns`` (text, numbers, times, flags); null counts as empty text or 0."""
    hashes: Hashes | None = None
    for column in columns:
        array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        more = _hash_text(array) if pa.types.is_string(array.type) else _hash_integers(array)
        # The multiplication makes the hash depend on the order of columns: (a, b) differs from (b, a).
        hashes = more if hashes is None else _mix(hashes * MULTIPLIER, more)
    if hashes is None:
        raise ValueError("rows without columns have no hash")
    return hashes


def _mix(hashes: Hashes, more: Hashes) -> Hashes:
    mixed = (hashes ^ more) * MULTIPLIER
    return mixed ^ (mixed >> np.uint64(29))


def _hash_integers(array: pa.Array) -> Hashes:
    if pa.types.is_float64(array.type):
        # Equal numbers have equal bits, except for the two zeros.
        array = pa.array(pc.fill_null(array, 0).to_numpy() + 0.0).view(pa.int64())
    filled = pc.fill_null(array.cast(pa.int64()), 0).to_numpy()
    return _mix(filled.view(np.uint64), np.uint64(1))  # type: ignore[arg-type]


def _hash_text(array: pa.Array) -> Hashes:
    _, offsets_buffer, data_buffer = array.buffers()
    if data_buffer is None or not len(array):
        return np.zeros(len(array), dtype=np.uint64)
    offsets = np.frombuffer(offsets_buffer, dtype=np.int32)[array.offset : array.offset + len(array) + 1].astype(
        np.int64
    )
    first, last = int(offsets[0]), int(offsets[-1])
    # A view with one word starting at each byte of the text; the padding completes the words at the end.
    padded = np.frombuffer(data_buffer, dtype=np.uint8)[first:last]
    padded = np.concatenate([padded, np.zeros(BYTES_PER_WORD, dtype=np.uint8)])
    words = np.ndarray(len(padded) - BYTES_PER_WORD + 1, dtype="<u8", buffer=padded, strides=(1,))
    lengths = np.diff(offsets)
    if array.null_count:
        # A null value in Arrow may have arbitrary bytes.
        lengths[array.is_null().to_numpy(zero_copy_only=False)] = 0
    return _hash_words(words, offsets[:-1] - first, lengths)


def _hash_words(words: Hashes, starts: Ints, lengths: Ints) -> Hashes:
    hashes = lengths.astype(np.uint64) * MULTIPLIER
    longest = int(lengths.max(initial=0))
    for position in range(0, longest, BYTES_PER_WORD):
        rows = slice(None) if (lengths > position).all() else np.flatnonzero(lengths > position)
        left = np.minimum(lengths[rows] - position, BYTES_PER_WORD).astype(np.uint64)
        # Bytes after the value's end belong to the next value.
        mask = np.uint64(0xFFFFFFFFFFFFFFFF) >> (np.uint64(64) - left * np.uint64(8))
        hashes[rows] = _mix(hashes[rows], words[starts[rows] + position] & mask)
    return hashes


def round_of_hash(hashes: Hashes, rounds: int) -> Hashes:
    """The round, from 0, in which each hash is compared if there are too many hashes for one round."""
    # Only the upper half of a hash depends on every byte that was hashed.
    return (hashes >> np.uint64(32)) % np.uint64(rounds)
