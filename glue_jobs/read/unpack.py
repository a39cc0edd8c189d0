"""Decompress gzip objects. gzip is recognised by its first two bytes; the name of the object does not matter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isal import isal_zlib

# The two bytes that begin a gzip member (RFC 1952, section 2.3.1).
GZIP = b"\x1f\x8b"

# zlib's `wbits` for a gzip header and trailer around the largest window.
GZIP_WINDOW = 31

# Decompressed bytes that are returned at a time: a few kilobytes of gzip can hold gigabytes.
MAX_OUTPUT_BYTES = 16 * 2**20

# Compressed bytes that are decompressed at a time: the output of a damaged step is lost.
STEP_BYTES = 64 * 2**10

TRUNCATED = "the gzip stream ends early: the object was cut short"
DAMAGED = "the gzip stream is damaged from here on"
TRAILING = "bytes that are no gzip follow the gzip stream"


class Unpacker:
    """Takes the bytes of one object and yields them decompressed; an object that is not gzip passes unchanged.

    Several gzip members, with zero bytes after each, are one stream. ``problem`` is None, or says why the end of the
    object is missing from the output.
    """

    def __init__(self) -> None:
        self.problem: str | None = None
        self._inflate: Any = None
        self._beginning = b""
        self._started = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decompress the next bytes of the object."""
        if not self._started:
            data = self._beginning + data
            if _may_become_gzip(data):
                self._beginning = data
                return
            self._started, self._beginning = True, b""
            if data.startswith(GZIP):
                self._inflate = isal_zlib.decompressobj(wbits=GZIP_WINDOW)
                self.problem = TRUNCATED
        if self._inflate is None:
            yield data
            return
        for start in range(0, len(data), STEP_BYTES):
            if self.problem in (None, TRUNCATED):
                yield from self._unpack(data[start : start + STEP_BYTES])

    def finish(self) -> Iterator[bytes]:
        """The bytes of an object too short to tell whether it is gzip. Call it after the last `feed`."""
        if not self._started:
            yield self._beginning

    def _unpack(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflate.eof:
                # Tape and block tools pad a member with zero bytes.
                data = data.lstrip(b"\0") if not self._beginning else self._beginning + data
                if _may_become_gzip(data):
                    self._beginning = data
                    self.problem = TRUNCATED if data else None
                    return
                self._beginning = b""
                if not data.startswith(GZIP):
                    self.problem = TRAILING
                    return
                self._inflate = isal_zlib.decompressobj(wbits=GZIP_WINDOW)
            try:
                yield self._inflate.decompress(data, MAX_OUTPUT_BYTES)
            except isal_zlib.IsalError:  # type: ignore[misc]  # its stub takes the class for an instance
                self.problem = DAMAGED
                return
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            self.problem = None if self._inflate.eof else TRUNCATED


def _may_become_gzip(data: bytes) -> bool:
    return len(data) < len(GZIP) and GZIP.startswith(data)
