"""Search buffers for bytes without a loop over them in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

# The flags of a block stay in the processor's cache.
BLOCK_BYTES = 1 << 18
WORD_BITS = 3
WORD = 1 << WORD_BITS

# One byte more than a number has: it is of another kind.
_NUMBER = 16


def find_bytes(data: Bytes, wanted: Callable[[Bytes], Flags]) -> Places:
    """Offsets of the bytes that are ``wanted``, ascending; ``wanted`` gets one block at a time."""
    found = [
        np.flatnonzero(wanted(data[start : start + BLOCK_BYTES])) + start for start in range(0, len(data), BLOCK_BYTES)
    ]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def find_in_block(flags: Flags, start: int) -> Places:
    """Offsets of the flags that are set, counted from ``start``."""
    return np.flatnonzero(flags) + start


class Words:
    """A buffer looked at through windows of some bytes that may begin anywhere in it."""

    def __init__(self, data: Any) -> None:
        self.bytes: Bytes = np.frombuffer(data, np.uint8)
        self._windows: dict[str, npt.NDArray[Any]] = {}

    def at(self, places: Places) -> npt.NDArray[np.uint64]:
        """The eight bytes from each place on, as a number that `word` makes of bytes too; elsewhere any number."""
        if len(self.bytes) < WORD:
            return np.zeros(len(places), np.uint64)
        last = len(self.bytes) - WORD
        if len(places) and not 0 <= places.min() <= places.max() <= last:
            places = np.clip(places, 0, last)
        found: npt.NDArray[np.uint64] = self.windows("<u8")[places]
        return found

    def is_at(self, byte: int, places: Places) -> Flags:
        """Whether the byte stands at each place; what is outside of the buffer is as its first or last byte."""
        if not len(self.bytes):
            return np.zeros(len(places), dtype=bool)
        found: Flags = self.bytes[np.clip(places, 0, len(self.bytes) - 1)] == byte
        return found

    def has(self, mark: bytes, places: Places) -> Flags:
        """Whether ``mark``, which ends with no zero byte, stands at each place; never outside of the buffer."""
        last = len(self.bytes) - len(mark)
        if last < 0 or not len(places):
            return np.zeros(len(places), dtype=bool)
        # All of a window at once: a place far from the one before is what costs time.
        windows = self.windows(f"S{len(mark)}")
        found: Flags
        if 0 <= places.min() <= places.max() <= last:
            found = windows[places] == mark
            return found
        inside = (places >= 0) & (places <= last)
        found = inside & (windows[np.where(inside, places, 0)] == mark)
        return found

    def numbers_before(self, ends: Places) -> tuple[Places, Places]:
        """The whole numbers that end before the places and where they begin, -1 where none of up to 15 digits does.

        A number is written as in JSON: without zeros before it.
        """
        if len(self.bytes) < _NUMBER:
            return np.zeros(len(ends), np.int64), np.full(len(ends), -1, np.int64)
        inside = (ends >= _NUMBER) & (ends <= len(self.bytes))
        windows = self.windows(f"V{_NUMBER}")[np.where(inside, ends - _NUMBER, 0)]
        letters = np.ascontiguousarray(windows.view(np.uint8).reshape(-1, _NUMBER).T)
        numbers, counts = np.zeros(len(ends), np.int64), np.zeros(len(ends), np.int64)
        first, goes_on = np.zeros(len(ends), np.uint8), inside
        # From the end on, as long as there are digits in any.
        for place in range(_NUMBER):
            digit = letters[_NUMBER - 1 - place] - np.uint8(ord("0"))
            goes_on = goes_on & (digit <= 9)
            if not goes_on.any():
                break
            numbers += np.where(goes_on, digit, 0) * np.int64(10**place)
            counts += goes_on
            first = np.where(goes_on, digit, first)
        there = (counts > 0) & (counts < _NUMBER) & ((first > 0) | (counts == 1))
        return numbers, np.where(there, ends - counts, -1)

    def windows(self, kind: str) -> npt.NDArray[Any]:
        """The values of a kind that begin at each byte, of a buffer that is no shorter than one."""
        if kind not in self._windows:
            size = np.dtype(kind).itemsize
            first = self.bytes[:size].view(kind)
            shape = (len(self.bytes) - size + 1,)
            self._windows[kind] = np.lib.stride_tricks.as_strided(first, shape, (1,), writeable=False)
        return self._windows[kind]


def word(text: bytes) -> int:
    """Eight bytes as `Words.at` gives them."""
    return int.from_bytes(text, "little")
