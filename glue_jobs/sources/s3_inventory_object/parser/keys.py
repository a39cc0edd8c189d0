"""Decodes a column of URL-encoded keys in a few passes over the bytes of all keys."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Bytes, Ints

# Value of each byte as a hexadecimal digit; 16 marks bytes that are not one.
_DIGITS: Bytes = np.full(256, 16, np.uint8)
for _text in ("0123456789abcdef", "0123456789ABCDEF"):
    _DIGITS[np.frombuffer(_text.encode(), np.uint8)] = np.arange(16)

PERCENT, PLUS, BLANK = (ord(character) for character in "%+ ")


def decode_keys(keys: pa.StringArray) -> pa.StringArray:
    """The decoded keys. S3 writes a blank as ``+``.

    A ``%`` without two hexadecimal digits stays as it is. Bytes that are not UTF-8 become ``\\xNN``.
    """
    if not len(keys):
        return keys
    data, offsets = _buffers(keys)
    is_plus, places = data == PLUS, np.flatnonzero(data == PERCENT)
    if not len(places) and not is_plus.any():
        return keys
    ends = np.zeros(len(data) + 2, bool)
    ends[offsets] = True
    # Both digits must belong to the same key.
    places = places[~(ends[places + 1] | ends[places + 2])]
    high, low = _DIGITS[data[places + 1]], _DIGITS[data[places + 2]]
    real = (high < 16) & (low < 16)
    places = places[real]
    decoded = np.where(is_plus, np.uint8(BLANK), data)
    decoded[places] = high[real] * 16 + low[real]
    kept = np.ones(len(data), bool)
    kept[places + 1] = kept[places + 2] = False
    # Each escape shortens the text by two bytes, so all later keys begin earlier.
    return _strings(decoded[kept], offsets - 2 * np.searchsorted(places, offsets))


def _buffers(keys: pa.StringArray) -> tuple[Bytes, Ints]:
    """The bytes of all keys, the offset of each key, and the end of the last one."""
    offsets = np.frombuffer(keys.buffers()[1], np.int32, len(keys) + 1, keys.offset * 4).astype(np.int64)
    data = np.frombuffer(keys.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    return data, offsets - offsets[0]


def _strings(data: Bytes, offsets: Ints) -> pa.StringArray:
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
    raw = pa.BinaryArray.from_buffers(pa.binary(), len(offsets) - 1, buffers)
    try:
        return pc.cast(raw, pa.string())
    except pa.ArrowInvalid:
        return pa.array([text.decode("utf-8", "backslashreplace") for text in raw.to_pylist()], pa.string())
