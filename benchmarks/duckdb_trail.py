"""DuckDB on all cores: ``read_json`` with declared columns, one row per element of Records, partitioned Parquet."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from benchmarks.sample_files import trail_files
from benchmarks.trail_shape import SHAPE, Shape, columns


def convert(raw: Path, target: Path) -> None:
    """Turn all CloudTrail files below ``raw`` into Parquet below ``target``, a folder per day."""
    # A document must fit; a larger buffer only takes longer, for every file.
    largest = max(map(_unpacked_size, trail_files(raw))) + 1024
    with duckdb.connect(config={"threads": os.cpu_count() or 1, "preserve_insertion_order": False}) as connection:
        connection.execute(f"""
            COPY (
                SELECT *, event_time::DATE AS event_date
                FROM (
                    SELECT {", ".join(columns(1))}
                    FROM (
                        SELECT unnest(Records) AS event
                        FROM read_json('{raw}/**/*.json.gz', columns = {{'Records': '{_type([SHAPE])}'}},
                                       format = 'newline_delimited', maximum_object_size = {largest})
                    )
                    WHERE event.eventSource = 's3.amazonaws.com'
                )
            ) TO '{target}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (event_date))
        """)


def _unpacked_size(path: Path) -> int:
    # The last four bytes of a gzip member: RFC 1952, section 2.3.1.
    return int.from_bytes(path.read_bytes()[-4:], "little")


def _type(shape: Shape) -> str:
    if isinstance(shape, str):
        return shape
    if isinstance(shape, list):
        return f"{_type(shape[0])}[]"
    fields = ", ".join(f'"{name}" {_type(part)}' for name, part in shape.items())
    return f"STRUCT({fields})"
