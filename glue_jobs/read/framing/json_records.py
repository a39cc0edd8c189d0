"""Where the records of a JSON document begin and end.

A document is ``{"Records": [...]}``, or a plain list. A pattern finds bytes that look like the end of a record. The
last such place is tried first: it is right if everything before it can be decoded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from glue_jobs.read.framing.json_values import NOT_JSON

# The end of the last record is searched for in this many trailing bytes, at this many places, before the piece grows.
TAIL_BYTES = 2**20
MAX_TRIES = 60

HEAD = b'{"Records":['
_DOCUMENT = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"Records"\s*:\s*\[\s*')
_LIST = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*(?=\{)")
_FIRST_KEY = re.compile(rb'\{\s*("(?:[^"\\]|\\.)*"\s*:)')
# JSON strings contain no line ends, and a comma separates the records of a list.
_NEXT_DOCUMENT = re.compile(rb"\}[ \t\r]*\n\s*(?=[{\[])")
ANY_END = re.compile(rb"\}\s*,\s*(?=\{)")


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

    @property
    def head(self) -> bytes:
        """The shortest bytes that open such a document."""
        return {b"]}": HEAD, b"]": b"["}.get(self.closing, b"")

    def ends(self, text: bytes) -> re.Pattern[bytes]:
        """A pattern for the bytes between two records."""
        return _NEXT_DOCUMENT if not self.closing else record_ends(text, self) or ANY_END

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


# The opening of concatenated documents and of lines of events, which is empty.
LINES = Opening(0, b"")


@dataclass(frozen=True)
class Cut:
    """A place between two records: the end of one, the beginning of the next, and all records before it."""

    end: int
    next: int
    records: list[msgspec.Raw]


def last_cut(text: bytes, opening: Opening, end: int | None = None) -> Cut | None:
    """The last place before ``end`` up to which all records are whole, or None."""
    end = len(text) if end is None else min(end, len(text))
    for pattern in (record_ends(text, opening), ANY_END):
        places = list(pattern.finditer(text, max(opening.first, end - TAIL_BYTES), end)) if pattern else []
        for place in reversed(places[-MAX_TRIES:]):
            records = opening.decode(text[: place.start() + 1] + opening.closing)
            if records is not None:
                return _further(text, Cut(place.start() + 1, place.end(), records), end)
    return None


def _further(text: bytes, cut: Cut, end: int) -> Cut:
    """The cut, or a later one: records after the cut may begin with another key than the first record."""
    for place in reversed(list(ANY_END.finditer(text, cut.next, end))[-MAX_TRIES:]):
        try:
            records = RECORDS.decode(b"[" + text[cut.next : place.start() + 1] + b"]")
        except NOT_JSON:
            continue
        return Cut(place.start() + 1, place.end(), cut.records + records)
    return cut


def whole_but_for_its_end(text: bytes, opening: Opening) -> Cut | None:
    """All records of a text that was cut right after a record; None if it was cut anywhere else."""
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
