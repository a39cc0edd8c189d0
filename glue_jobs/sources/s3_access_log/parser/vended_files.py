"""Parquet files that CloudWatch Logs delivers: their rows, and their rejected rows with row numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from glue_jobs.read.parquet_rows import ParquetRows, read_parquet_files
from glue_jobs.read.parsed import NO_POSITIONS, Parsed, joined
from glue_jobs.sources.s3_access_log.parser.fallback import parse_lines
from glue_jobs.sources.s3_access_log.parser.values import PARSED_SCHEMA
from glue_jobs.sources.s3_access_log.parser.vended import json_records
from glue_jobs.sources.s3_access_log.parser.vended_columns import vended_rows


def parse_vended_files(data: bytes, places: Iterable[tuple[int, int]]) -> Parsed:
    """Everything in the files at ``places``, which are (start, end) pairs; each record has its file's position."""
    found, files = read_parquet_files(data, places, _parse)
    unreadable = Parsed(PARSED_SCHEMA.empty_table(), NO_POSITIONS, len(files), files)
    parsed = joined([unreadable, *found], [0] * (len(found) + 1))
    parsed.rejected.sort(key=lambda each: (each.position, each.index or 0))
    return parsed


def _parse(files: ParquetRows) -> Parsed:
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
