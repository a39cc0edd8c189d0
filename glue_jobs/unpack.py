"""Objects as stored to objects as written: gzip is recognised by its first bytes, whatever the name says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isal import isal_zlib

GZIP = b"\x1f\x8b"

# zlib's number for "a gzip header and trailer around the largest window".
GZIP_WINDOW = 31

# Unpacked bytes handed over at a time: a few kilobytes of gzip may hold gigabytes.
MOST_AT_ONCE = 16 * 2**20


class Unpacker:
    """Bytes in, unpacked bytes out; what is not gzip passes through. ``problem`` says why the end is missing."""

    def __init__(self) -> None:
        self.problem: str | None = None
        self._inflate: Any = None
        self._started = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Unpack the next bytes of the object."""
        if not self._started and data:
            self._started = True
            if data.startswith(GZIP):
                self._inflate = isal_zlib.decompressobj(wbits=GZIP_WINDOW)
                self.problem = TRUNCATED
        if self._inflate is None:
            yield data
        elif self.problem in (None, TRUNCATED):
            yield from self._unpack(data)

    def _unpack(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflate.eof:
                if not data.startswith(GZIP[: len(data)]):
                    # Padding behind the last member, as tape and block tools write it.
                    self.problem = TRAILING if data.strip(b"\0") else None
                    return
                self._inflate = isal_zlib.decompressobj(wbits=GZIP_WINDOW)
            try:
                yield self._inflate.decompress(data, MOST_AT_ONCE)
            except isal_zlib.error:
                self.problem = DAMAGED
                return
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            self.problem = None if self._inflate.eof else TRUNCATED


TRUNCATED = "the gzip stream ends early: the object was cut short"
DAMAGED = "the gzip stream is damaged from here on"
TRAILING = "bytes that are no gzip follow the gzip stream"
