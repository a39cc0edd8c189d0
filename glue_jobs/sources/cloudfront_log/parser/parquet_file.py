"""Parquet files with a column for each field."""

from __future__ import annotations

import msgspec
import pyarrow as pa

from glue_jobs.columns.arrays import as_single_array, logged_texts
from glue_jobs.read.parquet_rows import ParquetRows, UnreadableParquetError
from glue_jobs.sources.cloudfront_log.parser.records import Records, column_name


def parquet_records(files: ParquetRows) -> Records:
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
