"""JSON: an object in each line, a list of objects, or objects printed over several lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import msgspec

from glue_jobs.read.framing.json_records import Opening, last_cut, whole_but_for_its_end
from glue_jobs.read.framing.json_values import BETWEEN, NOT_JSON, Break, value_end
from glue_jobs.read.framing.uploaded_file import BYTE_ORDER_MARK, is_json, is_json_lines
from glue_jobs.read.parsed import MAX_RECORD_BYTES, Rejected
from glue_jobs.sources.upload.names import ColumnNames
from glue_jobs.sources.upload.piece import MAX_COLUMNS, Piece
from glue_jobs.sources.upload.values import MAX_DIGITS, Literal, column_of, type_of

NO_OBJECT = "a record is a JSON object"
TOO_WIDE = f"with its fields, the object would have more than {MAX_COLUMNS:,} columns"


def _number(text: str) -> float | Literal:
    value = float(text)
    digits = text.lower().partition("e")[0].lstrip("-0.").replace(".", "")
    return value if isfinite(value) and len(digits) <= MAX_DIGITS else Literal(text)


DECODER = msgspec.json.Decoder(float_hook=_number)


@dataclass
class _Found:
    """The values in a text, their positions, and all that is not a value: position, reason, bytes."""

    values: list[Any] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    broken: list[tuple[int, str, bytes]] = field(default_factory=list)

    def add(self, position: int, value: Any) -> None:
        """Append a value, or the elements of a list of records."""
        values = value if isinstance(value, list) else [value]
        self.values += values
        self.positions += [position] * len(values)


class JsonReader:
    """Reads pieces of JSON; see `UploadParser`."""

    name = "json"

    def __init__(self, names: ColumnNames) -> None:
        self._names = names
        self._has_lines: bool | None = None

    def read(self, frame: bytes, offset: int) -> Iterator[Piece]:
        """The records of a frame."""
        text = frame.removeprefix(BYTE_ORDER_MARK)
        offset += len(frame) - len(text)
        if self._has_lines is None:
            self._has_lines = not is_json(frame) or is_json_lines(frame)
        records = self._plain(text)
        if records is not None:
            yield _piece(self._names, records, [])
            return
        found = _lines(text) if self._has_lines else _documents(text)
        rejected = [Rejected(offset + at, reason, text[:MAX_RECORD_BYTES]) for at, reason, text in found.broken]
        records = []
        for at, value in zip(found.positions, found.values, strict=True):
            reason = self._refused(value)
            if reason:
                rejected.append(Rejected(offset + at, reason, msgspec.json.encode(value)[:MAX_RECORD_BYTES]))
            else:
                self._names.add(value)
                records.append(value)
        yield _piece(self._names, records, rejected)

    def _plain(self, text: bytes) -> list[dict[str, Any]] | None:
        """The records of a text without any defect; None for any other text."""
        try:
            values = DECODER.decode_lines(text) if self._has_lines else DECODER.decode(text)
        except NOT_JSON:
            return None
        values = values if isinstance(values, list) else [values]
        if set(map(type, values)) - {dict}:
            return None
        fields = dict.fromkeys(name for each in values for name in each)
        if len(self._names) + sum(name not in self._names for name in fields) > MAX_COLUMNS:
            return None
        self._names.add(fields)
        return values

    def _refused(self, value: Any) -> str:
        if not isinstance(value, dict):
            return NO_OBJECT
        new = sum(name not in self._names for name in value)
        return TOO_WIDE if len(self._names) + new > MAX_COLUMNS else ""


def _piece(names: ColumnNames, records: Sequence[dict[str, Any]], rejected: list[Rejected]) -> Piece:
    columns, types = {}, {}
    for name in dict.fromkeys(name for each in records for name in each):
        values = [each.get(name) for each in records]
        column = names.column(name)
        types[column] = type_of(values)
        columns[column] = column_of(values, types[column])
    return Piece(len(records), columns, types, rejected)


def _lines(text: bytes) -> _Found:
    found, position = _Found(), 0
    for line in text.split(b"\n"):
        if line.strip():
            try:
                found.values.append(DECODER.decode(line))
                found.positions.append(position)
            except NOT_JSON as problem:
                found.broken.append((position, f"the line is no JSON: {problem}", line.rstrip(b"\r")))
        position += len(line) + 1
    return found


def _documents(text: bytes) -> _Found:
    """The records of all whole values; of a list that is damaged, those before the damage."""
    found, position = _Found(), _next(text, 0)
    while position < len(text):
        end = value_end(text, position)
        if isinstance(end, Break):
            _salvage(text, position, end, found)
            break
        try:
            found.add(position, DECODER.decode(memoryview(text)[position:end]))
        except NOT_JSON as problem:
            found.broken.append((position, f"the value is no JSON: {problem}", text[position:end]))
        position = _next(text, end)
    return found


def _next(text: bytes, position: int) -> int:
    blanks = BETWEEN.match(text, position)
    return blanks.end() if blanks else position


def _salvage(text: bytes, position: int, at: Break, found: _Found) -> None:
    """Add the whole records of a damaged list; the rest of the text is one rejected record."""
    rest = text[position:]
    opening = Opening.of(rest) if rest[:1] == b"[" else None
    cut = (whole_but_for_its_end(rest, opening) or last_cut(rest, opening, at.at - position)) if opening else None
    for record in cut.records if cut else ():
        found.add(position, DECODER.decode(record))
    begin = position + (cut.next if cut else 0)
    found.broken.append((begin, f"{at.reason}; the rest of the document is left out", text[begin:]))
