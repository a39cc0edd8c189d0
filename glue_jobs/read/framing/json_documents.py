"""JSON documents of records from a stream of bytes. A large document is split between two records."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import groupby

import msgspec

from glue_jobs.read.framing.json_records import ANY_END, HEAD, LINES, Opening, last_cut, whole_but_for_its_end
from glue_jobs.read.framing.json_values import BETWEEN, Break, value_end
from glue_jobs.read.framing.lines import OverlongLine
from glue_jobs.read.parsed import MAX_READ_RECORD_BYTES, MAX_RECORD_BYTES

# A document is split when this much of it has arrived. The records of an object are numbered, so a batch must not hold
# two pieces of one object: a piece is larger than a batch, even when it is split in its last bytes.
PIECE_BYTES = 34 * 2**20

# More than the blanks between two records, even in pretty-printed documents.
MAX_GAP_BYTES = 4 * 2**10

OVERLONG = f"the record is longer than {MAX_READ_RECORD_BYTES // 2**20} MiB"


class Documents:
    """Takes the bytes of an object and yields ``(offset in the object, document)``.

    A large document becomes several documents, each with the records of one piece. A record that is too large becomes
    an `OverlongLine`; bytes are dropped until the next record begins. An empty object becomes one empty line.
    """

    def __init__(self) -> None:
        self.position = 0
        # The number, within the last document, of the record that `abandon` returned.
        self.index: int | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._piece_bytes = PIECE_BYTES
        self._fed = False
        # Set while the bytes of an overlong record are dropped: the opening to put before the next record.
        self._dropping: Opening | None = None
        self._ends = ANY_END

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """Add bytes; yields a piece when one is complete."""
        if data:
            self._parts.append(data)
            self._size += len(data)
            self._fed = True
        if self._dropping:
            self._drop(self._dropping)
        elif self._size >= self._piece_bytes:
            yield from self._cut()

    def finish(self, overhang: Iterator[bytes]) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """The last document. ``overhang`` is not read: objects with documents are not divided between tasks."""
        if not self._dropping and (self._size or not self._fed):
            text = b"".join(self._parts) or b"\n"
            opening = Opening.of(text) if len(text) > MAX_READ_RECORD_BYTES else None
            yield from self._frames(text, opening.decode(text) if opening else None)
        self._dropping = None
        self._keep(b"")

    def abandon(self) -> bytes:
        """The bytes after the last whole record, when the next bytes are lost; `finish` yields what precedes them."""
        self._fed, self.index = True, 0
        text = b"".join(self._parts)
        if self._dropping:
            return b""
        begin, self.index = _whole_values(text)
        whole, last = text[:begin], text[begin:]
        opening = Opening.of(last)
        cut = (whole_but_for_its_end(last, opening) or last_cut(last, opening)) if opening else None
        if opening is None or cut is None:
            self._keep(whole)
            return last
        self.index += len(cut.records)
        self._keep(whole + last[: cut.end] + opening.closing)
        return last[cut.next :]

    def _cut(self) -> Iterator[tuple[int, bytes | OverlongLine]]:
        text = b"".join(self._parts)
        opening = Opening.of(text)
        cut = last_cut(text, opening) if opening else None
        if opening is not None and cut is not None:
            yield from self._frames(text[: cut.end] + opening.closing + b"\n", cut.records)
            self._continue(text, opening, cut.next)
        elif len(text) >= PIECE_BYTES + MAX_READ_RECORD_BYTES:
            yield from self._cut_anyway(text, opening or LINES)
        else:
            self._keep(text)
            # A retry after each read would take quadratic time.
            self._piece_bytes = min(2 * self._size, PIECE_BYTES + MAX_READ_RECORD_BYTES)

    def _cut_anyway(self, text: bytes, opening: Opening) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """Split a text that is damaged, or whose last record is too large, at what looks like the end of a record."""
        self._ends = opening.ends(text)
        near = self._ends.search(text, max(opening.first, len(text) - MAX_READ_RECORD_BYTES))
        last = near or next(iter(deque(self._ends.finditer(text, opening.first), 1)), None)
        if last:
            yield self.position, text[: last.start() + 1] + opening.closing + b"\n"
        begin = last.end() if last else opening.first
        if near:
            self._continue(text, opening, begin)
            return
        yield self.position + begin, OverlongLine(text[begin : begin + MAX_RECORD_BYTES], OVERLONG, 0)
        self._dropping = opening
        self._keep_end(text)

    def _drop(self, opening: Opening) -> None:
        """Drop bytes up to the next record, or all but the last ones, in which the gap before it may begin."""
        text = b"".join(self._parts)
        found = self._ends.search(text)
        if found:
            self._dropping = None
            self._continue(text, opening, found.end())
            return
        self._keep_end(text)

    def _keep_end(self, text: bytes) -> None:
        self.position += max(len(text) - MAX_GAP_BYTES, 0)
        self._keep(text[-MAX_GAP_BYTES:])

    def _continue(self, text: bytes, opening: Opening, begin: int) -> None:
        """Continue with the record at ``begin``."""
        self.position += begin - len(opening.head)
        self._keep(opening.head + text[begin:])
        self._piece_bytes = PIECE_BYTES

    def _frames(self, text: bytes, records: list[msgspec.Raw] | None) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """The document; if records are too large, each of these alone, and the others in documents of their own."""
        if max((memoryview(each).nbytes for each in records or ()), default=0) <= MAX_READ_RECORD_BYTES:
            yield self.position, text
            return
        for is_overlong, run in groupby(records or (), lambda each: memoryview(each).nbytes > MAX_READ_RECORD_BYTES):
            if not is_overlong:
                yield self.position, HEAD + b",".join(run) + b"]}\n"
                continue
            for record in run:
                yield self.position, OverlongLine(bytes(memoryview(record)[:MAX_RECORD_BYTES]), OVERLONG, 0)

    def _keep(self, text: bytes) -> None:
        self._parts, self._size = [text] if text else [], len(text)


def _whole_values(text: bytes) -> tuple[int, int]:
    """The end of the whole JSON values at the beginning of the text, and the number of records in them."""
    position = records = 0
    while True:
        blanks = BETWEEN.match(text, position)
        position = blanks.end() if blanks else position
        end = value_end(text, position) if position < len(text) else None
        if end is None or isinstance(end, Break):
            return position, records
        opening = Opening.of(text[position:end])
        records += len((opening and opening.decode(text[position:end])) or b"1")
        position = end
