"""DuckDB on all cores: CSV inventories read with types, keys decoded, partitioned Parquet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb

TYPES = {
    "bucket": "VARCHAR",
    "key": "VARCHAR",
    "size": "BIGINT",
    "last_modified_date": "TIMESTAMP",
    "e_tag": "VARCHAR",
    "storage_class": "VARCHAR",
    "is_multipart_uploaded": "BOOLEAN",
    "encryption_status": "VARCHAR",
}


def convert(files: Sequence[str], target: Path) -> None:
    """Turn gzipped CSV files into Parquet below ``target``, in the folders of the table's partitions."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
    with duckdb.connect(config={"threads": os.cpu_count() or 1, "preserve_insertion_order": False}) as connection:
        connection.execute(
            f"""
            COPY (
                SELECT * REPLACE (url_decode(replace(key, '+', ' ')) AS key),
                       bucket AS source_bucket, DATE '2024-05-07' AS snapshot_date
                FROM read_csv(?, columns = {{{columns}}}, auto_detect = false, header = false, delim = ',',
                              quote = '"', escape = '"')
            ) TO '{target}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (source_bucket, snapshot_date))
            """,
            [list(files)],
        )
