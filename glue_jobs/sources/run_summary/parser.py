"""Parse run summaries: the grammar is that of the programs that write them, docs/decisions/0024-run-summaries.md."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from glue_jobs.read.framing.uploaded_file import BYTE_ORDER_MARK
from glue_jobs.read.parsed import ParsedDocument, Rejected
from glue_jobs.sources.run_summary.kinds import COLUMNS, Kind, Section
from glue_jobs.tables.model import Column, Table

_INTEGER = re.compile("-?[0-9]{1,19}")
_DECIMAL = re.compile(r"-?[0-9]{1,300}(?:\.[0-9]{0,300})?(?:[eE][+-]?[0-9]{1,3})?")
_MAX_BIGINT = 2**63 - 1

COMMENT_MARK = "SUMZER_COMMENT="

Row = tuple[object, ...]


def parse_summary(kind: Kind, run: str, data: bytes) -> ParsedDocument:
    """The rows of a run's summary, without the columns on its origin; a line that violates the grammar is rejected."""
    rows: dict[Table, list[Row]] = {table: [] for table in kind.tables}
    lines = _Lines(kind, run)
    rejected: list[Rejected] = []
    position = 0
    for line in data.split(b"\n"):
        if line.strip():
            try:
                section, values = lines.read(line)
                rows[section.table].append(_row(section, {**values, "sra": run}))
                lines.accept(section)
            except ValueError as error:
                reason = str(error) if not isinstance(error, UnicodeDecodeError) else "the line is not UTF-8"
                rejected.append(Rejected(position, reason, line))
        position += len(line) + 1
    return ParsedDocument(rows, rejected)


class _Lines:
    """Reads the lines of a summary in turn: a comment, then its sections in their order."""

    def __init__(self, kind: Kind, run: str) -> None:
        self._kind = kind
        self._run = run
        self._is_first = True
        self._other_run = ""
        self._section = 0

    def read(self, line: bytes) -> tuple[Section, Mapping[str, str]]:
        """The section of the line and its values by key.

        Raises:
            ValueError: the line violates the grammar; the message says how.
        """
        is_first, self._is_first = self._is_first, False
        # Windows programs write a mark at the beginning, and end lines with a carriage return.
        text = line.removeprefix(BYTE_ORDER_MARK if is_first else b"").removesuffix(b"\r").decode()
        if self._kind.has_prefix:
            prefix = f"sra={self._run};"
            if not text.startswith(prefix):
                raise ValueError(f"the line does not begin with {prefix}")
            text = text.removeprefix(prefix)
        if is_first:
            return self._kind.comment, self._comment(text)
        if self._other_run:
            raise ValueError(f"the summary is of {self._other_run}, and its name is of {self._run}")
        number = self._kind.by_key.get(text.partition("=")[0])
        if number is None:
            raise ValueError("the line belongs to no section: its first key is unknown")
        if number < self._section:
            raise ValueError("the line stands after its section")
        section = self._kind.sections[number]
        return section, _values(section, text)

    def accept(self, section: Section) -> None:
        """Advance to the section of a line that became a row. A rejected line does not end a section."""
        if section is not self._kind.comment:
            self._section = self._kind.sections.index(section)

    def _comment(self, text: str) -> Mapping[str, str]:
        if COMMENT_MARK not in text:
            raise ValueError(f"the first line has no {COMMENT_MARK}")
        values = _values(self._kind.comment, text.replace(COMMENT_MARK, "", 1).replace(",", ";"))
        if values["sra"] != self._run:
            self._other_run = values["sra"]
            raise ValueError(f"the summary is of {self._other_run}, and its name is of {self._run}")
        return values


def _values(section: Section, text: str) -> Mapping[str, str]:
    values: dict[str, str] = {}
    left = text
    last = ""
    while left:
        # The name is the rest of the line without its last separator, whatever it contains.
        if section.rest and left.startswith(f"{section.rest}="):
            pair, left = left.removesuffix(";"), ""
        else:
            pair, _, left = left.partition(";")
        key, equals, value = pair.partition("=")
        if not equals and last == section.label and last:
            # Labels are not escaped, so they may contain separators.
            values[last] += f";{pair}"
            continue
        if key not in section.keys and key not in section.optional:
            raise ValueError(f"the key {key[:40]} is unknown here" if equals else "a value has no key")
        if key in values:
            raise ValueError(f"the key {key} is there twice")
        values[key] = value
        last = key
    missing = [key for key in section.keys if key not in values]
    if missing:
        raise ValueError(f"the key {missing[0]} is missing")
    return values


def _row(section: Section, values: Mapping[str, str]) -> Row:
    columns = {COLUMNS.get(key, key): value for key, value in values.items() if key != section.label}
    columns["run_id"] = values["sra"]
    if section.label:
        label = values[section.label]
        columns.update(section.split(label) if section.split else {COLUMNS[section.label]: label})
    return tuple(
        _value(column, columns[column.name]) for column in section.table.columns if column.name in section.table.record
    )


def _value(column: Column, text: str) -> object:
    if (column.name, text) in (("length", "?"), ("coverage_bins", "~")):
        return None
    if column.type == "bigint":
        if not _INTEGER.fullmatch(text) or abs(int(text)) > _MAX_BIGINT:
            raise ValueError(f"{column.name} is no whole number of 64 bits")
        return int(text)
    if column.type == "double":
        if not _DECIMAL.fullmatch(text) or math.isinf(float(text)):
            raise ValueError(f"{column.name} is no number")
        return float(text)
    return text
