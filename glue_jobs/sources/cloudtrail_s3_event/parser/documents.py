"""The records of an object, in any of the forms that tools give to documents.

CloudTrail writes ``{"Records": [...]}`` in one line. Tools pretty-print it, write a plain list, or write one event per
line; EventBridge puts each event into a ``detail``; archives concatenate documents; copies may be truncated. A damaged
document loses the records at the damage: whole records before it are kept, and those after it from the first place
where a record certainly begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec

from glue_jobs.columns.byte_search import is_utf8
from glue_jobs.read.framing.json_records import (
    DOCUMENT,
    RECORDS,
    Cut,
    Opening,
    last_cut,
    record_ends,
    whole_but_for_its_end,
)
from glue_jobs.read.framing.json_values import BETWEEN, NOT_JSON, Break, value_end
from glue_jobs.read.parsed import MAX_RECORD_BYTES
from glue_jobs.sources.signatures import FROM_LOG_GROUP, LOG_GROUP

EMPTY = "the object is empty"
DIGEST = "this is a CloudTrail digest file, it has no events"
NO_RECORDS = "the document has no list of Records"

# Each damaged place costs a search for the next record. After this many, the rest of the document is rejected.
MAX_BREAKS = 100

_NAMES = msgspec.json.Decoder(dict[str, msgspec.Raw])
# The bytes that may close a document whose opening is before the damage.
_CLOSING = re.compile(rb"(?:\s|,|\x00|\x1e|\xef\xbb\xbf|[\]}])*")
_NEXT_LINE = re.compile(rb"\n\s*(?=[{\[])")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class BrokenRecord:
    """Bytes that are not a record: the number that the record would have, the reason, and the first bytes."""

    index: int
    reason: str
    record: bytes


@dataclass
class Contents:
    """The records of an object as JSON texts, the number of each, and the broken ones.

    ``ends`` matches the bytes between two records of the current list, once damage has been found in it.
    """

    records: list[msgspec.Raw] = field(default_factory=list)
    indices: list[int] = field(default_factory=list)
    broken: list[BrokenRecord] = field(default_factory=list)
    ends: re.Pattern[bytes] | None = None

    def add(self, records: list[msgspec.Raw]) -> None:
        """Append records."""
        first = self.count
        self.records += records
        self.indices += range(first, first + len(records))

    def reject(self, reason: str, record: bytes | memoryview) -> None:
        """Append a broken record."""
        self.broken.append(BrokenRecord(self.count, reason, bytes(record[:MAX_RECORD_BYTES])))

    @property
    def count(self) -> int:
        """The number of records so far, including the broken ones."""
        return len(self.records) + len(self.broken)


def read_documents(text: bytes) -> Contents:
    """All records in the `utf8` text of one object. An empty object has one broken record."""
    contents = Contents()
    try:
        records = DOCUMENT.decode(text).Records
    except NOT_JSON:
        records = None
    if isinstance(records, list):
        contents.add(records)
        return contents
    position = _after_blanks(text, 0, BETWEEN)
    if position == len(text):
        contents.reject(EMPTY, text)
    while position < len(text):
        position = _read_value(text, position, contents)
        if len(contents.broken) >= MAX_BREAKS and position < len(text):
            contents.reject("the rest of the document: too much of it is broken", text[position:])
            break
        end = _after_blanks(text, position, _CLOSING if contents.broken else BETWEEN)
        if b"]" in text[position:end]:
            contents.ends = None
        position = end
    return contents


def utf8(data: bytes) -> bytes:
    """The text of an object as UTF-8. Invalid bytes become ``\\xNN``: readable in a string, not JSON elsewhere."""
    if is_utf8(data):
        return data
    text = data.decode("utf-8", "surrogateescape")
    return _NOT_UTF8.sub(lambda match: f"\\\\x{ord(match[0]) - 0xDC00:02x}", text).encode()


def _after_blanks(text: bytes, position: int, blanks: re.Pattern[bytes]) -> int:
    match = blanks.match(text, position)
    return match.end() if match else position


def _read_value(text: bytes, position: int, contents: Contents) -> int:
    """Append the records of the JSON value at ``position``; returns where to continue."""
    if text[position : position + 1] != b"{" and LOG_GROUP.match(text, position):
        following = text.find(b"\n", position)
        contents.reject(f"this {FROM_LOG_GROUP}", text[position : following if following > 0 else len(text)])
        return following if following > 0 else len(text)
    end = value_end(text, position)
    if isinstance(end, Break):
        return _salvage(text, position, end.at, end.reason, contents)
    _expand(memoryview(text)[position:end], contents)
    return end


def _expand(value: memoryview, contents: Contents) -> None:
    """Append the records of a whole JSON value: a document, a list of events, or one event."""
    first = bytes(value[:1])
    if first == b"[":
        contents.add(RECORDS.decode(value))
        return
    if first != b"{":
        contents.reject("a record is a JSON object", value)
        return
    fields = _NAMES.decode(value)
    records = fields.get("Records")
    if records is not None and bytes(records[:1] if isinstance(records, bytes) else memoryview(records)[:1]) == b"[":
        contents.add(RECORDS.decode(records))
    elif {"digestS3Object", "digestEndTime", "logFiles"} & fields.keys():
        contents.reject(DIGEST, value)
    elif records is None and {"eventSource", "eventName", "eventTime"} & fields.keys():
        contents.add([msgspec.Raw(value)])
    elif {"detail-type", "detail"} <= fields.keys():
        contents.add([fields["detail"]])
    else:
        contents.reject(f"this {FROM_LOG_GROUP}" if "logEvents" in fields else NO_RECORDS, value)


def _salvage(text: bytes, position: int, at: int, reason: str, contents: Contents) -> int:
    """Append the whole records of a value that is damaged at ``at``; returns where the next record begins."""
    rest = text[position:] if position else text
    opening = Opening.of(rest)
    if opening is None:
        found = _behind_the_record(rest, 0 if at == len(text) else at - position - 1, contents.ends)
        contents.reject(reason, rest[: found.start() + 1].rstrip() if found else rest)
        return position + found.end() if found else len(text)
    ends = contents.ends = record_ends(rest, opening)
    cut = whole_but_for_its_end(rest, opening) or last_cut(rest, opening, at - position)
    if at == len(text):
        # The value ends early, or the decoder does not say where the damage is.
        cut = cut or (_bisect(rest, opening, ends) if ends else None)
        at = position + cut.next + 1 if cut else at
    if cut is not None:
        contents.add(cut.records)
    begin = cut.next if cut else 0
    following = ends.search(rest, max(at - position - 1, begin)) if ends else None
    contents.reject(reason, rest[begin : following.end() if following else len(rest)])
    return position + following.end() if following else len(text)


def _behind_the_record(rest: bytes, at: int, ends: re.Pattern[bytes] | None) -> re.Match[bytes] | None:
    """The gap between the first record of ``rest``, which is damaged at ``at``, and the next record."""
    following = ends.search(rest, max(at, 0)) if ends else None
    return following or _NEXT_LINE.search(rest, 1)


def _bisect(text: bytes, opening: Opening, ends: re.Pattern[bytes]) -> Cut | None:
    """The last place up to which all records are whole, by binary search."""
    places = list(ends.finditer(text, opening.first))
    found: Cut | None = None
    low, high = 0, len(places)
    while low < high:
        middle = (low + high) // 2
        records = opening.decode(text[: places[middle].start() + 1] + opening.closing)
        if records is None:
            high = middle
        else:
            found = Cut(places[middle].start() + 1, places[middle].end(), records)
            low = middle + 1
    return found
