"""Divide the keys of two snapshots into ranges for one task each, by the statistics of Parquet row groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from glue_jobs.columns.arrays import with_dictionaries
from glue_jobs.ingest.snapshots.changed_objects import BY, COLUMNS
from glue_jobs.ingest.staging.data_files import columns_of
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from glue_jobs.storage import storage_for

MAX_CONCURRENT_READS = 16


@dataclass(frozen=True)
class RowGroup:
    """A row group of a data file: its uncompressed bytes, and its first and last key, None without statistics."""

    address: str
    number: int
    size: int
    first: str | None
    last: str | None

    def overlaps(self, low: str, high: str | None) -> bool:
        """Whether it may have keys from ``low`` (inclusive) to ``high`` (exclusive; None: no limit)."""
        return (self.last is None or self.last >= low) and (high is None or self.first is None or self.first < high)


@dataclass(frozen=True)
class KeyRange:
    """Keys from ``low`` to below ``high`` (None: no limit), and the row groups of both snapshots that may have them."""

    low: str
    high: str | None
    before: tuple[RowGroup, ...]
    after: tuple[RowGroup, ...]

    def __len__(self) -> int:
        return sum(group.size for group in (*self.before, *self.after))


def row_groups(addresses: Sequence[str]) -> list[RowGroup]:
    """The row groups of data files; their size counts only the columns that a comparison reads.

    Raises:
        StorageError, OSError, pa.ArrowException: a file cannot be read.
    """
    with ThreadPoolExecutor(MAX_CONCURRENT_READS) as pool:
        return [group for groups in pool.map(_of_file, addresses) for group in groups]


def _of_file(address: str) -> list[RowGroup]:
    with storage_for(address).open(address) as source:
        metadata = pq.read_metadata(source)
    groups = []
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        chunks = {chunk.path_in_schema: chunk for chunk in map(group.column, range(group.num_columns))}
        size = sum(chunk.total_uncompressed_size for name, chunk in chunks.items() if name in COLUMNS)
        bounds = chunks["key"].statistics
        first, last = (bounds.min, bounds.max) if bounds is not None and bounds.has_min_max else (None, None)
        groups.append(RowGroup(address, number, size, first, last))
    return groups


def key_ranges(before: Sequence[RowGroup], after: Sequence[RowGroup], max_bytes: int) -> Iterator[KeyRange]:
    """Consecutive ranges that cover all keys; each has about ``max_bytes`` of both snapshots together."""
    low = ""
    for high in (*_limits((*before, *after), max_bytes), None):
        sides = [tuple(group for group in side if group.overlaps(low, high)) for side in (before, after)]
        yield KeyRange(low, high, *sides)
        low = high or ""


def _limits(groups: Iterable[RowGroup], max_bytes: int) -> Iterator[str]:
    low, filled = "", 0
    for first, size in sorted((group.first or "", group.size) for group in groups):
        if filled and filled + size > max_bytes and first > low:
            yield first
            low, filled = first, 0
        filled += size


def read_range(groups: Iterable[RowGroup], low: str, high: str | None) -> pa.Table:
    """The compared columns of the rows with keys from ``low`` to below ``high``; data sets are dictionary-encoded."""
    parts = [S3_INVENTORY_OBJECT.arrow_schema.empty_table().select(COLUMNS)]
    for address, of_file in groupby(groups, lambda group: group.address):
        with storage_for(address).open(address) as source:
            metadata = pq.read_metadata(source)
            # Data files are written without columns that have no values.
            present = [name for name in COLUMNS if name in metadata.schema.to_arrow_schema().names]
            dictionaries = [name for name in BY if name in present]
            file = pq.ParquetFile(source, metadata=metadata, read_dictionary=dictionaries)
            rows = file.read_row_groups([group.number for group in of_file], columns=present, use_threads=False)
        rows = columns_of(S3_INVENTORY_OBJECT, rows, COLUMNS)
        parts.append(rows.filter(_is_within(rows["key"], low, high)))
    return pa.concat_tables(with_dictionaries(part, BY) for part in parts)


def _is_within(keys: pa.ChunkedArray, low: str, high: str | None) -> pa.ChunkedArray:
    is_within = pc.greater_equal(keys, low)
    return is_within if high is None else pc.and_(is_within, pc.less(keys, high))
