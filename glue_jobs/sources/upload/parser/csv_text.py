"""CSV: a line of names, then lines with as many values. Values may be quoted, and then contain line ends."""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from glue_jobs.progress import first_names
from glue_jobs.read.framing.uploaded_file import BYTE_ORDER_MARK
from glue_jobs.read.parsed import MAX_READ_RECORD_BYTES, MAX_RECORD_BYTES, Rejected
from glue_jobs.sources.upload.names import ColumnNames
from glue_jobs.sources.upload.parser.csv_values import column_of_texts, type_of_texts
from glue_jobs.sources.upload.piece import MAX_COLUMNS, Piece

NOT_UTF8 = "the line is not UTF-8"
NO_TEXT = "the object is no text, although its name ends like that of a CSV file"
NOT_CLOSED = "a quotation mark in the line is not closed"
TOO_WIDE = f"the first line has more than {MAX_COLUMNS:,} names"

DELIMITERS = ",;\t|"

_QUOTED = re.compile(rb'"[^"]*"')
# A quotation mark in a quoted value, after a backslash: one that ended the value would stand before a delimiter.
_ESCAPED = rb'(?:^|[%s\n])"[^"\n]*\\"[^,;\t|\r\n"]'
_AFTER_BACKSLASH = re.compile(rb'\\[\\"]')
_BLANK_LINES = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s*[\r\n])?")
# Spreadsheets write this line before the names to declare the delimiter.
_DELIMITER_LINE = re.compile(rb'"?sep=([,;\t|])"?\s*', re.IGNORECASE)


