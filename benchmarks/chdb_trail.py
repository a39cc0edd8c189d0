"""ClickHouse (the package ``chdb``) on all cores: documents as typed tuples, a row per element, partitioned Parquet."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from glue_jobs.sources.cloudtrail_s3_event.parser.columns import FLAGS, IDS, NAMES, TEXTS

_FIELDS = {
    "eventTime": "String",
    **dict.fromkeys([*IDS.values(), *NAMES.values(), *TEXTS.values()], "Nullable(String)"),
    **dict.fromkeys(FLAGS.values(), "Nullable(Bool)"),
}
_PARAMETERS = "ifNull(tupleElement(event, 'requestParameters'), '')"
_FACTS = "ifNull(tupleElement(event, 'additionalEventData'), '')"

COLUMNS = {
    "event_time": "parseDateTimeBestEffortOrNull(tupleElement(event, 'eventTime'), 'UTC')",
    **{name: f"tupleElement(event, '{field}')" for name, field in {**IDS, **NAMES, **FLAGS, **TEXTS}.items()},
    "bucket": f"JSONExtractString({_PARAMETERS}, 'bucketName')",
    "key": f"JSONExtractString({_PARAMETERS}, 'key')",
    "bytes_out": f"toInt64(JSONExtractFloat({_FACTS}, 'bytesTransferredOut'))",
}
"""Names of columns, and how they come from an event."""


def convert(raw: Path, target: Path) -> None:
    """Turn all CloudTrail files below ``raw`` into Parquet files in ``target``, one per day."""
    # An optional package without types.
    chdb: Any = import_module("chdb")
    target.mkdir(parents=True)
    event = ", ".join(f"{name} {kind}" for name, kind in _FIELDS.items())
    columns = ",\n".join(f"{value} AS {name}" for name, value in COLUMNS.items())
    # Parsed file by file, several at once: a document on one line cannot be cut.
    chdb.query(f"""
        INSERT INTO FUNCTION file('{target}/{{_partition_id}}.parquet', 'Parquet')
        PARTITION BY toString(assumeNotNull(event_date))
        SELECT *, toDate(event_time) AS event_date
        FROM (
            SELECT {columns}
            FROM (
                SELECT arrayJoin(Records) AS event
                FROM file('{raw}/**/*.json.gz', 'JSONEachRow', 'Records Array(Tuple({event}))')
            )
            WHERE tupleElement(event, 'eventSource') = 's3.amazonaws.com'
        )
        SETTINGS input_format_parallel_parsing = 0, output_format_parquet_compression_method = 'zstd',
                 max_threads = {os.cpu_count() or 1}, max_partitions_per_insert_block = 0
    """)
