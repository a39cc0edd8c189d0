"""Parser of S3 server access logs: bytes in, Arrow rows and rejected lines out, no other effects.

Most lines take the fast path, the others the fallback: docs/decisions/0004-access-log-fast-path.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa

from glue_jobs.columns.byte_search import find_bytes, is_utf8
from glue_jobs.columns.numpy_types import Flags
from glue_jobs.read.framing.log_file import PARQUET
from glue_jobs.read.parsed import NO_POSITIONS, Parsed, Positions, joined
from glue_jobs.read.rows.parquet_rows import ParquetRows, read_parquet_files
from glue_jobs.sources.s3_access_log.parser.fallback import parse_lines
from glue_jobs.sources.s3_access_log.parser.fast_path import FALLBACK_LINES, FastPathResult, parse_fast
from glue_jobs.sources.s3_access_log.parser.line_index import CARRIAGE_RETURN, LineIndex
from glue_jobs.sources.s3_access_log.parser.values import PARSED_SCHEMA
from glue_jobs.sources.s3_access_log.parser.vended import json_records
from glue_jobs.sources.s3_access_log.parser.vended_columns import parse_vended_lines, vended_rows

__all__ = ["parse_access_log"]

OBJECT = ord("{")
FIRST_NON_ASCII = 128
# S3 writes a pair of quotes around each of three fields.
MAX_QUOTES_OF_S3 = 6
MAX_SHARE_OF_DOUBLE_BLANKS = 0.01


def parse_access_log(data: bytes | memoryview | pa.Buffer, starts: Positions = NO_POSITIONS) -> Parsed:
    """Rows and rejected lines of access logs; together every line that is not blank, and every row of Parquet files.

    ``data`` holds whole lines of text or JSON, or Parquet files, which begin at one of ``starts``. Only ``\\n`` ends a
    line; the last line may lack it. Rows of the fast path come first. Never raises, whatever the bytes contain.
    """
    edges = [*(starts.tolist() or [0]), len(data)]
    is_file = [bytes(data[start : start + len(PARQUET)]) == PARQUET for start in edges[:-1]]
    if not any(is_file):
        return _parse_lines(data)
    places = [*zip(pairwise(edges), is_file, strict=True)]
    files = [place for place, is_one in places if is_one]
    texts = [place for place, is_one in places if not is_one]
    pieces = [_parse_files(bytes(data), files), *(_parse_lines(bytes(data[start:end])) for start, end in texts)]
    return joined(pieces, [0, *(start for start, _ in texts)])


def _parse_lines(data: bytes | memoryview | pa.Buffer) -> Parsed:
    view = memoryview(data).cast("B") if len(data) else memoryview(b"")
    index = LineIndex.of(view)
    is_json: Flags = index.bytes_of(index.data)[index.starts] == OBJECT
    excluded = is_json | _lines_for_fallback(index)
    fast_lines = np.flatnonzero(~excluded)
    fast = parse_fast(index, fast_lines) if len(index) > FALLBACK_LINES else FastPathResult(unproven=[fast_lines])
    vended = parse_vended_lines(index, np.flatnonzero(is_json))
    unproven = [*fast.unproven, *vended.unproven, np.flatnonzero(excluded & ~is_json)]
    fallback = parse_lines(
        (int(index.starts[number]), index.line(number)) for number in np.sort(np.concatenate(unproven))
    )
    tables = fast.tables + vended.tables
    positions = [index.starts[lines] for lines in fast.lines + vended.lines]
    if fallback.rows.num_rows or not tables:
        tables, positions = [*tables, fallback.rows], [*positions, fallback.positions]
    all_positions = np.concatenate(positions)
    records = len(all_positions) + fallback.records - fallback.rows.num_rows
    return Parsed(pa.concat_tables(tables), all_positions, records, fallback.rejected, repeated=fallback.repeated)


def _lines_for_fallback(index: LineIndex) -> Flags:
    """Flags of the lines that ``pyarrow.csv`` would split or decode differently from the fallback."""
    data = index.bytes_of(index.data)
    # More quotes than S3 writes, or an odd number, come from a client.
    excluded: Flags = (index.quotes > MAX_QUOTES_OF_S3) | (index.quotes % 2 == 1)
    # An extra blank shifts the columns, and pyarrow then has to read the whole buffer again. If many lines have one, it
    # is probably in the user agent of a popular client, where it does no harm.
    double_blank = index.has_double_blank()
    if np.count_nonzero(double_blank) <= len(index) * MAX_SHARE_OF_DOUBLE_BLANKS:
        excluded |= double_blank
    text = index.data.tobytes() if not isinstance(index.data.obj, bytes) else index.data.obj
    # pyarrow treats a carriage return as a line end, or as part of one if a newline follows.
    if b"\r" in text:
        places = find_bytes(data, lambda block: block == CARRIAGE_RETURN)
        numbers = index.lines_at(places)
        excluded[numbers[(places < index.ends[numbers] - 1) | (places == index.starts[numbers])]] = True
    if not text.isascii():
        candidates = np.unique(index.lines_at(find_bytes(data, lambda block: block >= FIRST_NON_ASCII)))
        excluded[[number for number in candidates if not is_utf8(index.line(number))]] = True
    return excluded


def _parse_files(data: bytes, places: Iterable[tuple[int, int]]) -> Parsed:
    """Everything in the files at ``places``, which are (start, end) pairs; each record has its file's position."""
    found, files = read_parquet_files(data, places, _parse_rows)
    unreadable = Parsed(PARSED_SCHEMA.empty_table(), NO_POSITIONS, len(files), files)
    parsed = joined([unreadable, *found], [0] * (len(found) + 1))
    parsed.rejected.sort(key=lambda each: (each.position, each.index or 0))
    return parsed


def _parse_rows(files: ParquetRows) -> Parsed:
    records, positions, numbers = files
    rows, usual = vended_rows(records)
    others = parse_lines(json_records(records, np.flatnonzero(~usual)))
    rejected = [
        replace(each, position=int(positions[each.position]), index=int(numbers[each.position]))
        for each in others.rejected
    ]
    repeated = {reason: positions[places] for reason, places in others.repeated.items()}
    places = np.concatenate([positions[usual], positions[others.positions]])
    return Parsed(pa.concat_tables([rows, others.rows]), places, records.num_rows, rejected, repeated=repeated)
