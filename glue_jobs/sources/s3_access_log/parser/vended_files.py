"""Parquet files that CloudWatch Logs delivers. Many are small, so those with the same columns are read as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from glue_jobs.read.parquet_rows import UnreadableParquetError, read_parquet
from glue_jobs.read.parsed import MAX_RECORD_BYTES, NO_POSITIONS, Parsed, Rejected, joined
from glue_jobs.sources.s3_access_log.parser.fallback import parse_lines
from glue_jobs.sources.s3_access_log.parser.values import PARSED_SCHEMA
from glue_jobs.sources.s3_access_log.parser.vended import json_records
from glue_jobs.sources.s3_access_log.parser.vended_columns import vended_rows


class File(NamedTuple):
    """A file's bytes, and where it begins in the batch."""

    start: int
    content: bytes


def parse_vended_files(files: Iterable[File]) -> Parsed:
    """Rows of the files and their rejected rows, which have their number; all at the position of their file."""
    groups: defaultdict[pa.Schema, list[tuple[File, pa.Table]]] = defaultdict(list)
    pieces = [Parsed(PARSED_SCHEMA.empty_table(), NO_POSITIONS, 0, [])]
    for file in files:
        try:
            records = read_parquet(file.content)
        except UnreadableParquetError as problem:
            pieces.append(_unreadable(file, problem))
        else:
            groups[records.schema.remove_metadata()].append((file, records))
    for group in groups.values():
        pieces += _parse(group)
    found = joined(pieces, [0] * len(pieces))
    found.rejected.sort(key=lambda each: (each.position, each.index or 0))
    return found


def _parse(group: Sequence[tuple[File, pa.Table]]) -> list[Parsed]:
    records = pa.concat_tables(rows for _, rows in group)
    counts = [rows.num_rows for _, rows in group]
    positions = np.repeat([file.start for file, _ in group], counts)
    indexes = np.concatenate([np.arange(count) for count in counts])
    rows, usual = vended_rows(records)
    try:
        others = parse_lines(json_records(records, np.flatnonzero(~usual)))
    except UnreadableParquetError as problem:
        if len(group) == 1:
            return [_unreadable(group[0][0], problem)]
        return [piece for each in group for piece in _parse([each])]
    rejected = [
        replace(each, position=int(positions[each.position]), index=int(indexes[each.position]))
        for each in others.rejected
    ]
    repeated = {reason: positions[numbers] for reason, numbers in others.repeated.items()}
    places = np.concatenate([positions[usual], positions[others.positions]])
    return [Parsed(pa.concat_tables([rows, others.rows]), places, records.num_rows, rejected, repeated=repeated)]


def _unreadable(file: File, problem: UnreadableParquetError) -> Parsed:
    rejected = [Rejected(file.start, f"{problem}.", file.content[:MAX_RECORD_BYTES])]
    return Parsed(PARSED_SCHEMA.empty_table(), NO_POSITIONS, 1, rejected)
