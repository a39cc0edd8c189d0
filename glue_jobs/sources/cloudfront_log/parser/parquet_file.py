"""A Parquet file with a column for each field."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa

from glue_jobs.columns.arrays import as_single_array, logged_texts
from glue_jobs.read.parquet_rows import UnreadableParquetError, read_parquet
from glue_jobs.read.parsed import MAX_RECORD_BYTES, Rejected
from glue_jobs.sources.cloudfront_log.parser.records import Records, column_name


def read_parquet_file(data: bytes, position: int) -> tuple[Records | None, list[Rejected]]:
    """The rows of the file as records; a file that cannot be read is one rejected record at ``position``."""
    try:
        rows = read_parquet(data)
        texts = {column_name(name): logged_texts(as_single_array(rows[name])) for name in rows.column_names}
    except UnreadableParquetError as problem:
        return None, [Rejected(position, str(problem), data[:MAX_RECORD_BYTES])]
    except pa.ArrowException as problem:
        reason = f"the Parquet file has other columns than a log: {problem}"
        return None, [Rejected(position, reason, data[:MAX_RECORD_BYTES])]
    count = rows.num_rows

    def record(number: int) -> bytes:
        return msgspec.json.encode({name: column[number].as_py() for name, column in texts.items()})

    return Records(texts, np.full(count, position, np.int64), record, np.arange(count)), []
