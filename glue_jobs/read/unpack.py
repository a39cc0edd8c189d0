"""Objects as stored to objects as written: gzip is recognised by its first bytes, whatever the name says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import deflate
import numpy as np
from isal import isal_zlib

GZIP = b"\x1f\x8b"
# So begins a member; the third byte says that it is deflated, as all are.
MEMBER = GZIP + b"\x08"
_PAIR = int.from_bytes(GZIP, "little")

# zlib's number for "a gzip header and trailer around the largest window".
GZIP_WINDOW = 31

# Unpacked bytes handed over at a time: a few kilobytes of gzip may hold gigabytes.
MOST_AT_ONCE = 16 * 2**20


# Packed bytes unpacked at a time: when they prove damaged, what they held is not handed over.
STEP = 64 * 2**10


class Unpacker:
    """Bytes in, unpacked bytes out; what is not gzip passes through. ``problem`` says why the end is missing.

    With the ``size`` of the object, one that comes whole is unpacked at once where that can be done: a third sooner.
    """

    def __init__(self, size: int | None = None) -> None:
        self.problem: str | None = None
        self._size = size
        self._inflate: Any = None
        self._beginning = b""
        self._started = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Unpack the next bytes of the object."""
        if not self._started:
            whole = _at_once(data) if len(data) == self._size else None
            if whole is not None:
                self._started = True
                yield whole
                return
            data = self._beginning + data
            if len(data) < len(GZIP) and GZIP.startswith(data):
                self._beginning = data
                return
            self._started, self._beginning = True, b""
            if data.startswith(GZIP):
                self._inflate = isal_zlib.decompressobj(wbits=GZIP_WINDOW)
                self.problem = TRUNCATED
        if self._inflate is None:
            yield data
        else:
            for start in range(0, len(data), STEP):
                if self.problem in (None, TRUNCATED):
                    yield from self._unpack(data[start : start + STEP])

    def finish(self) -> Iterator[bytes]:
        """What was held back of an object too short to tell; call it after the last `feed`."""
        if not self._started:
            yield self._beginning

    def _unpack(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflate.eof:
                # Padding behind a member, as tape and block tools write it.
                data = data.lstrip(b"\0") if not self._beginning else self._beginning + data
                if len(data) < len(GZIP) and GZIP.startswith(data):
                    self._beginning = data
                    self.problem = TRUNCATED if data else None
                    return
                self._beginning = b""
                if not data.startswith(GZIP):
                    self.problem = TRAILING
                    return
                self._inflate = isal_zlib.decompressobj(wbits=GZIP_WINDOW)
            try:
                yield self._inflate.decompress(data, MOST_AT_ONCE)
            except isal_zlib.IsalError:  # type: ignore[misc]  # its stub takes the class for an instance
                self.problem = DAMAGED
                return
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            self.problem = None if self._inflate.eof else TRUNCATED


def _at_once(data: bytes) -> bytes | None:
    """What one member holds that says how much that is; None for anything else, which is read step by step."""
    size = int.from_bytes(data[-4:], "little")
    # libdeflate stops behind the first member and does not tell where that was.
    if not 0 < size <= MOST_AT_ONCE or not data.startswith(MEMBER) or _goes_on(data):
        return None
    try:
        # With the size given nothing is taken for it that is none.
        text = bytes(deflate.gzip_decompress(data, size))
    except deflate.DeflateError:
        return None
    return text if len(text) == size else None


def _goes_on(data: bytes) -> bool:
    """Whether there is what begins a member, behind the first one's beginning."""
    # Two bytes at a time, from odd and from even places: half of the time that `bytes.find` takes.
    for first in (1, 2):
        pairs = np.frombuffer(data, "<u2", (len(data) - first) // 2, first)
        for place in np.flatnonzero(pairs == _PAIR).tolist():
            if data.startswith(MEMBER, first + 2 * place):
                return True
    return False


TRUNCATED = "the gzip stream ends early: the object was cut short"
DAMAGED = "the gzip stream is damaged from here on"
TRAILING = "bytes that are no gzip follow the gzip stream"
