"""JSON documents of records from a stream of bytes: a large one is cut between two records, wherever it can be.

A document is ``{"Records": [...]}``. Where a record ends is not looked for byte by byte: places that look like it are
tried, the last one first, by decoding everything before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from glue_jobs.read.json_values import BETWEEN, NOT_JSON, Break, value_end

# A document is cut when so much of it is there. A piece is larger than a slice even when it is cut in its last
# bytes, so that no slice holds two pieces of one object, whose records are numbered through.
PIECE = 34 * 2**20

# The last record's end is looked for in so many last bytes, and this often, before the piece grows.
TAIL = 2**20
MOST_TRIES = 60

HEAD = b'{"Records":['
_DOCUMENT = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"Records"\s*:\s*\[\s*')
_LIST = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*(?=\{)")
_FIRST_KEY = re.compile(rb'\{\s*("(?:[^"\\]|\\.)*"\s*:)')
_ANY_END = re.compile(rb"\}\s*,\s*(?=\{)")


class Document(msgspec.Struct):
    """A document with its records as they are written."""

    Records: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET


DOCUMENT = msgspec.json.Decoder(Document)
RECORDS = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True)
class Opening:
    """How a document begins: where its first record does, and what closes it."""

    first: int
    closing: bytes

    @classmethod
    def of(cls, text: bytes) -> Opening | None:
        """That of a document, or of a plain list of records; None for anything else."""
        for pattern, closing in ((_DOCUMENT, b"]}"), (_LIST, b"]")):
            match = pattern.match(text)
            if match:
                return cls(match.end(), closing)
        return None

    def decode(self, text: bytes) -> list[msgspec.Raw] | None:
        """The records of a text that this opens and closes; None when it is no such document."""
        try:
            return (DOCUMENT.decode(text).Records or None) if self.closing == b"]}" else RECORDS.decode(text)
        except NOT_JSON:
            return None


@dataclass(frozen=True)
class Cut:
    """A place between two records: where one ends, where the next begins, and the whole ones before."""

    end: int
    next: int
    records: list[msgspec.Raw]


def last_cut(text: bytes, opening: Opening, end: int | None = None) -> Cut | None:
    """The last place before ``end`` up to which all records are whole; None when none is found."""
    end = len(text) if end is None else min(end, len(text))
    for pattern in (record_ends(text, opening), _ANY_END):
        places = list(pattern.finditer(text, max(opening.first, end - TAIL), end)) if pattern else []
        for place in reversed(places[-MOST_TRIES:]):
            records = opening.decode(text[: place.start() + 1] + opening.closing)
            if records is not None:
                return _further(text, Cut(place.start() + 1, place.end(), records), end)
    return None


def _further(text: bytes, cut: Cut, end: int) -> Cut:
    """The cut, or a later one before a record of which not even the first key is there, or another one."""
    for place in reversed(list(_ANY_END.finditer(text, cut.next, end))[-MOST_TRIES:]):
        try:
            records = RECORDS.decode(b"[" + text[cut.next : place.start() + 1] + b"]")
        except NOT_JSON:
            continue
        return Cut(place.start() + 1, place.end(), cut.records + records)
    return cut


def whole_but_for_its_end(text: bytes, opening: Opening) -> Cut | None:
    """All records, when the text breaks off right behind one."""
    whole = text.rstrip(b" \t\r\n,]")
    records = opening.decode(whole + opening.closing)
    return None if records is None else Cut(len(whole), len(text), records)


def record_ends(text: bytes, opening: Opening) -> re.Pattern[bytes] | None:
    """What stands between two records that begin with the same key as the first one."""
    key = _FIRST_KEY.match(text, opening.first)
    return _end_before(key[1]) if key else None


@lru_cache(maxsize=64)
def _end_before(key: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"\}\s*,\s*(?=\{\s*" + re.escape(key) + rb")")


class Documents:
    """Joins fed bytes to a document; yields ``(offset in the object, document)``.

    Larger ones come as several documents, each with the records of a piece; of an empty object comes an empty one.
    """

    def __init__(self) -> None:
        self.position = 0
        # Of what `abandon` returned: the number of the record in the last document.
        self.index: int | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._wanted = PIECE
        self._fed = False

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Documents made of what is there so far."""
        if data:
            self._parts.append(data)
            self._size += len(data)
            self._fed = True
        if self._size >= self._wanted:
            yield from self._cut()

    def finish(self, overhang: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
        """The last document; there is nothing to read from ``overhang``."""
        if self._size or not self._fed:
            yield self.position, b"".join(self._parts) or b"\n"
        self._keep(b"")

    def abandon(self) -> bytes:
        """What follows the last whole record, for an object that is damaged from there on; `finish` has the others."""
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
            # Trying again at each byte would take for ever.
            self._wanted = 2 * self._size
            return
        yield self.position, text[: cut.end] + opening.closing + b"\n"
        self.position += cut.next - len(HEAD)
        self._keep(HEAD + text[cut.next :])
        self._wanted = PIECE

    def _keep(self, text: bytes) -> None:
        self._parts, self._size = [text] if text else [], len(text)


def _whole_values(text: bytes) -> tuple[int, int]:
    """Up to where there is nothing but whole JSON values, and the number of records in them."""
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
