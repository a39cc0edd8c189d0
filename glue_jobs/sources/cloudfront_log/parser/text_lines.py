"""Lines below a ``#Fields`` header: any fields in any order, separated by tabs or blanks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv

from glue_jobs.columns.arrays import ENCODED
from glue_jobs.read.framing.log_file import FIELDS
from glue_jobs.read.parsed import MAX_RECORD_BYTES, Parsed, Positions, Rejected
from glue_jobs.sources.cloudfront_log.parser.records import Records, all_rejected, column_name, typed
from glue_jobs.sources.signatures import FROM_LOG_GROUP, LOG_GROUP

# A block stays in the processor's cache. A line must fit into one.
BLOCK_BYTES = 1 << 20

NO_HEADER = (
    "no #Fields line stands before the line; CloudFront writes one in the output formats w3c and legacy, and in no"
    " real-time log: write one there that names the fields"
)


def read_text_lines(header: str | None, lines: list[bytes], positions: Positions) -> Parsed:
    """The rows of the lines with the fields that ``header`` names; ``positions`` has the position of each line."""
    names = [*map(column_name, header.split())] if header else []
    if not names or len(set(names)) < len(names):
        reason = "the #Fields line names a field twice" if names else NO_HEADER
        reasons = (f"the line {FROM_LOG_GROUP}" if LOG_GROUP.match(line) else reason for line in lines)
        return all_rejected([_rejected(*line) for line in zip(lines, positions, reasons, strict=True)])
    # The delimiter of standard logging (v2) can be chosen; blanks within a value are encoded.
    delimiter = b"\t" if len(names) == 1 or any(b"\t" in line for line in lines) else b" "
    wrong = dict(_wrong_lines(lines, delimiter, len(names)))
    rejected = [_rejected(lines[number], positions[number], reason) for number, reason in wrong.items()]
    if wrong:
        lines = [line for number, line in enumerate(lines) if number not in wrong]
        positions = np.delete(positions, [*wrong])
    if not lines:
        return all_rejected(rejected)
    return typed(Records(_columns(names, lines, delimiter), positions, lines.__getitem__), rejected)


def _wrong_lines(lines: list[bytes], delimiter: bytes, fields: int) -> Iterator[tuple[int, str]]:
    """Lines that ``pyarrow.csv`` would split or decode differently, and lines with a wrong number of fields."""
    for number, line in enumerate(lines):
        count = line.count(delimiter) + 1
        if count != fields:
            yield number, f"the line has {count} fields, and its #Fields line names {fields}"
        elif b"\r" in line or not line.isascii():
            yield number, "the line has bytes that CloudFront encodes"


def _columns(names: list[str], lines: Sequence[bytes], delimiter: bytes) -> dict[str, pa.DictionaryArray]:
    data = b"\n".join([*lines, b""])
    longest = max(map(len, lines)) + 1
    rows = csv.read_csv(
        pa.py_buffer(data),
        csv.ReadOptions(use_threads=False, block_size=max(BLOCK_BYTES, longest), column_names=names),
        csv.ParseOptions(delimiter=delimiter.decode(), quote_char=False, ignore_empty_lines=False),
        csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(names, ENCODED),
            null_values=["-", ""],
            strings_can_be_null=True,
        ),
    )
    return {name: rows[name].unify_dictionaries().combine_chunks() for name in names}


def header_fields(line: bytes) -> str | None:
    """The text after ``#Fields:``; None for any other header line."""
    return line[len(FIELDS) :].decode("utf-8", "replace").strip() if line.startswith(FIELDS) else None


def _rejected(line: bytes, position: int, reason: str) -> Rejected:
    return Rejected(int(position), reason, line[:MAX_RECORD_BYTES])
