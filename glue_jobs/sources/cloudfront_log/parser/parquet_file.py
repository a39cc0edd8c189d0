"""A Parquet file with a column for each field."""

from __future__ import annotations

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from glue_jobs.read.log_file import PARQUET
from glue_jobs.read.parsed import MAX_RECORD_BYTES, Rejected
from glue_jobs.sources.cloudfront_log.parser.records import STRINGS_ENCODED, Records, column_name

# A few kilobytes of Parquet can hold billions of rows. Deliveries of AWS have some hundred thousand.
MAX_ROWS = 10_000_000
MAX_BYTES = 2**31


def read_parquet_file(data: bytes, position: int) -> tuple[Records | None, list[Rejected]]:
    """The rows of the file as records; a file that cannot be read is one rejected record at ``position``."""
    # What follows the end of the file was added to separate it from the next one.
    data = data[: data.rfind(PARQUET) + len(PARQUET)]
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        size = sum(file.metadata.row_group(number).total_byte_size for number in range(file.metadata.num_row_groups))
        if file.metadata.num_rows > MAX_ROWS or size > MAX_BYTES:
            raise ValueError(f"it has {file.metadata.num_rows:,} rows of {size:,} bytes, which is too much for a log")
        rows = file.read(use_threads=False)
        texts = {column_name(name): _texts(rows[name]) for name in rows.column_names}
    except (pa.ArrowException, OSError, ValueError, KeyError) as problem:
        return None, [Rejected(position, f"the Parquet file cannot be read: {problem}", data[:MAX_RECORD_BYTES])]
    count = rows.num_rows

    def record(number: int) -> bytes:
        return msgspec.json.encode({name: column[number].as_py() for name, column in texts.items()})

    return Records(texts, np.full(count, position, np.int64), record, np.arange(count)), []


def _texts(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """The column as texts; null for ``-``. Raises ArrowException for nested values."""
    encoded = column.combine_chunks().cast(pa.string()).dictionary_encode().cast(STRINGS_ENCODED)
    absent = pc.is_in(encoded.dictionary, pa.array(["-", ""]))
    if not pc.any(absent).as_py():
        return encoded
    return pc.if_else(absent, None, encoded.dictionary).take(encoded.indices).dictionary_encode()