class CsvReader:
    """Reads pieces of CSV, whole lines each; see `UploadParser`."""

    name = "csv"

    def __init__(self, names: ColumnNames, address: str) -> None:
        self._names = names
        self._delimiter = "\t" if re.search(r"[.]tsv(?:[.]gz)?$", address, re.IGNORECASE) else ""
        self._columns: list[str] | None = None
        self._is_refused = False
        self._has_escapes = False
        # Lines with an open quotation mark, and their position in the object.
        self._rest, self._begin = b"", 0

    def read(self, frame: bytes, offset: int) -> Iterator[Piece]:
        """The records of a frame, except those that end in a later frame."""
        if self._is_refused:
            return
        text, begin = (self._rest + frame, self._begin) if self._rest else (frame, offset)
        text = self._with_doubled_quotes(text)
        end = len(text) if len(text) > MAX_READ_RECORD_BYTES + len(frame) else _last_end(text)
        self._rest, self._begin = text[end:], begin + end
        if end:
            yield from self._records(text[:end], begin)

    def _with_doubled_quotes(self, text: bytes) -> bytes:
        """The text, in which quotation marks are doubled where the file has a backslash before them; as many bytes."""
        if b'\\"' not in text:
            return text
        delimiters = (self._delimiter or DELIMITERS).encode()
        self._has_escapes = self._has_escapes or bool(re.search(_ESCAPED % delimiters, text))
        return _AFTER_BACKSLASH.sub(lambda it: it[0].replace(b'\\"', b'""'), text) if self._has_escapes else text

    def finish(self) -> Iterator[Piece]:
        """The records after a quotation mark that is never closed."""
        if self._rest:
            rest, self._rest = self._rest, b""
            yield from self._records(rest, self._begin, is_open=True)

    def _records(self, text: bytes, begin: int, is_open: bool = False) -> Iterator[Piece]:
        rejected: list[Rejected] = []
        if self._columns is None:
            if b"\0" in text[:MAX_RECORD_BYTES]:
                self._is_refused = True
                yield Piece(0, {}, {}, [Rejected(begin, NO_TEXT, text[:MAX_RECORD_BYTES])])
                return
            header, body = _split_header(text)
            if b"\r" in _QUOTED.sub(b"", header).rstrip():
                # Each line ends with a carriage return alone.
                yield from self._records(text.replace(b"\r", b"\n"), begin, is_open)
                return
            if line := _DELIMITER_LINE.fullmatch(header):
                self._delimiter = line[1].decode()
                if body.strip():
                    yield from self._records(body, begin + len(text) - len(body), is_open)
                return
            if not header.strip():
                return
            problem = self._name(header)
            if problem:
                self._is_refused = True
                yield Piece(0, {}, {}, [Rejected(begin, problem, header[:MAX_RECORD_BYTES])])
                return
            begin, text = begin + len(text) - len(body), body
        assert self._columns is not None
        text, gaps = _utf8_lines(text, begin, rejected)
        parse = self._one_by_one if is_open else self._parsed
        wrong: list[Rejected] = []
        columns = parse(text, begin, wrong) if text.strip() else []
        rejected += [replace(each, position=each.position + _left_out(gaps, each.position - begin)) for each in wrong]
        rows = len(columns[0]) if columns else 0
        types = {name: type_of_texts(column) for name, column in zip(self._columns, columns, strict=False)}
        arrays = {name: column_of_texts(column, types[name]) for name, column in zip(types, columns, strict=True)}
        yield Piece(rows, arrays, types, rejected)

    def _name(self, header: bytes) -> str:
        """Set the names of the columns; returns a sentence if they cannot be used, else an empty text."""
        try:
            line = header.removeprefix(BYTE_ORDER_MARK).decode()
        except UnicodeDecodeError:
            return NOT_UTF8
        self._delimiter = self._delimiter or max(DELIMITERS, key=re.sub('"[^"]*"', "", line).count)
        names = next(csv.reader(io.StringIO(line, newline=""), delimiter=self._delimiter), [])
        if len(names) > MAX_COLUMNS:
            return TOO_WIDE
        # A duplicate or blank name gets the number of its column.
        fields = [
            name if name.strip() and name not in names[:number] else f"{name.strip() or 'column'} {number + 1}"
            for number, name in enumerate(names)
        ]
        self._names.add(fields)
        self._columns = [self._names.column(field) for field in fields]
        named = enumerate(zip(names, fields, self._columns, strict=True), 1)
        if numbered := [f"column {number} is {column}" for number, (name, field, column) in named if field != name]:
            self._names.notes.append(f"without a name of its own, {first_names(numbered, 'column')}")
        return ""

    def _parsed(self, text: bytes, begin: int, rejected: list[Rejected]) -> list[pa.Array]:
        assert self._columns is not None
        wrong: list[tuple[str, int]] = []

        def skip(row: arrow_csv.InvalidRow) -> str:
            wrong.append((row.text, row.actual_columns))
            return "skip"

        try:
            table = arrow_csv.read_csv(
                pa.BufferReader(text),
                arrow_csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=self._columns),
                arrow_csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=skip),
                arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(self._columns, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid:
            return self._one_by_one(text, begin, rejected)
        found = 0
        for row, count in wrong:
            line = row.encode()
            found = _line_at(text, line, found)
            rejected.append(self._rejected(begin + found, count, line))
            found += len(line)
        return [column.combine_chunks() for column in table.columns]

    def _rejected(self, position: int, count: int, line: bytes) -> Rejected:
        values = "1 value" if count == 1 else f"{count:,} values"
        reason = f"the line has {values}, and the first line of the file has {len(self._columns or ()):,}"
        return Rejected(position, reason, line[:MAX_RECORD_BYTES])

    def _one_by_one(self, text: bytes, begin: int, rejected: list[Rejected]) -> list[pa.Array]:
        """Parse a text line by line, because a quotation mark in it is never closed."""
        assert self._columns is not None
        rows, position = [], begin
        for line in text.split(b"\n"):
            if line.strip():
                try:
                    values = next(csv.reader([line.decode().rstrip("\r")], delimiter=self._delimiter, strict=True))
                except csv.Error:
                    rejected.append(Rejected(position, NOT_CLOSED, line[:MAX_RECORD_BYTES]))
                else:
                    if len(values) == len(self._columns):
                        rows.append([value or None for value in values])
                    else:
                        rejected.append(self._rejected(position, len(values), line))
            position += len(line) + 1
        return [pa.array([row[n] for row in rows], pa.string()) for n in range(len(self._columns))]


def _last_end(text: bytes) -> int:
    """The end of the last line up to which all quotation marks are closed."""
    if text.count(b'"') % 2 == 0:
        return len(text)
    signs = np.frombuffer(text, np.uint8)
    closed = np.cumsum(signs == ord('"')) % 2 == 0
    ends = np.flatnonzero(closed & (signs == ord("\n")))
    return int(ends[-1]) + 1 if len(ends) else 0


def _split_header(text: bytes) -> tuple[bytes, bytes]:
    """The first line, in which quoted names may have line ends, and what follows it."""
    blank = _BLANK_LINES.match(text)
    start = end = blank.end() if blank else 0
    while True:
        end = text.find(b"\n", end) + 1
        if end == 0:
            return text[start:], b""
        if text.count(b'"', start, end) % 2 == 0:
            return text[start:end], text[end:]


def _utf8_lines(text: bytes, begin: int, rejected: list[Rejected]) -> tuple[bytes, list[tuple[int, int]]]:
    """The text without the lines that are not UTF-8, and for each of these its place in it and the bytes left out."""
    gaps: list[tuple[int, int]] = []
    try:
        text.decode()
    except UnicodeDecodeError:
        kept, place, missing = [], 0, 0
        for line in text.splitlines(keepends=True):
            try:
                line.decode()
                kept.append(line)
                place += len(line)
            except UnicodeDecodeError:
                position = begin + place + missing
                rejected.append(Rejected(position, NOT_UTF8, line.rstrip(b"\r\n")[:MAX_RECORD_BYTES]))
                missing += len(line)
                gaps.append((place, missing))
        return b"".join(kept), gaps
    return text, gaps


def _left_out(gaps: list[tuple[int, int]], place: int) -> int:
    """The number of bytes that were left out before a place in the text."""
    number = bisect_right(gaps, place, key=itemgetter(0))
    return gaps[number - 1][1] if number else 0


def _line_at(text: bytes, line: bytes, begin: int) -> int:
    """The position of a whole line in the text, from ``begin`` on; a part of another line does not count."""
    at = 0 if not begin and text.startswith(line) else text.find(b"\n" + line, begin) + 1
    # At the end of the text the slice is empty, which is in these bytes too.
    while text[at + len(line) : at + len(line) + 1] not in b"\r\n":
        at = text.find(b"\n" + line, at) + 1
        if not at:
            break
    return max(at, begin)
