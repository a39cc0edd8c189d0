"""Parser of CloudFront standard logs: bytes in, Arrow rows and rejected records out, no other effects.

Version 1 of the logs has lines below a header. Version 2 has such lines, JSON lines or Parquet, with any fields.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import msgspec
import numpy as np
import pyarrow as pa

from glue_jobs.columns.arrays import as_single_array, logged_texts
from glue_jobs.read.framing.log_file import PARQUET
from glue_jobs.read.framing.uploaded_file import BYTE_ORDER_MARK
from glue_jobs.read.parsed import NO_POSITIONS, Parsed, Positions, joined
from glue_jobs.read.rows.parquet_rows import ParquetRows, UnreadableParquetError, read_parquet_files
from glue_jobs.sources.cloudfront_log.parser.json_lines import read_objects
from glue_jobs.sources.cloudfront_log.parser.records import Records, all_rejected, column_name, typed
from glue_jobs.sources.cloudfront_log.parser.text_lines import header_fields, read_text_lines

__all__ = ["parse_cloudfront_log"]

JSON = "\n"
"""The group of JSON lines. Other lines are grouped by their header, which is never this text."""

Lines = dict[str | None, tuple[list[bytes], list[int]]]


def parse_cloudfront_log(data: bytes, starts: Positions = NO_POSITIONS) -> Parsed:
    """Rows and rejected records of logs; together every record.

    A record is a line that is neither blank nor a header, or a row of a Parquet file. ``starts`` has the first byte of
    each file. Never raises, whatever the bytes contain.
    """
    edges = [*(starts.tolist() or [0]), len(data)]
    lines: Lines = defaultdict(lambda: ([], []))
    files: list[tuple[int, int]] = []
    for start, end in pairwise(edges):
        if data.startswith(PARQUET, start):
            files.append((start, end))
        else:
            _add_lines(lines, data[start:end], start)
    found, unreadable = read_parquet_files(data, files, _parquet_records)
    pieces = [all_rejected(unreadable), *map(typed, found)]
    for header, (texts, places) in lines.items():
        positions = np.array(places, np.int64)
        pieces += read_objects(texts, positions) if header == JSON else [read_text_lines(header, texts, positions)]
    parsed = joined(pieces, [0] * len(pieces))
    parsed.rejected.sort(key=lambda each: (each.position, each.index or 0))
    return parsed


def _add_lines(lines: Lines, data: bytes, position: int) -> None:
    """Add the lines of a file that begins at ``position``, grouped by the header above them."""
    header: str | None = None
    for line in data.split(b"\n"):
        text = line.removeprefix(BYTE_ORDER_MARK).removesuffix(b"\r")
        if text.startswith(b"#"):
            header = header_fields(text) or header
        elif text.strip():
            texts, positions = lines[JSON if text.lstrip().startswith(b"{") else header]
            texts.append(text)
            positions.append(position)
        position += len(line) + 1


def _parquet_records(files: ParquetRows) -> Records:
    """The rows of files as records.

    Raises:
        UnreadableParquetError: the values of a column cannot be cast to text.
    """
    rows, positions, numbers = files
    try:
        texts = {column_name(name): logged_texts(as_single_array(rows[name])) for name in rows.column_names}
    except pa.ArrowException as problem:
        raise UnreadableParquetError(f"the Parquet file has other columns than a log: {problem}") from problem

    def record(number: int) -> bytes:
        return msgspec.json.encode({name: column[number].as_py() for name, column in texts.items()})

    return Records(texts, positions, record, numbers)
