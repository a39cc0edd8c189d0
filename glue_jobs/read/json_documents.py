"""JSON documents of records from a stream of bytes. A large document is split between two records.

A document is ``{"Records": [...]}``. Bytes that look like the end of a record are found with a pattern. The last such
place is tried first: it is right when everything before it can be decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from glue_jobs.read.json_values import BETWEEN, NOT_JSON, Break, value_end

# A document is split when this much of it has arrived. The records of an object are numbered, so a batch must not hold
# two pieces of one object: a piece is larger than a batch, even when it is split in its last bytes.
PIECE_BYTES = 34 * 2**20

# The end of the last record is searched in this many last bytes, at this many places, before the piece grows.
TAIL_BYTES = 2**20
MAX_TRIES = 60

HEAD = b'{"Records":['
_DOCUMENT = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"Records"\s*:\s*\[\s*')
_LIST = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*(?=\{)")
_FIRST_KEY = re.compile(rb'\{\s*("(?:[^"\\]|\\.)*"\s*:)')
_ANY_END = re.compile(rb"\}\s*,\s*(?=\{)")


class Document(msgspec.Struct):
    """A document with its records as JSON texts."""

    Records: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET


DOCUMENT = msgspec.json.Decoder(Document)
RECORDS = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True)
class Opening:
    """The beginning of a document: the position of its first record, and the bytes that close the document."""

    first: int
    closing: bytes

    @classmethod
    def of(cls, text: bytes) -> Opening | None:
        """The opening of a document, or of a plain list of records; None for any other text."""
        for pattern, closing in ((_DOCUMENT, b"]}"), (_LIST, b"]")):
            match = pattern.match(text)
            if match:
                return cls(match.end(), closing)
        return None

    def decode(self, text: bytes) -> list[msgspec.Raw] | None:
        """The records of a text with this opening and closing; None when it is damaged."""
        try:
            return (DOCUMENT.decode(text).Records or None) if self.closing == b"]}" else RECORDS.decode(text)
        except NOT_JSON:
            return None


@dataclass(frozen=True)
class Cut:
    """A place between two records: the end of one, the beginning of the next, and all records before it."""

    end: int
    next: int
    records: list[msgspec.Raw]


def last_cut(text: bytes, opening: Opening, end: int | None = None) -> Cut | None:
    """The last place before ``end`` up to which all records are whole, or None."""
    end = len(text) if end is None else min(end, len(text))
    for pattern in (record_ends(text, opening), _ANY_END):
        places = list(pattern.finditer(text, max(opening.first, end - TAIL_BYTES), end)) if pattern else []
        for place in reversed(places[-MAX_TRIES:]):
            records = opening.decode(text[: place.start() + 1] + opening.closing)
            if records is not None:
                return _further(text, Cut(place.start() + 1, place.end(), records), end)
    return None


def _further(text: bytes, cut: Cut, end: int) -> Cut:
    """The cut, or a later one: the next record may have another first key, or none yet."""
    for place in reversed(list(_ANY_END.finditer(text, cut.next, end))[-MAX_TRIES:]):
        try:
            records = RECORDS.decode(b"[" + text[cut.next : place.start() + 1] + b"]")
        except NOT_JSON:
            continue
        return Cut(place.start() + 1, place.end(), cut.records + records)
    return cut


def whole_but_for_its_end(text: bytes, opening: Opening) -> Cut | None:
    """All records of a text that breaks off right behind a record; None for any other text."""
    whole = text.rstrip(b" \t\r\n,]")
    records = opening.decode(whole + opening.closing)
    return None if records is None else Cut(len(whole), len(text), records)


def record_ends(text: bytes, opening: Opening) -> re.Pattern[bytes] | None:
    """A pattern for the bytes between two records, where the second one begins with the first record's first key."""
    key = _FIRST_KEY.match(text, opening.first)
    return _end_before(key[1]) if key else None


@lru_cache(maxsize=64)
def _end_before(key: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"\}\s*,\s*(?=\{\s*" + re.escape(key) + rb")")


class Documents:
    """Takes the bytes of an object and yields ``(offset in the object, document)``.

    A large document becomes several documents, each with the records of one piece. An empty object becomes one empty
    line.
    """

    def __init__(self) -> None:
        self.position = 0
        # The number of the record that `abandon` returned, in the last document.
        self.index: int | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._piece_bytes = PIECE_BYTES
        self._fed = False

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Add bytes; yields a piece when one is complete."""
        if data:
            self._parts.append(data)
            self._size += len(data)
            self._fed = True
        if self._size >= self._piece_bytes:
            yield from self._cut()

    def finish(self, overhang: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
        """The last document. ``overhang`` is not read: objects with documents are not divided between tasks."""
        if self._size or not self._fed:
            yield self.position, b"".join(self._parts) or b"\n"
        self._keep(b"")

    def abandon(self) -> bytes:
        """The bytes after the last whole record, when the next bytes are lost; `finish` yields the bytes before."""
        self._fed, self.index = True, 0
        text = b"".join(self._parts)
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

    def _cut(self) -> Iterator[tuple[int, bytes]]:
        text = b"".join(self._parts)
        opening = Opening.of(text)
        cut = last_cut(text, opening) if opening and opening.closing == b"]}" else None
        if opening is None or cut is None:
            self._keep(text)
            # To try again after each read would take time that grows with the square of the size.
            self._piece_bytes = 2 * self._size
            return
        yield self.position, text[: cut.end] + opening.closing + b"\n"
        self.position += cut.next - len(HEAD)
        self._keep(HEAD + text[cut.next :])
        self._piece_bytes = PIECE_BYTES

    def _keep(self, text: bytes) -> None:
        self._parts, self._size = [text] if text else [], len(text)


def _whole_values(text: bytes) -> tuple[int, int]:
    """The position up to which there are only whole JSON values, and the number of records in them."""
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
