"""URL-encoded keys decoded by the column, in a few passes over all their bytes at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Bytes = npt.NDArray[np.uint8]

# Value of each byte as a hexadecimal digit, 16 for those that are none.
_DIGITS: Bytes = np.full(256, 16, np.uint8)
for _text in ("0123456789abcdef", "0123456789ABCDEF"):
    _DIGITS[np.frombuffer(_text.encode(), np.uint8)] = np.arange(16)

PERCENT, PLUS, BLANK = (ord(character) for character in "%+ ")


def decode_keys(keys: pa.StringArray) -> pa.StringArray:
    """The keys that S3 wrote URL-encoded, ``+`` for a blank; bytes that are no UTF-8 stay visible as ``\\xNN``.

    A ``%`` that two hexadecimal digits do not follow stays as it is.
    """
    if not len(keys):
        return keys
    data, offsets = _buffers(keys)
    if not (data == PERCENT).any():
        if not (data == PLUS).any():
            return keys
        return _strings(np.where(data == PLUS, np.uint8(BLANK), data), offsets)
    ends = np.zeros(len(data) + 2, bool)
    ends[offsets] = True
    places = np.flatnonzero(data == PERCENT)
    # Neither digit may be the next key's.
    places = places[~(ends[places + 1] | ends[places + 2])]
    high, low = _DIGITS[data[places + 1]], _DIGITS[data[places + 2]]
    real = (high < 16) & (low < 16)
    places = places[real]
    decoded = np.where(data == PLUS, np.uint8(BLANK), data)
    decoded[places] = high[real] * 16 + low[real]
    kept = np.ones(len(data), bool)
    kept[places + 1] = kept[places + 2] = False
    before = np.concatenate([[0], np.cumsum(kept, dtype=np.int64)])
    return _strings(decoded[kept], before[offsets])


def _buffers(keys: pa.StringArray) -> tuple[Bytes, npt.NDArray[np.int64]]:
    """The bytes of all keys, and where each begins and the last one ends."""
    offsets = np.frombuffer(keys.buffers()[1], np.int32, len(keys) + 1, keys.offset * 4).astype(np.int64)
    data = np.frombuffer(keys.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    return data, offsets - offsets[0]


def _strings(data: Bytes, offsets: npt.NDArray[np.int64]) -> pa.StringArray:
    buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
    raw = pa.BinaryArray.from_buffers(pa.binary(), len(offsets) - 1, buffers)
    try:
        return pc.cast(raw, pa.string())
    except pa.ArrowInvalid:
        return pa.array([text.decode("utf-8", "backslashreplace") for text in raw.to_pylist()], pa.string())
