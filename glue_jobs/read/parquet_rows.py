"""Log files in Parquet: where they begin, and their rows."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.read.log_file import PARQUET

# A few kilobytes of Parquet can hold billions of rows. Deliveries of AWS have some hundred thousand.
MAX_ROWS = 10_000_000
MAX_BYTES = 2**31


class UnreadableParquetError(ValueError):
    """A Parquet file that is damaged, or too large for a log; the message says which."""


def read_parquet(data: bytes) -> pa.Table:
    """The rows of the Parquet file at the beginning of ``data``, which may have line ends behind it.

    Raises:
        UnreadableParquetError: it cannot be read.
    """
    data = data[: data.rfind(PARQUET) + len(PARQUET)]
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        size = sum(file.metadata.row_group(number).total_byte_size for number in range(file.metadata.num_row_groups))
        if file.metadata.num_rows > MAX_ROWS or size > MAX_BYTES:
            raise ValueError(f"it has {file.metadata.num_rows:,} rows of {size:,} bytes, which is too much for a log")
        return file.read(use_threads=False)
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise UnreadableParquetError(f"the Parquet file cannot be read: {problem}") from problem
