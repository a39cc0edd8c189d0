"""Whole lines from a stream of bytes, for a whole object or for the part of it that one task reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# S3 cuts request headers at 8 KiB each; a line a thousand times as long is no log line.
LONGEST_LINE = 8 * 2**20
KEPT = 64 * 2**10


@dataclass(frozen=True)
class Overlong:
    """A line too long to be one: its beginning, and why it is refused."""

    beginning: bytes
    reason: str = f"the line is longer than {LONGEST_LINE // 2**20} MiB"


class Lines:
    """Cuts fed bytes at line ends; yields ``(offset in the object, whole lines)``.

    A part of an object owns the lines that begin in it: fed from the byte before its ``start`` it drops the rest of
    its neighbour's line, and in `finish` it reads on until its own last line ends.
    """

    def __init__(self, start: int = 0) -> None:
        self.position = max(start - 1, 0)
        self._skipping = start > 0
        self._rest: list[bytes] = []
        self._rest_size = 0
        self._overlong = False

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes | Overlong]]:
        """The lines that end in ``data``."""
        last = data.rfind(b"\n")
        if last < 0:
            self._keep(data)
            return
        first = 0
        if self._rest_size or self._skipping:
            first = data.find(b"\n") + 1
            yield from self._end_line(data[:first])
        for start, text in _bounded(data[first : last + 1]):
            yield self.position + start, text
        self.position += last + 1 - first
        self._keep(data[last + 1 :])

    def finish(self, overhang: Iterator[bytes]) -> Iterator[tuple[int, bytes | Overlong]]:
        """The last line, read to its end from ``overhang`` when the part ends inside it."""
        if self._skipping or not self._rest_size:
            return
        while not self._overlong:
            data = next(overhang, b"\n")
            end = data.find(b"\n")
            self._keep(data if end < 0 else data[:end])
            if end >= 0:
                break
        yield from self._end_line(b"")

    def abandon(self) -> bytes:
        """What was fed since the last line end, for an object that is damaged from there on."""
        rest = b"".join(self._rest)
        self._forget()
        return rest

    def _keep(self, data: bytes) -> None:
        self._rest_size += len(data)
        if self._skipping or self._overlong:
            return
        if data:
            self._rest.append(data)
        if self._rest_size > LONGEST_LINE:
            self._overlong = True
            self._rest = [b"".join(self._rest)[:KEPT]]

    def _end_line(self, data: bytes) -> Iterator[tuple[int, bytes | Overlong]]:
        """The line whose beginning was kept; ``data`` ends it, with its line end or at the object's end."""
        self._keep(data.removesuffix(b"\n"))
        if self._overlong:
            yield self.position, Overlong(b"".join(self._rest))
        elif not self._skipping:
            yield self.position, b"".join([*self._rest, data[-1:]] if data else self._rest)
        self.position += self._rest_size + len(data[-1:])
        self._forget()

    def _forget(self) -> None:
        self._rest, self._rest_size = [], 0
        self._skipping = self._overlong = False


def _bounded(text: bytes) -> Iterator[tuple[int, bytes | Overlong]]:
    """Whole lines, parted only by those that are too long, each with where it begins."""
    start = checked = 0
    while len(text) - checked > LONGEST_LINE + 1:
        end = text.rfind(b"\n", checked, checked + LONGEST_LINE + 1)
        if end < 0:
            if checked > start:
                yield start, text[start:checked]
            yield checked, Overlong(text[checked : checked + KEPT])
            start = end = text.index(b"\n", checked)
            start += 1
        checked = end + 1
    if start < len(text):
        yield start, text[start:]
