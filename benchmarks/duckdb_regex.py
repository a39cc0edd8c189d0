"""DuckDB on all cores: whole lines, one regular expression with a group per field, casts, partitioned Parquet."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from benchmarks.log_pattern import FIELDS, PATTERN

# Whole lines: a delimiter that never occurs and no quotes. The default buffer of 32 MB a file takes longer for files
# of a megabyte. ``read_text`` with ``string_split`` refuses whole files for one byte that is not UTF-8.
LINES = """read_csv('{raw}/**', columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false,
                 delim = '\x01', quote = '', escape = '', buffer_size = 8000000, ignore_errors = true)"""


def convert(raw: Path, target: Path) -> None:
    """Turn all access logs below ``raw`` into Parquet below ``target``, a folder per day."""
    names = ", ".join(f"'{name}'" for name in FIELDS)
    columns = ",\n".join(_column(name) for name in FIELDS)
    with duckdb.connect(config={"threads": os.cpu_count() or 1, "preserve_insertion_order": False}) as connection:
        connection.execute(f"""
            COPY (
                SELECT *, event_time::DATE AS event_date
                FROM (
                    SELECT {columns}
                    FROM (
                        SELECT regexp_extract(line, '{PATTERN}', [{names}]) AS field
                        FROM {LINES.format(raw=raw)}
                    )
                )
            ) TO '{target}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (event_date))
        """)


def _column(name: str) -> str:
    text = f"nullif(nullif(field.{name}, '-'), '')"
    if name == "event_time":
        return f"strptime({text}, '%d/%b/%Y:%H:%M:%S +0000') AS {name}"
    if FIELDS[name] == "boolean":
        return f"{text} = 'Yes' AS {name}"
    return f"{text}{'' if FIELDS[name] == 'string' else f'::{FIELDS[name]}'} AS {name}"
