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
    is_plus, places = data == PLUS, np.flatnonzero(data == PERCENT)
    if not len(places) and not is_plus.any():
        return keys
    ends = np.zeros(len(data) + 2, bool)
    ends[offsets] = True
    # Neither digit may be the next key's.
    places = places[~(ends[places + 1] | ends[places + 2])]
    high, low = _DIGITS[data[places + 1]], _DIGITS[data[places + 2]]
    real = (high < 16) & (low < 16)
    places = places[real]
    decoded = np.where(is_plus, np.uint8(BLANK), data)
    decoded[places] = high[real] * 16 + low[real]
    kept = np.ones(len(data), bool)
    kept[places + 1] = kept[places + 2] = False
    # Each escape before a key's beginning has taken two bytes away.
    return _strings(decoded[kept], offsets - 2 * np.searchsorted(places, offsets))


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
