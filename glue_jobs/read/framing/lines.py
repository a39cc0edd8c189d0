"""Whole lines from a stream of bytes: a whole object, or the byte range of an object that one task reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from glue_jobs.read.parsed import MAX_READ_RECORD_BYTES, MAX_RECORD_BYTES

MAX_LINE_BYTES = MAX_READ_RECORD_BYTES


@dataclass(frozen=True)
class OverlongLine:
    """The beginning of a line that is too long to be parsed, and the reason for its reject.

    ``index`` is the number of the record in its document, in formats that number their records.
    """

    beginning: bytes
    reason: str = f"the line is longer than {MAX_LINE_BYTES // 2**20} MiB"
    index: int | None = None


class LineReader:
    """Cuts a stream of bytes at line ends; yields ``(offset in the object, one or more whole lines)``.

    A byte range owns the lines that begin in it. Feed bytes from the one before ``start``: the reader drops the end of
    a line that began earlier, and `finish` continues until the last line ends.
    """

    def __init__(self, start: int = 0) -> None:
        self.position = max(start - 1, 0)
        # Lines are identified by their position in the object, not by a number.
        self.index: int | None = None
        self._skipping = start > 0
        self._rest: list[bytes] = []
        self._rest_size = 0
        self._overlong = False

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """The lines that end in ``data``."""
        last = data.rfind(b"\n")
        if last < 0:
            self._keep(data)
            return
        first = 0
        if self._rest_size or self._skipping:
            first = data.find(b"\n") + 1
            yield from self._end_line(data[:first])
        for start, text in _separate_overlong(data[first : last + 1]):
            yield self.position + start, text
        self.position += last + 1 - first
        self._keep(data[last + 1 :])

    def finish(self, following: Iterator[bytes]) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """The last line. Its end is read from ``following``, the object's bytes after the range."""
        if self._skipping or not self._rest_size:
            return
        while not self._overlong:
            data = next(following, b"\n")
            end = data.find(b"\n")
            self._keep(data if end < 0 else data[:end])
            if end >= 0:
                break
        yield from self._end_line(b"")

    def abandon(self) -> bytes:
        """Drop and return the bytes since the last line end: the object is damaged from there on."""
        rest = b"".join(self._rest)
        self._reset()
        return rest

    def _keep(self, data: bytes) -> None:
        self._rest_size += len(data)
        if self._skipping or self._overlong:
            return
        if data:
            self._rest.append(data)
        if self._rest_size > MAX_LINE_BYTES:
            self._overlong = True
            self._rest = [b"".join(self._rest)[:MAX_RECORD_BYTES]]

    def _end_line(self, data: bytes) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """The pending line; ``data`` is its rest with the line end, or empty at the end of the object."""
        self._keep(data.removesuffix(b"\n"))
        if self._overlong:
            yield self.position, OverlongLine(b"".join(self._rest))
        elif not self._skipping:
            yield self.position, b"".join([*self._rest, data[-1:]] if data else self._rest)
        self.position += self._rest_size + len(data[-1:])
        self._reset()

    def _reset(self) -> None:
        self._rest, self._rest_size = [], 0
        self._skipping = self._overlong = False


def _separate_overlong(text: bytes) -> Iterator[tuple[int, bytes | OverlongLine]]:
    """Runs of whole lines, with overlong lines on their own, each with its offset in ``text``."""
    start = checked = 0
    while len(text) - checked > MAX_LINE_BYTES + 1:
        end = text.rfind(b"\n", checked, checked + MAX_LINE_BYTES + 1)
        if end < 0:
            if checked > start:
                yield start, text[start:checked]
            yield checked, OverlongLine(text[checked : checked + MAX_RECORD_BYTES])
            start = end = text.index(b"\n", checked)
            start += 1
        checked = end + 1
    if start < len(text):
        yield start, text[start:]
