"""Where bytes are in a buffer, found without a loop over them in Python."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

# Flags of one block stay in the processor's cache.
BLOCK = 1 << 18
WORD = 8


def find(data: Bytes, wanted: Callable[[Bytes], Flags]) -> Places:
    """Offsets of the bytes that are ``wanted``, ascending; looks at a block at a time.

    Meant for bytes that are rare, such as one in a hundred.
    """
    found = [find_in_block(wanted(data[start : start + BLOCK]), start) for start in range(0, len(data), BLOCK)]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def find_in_block(flags: Flags, start: int) -> Places:
    """Offsets of the flags that are set, counted from ``start``."""
    # Eight flags at a time first: few words have one, and only those are looked at closely.
    whole = len(flags) // WORD * WORD
    words = np.flatnonzero(flags[:whole].view(np.uint64) != 0)
    hits = np.flatnonzero(flags[:whole].reshape(-1, WORD)[words])
    places = words[hits // WORD] * WORD + hits % WORD + start
    return np.append(places, np.flatnonzero(flags[whole:]) + (whole + start))


class Words:
    """A buffer looked at through windows of eight bytes that may begin anywhere in it."""

    def __init__(self, data: bytes) -> None:
        self.bytes: Bytes = np.frombuffer(data, np.uint8)
        # Places outside of the buffer are looked at too, and find nothing there.
        self._last = max(len(data) - WORD, 0)
        whole = np.frombuffer(data if len(data) >= WORD else data.ljust(WORD), np.uint8, WORD)
        shape = (self._last + 1,)
        self._windows = np.lib.stride_tricks.as_strided(whole.view("<u8"), shape, (1,), writeable=False)

    def at(self, places: Places) -> npt.NDArray[np.uint64]:
        """The eight bytes from each place on, as a number that `word` makes of bytes too."""
        if len(places) and not 0 <= places.min() <= places.max() <= self._last:
            places = np.clip(places, 0, self._last)
        found: npt.NDArray[np.uint64] = self._windows[places]
        return found

    def is_at(self, byte: int, places: Places) -> Flags:
        """Whether the byte stands at each place."""
        found: Flags = self.bytes[np.clip(places, 0, len(self.bytes) - 1)] == byte
        return found

    def has(self, mark: bytes, places: Places) -> Flags:
        """Whether ``mark``, eight bytes or more, stands at each place that is in the buffer."""
        steps = [*range(0, len(mark) - WORD, WORD), len(mark) - WORD]
        found: Flags = np.ones(len(places), dtype=bool)
        for step in steps:
            found &= self.at(places + step) == word(mark[step : step + WORD])
        return found


def word(text: bytes) -> int:
    """Eight bytes as `Words.at` gives them."""
    return int.from_bytes(text, "little")
