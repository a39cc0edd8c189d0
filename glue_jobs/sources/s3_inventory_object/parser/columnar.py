"""Rows of ORC and Parquet inventories: stripe by stripe, batch by batch, keys as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.orc as paorc
import pyarrow.parquet as pq

from glue_jobs.sources.s3_inventory_object.parser.fields import COLUMNS, DISTINCT
from glue_jobs.sources.s3_inventory_object.parser.manifest import InvalidSnapshotError
from glue_jobs.sources.s3_inventory_object.parser.orc_stripes import read_stripes
from glue_jobs.sources.s3_inventory_object.parser.rows import build_rows

# Of a Parquet file rows of about so many bytes are held at a time, as many as become a data file. Text with a
# dictionary takes more than the file says, hence the bound.
BATCH = 80 * 2**20
MOST_ROWS = 2**20


def read_orc(source: Any, fields: Sequence[str]) -> Iterator[pa.Table]:
    """The table's own columns of a file, a stripe at a time.

    Raises:
        RefusedError: it lacks a column that the manifest promises.
        pa.ArrowException, OSError: it is damaged.
    """
    file = paorc.ORCFile(source)
    _check(file.schema.names, fields)
    for rows in read_stripes(file, source, fields, _repeating(fields)):
        yield _built(rows)


def read_parquet(source: Any, fields: Sequence[str]) -> Iterator[pa.Table]:
    """The same of Parquet, some rows at a time."""
    names = pq.read_schema(source).names
    _check(names, fields)
    source.seek(0)
    # What is in memory would only be copied by reading it ahead.
    ahead = not isinstance(source, pa.BufferReader)
    file = pq.ParquetFile(source, read_dictionary=_repeating(fields), pre_buffer=ahead)
    for batch in file.iter_batches(_batch_rows(file.metadata), columns=list(fields), use_threads=False):
        yield _built(pa.Table.from_batches([batch]))


def _batch_rows(metadata: pq.FileMetaData) -> int:
    size = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    rows: int = BATCH * metadata.num_rows // max(size, 1)
    return min(MOST_ROWS, max(1, rows))


def _check(names: Sequence[str], fields: Sequence[str]) -> None:
    missing = sorted(set(fields) - set(names))
    if missing:
        raise InvalidSnapshotError(f"has no column {missing[0]}, which fileSchema names")


def _repeating(fields: Sequence[str]) -> list[str]:
    """The columns that get a dictionary."""
    return [name for name in fields if pa.types.is_string(COLUMNS.get(name, pa.null())) and name not in DISTINCT]


def _built(rows: pa.Table) -> pa.Table:
    if rows["bucket"].null_count or rows["key"].null_count:
        raise InvalidSnapshotError("has rows without bucket or key")
    return build_rows({name: rows[name] for name in rows.column_names}, rows.num_rows)
