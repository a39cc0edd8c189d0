"""ClickHouse (the package ``chdb``) on all cores: its ``Regexp`` input format, casts, partitioned Parquet."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.log_pattern import FIELDS, PATTERN

TYPES = {"int": "Int32", "bigint": "Int64"}


def convert(raw: Path, target: Path) -> None:
    """Turn all access logs below ``raw`` into Parquet files in ``target``, one per day."""
    # An optional package without types.
    chdb: Any = import_module("chdb")
    target.mkdir(parents=True)
    structure = ", ".join(f"{name} String" for name in FIELDS)
    columns = ",\n".join(_column(name) for name in FIELDS)
    chdb.query(f"""
        INSERT INTO FUNCTION file('{target}/{{_partition_id}}.parquet', 'Parquet')
        PARTITION BY toString(assumeNotNull(event_date))
        SELECT *, toDate(event_time) AS event_date
        FROM (SELECT {columns} FROM file('{raw}/**', 'Regexp', '{structure.replace(" String", "_ String")}'))
        SETTINGS format_regexp = '{PATTERN.replace(chr(92), chr(92) * 2)}', format_regexp_escaping_rule = 'Raw',
                 format_regexp_skip_unmatched = 1, output_format_parquet_compression_method = 'zstd',
                 max_threads = {os.cpu_count() or 1}, max_partitions_per_insert_block = 0
    """)


def _column(name: str) -> str:
    text = f"{name}_"
    if name == "event_time":
        return f"parseDateTimeOrNull({text}, '%d/%b/%Y:%H:%i:%S +0000', 'UTC') AS {name}"
    if FIELDS[name] == "boolean":
        return f"{text} = 'Yes' AS {name}"
    if FIELDS[name] == "string":
        return f"if({text} IN ('-', ''), NULL, {text}) AS {name}"
    return f"to{TYPES[FIELDS[name]]}OrNull({text}) AS {name}"
