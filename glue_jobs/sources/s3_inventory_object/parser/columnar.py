"""Rows of ORC and Parquet inventories, read in steps that fit into a worker's memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.orc as paorc
import pyarrow.parquet as pq

from glue_jobs.columns.arrays import ENCODED
from glue_jobs.sources.s3_inventory_object.parser.fields import COLUMNS
from glue_jobs.sources.s3_inventory_object.parser.manifest import InvalidSnapshotError
from glue_jobs.sources.s3_inventory_object.parser.rows import build_rows

# Uncompressed bytes of Parquet per batch, about as many as become a data file. A column with a dictionary takes more
# memory than the file's metadata says, so the rows are limited, too.
MAX_BATCH_BYTES = 80 * 2**20
MAX_BATCH_ROWS = 2**20


def read_orc(source: Any, fields: Sequence[str]) -> Iterator[pa.Table]:
    """The table's own columns of an ORC file, stripe by stripe.

    ``source`` is a ``pyarrow.NativeFile``. A damaged file can crash the process inside Arrow: check its MD5 first.

    Raises:
        InvalidSnapshotError: the file lacks one of the ``fields``.
        pa.ArrowException, OSError: the file is damaged.
    """
    file = paorc.ORCFile(source)
    _check_columns(file.schema.names, fields)
    for number in range(file.nstripes):
        yield _typed(pa.Table.from_batches([file.read_stripe(number, columns=list(fields))]))


def read_parquet(source: Any, fields: Sequence[str]) -> Iterator[pa.Table]:
    """The table's own columns of a Parquet file, batch by batch; arguments and errors as of `read_orc`."""
    names = pq.read_schema(source).names
    _check_columns(names, fields)
    source.seek(0)
    encoded = [name for name in fields if COLUMNS.get(name) == ENCODED]
    # Reading ahead would only copy bytes that are already in memory.
    read_ahead = not isinstance(source, pa.BufferReader)
    file = pq.ParquetFile(source, read_dictionary=encoded, pre_buffer=read_ahead)
    for batch in file.iter_batches(_batch_rows(file.metadata), columns=list(fields), use_threads=False):
        yield _typed(pa.Table.from_batches([batch]))


def _batch_rows(metadata: pq.FileMetaData) -> int:
    size = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    rows: int = MAX_BATCH_BYTES * metadata.num_rows // max(size, 1)
    return min(MAX_BATCH_ROWS, max(1, rows))


def _check_columns(names: Sequence[str], fields: Sequence[str]) -> None:
    missing = sorted(set(fields) - set(names))
    if missing:
        raise InvalidSnapshotError(f"has no column {missing[0]}, which fileSchema names")


def _typed(rows: pa.Table) -> pa.Table:
    if rows["bucket"].null_count or rows["key"].null_count:
        raise InvalidSnapshotError("has rows without bucket or key")
    return build_rows({name: rows[name] for name in rows.column_names}, rows.num_rows)
