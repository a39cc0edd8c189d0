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
        self._whole = False

    @classmethod
    def whole(cls) -> Lines:
        """One that joins all bytes of an object, for formats that are no lines."""
        reader = cls()
        reader._whole = True
        return reader

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes | Overlong]]:
        """The lines that end in ``data``."""
        last = -1 if self._whole else data.rfind(b"\n")
        if last < 0:
            self._keep(data)
            return
        first = data.find(b"\n") + 1 if self._skipping or self._overlong else 0
        if self._overlong:
            yield self._end_overlong(first)
        elif self._skipping:
            self.position += self._rest_size + first
        if self._skipping or self._overlong:
            self._rest, self._rest_size = [], 0
            self._skipping = self._overlong = False
        text = b"".join([*self._rest, data[first : last + 1]]) if self._rest else data[first : last + 1]
        if text:
            yield self.position, text
        self.position += len(text)
        self._rest, self._rest_size = [], 0
        self._keep(data[last + 1 :])

    def finish(self, overhang: Iterator[bytes]) -> Iterator[tuple[int, bytes | Overlong]]:
        """The last line, read to its end from ``overhang`` when the part ends inside it."""
        if not self._skipping and (self._rest_size or self._overlong):
            for data in overhang:
                end = data.find(b"\n")
                self._keep(data if end < 0 else data[:end])
                if end >= 0:
                    break
        if self._overlong:
            yield self._end_overlong(0)
        elif self._rest_size and not self._skipping:
            yield self.position, b"".join(self._rest)
        self._rest, self._rest_size = [], 0

    def abandon(self) -> bytes:
        """What was fed since the last line end, for an object that is damaged from there on."""
        rest = b"".join(self._rest)
        self._rest, self._rest_size = [], 0
        return rest

    def _keep(self, data: bytes) -> None:
        self._rest_size += len(data)
        if self._skipping or self._overlong:
            return
        if data:
            self._rest.append(data)
        if self._rest_size > LONGEST_LINE and not self._whole:
            self._overlong = True
            self._rest = [b"".join(self._rest)[:KEPT]]

    def _end_overlong(self, more: int) -> tuple[int, Overlong]:
        refused = (self.position, Overlong(b"".join(self._rest)))
        self.position += self._rest_size + more
        return refused
