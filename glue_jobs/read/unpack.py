"""Decompress gzip objects and recognise other formats, by the first bytes and never by name.

Copies of logs may be gzipped twice, if a service compresses the gzip files that it forwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from isal import isal_zlib

# The two bytes that begin a gzip member (RFC 1952, section 2.3.1).
GZIP = b"\x1f\x8b"

# zlib's `wbits` for a gzip header and trailer around the largest window.
GZIP_WINDOW = 31

# Decompressed bytes per step: a few kilobytes of gzip can hold gigabytes.
MAX_OUTPUT_BYTES = 16 * 2**20

# Compressed bytes per step: the output of a damaged step is lost.
STEP_BYTES = 64 * 2**10

# A third layer of gzip is no accident, and a file can be crafted that unpacks to itself.
MAX_LAYERS = 2

# Compressed bytes hardly shrink again. A gzip stream that does is crafted to unpack to gigabytes.
MAX_RATIO_OF_GZIP = 4

_FOREIGN = {
    "a zip archive": rb"PK\x03\x04",
    "a tar archive": rb".{257}ustar",
    "a 7-Zip archive": rb"7z\xbc\xaf\x27\x1c",
    "compressed with bzip2": rb"BZh[1-9]1AY&SY",
    "compressed with zstd": rb"\x28\xb5\x2f\xfd",
    "compressed with xz": rb"\xfd7zXZ\x00",
    "compressed with lz4": rb"\x04\x22\x4d\x18",
    "compressed with snappy": rb"\xff\x06\x00\x00sNaPpY",
    "compressed with gzip more than twice": re.escape(GZIP),
    "an Avro file": rb"Obj\x01",
    "an ORC file": rb"ORC[\x00-\x1f]",
    "a PNG image": rb"\x89PNG",
    "a JPEG image": rb"\xff\xd8\xff",
    "a PDF document": rb"%PDF-",
    "text in UTF-16": rb"\xff\xfe|\xfe\xff",
}
_FOREIGN_START = {form: re.compile(pattern, re.DOTALL) for form, pattern in _FOREIGN.items()}

SIGNATURE_BYTES = 262
"""Number of first bytes in which `foreign_form` looks for a signature."""

TRUNCATED = "the gzip stream ends early: the object was cut short"
DAMAGED = "the gzip stream is damaged from here on"
TRAILING = "bytes that are no gzip follow the gzip stream"
EXPANDING = "the gzip stream within the gzip stream is compressed more than logs can be"


def foreign_form(start: bytes) -> str | None:
    """The unsupported format of a file with these first bytes, e.g. "a zip archive"; None for other files."""
    return next((form for form, pattern in _FOREIGN_START.items() if pattern.match(start)), None)


class Unpacker:
    """Takes the bytes of one object and yields them decompressed; an object that is not gzip passes unchanged.

    Several gzip members are one stream, even with zero bytes after each. A file in an unsupported format yields
    nothing; ``unread`` then has its first bytes. ``is_plain``: the bytes are from the middle of an uncompressed text.
    """

    def __init__(self, is_plain: bool = False, layers: int = MAX_LAYERS) -> None:
        self._layers = layers
        self._problem: str | None = None
        self._unread = b""
        # Unpacks the decompressed bytes, which may be gzip themselves.
        self._content: Unpacker | None = None
        self._inflate: Any = None
        self._beginning = b""
        self._started = is_plain
        self._read = self._unpacked = 0

    @property
    def problem(self) -> str | None:
        """Why the object, or its end, is missing from the output; None if nothing is."""
        content = self._content.problem if self._content else None
        return content if self.unread and content else self._problem or content

    @property
    def unread(self) -> bytes:
        """The first bytes of a file in an unsupported format; empty for other files."""
        return self._unread or (self._content.unread if self._content else b"")

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decompress the next bytes of the object."""
        if not self._started:
            data = self._beginning + data
            if _may_become_gzip(data):
                self._beginning = data
                return
            self._start(data)
        if self._content is None:
            if not self._unread:
                yield data
            return
        for start in range(0, len(data), STEP_BYTES):
            step = data[start : start + STEP_BYTES]
            self._read += len(step)
            for piece in self._unpack(step) if self._problem in (None, TRUNCATED) else ():
                self._unpacked += len(piece)
                if self._content.is_gzip(piece) and self._unpacked > MAX_RATIO_OF_GZIP * self._read + STEP_BYTES:
                    self._problem = EXPANDING
                    return
                yield from self._content.feed(piece)

    def is_gzip(self, data: bytes) -> bool:
        """Whether the object is gzip; ``data`` are its first bytes, if none have been fed yet."""
        return self._content is not None or (not self._started and (self._beginning + data).startswith(GZIP))

    def finish(self) -> Iterator[bytes]:
        """The bytes of an object that is too short to be recognised as gzip. Call this after the last `feed`."""
        if not self._started:
            yield self._beginning
        elif self._content is not None:
            yield from self._content.finish()

    def _start(self, data: bytes) -> None:
        """Determine the format from the first bytes of the object."""
        self._started, self._beginning = True, b""
        if self._layers and data.startswith(GZIP):
            self._content = Unpacker(layers=self._layers - 1)
            self._inflate = isal_zlib.decompressobj(wbits=GZIP_WINDOW)
            self._problem = TRUNCATED
        elif form := foreign_form(data):
            self._problem = f"the object is {form}, which cannot be read; store its text in UTF-8, plain or gzipped"
            self._unread = data[:SIGNATURE_BYTES]

    def _unpack(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._inflate.eof:
                # Tape and block tools pad a member with zero bytes.
                data = data.lstrip(b"\0") if not self._beginning else self._beginning + data
                if _may_become_gzip(data):
                    self._beginning = data
                    self._problem = TRUNCATED if data else None
                    return
                self._beginning = b""
                if not data.startswith(GZIP):
                    self._problem = TRAILING
                    return
                self._inflate = isal_zlib.decompressobj(wbits=GZIP_WINDOW)
            try:
                yield self._inflate.decompress(data, MAX_OUTPUT_BYTES)
            except isal_zlib.IsalError:  # type: ignore[misc]  # its stub takes the class for an instance
                self._problem = DAMAGED
                return
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            self._problem = None if self._inflate.eof else TRUNCATED


def _may_become_gzip(data: bytes) -> bool:
    return len(data) < len(GZIP) and GZIP.startswith(data)
