"""Write Arrow tables as Parquet data files of an Iceberg table: sorted, one file per partition value."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from glue_jobs.columns.arrays import drop_unused_values, keep_mask, ranks, take_rows
from glue_jobs.columns.numpy_types import Ints
from glue_jobs.errors import LakeError
from glue_jobs.lake.failures import WHAT_TO_DO
from glue_jobs.storage import storage_for
from glue_jobs.tables.model import Table

# Arrow's zstd level 1. Level 3 takes 50 % longer, and its files are 4 % smaller (benchmarks/).
CODEC = "zstd"

# Small enough that the statistics of a row group prune by key, large enough to read in one go.
ROW_GROUP_ROWS = 122_880

# Pages fit into a processor's cache. With Arrow's defaults, 1 MiB and 1,024 rows, writing takes a twelfth longer, and
# files are a hundredth larger.
PAGE_BYTES = 128 * 2**10
ROWS_PER_WRITE_BATCH = 4_096

# Sample sizes to find out whether values repeat. The larger sample is taken only if some repeat in the smaller one.
SMALL_SAMPLE_ROWS = 2 * 2**10
SAMPLE_ROWS = 16 * 2**10


CHECKED = partial(pq.ParquetFile, page_checksum_verification=True)
"""Opens a data file whose bytes may have changed since it was written."""


@dataclass(frozen=True)
class NewFile:
    """A data file that is written and not yet visible; ``descriptor`` is what Iceberg stores about it."""

    address: str
    partition: Mapping[str, Any]
    rows: int
    descriptor: Any


def partitions(table: Table, rows: pa.Table, dropped: Ints | None = None) -> Iterator[tuple[dict[str, Any], pa.Table]]:
    """The rows of each partition, sorted by the table's sort columns, without those at the ``dropped`` positions.

    Yields the values of the partition columns, then the rows.
    """
    keys = [ranks(rows[name]) for name in reversed(table.sort)]
    values = [ranks(rows[name]) for name in table.partitions]
    order = np.lexsort([*keys, *reversed(values)]) if keys or values else np.arange(rows.num_rows)
    if dropped is not None:
        order = order[keep_mask(rows.num_rows, dropped)[order]]
    ordered = take_rows(rows, order)
    for start, stop in _runs([ranks(ordered[name]) for name in table.partitions], ordered.num_rows):
        partition = {name: ordered[name][start].as_py() for name in table.partitions}
        yield partition, ordered.slice(start, stop - start)


def partition_path(table: Table, partition: Mapping[str, Any]) -> str:
    """The folder of a partition below the table's data, e.g. ``event_date=2024-05-07``."""
    return "/".join(f"{name}={'null' if partition[name] is None else partition[name]}" for name in table.partitions)


def write_file(table: Table, rows: pa.Table, address: str, partition: Mapping[str, Any]) -> NewFile:
    """Write the rows, all of one partition, as a Parquet file at ``address``."""
    from glue_jobs.lake import describe

    rows = _required(compact(rows.select(_columns_with_values(table, rows))))
    metadata: list[pq.FileMetaData] = []
    # Given a Python file, Arrow would call its `write` for each page and each page header, and wait for Python's lock.
    sink = pa.BufferOutputStream()
    pq.write_table(
        rows,
        sink,
        row_group_size=ROW_GROUP_ROWS,
        data_page_size=PAGE_BYTES,
        write_batch_size=ROWS_PER_WRITE_BATCH,
        compression=CODEC,
        use_dictionary=[name for name in rows.column_names if _repeats(rows[name])],
        # Bounds of long texts, by which nobody filters, would take a third of the writing time.
        write_statistics=list(table.bounded),
        # It lets readers skip pages, not only row groups. It costs a thousandth of the file and no time.
        write_page_index=True,
        # Damaged compressed bytes often decode to wrong values without an error. The checksum costs even less.
        write_page_checksum=True,
        store_schema=False,
        metadata_collector=metadata,
    )
    content = sink.getvalue()
    storage_for(address).put(address, memoryview(content))
    return NewFile(address, partition, rows.num_rows, describe(table, address, content.size, metadata[0], partition))


