"""Search buffers for bytes without a Python loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.columns.numpy_types import Bytes, Flags, Places

# Small enough that the flags of a block stay in the processor's cache.
BLOCK_BYTES = 1 << 18


def find_bytes(data: Bytes, wanted: Callable[[Bytes], Flags]) -> Places:
    """Offsets of the bytes that are ``wanted``, ascending; ``wanted`` gets one block at a time."""
    found = [
        np.flatnonzero(wanted(data[start : start + BLOCK_BYTES])) + start for start in range(0, len(data), BLOCK_BYTES)
    ]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def is_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8."""
    if data.isascii():
        return True
    # Arrow takes a fortieth of the time of decoding.
    edges = np.array([0, len(data)])
    text = pa.Array.from_buffers(pa.large_string(), 1, [None, pa.py_buffer(edges), pa.py_buffer(data)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def windows(data: bytes | bytearray | Bytes, kind: str) -> npt.NDArray[Any]:
    """A view with the value of a NumPy type at each byte offset; the buffer must hold at least one value."""
    return np.ndarray(len(data) - np.dtype(kind).itemsize + 1, kind, data, strides=(1,))