@contextmanager
def stored_file(address: str) -> Iterator[BinaryIO]:
    """Open a data file of a table, to be read with `CHECKED`.

    Raises:
        LakeError: the file is damaged.
    """
    with storage_for(address).open(address) as file:
        try:
            yield file
        except (ValueError, IndexError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise LakeError(f"{address} is damaged ({reason}); {WHAT_TO_DO}") from error


def read_file(table: Table, address: str) -> pa.Table:
    """The rows of a file that `write_file` wrote; texts that are dictionary-encoded in the file stay so in Arrow."""
    with stored_file(address) as file:
        metadata = pq.ParquetFile(file).metadata
        columns = [metadata.row_group(0).column(number) for number in range(metadata.num_columns)]
        encoded = [
            column.path_in_schema
            for column in columns
            if column.has_dictionary_page and column.physical_type == "BYTE_ARRAY"
        ]
        rows = CHECKED(file, metadata=metadata, read_dictionary=encoded).read(use_threads=False)
    return with_schema(table, columns_of(table, rows.unify_dictionaries(), table.arrow_schema.names))


def read_columns(table: Table, address: str, names: Sequence[str]) -> pa.Table:
    """These columns of a file, in this order and without dictionaries; columns that the file does not have are null."""
    with stored_file(address) as file:
        source = CHECKED(file)
        present = [name for name in names if name in source.schema_arrow.names]
        return columns_of(table, source.read(present, use_threads=False), names)


def columns_of(table: Table, rows: pa.Table, names: Iterable[str]) -> pa.Table:
    """These columns of rows read from a file, in this order; columns that the file does not have are null.

    Another program may have written an equivalent type, such as large_string; it is cast to the declared type.
    """
    columns = {}
    for name in names:
        declared = table.arrow_schema.field(name).type
        if name not in rows.column_names:
            columns[name] = pa.chunked_array([pa.nulls(rows.num_rows, declared)])
        elif rows[name].type == pa.dictionary(pa.int32(), declared):
            columns[name] = rows[name]
        else:
            columns[name] = rows[name].cast(declared)
    return pa.table(columns)


def with_schema(table: Table, rows: pa.Table) -> pa.Table:
    """The rows in the table's column order and with its field ids; dictionary-encoded columns stay encoded."""
    types = {field.name: field.type for field in rows.schema if pa.types.is_dictionary(field.type)}
    fields = [field.with_type(types.get(field.name, field.type)) for field in table.arrow_schema]
    return pa.table([rows[field.name] for field in fields], schema=pa.schema(fields))


def _columns_with_values(table: Table, rows: pa.Table) -> list[str]:
    """The columns to write: bounded ones, and those with a value. Readers take a missing field id for null.

    Source: https://iceberg.apache.org/spec/#column-projection
    """
    return [name for name in table.arrow_schema.names if name in table.bounded or rows[name].null_count < len(rows)]


def compact(rows: pa.Table) -> pa.Table:
    """The rows with dictionaries reduced to used values: rows of one day share the dictionary of a whole chunk."""
    columns = [drop_unused_values(column.chunk(0)) if column.num_chunks == 1 else column for column in rows.columns]
    return pa.table(columns, schema=rows.schema)


def _required(rows: pa.Table) -> pa.Table:
    """The rows with every column without nulls marked as required, so that no null positions are written or read.

    Iceberg readers accept a column that is required in a file and optional in the table, because a required column of
    a table may become optional: https://iceberg.apache.org/spec/#schema-evolution.
    """
    fields = [field.with_nullable(rows[field.name].null_count > 0) for field in rows.schema]
    return pa.table(rows.columns, schema=pa.schema(fields))


def _repeats(column: pa.ChunkedArray) -> bool:
    # A dictionary of values that differ in nearly every row (ids, sizes) takes time and saves nothing.
    if pa.types.is_dictionary(column.type):
        return True
    if pa.types.is_string(column.type) or pa.types.is_nested(column.type):
        return False
    sample = column.slice(0, SMALL_SAMPLE_ROWS)
    values = pc.count_distinct(sample).as_py()
    if 16 * values <= 15 * len(sample):
        sample = column.slice(0, SAMPLE_ROWS)
        values = pc.count_distinct(sample).as_py()
    return bool(2 * values <= len(sample))


def _runs(values: list[Ints], rows: int) -> Iterator[tuple[int, int]]:
    """Start and end of each run of equal values."""
    if not rows:
        return
    changes = np.zeros(rows - 1, dtype=bool)
    for value in values:
        changes |= value[1:] != value[:-1]
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), rows]
    yield from itertools.pairwise(edges)
